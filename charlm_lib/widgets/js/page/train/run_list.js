// The runs of TrainInThePage, a line each; earlier ones can be removed.

import { button } from "../controls.js";
import { make } from "../dom.js";
import { runInWords } from "./words.js";

/** @typedef {import("../../learning/training_run.js").TrainingRun} TrainingRun */

export class RunList {
  /** @param {(run: TrainingRun) => void} remove called when the reader removes a run */
  constructor(remove) {
    this.remove = remove;
    /** @type {Map<TrainingRun, {words: HTMLElement, away: HTMLElement, element: HTMLElement}>} */
    this.lines = new Map();
    this.element = make("ul", { className: "clm-runs" });
  }

  /** Shows the runs; lines that are there stay, or their buttons would vanish below a finger. */
  show({ runs, current }) {
    const isSame = runs.length === this.lines.size && runs.every((run) => this.lines.has(run));
    if (!isSame) {
      this.lines = new Map(runs.map((run) => [run, this.lines.get(run) ?? this.lineOf(run)]));
      this.element.replaceChildren(...[...this.lines.values()].map((line) => line.element));
    }
    for (const [run, { words, away }] of this.lines) {
      words.textContent = ` ${runInWords(run)} `;
      away.hidden = run === current;
    }
  }

  lineOf(run) {
    const key = make("b", { className: `clm-run-${run.name}` }, run.name);
    const words = make("span");
    const away = button("Remove", () => this.remove(run), { className: "clm-button clm-small" });
    away.setAttribute("aria-label", `Remove run ${run.name}`);
    return { words, away, element: make("li", {}, key, words, away) };
  }
}
