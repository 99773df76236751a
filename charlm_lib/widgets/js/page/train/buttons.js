// The buttons of TrainInThePage.

import { button } from "../controls.js";

export class RunButtons {
  /** @param {{toggle(): void, step(): void, reset(): void, keep(): void}} actions */
  constructor({ toggle, step, reset, keep }) {
    this.go = button("Train", toggle, { className: "clm-button clm-primary" });
    this.one = button("One update", step);
    this.reset = button("Reset", reset);
    this.keep = button("New run", keep);
    this.keep.title = "Keeps the curves so far, to compare; at most three";
    this.elements = [this.go, this.one, this.reset, this.keep];
  }

  /** @param {import("../../learning/training_run.js").TrainingRun} run */
  show({ running, updates, problem }) {
    this.go.textContent = running ? "Pause" : updates ? "Go on" : "Train";
    this.go.disabled = Boolean(problem);
    this.one.disabled = Boolean(problem) || running;
    this.keep.disabled = !updates;
  }
}
