// A question whose answer is a curve: the reader draws one, then the true one appears beside it.

import { anchorsOf, sketchError, sketchedAt } from "../../model/sketch.js";
import { make, paragraph } from "../dom.js";
import { drawPlot } from "../plot.js";
import { svg } from "../svg.js";

const PLACES = 6; // at which the sketch can be moved
const HEIGHT = 300;
const NARROW = 560; // pixels
const STEPS = 40; // of an arrow key, from the lower edge to the upper one
const HOW = "Draw your guess with the pointer, or move its points with the arrow keys.";

/** A number in a few digits. */
const inWords = (value) => String(Number(value.toPrecision(3)));

export class CurveQuestion {
  /**
   * @param {{x: number[], y: number[], low: number, high: number, log: boolean, xlabel: string,
   *   ylabel: string}} spec
   * @param {import("../../model/network.js").Model[]} models none
   * @param {import("../traits.js").Memory} [memory] keeps the sketch while the reader is away
   */
  constructor(spec, models, memory) {
    this.spec = spec;
    this.memory = memory;
    this.anchors = anchorsOf(spec.x, PLACES);
    this.isRevealed = false;
    this.width = innerWidth < NARROW ? 360 : 600;
  }

  ask(commit) {
    const kept = this.memory?.get("sketch");
    this.commit = commit;
    this.heights = kept ?? this.anchors.map(() => this.heightAt(0.5));
    this.plot = svg("svg", { role: "img" });
    this.points = this.anchors.map((anchor, i) => this.point(anchor, i));
    this.drawing = svg("svg", {
      ...{ class: "clm-plot clm-sketch", viewBox: `0 0 ${this.width} ${HEIGHT}` },
      ...{ role: "group", "aria-label": `Your sketch of ${this.spec.ylabel}` },
    });
    this.drawing.append(this.plot, ...this.points);
    this.listen();
    this.draw();
    if (kept) commit(this.heights);
    return [make("p", { className: "clm-note" }, HOW), this.drawing];
  }

  reveal() {
    const { spec, anchors, heights } = this;
    this.isRevealed = true;
    for (const point of this.points) point.setAttribute("aria-disabled", "true");
    this.draw();
    const error = inWords(sketchError(spec, anchors, heights, spec.log));
    const off = spec.log ? `off by a factor of ${error}` : `${error} away`;
    const rows = anchors.map((anchor, i) => {
      const truth = sketchedAt(spec.x, spec.y, anchor, spec.log);
      const cells = [heights[i], truth].map((value) => make("td", {}, inWords(value)));
      return make("tr", {}, make("th", { scope: "row" }, inWords(anchor)), ...cells);
    });
    const head = [spec.xlabel, "you", "it is"].map((word) => make("th", { scope: "col" }, word));
    const table = make("table", {}, make("tr", {}, ...head), ...rows);
    const numbers = make("details", {}, make("summary", {}, "In numbers"), table);
    return [paragraph("In the mean your curve is ", make("strong", {}, off), "."), numbers];
  }

  more() {
    return false;
  }

  /** The value at a share of the axis, from its lower end up. */
  heightAt(share) {
    const { low, high, log } = this.spec;
    const inside = Math.max(0, Math.min(1, share));
    return log ? low * (high / low) ** inside : low + inside * (high - low);
  }

  /** The share of the axis below a value. */
  shareOf(height) {
    const { low, high, log } = this.spec;
    return log ? Math.log(height / low) / Math.log(high / low) : (height - low) / (high - low);
  }

  point(anchor, i) {
    const { low, high, xlabel } = this.spec;
    const point = svg("circle", {
      ...{ r: 7, class: "clm-sketch-point", tabindex: 0, role: "slider" },
      ...{ "aria-valuemin": low, "aria-valuemax": high, "aria-orientation": "vertical" },
      "aria-label": `Your guess at ${xlabel} ${inWords(anchor)}`,
    });
    point.addEventListener("keydown", (event) => {
      const step = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.move(i, this.shareOf(this.heights[i]) + step / STEPS);
    });
    return point;
  }

  listen() {
    const { drawing } = this;
    let last; // where the pen was
    drawing.addEventListener("pointerdown", (event) => {
      if (this.isRevealed) return;
      drawing.setPointerCapture(event.pointerId);
      last = this.sketch(this.penAt(event));
    });
    drawing.addEventListener("pointermove", (event) => {
      if (drawing.hasPointerCapture(event.pointerId)) last = this.sketch(this.penAt(event), last);
    });
  }

  /** Where the pen is: its place in the drawing from the left, and its share of the axis. */
  penAt({ clientX, clientY }) {
    const { left, top, width } = this.drawing.getBoundingClientRect();
    const scale = this.width / width;
    const { bottom, top: upper } = this.places;
    const share = (bottom - (clientY - top) * scale) / (bottom - upper);
    return { x: (clientX - left) * scale, share };
  }

  /** Moves the point below the pen, and those that it has passed since it was at `last`. */
  sketch(pen, last = pen) {
    const at = this.anchors.map((anchor) => this.places.X(anchor));
    const away = at.map((x) => Math.abs(x - pen.x));
    const nearest = away.indexOf(Math.min(...away));
    at.forEach((x, i) => {
      const passed = (x - last.x) * (x - pen.x) < 0;
      const share = last.share + ((x - last.x) / (pen.x - last.x)) * (pen.share - last.share);
      if (i === nearest || passed) this.move(i, passed ? share : pen.share);
    });
    return pen;
  }

  move(i, share) {
    if (this.isRevealed) return;
    this.heights = this.heights.map((height, k) => (k === i ? this.heightAt(share) : height));
    this.memory?.set("sketch", this.heights);
    this.draw();
    this.commit(this.heights);
  }

  draw() {
    const { spec, anchors, heights, isRevealed } = this;
    const { x, y, low, high, log, xlabel, ylabel } = spec;
    const yours = { className: "clm-series-B", name: "you" };
    const truth = { className: "clm-series-A", name: "it is" };
    const lines = [{ ...yours, points: anchors.map((anchor, i) => [anchor, heights[i]]) }];
    if (isRevealed) lines.push({ ...truth, points: x.map((at, i) => [at, y[i]]) });
    const least = x.every(Number.isInteger) ? 1 : 0; // no half layers
    this.places = drawPlot(this.plot, lines, {
      ...{ width: this.width, height: HEIGHT, gap: 13 }, // past a point that can be moved
      x: { low: x[0], high: x[x.length - 1], least, title: xlabel },
      y: { low, high, isLog: log, title: ylabel },
      label: `${ylabel} against ${xlabel}: your sketch${isRevealed ? ", and the true curve" : ""}`,
    });
    this.points.forEach((point, i) => {
      point.setAttribute("cx", this.places.X(anchors[i]));
      point.setAttribute("cy", this.places.Y(heights[i]));
      point.setAttribute("aria-valuenow", inWords(heights[i]));
    });
  }
}
