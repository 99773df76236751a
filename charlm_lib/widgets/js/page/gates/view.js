// GateToTurn's parts together: the gates on sliders, the unit, what it remembers, trained units.

import {
  GATED,
  NUM_STEPS,
  WRITTEN,
  disturbances,
  rememberWith,
  rememberWithout,
  shareLeft,
} from "../../model/gates.js";
import { cellOf } from "../../model/cells/cells.js";
import { row, slider } from "../controls.js";
import { make } from "../dom.js";
import { oncePerFrame } from "../frame.js";
import { save } from "../traits.js";
import { Diagram } from "./diagram.js";
import { MemoryPicture } from "./memory.js";
import { TrainedUnits } from "./trained_units.js";
import { shareInWords, stepOfUnit, verdictOnGates } from "./words.js";

const NARROW = 560; // pixels

export class GateView {
  /**
   * @param {object} widget
   * @param {import("../../model/network.js").Model} model
   */
  constructor(widget, model) {
    this.widget = widget;
    this.cell = model.about.cell;
    this.unit = GATED[this.cell];
    this.letters = disturbances();
    this.at = 8; // the step that the diagram shows, from 1
    this.frame = oncePerFrame(() => this.draw());
    this.sliders = Object.entries(this.unit.gates).map(([, name], i) =>
      slider({
        ...{ label: `${name[0].toUpperCase()}${name.slice(1)} gate`, min: 0, max: 1, step: 0.01 },
        ...{ value: widget.get("gates")[i], show: (value) => value.toFixed(2) },
        oninput: (value) => this.turn(i, value),
      }),
    );
    this.step = slider({
      ...{ label: "Step", min: 2, max: NUM_STEPS, step: 1, value: this.at },
      oninput: (step) => this.visit(step),
    });
    this.diagram = new Diagram(this.cell);
    this.memory = new MemoryPicture((step) => this.visit(Math.max(2, step)));
    this.verdict = make("p", { className: "clm-verdict", role: "status" });
    this.detail = make("p", { className: "clm-detail-line" });
    this.trained = new TrainedUnits(widget, model, () => this.frame.request());
    this.element = this.arrange();
  }

  arrange() {
    const left = make("div", {}, this.diagram.element, this.detail);
    return make(
      "section",
      { className: "clm clm-gates", "aria-label": "A gate to turn" },
      row(...this.sliders.map(({ element }) => element), this.step.element),
      this.verdict,
      make("div", { className: "clm-side-by-side" }, left, this.memory.element),
      make("p", { className: "clm-note" }, this.legend()),
      this.trained.element,
    );
  }

  legend() {
    return (
      `Step 1 writes ${WRITTEN} (solid line) or −${WRITTEN} (broken line); the letters after it, ` +
      "the bars x, are the same for both. While the lines are apart, the unit remembers which it " +
      "was. All weights of both units are 1."
    );
  }

  /** The reader turned gate number `i`. */
  turn(i, value) {
    const gates = [...this.widget.get("gates")];
    gates[i] = value;
    save(this.widget, "gates", gates);
  }

  visit(step) {
    if (step === this.at) return;
    this.at = step;
    this.frame.request();
  }

  /** Another text. */
  read() {
    this.trained.read(this.widget.get("text"));
    this.frame.request();
  }

  /** Other gates. */
  show() {
    this.frame.request();
  }

  draw() {
    const { cell, unit, letters, at } = this;
    const values = this.widget.get("gates");
    const gates = Object.fromEntries(Object.keys(unit.gates).map((gate, i) => [gate, values[i]]));
    this.sliders.forEach(({ set }, i) => set(values[i]));
    this.step.set(at);
    const [one, other] = [WRITTEN, -WRITTEN].map((v) => rememberWith(unit, gates, v, letters));
    const [up, down] = [WRITTEN, -WRITTEN].map((v) => rememberWithout(v, letters));
    const carried = [one, other].map((states) => states.map((state) => state[unit.carries]));
    const shares = [shareLeft(up, down), shareLeft(...carried)].map((s) => s[s.length - 1]);
    const words = stepOfUnit(cell, at, one[at - 1], letters[at - 2]);
    this.diagram.draw(gates, one[at - 2], one[at - 1], letters[at - 2], words);
    const left = (share) => `after ${letters.length} steps ${shareInWords(share)} is left`;
    const { name } = cellOf(cell);
    const panels = [
      { title: `tanh unit: ${left(shares[0])}`, one: up, other: down },
      { title: `${name} unit: ${left(shares[1])}`, one: carried[0], other: carried[1] },
    ];
    this.memory.draw(panels, letters, at, panels.map(({ title }) => title).join("; "));
    this.verdict.textContent = verdictOnGates(cell, gates, shares[1], shares[0], letters.length);
    this.detail.textContent = words;
    this.trained.draw(gates, this.element.clientWidth < NARROW);
  }
}
