// The buttons of TrainInThePage.

import { button } from "../controls.js";
import { Remark } from "../remark.js";

const FULL = "Three runs are kept: to begin another beside them, remove one of their lines.";

export class RunButtons {
  /** @param {{toggle(): void, step(): void, reset(): void, keep(): void}} actions */
  constructor({ toggle, step, reset, keep }) {
    this.go = button("Train", toggle, { className: "clm-button clm-primary" });
    this.one = button("One update", step);
    this.reset = button("Reset", reset);
    this.keep = button("New run", keep);
    this.keep.title = "Keeps the curves so far, to compare";
    this.elements = [this.go, this.one, this.reset, this.keep];
    this.reason = new Remark(); // why a button does nothing
  }

  /** Gives the focus to the first button that does something. */
  focus() {
    this.elements.find((element) => !element.disabled)?.focus();
  }

  /**
   * @param {import("../../learning/comparison.js").Comparison} comparison
   * @param {string} complaint why the chosen text cannot be learned; "": it can
   */
  show({ current, isFull }, complaint) {
    const { running, updates, problem } = current;
    const isStuck = Boolean(problem || complaint);
    this.go.textContent = running ? "Pause" : updates ? "Go on" : "Train";
    this.go.disabled = isStuck && !running;
    this.one.disabled = isStuck || running;
    this.reset.disabled = Boolean(complaint);
    this.keep.disabled = Boolean(complaint) || !updates || isFull;
    this.reason.say(complaint || (isFull && updates ? FULL : ""));
  }
}
