// A question of PredictFirst, round after round: the guess is committed before the answer is shown.

import { button, row } from "../controls.js";
import { make, paragraph } from "../dom.js";

/**
 * @typedef {object} Question
 * @property {(commit: (guess?: string|number) => void) => HTMLElement[]} ask gives the elements
 *   that ask; they call `commit` as the guess takes shape (undefined: none yet)
 * @property {(guess: string|number) => HTMLElement[]} reveal gives the elements that answer
 * @property {() => boolean} more moves to another round; false: there is none
 */

export class Rounds {
  /**
   * @param {Question} question
   * @param {{question: string, explanation: string}} words before the guess and after the answer
   * @param {(guess: string|number) => void} committed called at each commitment
   */
  constructor(question, words, committed) {
    Object.assign(this, { question, words, committed });
    this.asking = make("div");
    this.answer = make("div", { className: "clm-answer", role: "status", hidden: true });
    this.go = button("Commit to my guess", () => this.reveal(), {
      className: "clm-button clm-primary",
    });
    this.next = button("Another one", () => this.ask(), { hidden: true });
    this.element = make(
      "section",
      { className: "clm clm-predict", "aria-label": `Predict first: ${words.question}` },
      make("p", { className: "clm-question" }, words.question),
      this.asking,
      row(this.go, this.next),
      this.answer,
    );
    this.element.addEventListener("keydown", (event) => this.onKey(event));
  }

  ask() {
    const { asking, answer, go, next } = this;
    const again = document.activeElement === next;
    this.guess = undefined;
    go.hidden = false;
    go.disabled = true;
    next.hidden = answer.hidden = true;
    const commit = (guess) => {
      this.guess = guess;
      go.disabled = guess === undefined;
    };
    asking.replaceChildren(...this.question.ask(commit));
    if (again) asking.querySelector("input").focus();
  }

  reveal() {
    const { asking, answer, go, next, question, words } = this;
    this.committed(this.guess);
    answer.hidden = false;
    answer.replaceChildren(...question.reveal(this.guess));
    if (words.explanation) answer.append(paragraph(words.explanation));
    for (const input of asking.querySelectorAll("input")) input.disabled = true;
    go.hidden = true;
    next.hidden = !question.more();
    if (!next.hidden) next.focus({ preventScroll: true });
  }

  onKey(event) {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
    event.preventDefault(); // or the same key would press the button that gets the focus
    if (!this.go.hidden && !this.go.disabled) this.reveal();
  }
}
