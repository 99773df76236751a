// What TrainInThePage shows of its runs: words, curves and a film.

import { make, paragraph } from "../dom.js";
import { FilmView } from "./film_view.js";
import { Plots } from "./plots.js";
import { RunList } from "./run_list.js";
import { explainProblem, progressInWords } from "./words.js";

export class RunReport {
  /**
   * @param {(run: import("../../learning/training_run.js").TrainingRun) => void} remove
   * @param {string} prefix that samples begin with
   * @param {() => void} moved called when another update of the film is shown
   */
  constructor(remove, prefix, moved) {
    this.hint = make("p", { className: "clm-note" });
    this.status = make("p", { className: "clm-status" });
    this.problem = make("div", { role: "alert", className: "clm-problem" });
    this.plots = new Plots();
    this.list = new RunList(remove);
    this.film = new FilmView(prefix, moved);
    this.elements = [
      this.hint,
      this.status,
      this.problem,
      this.list.element,
      this.plots.element,
      this.film.element,
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
    this.list.show(comparison);
    this.film.follow(comparison);
    this.plots.draw(runs, { bound, width, at: this.film.isLive ? -1 : this.film.shown });
  }
}
