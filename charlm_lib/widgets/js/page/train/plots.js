// The curves of TrainInThePage: perplexities, and gradients with the length to clip to.

import { drawCurves, emptyDrawing } from "../curves.js";
import { make } from "../dom.js";
import { numberInWords } from "./words.js";

const NARROW = 560; // pixels

/** @typedef {import("../../learning/training_run.js").TrainingRun} TrainingRun */

export class Plots {
  /** @param {number} bound the length that gradients are clipped to */
  constructor(bound) {
    this.bound = bound;
    this.perplexity = emptyDrawing("Perplexity of the runs over updates, on a logarithmic axis");
    this.norms = emptyDrawing("Length of the gradient before clipping over updates, logarithmic");
    this.element = make("div", { className: "clm-plots" }, this.perplexity, this.norms);
  }

  /**
   * @param {TrainingRun[]} runs
   * @param {number} width of the place that the curves have
   */
  draw(runs, width) {
    const isNarrow = width < NARROW;
    const size = isNarrow ? { width: 350, height: 230 } : { width: 700, height: 260 };
    const { tokens } = runs[runs.length - 1];
    drawCurves(this.perplexity, runs.flatMap(perplexityCurves), {
      ...size,
      title: "Perplexity: validation thick, training dashed or dotted",
      base: [tokens.length, "guessing evenly"],
      always: [5],
      cap: 10 * tokens.length,
    });
    drawCurves(this.norms, runs.map(normCurve), {
      ...size,
      height: isNarrow ? 150 : 140,
      title: "Longest gradient since the last point, before clipping",
      base: [this.bound, `length ${this.bound}`],
      always: [this.bound / 10, this.bound * 10],
    });
  }
}

/** One value of the points over their updates. */
function curve(points, key) {
  return { x: points.map((p) => p.updates), y: points.map((p) => p[key]) };
}

/** @param {TrainingRun} run */
function perplexityCurves({ name, points }) {
  const className = `clm-run-${name}`;
  const label = points.length ? `${name} ${numberInWords(points.at(-1).validation)}` : "";
  return [
    { ...curve(points, "train"), className: `clm-thin ${className}` },
    { ...curve(points, "validation"), className, label },
  ];
}

/** @param {TrainingRun} run */
function normCurve({ name, points }) {
  const trained = points.filter((p) => p.updates > 0);
  return { ...curve(trained, "norm"), className: `clm-run-${name}`, label: name };
}
