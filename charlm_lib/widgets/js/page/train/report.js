// What TrainInThePage shows of its runs: words, curves and a sample.

import { make, paragraph } from "../dom.js";
import { Plots } from "./plots.js";
import { RunList } from "./run_list.js";
import { explainProblem, progressInWords, sampleInWords, sampleTitle } from "./words.js";

export class RunReport {
  /** @param {(run: import("../../learning/training_run.js").TrainingRun) => void} remove */
  constructor(remove) {
    this.hint = make("p", { className: "clm-note" });
    this.status = make("p", { className: "clm-status" });
    this.problem = make("div", { role: "alert", className: "clm-problem" });
    this.plots = new Plots();
    this.list = new RunList(remove);
    this.title = make("p", { className: "clm-note" });
    this.sample = make("div", { className: "clm-text clm-sample" });
    this.elements = [
      this.hint,
      this.status,
      this.problem,
      this.plots.element,
      this.list.element,
      this.title,
      this.sample,
    ];
  }

  /**
   * @param {import("../../learning/comparison.js").Comparison} comparison
   * @param {{hint: string, bound: number, device: string, width: number}} around bound: the length
   *   that gradients are clipped to
   */
  show(comparison, { hint, bound, device, width }) {
    const { runs, current } = comparison;
    this.hint.textContent = hint;
    this.status.textContent = progressInWords(current, device);
    const problem = current.problem ? explainProblem(current) : "";
    // An alert is read out whenever it changes, even to the same words.
    if (this.problem.textContent !== problem) {
      this.problem.replaceChildren(...(problem ? [paragraph(problem)] : []));
    }
    this.title.textContent = sampleTitle(current);
    this.sample.textContent = sampleInWords(current);
    this.list.show(comparison);
    this.plots.draw(runs, bound, width);
  }
}
