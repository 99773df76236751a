// The curves of TrainInThePage: perplexities, and gradients with the length to clip to.

import { EXPLODED } from "../../model/loss.js";
import { drawCurves, emptyDrawing } from "../curves.js";
import { make } from "../dom.js";
import { numberInWords } from "./words.js";

const NARROW = 560; // pixels

/** @typedef {import("../../learning/training_run.js").TrainingRun} TrainingRun */

/** Axes for the runs on one text: perplexities on different texts cannot be compared. */
class Panel {
  constructor() {
    this.title = make("p", { className: "clm-note" });
    this.perplexity = emptyDrawing();
    this.norms = emptyDrawing();
    this.element = make("div", {}, this.title, this.perplexity, this.norms);
  }

  /**
   * @param {TrainingRun[]} runs all on one text
   * @param {{bound: number, width: number, isAlone: boolean}} around isAlone: without other panels
   */
  draw(runs, { bound, width, isAlone }) {
    const isNarrow = width < NARROW;
    const size = isNarrow ? { width: 350, height: 230 } : { width: 700, height: 260 };
    const { title, tokens } = runs[0];
    this.title.textContent = isAlone ? "" : `On ${title}:`;
    this.perplexity.setAttribute("aria-label", `Perplexity on ${title} over updates, logarithmic`);
    this.norms.setAttribute("aria-label", `Length of the gradient on ${title}, before clipping`);
    drawCurves(this.perplexity, runs.flatMap(perplexityCurves), {
      ...size,
      title: "Perplexity: validation thick, training dashed or dotted",
      base: [tokens.length, "guessing evenly"],
      always: [5],
      cap: EXPLODED * tokens.length,
    });
    drawCurves(this.norms, runs.map(normCurve), {
      ...size,
      height: isNarrow ? 150 : 140,
      title: "Longest gradient since the last point, before clipping",
      base: [bound, `length ${bound}`],
      always: [bound / 10, bound * 10],
    });
  }
}

export class Plots {
  constructor() {
    this.note = make("p", { className: "clm-note" });
    this.panels = [];
    this.place = make("div", { className: "clm-plots" });
    this.element = make("div", {}, this.note, this.place);
  }

  /**
   * @param {TrainingRun[]} runs
   * @param {number} bound the length that gradients are clipped to
   * @param {number} width of the place that the curves have
   */
  draw(runs, bound, width) {
    const texts = [...new Set(runs.map((run) => run.text))];
    this.note.textContent = howToCompare(runs, texts.length);
    this.offer(texts.length);
    const around = { bound, width, isAlone: texts.length === 1 };
    texts.forEach((text, i) => {
      const same = runs.filter((run) => run.text === text);
      this.panels[i].draw(same, around);
    });
  }

  /** Has so many panels. */
  offer(count) {
    if (count === this.panels.length) return;
    this.panels = Array.from({ length: count }, (_, i) => this.panels[i] ?? new Panel());
    this.place.replaceChildren(...this.panels.map((panel) => panel.element));
  }
}

/** Where the runs' perplexities say nothing on each other. */
function howToCompare(runs, numTexts) {
  const words = [];
  if (numTexts > 1) {
    words.push("Perplexities on different texts cannot be compared: each text has its own axes.");
  }
  if (new Set(runs.map((run) => run.settings.numSteps)).size > 1) {
    words.push("Runs with other windows are scored on other characters: compare them with care.");
  }
  return words.join(" ");
}

/** One value of the points over their updates. */
function curve(points, key) {
  return { x: points.map((p) => p.updates), y: points.map((p) => p[key]) };
}

/** @param {TrainingRun} run */
function perplexityCurves({ name, points }) {
  const className = `clm-run-${name}`;
  const thin = { ...curve(points, "train"), className: `clm-thin ${className}`, name };
  const thick = { ...curve(points, "validation"), className, name, show: numberInWords };
  return [
    { ...thin, isLabelled: false },
    { ...thick, isLabelled: true },
  ];
}

/** @param {TrainingRun} run */
function normCurve({ name, points }) {
  const trained = points.filter((p) => p.updates > 0);
  return { ...curve(trained, "norm"), className: `clm-run-${name}`, name, isLabelled: true };
}
