// The curves of TrainInThePage: perplexities, and gradients with the length to clip to.

import { EXPLODED } from "../../model/loss.js";
import { drawCurves, emptyDrawing } from "../curves.js";
import { make } from "../dom.js";
import { numberInWords } from "./words.js";

const NARROW = 560; // pixels
const TITLE_LETTER = 6.6; // its width
const HIGHEST = 1e6; // perplexity up to which an explosion is drawn

/** @typedef {import("../../learning/training_run.js").TrainingRun} TrainingRun */

/** Axes for the runs on one text: perplexities on different texts cannot be compared. */
class Panel {
  constructor() {
    this.perplexity = emptyDrawing();
    this.norms = emptyDrawing();
    this.element = make("div", {}, this.perplexity, this.norms);
  }

  /**
   * @param {TrainingRun[]} runs all on one text
   * @param {{bound: number, width: number, at: number}} around at: the update to mark; -1: none
   */
  draw(runs, { bound, width, at }) {
    const isNarrow = width < NARROW;
    // No larger than its place, or its words would be small.
    const size = { width: Math.min(Math.max(width, 350), 700), height: isNarrow ? 230 : 260 };
    const { title, tokens } = runs[0];
    const room = Math.floor(size.width / TITLE_LETTER);
    const named = (what) => shortened(`${what} on ${title}`, room);
    const marks = [...marksOf(runs), ...(at < 0 ? [] : [{ x: at, className: "clm-cursor" }])];
    const cap = EXPLODED * tokens.length;
    this.perplexity.setAttribute("aria-label", `Perplexity on ${title} over updates, logarithmic`);
    this.norms.setAttribute("aria-label", `Length of the gradient on ${title}, before clipping`);
    drawCurves(this.perplexity, runs.flatMap(perplexityCurves), {
      ...{ ...size, marks },
      title: named("Perplexity"),
      base: [tokens.length, "guessing evenly"],
      always: [5],
      cap: runs.some((run) => run.exploded) ? HIGHEST : cap,
    });
    drawCurves(this.norms, runs.map(normCurve), {
      ...{ ...size, marks, height: isNarrow ? 150 : 140 },
      title: named("Gradient before clipping"),
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
   * @param {{bound: number, width: number, at: number}} around bound: the length that gradients
   *   are clipped to; width: of the widget, a part of which the curves have on a slide; at: the
   *   update to mark; -1: none
   */
  draw(runs, { bound, width, at }) {
    const around = { bound, width: this.place.clientWidth || width, at };
    const texts = [...new Set(runs.map((run) => run.text))];
    this.note.textContent = howToCompare(runs, texts.length);
    this.offer(texts.length);
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

const LEGEND =
  "Thick: validation. Dashed or dotted: the text it learns, a value for every update. " +
  "Thin upright lines: another learning rate or clipping.";

/** A text that fits. */
function shortened(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** Where the reader changed a run. */
function marksOf(runs) {
  return runs.flatMap(({ name, changes }) =>
    changes.map(({ updates }) => ({ x: updates, className: `clm-change clm-run-${name}` })),
  );
}

/** How to read the curves, and where the runs' perplexities say nothing on each other. */
function howToCompare(runs, numTexts) {
  const words = [LEGEND];
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
function perplexityCurves({ name, points, film }) {
  const className = `clm-run-${name}`;
  const thin = { x: film.updates, y: film.train, className: `clm-thin ${className}`, name };
  const thick = { ...curve(points, "validation"), className, name, show: numberInWords };
  return [
    { ...thin, isLabelled: false },
    { ...thick, isLabelled: true },
  ];
}

/** @param {TrainingRun} run */
function normCurve({ name, film }) {
  const className = `clm-run-${name}`;
  return { x: film.updates, y: film.norm, className, name, isLabelled: true };
}
