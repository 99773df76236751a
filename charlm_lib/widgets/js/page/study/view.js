// StudyExplorer's parts together: what is compared, the plot, a visited point, and the verdict.

import { Study, meanCurve } from "../../model/study.js";
import { checkbox, row, select } from "../controls.js";
import { make } from "../dom.js";
import { drawPlot } from "../plot.js";
import { svg } from "../svg.js";
import { drawDepths, pointsOf } from "./picture.js";
import { JUDGES, cellName, pointInWords, verdictOf } from "./words.js";

const NARROWEST = 280; // pixels of a plot
const NEAR = 40; // pixels

export class StudyView {
  /** @param {object} widget */
  constructor(widget) {
    this.widget = widget;
    const record = widget.get("record");
    if (!ArrayBuffer.isView(record)) throw new Error("Its runs are missing from this page.");
    const { networks, runs, plans } = JSON.parse(new TextDecoder().decode(record));
    this.study = new Study(networks, runs, plans);
    this.here = 0; // index of the visited point
    this.controls = this.makeControls();
    this.depths = svg("svg", { class: "clm-plot", role: "img" });
    const label = "Networks by depth. Left and right: another depth; up and down: another point.";
    const properties = { className: "clm-depths", tabIndex: 0, role: "group", "aria-label": label };
    this.holder = make("div", properties, this.depths);
    this.curve = svg("svg", { class: "clm-plot", role: "img" });
    this.told = make("p", { className: "clm-note", "aria-live": "polite" });
    this.verdict = make("div", { className: "clm-verdicts", role: "status" });
    const point = (event) => this.visitNearest(event);
    this.holder.addEventListener("pointermove", point);
    this.holder.addEventListener("click", point);
    this.holder.addEventListener("keydown", (event) => this.walk(event));
    this.element = this.arrange();
  }

  makeControls() {
    const { study, widget } = this;
    const { plan, cell, rate, judge, each } = widget.get("view");
    const cells = study.cells.map((one) => [one, cellName(one)]);
    const rates = study.rates.map((one) => [String(one), `${one} for all`]);
    const choose = (key) => (value) => this.save({ [key]: value });
    const plans = Object.keys(study.plans).map((name) => [name, name]);
    const judges = Object.entries(JUDGES);
    return {
      plan: select("Compare at", plans, plan, choose("plan")),
      cell: select("Cells", [["all", "all"], ...cells], cell, choose("cell")),
      rate: select("Learning rate", [["0", "the best of each"], ...rates], String(rate), (value) =>
        this.save({ rate: Number(value) }),
      ),
      judge: select("Judged by", judges, judge, choose("judge")),
      each: checkbox("every seed", each, choose("each")),
    };
  }

  arrange() {
    const { plan, cell, rate, judge, each } = this.controls;
    return make(
      "section",
      { className: "clm clm-study", "aria-label": "Study explorer" },
      row(plan.element, cell.element, rate.element, judge.element, each.element),
      this.verdict,
      make("div", { className: "clm-study-plots" }, this.holder, this.curve),
      this.told,
    );
  }

  save(change) {
    this.widget.set("view", { ...this.widget.get("view"), ...change });
    this.widget.save_changes();
  }

  /** Everything again: another view. */
  read() {
    const view = this.widget.get("view");
    for (const [key, { input }] of Object.entries(this.controls)) {
      if (key === "each") input.checked = view.each;
      else input.value = String(view[key]);
    }
    this.points = pointsOf(this.study, view);
    this.here = Math.min(this.here, Math.max(0, this.points.length - 1));
    this.tellVerdict(view);
    this.draw();
  }

  tellVerdict(view) {
    const cells = [...this.study.shown(view)].map(([cell, places]) => {
      const compared = this.study.compared(places, view);
      const { sentence, details } = verdictOf(cell, places, compared, view);
      const items = details.map((text) => make("li", {}, text));
      return make("div", {}, make("p", {}, sentence), make("ul", {}, ...items));
    });
    this.verdict.replaceChildren(...cells);
  }

  visit(index) {
    if (index === this.here) return;
    this.here = index;
    this.draw();
  }

  /** The point that is nearest to the pointer, if it is near. */
  visitNearest({ clientX, clientY }) {
    const box = this.depths.getBoundingClientRect();
    const scale = this.depths.viewBox.baseVal.width / box.width; // a slide may be scaled
    const [x, y] = [(clientX - box.left) * scale, (clientY - box.top) * scale];
    const distances = this.marks.map((mark) => Math.hypot(mark[0] - x, mark[1] - y));
    const nearest = Math.min(...distances);
    if (nearest < NEAR) this.visit(distances.indexOf(nearest));
  }

  /** Left and right: the same cell and seed at another depth; up and down: the next point. */
  walk(event) {
    const { points, here } = this;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step || !points.length) return;
    event.preventDefault();
    const from = points[here];
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const next = points.filter(
        ({ cell, place }) => cell === from.cell && place.layers === from.place.layers + step,
      );
      const same = next.find(({ chosen }) => chosen?.seed === from.chosen?.seed);
      if (next.length) this.visit(points.indexOf(same ?? next[0]));
    } else {
      const column = points.filter(({ place }) => place.layers === from.place.layers);
      column.sort((a, b) => a.loss - b.loss);
      const next = column[column.indexOf(from) + step];
      if (next) this.visit(points.indexOf(next));
    }
  }

  draw() {
    const { points, here, study, widget } = this;
    const view = widget.get("view");
    const isNone = !points.length;
    this.marks = [];
    this.holder.hidden = isNone;
    this.curve.toggleAttribute("hidden", isNone);
    this.told.textContent = isNone ? "No network has a run with this rate." : "";
    if (isNone) return;
    const width = Math.max(NARROWEST, this.holder.clientWidth);
    this.marks = drawDepths(this.depths, study, view, points, here, width);
    const told = pointInWords(points[here], view.judge);
    this.told.textContent = `${told}.`;
    this.drawCurve(points[here], told, width);
  }

  /** The learning curve of the visited point. */
  drawCurve({ place, chosen }, told, width) {
    const runs = chosen ? [chosen] : place.runs;
    const names = { validation: "valCurve", training: "trainCurve" };
    const lines = Object.entries(names).map(([name, key], i) => ({
      name,
      className: `clm-series-${i ? "T" : "V"}`,
      points: meanCurve(runs.map((run) => run[key])).map((y, epoch) => [epoch + 1, y]),
    }));
    const levels = lines.flatMap(({ points }) => points.map(([, y]) => y));
    drawPlot(this.curve, lines, {
      label: `Learning curve of ${told}.`,
      width,
      height: 270,
      x: { low: 1, high: lines[0].points.length, title: "epochs" },
      y: {
        low: Math.min(...levels) / 1.03,
        high: Math.max(...levels) * 1.03,
        isLog: true,
        title: "its learning curve: perplexity",
      },
    });
  }
}
