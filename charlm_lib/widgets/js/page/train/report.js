// What TrainInThePage shows of its runs: words, curves and a sample.

import { make, paragraph } from "../dom.js";
import { Plots } from "./plots.js";
import { explainProblem, progressInWords, runLine } from "./words.js";

const FOR_THE_NEXT =
  "These settings are for the next run: “New run” keeps this curve, “Reset” replaces it.";

export class RunReport {
  /** @param {number} bound the length that gradients are clipped to */
  constructor(bound) {
    this.hint = make("p", { className: "clm-note" });
    this.status = make("p", { className: "clm-status" });
    this.problem = make("div", { role: "alert", className: "clm-problem" });
    this.plots = new Plots(bound);
    this.list = make("ul", { className: "clm-runs" });
    this.sample = make("div", { className: "clm-text clm-sample" });
    this.elements = [
      this.hint,
      this.status,
      this.problem,
      this.plots.element,
      this.list,
      make("p", { className: "clm-note" }, "What it writes now, at temperature 0.7:"),
      this.sample,
    ];
  }

  /**
   * @param {import("../../learning/comparison.js").Comparison} comparison
   * @param {{isForNext: boolean, device: string, width: number}} around isForNext: the settings
   *   are no longer those of the current run
   */
  show({ runs, current }, { isForNext, device, width }) {
    this.hint.textContent = isForNext ? FOR_THE_NEXT : "";
    this.status.textContent = progressInWords(current, device);
    const problems = current.problem ? [paragraph(explainProblem(current))] : [];
    this.problem.replaceChildren(...problems);
    this.sample.textContent = current.sample || "…";
    this.list.replaceChildren(...runs.map(runLine));
    this.plots.draw(runs, width);
  }
}
