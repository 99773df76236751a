// A question whose answer is a number: guess and answer are shown on one scale.

import { field, row } from "../controls.js";
import { make, paragraph } from "../dom.js";
import { Remark } from "../remark.js";

export class NumberQuestion {
  /**
   * @param {{low: number, high: number, answer: number, digits: number, log: boolean}} spec
   * @param {import("../../model/network.js").Model[]} models none
   * @param {import("../traits.js").Memory} [memory] keeps what was typed while the reader is away
   */
  constructor({ low, high, answer, digits, log }, models, memory) {
    Object.assign(this, { low, high, answer, digits, log, memory });
  }

  ask(commit) {
    const { low, high, memory } = this;
    const input = make("input", { type: "number", min: low, max: high, step: "any" });
    const remark = new Remark(input);
    const take = () => {
      const isGuess = input.value !== "" && input.checkValidity();
      const isEmpty = input.value === "" && !input.validity.badInput;
      remark.say(isGuess || isEmpty ? "" : `Guess a number from ${low} to ${high}.`);
      commit(isGuess ? Number(input.value) : undefined);
    };
    input.value = memory?.get("guess") ?? "";
    take();
    input.addEventListener("input", () => {
      memory?.set("guess", input.value);
      take();
    });
    const label = `Your guess, from ${low} to ${high}`;
    return [row(field(label, input, "clm-short")), remark.element];
  }

  reveal(guess) {
    const shown = this.answer.toFixed(this.digits);
    const words = paragraph("It is ", make("strong", {}, shown), `. You said ${guess}.`);
    const scale = make(
      "div",
      { className: "clm-scale", "aria-hidden": "true" },
      this.mark(guess, `you: ${guess}`, this.answer, "clm-yours"),
      this.mark(this.answer, `it is ${shown}`, guess, ""),
      this.end(this.low),
      this.end(this.high),
    );
    return [words, scale];
  }

  more() {
    return false;
  }

  /** Where a number lies on the scale, from 0 to 1. */
  place(x) {
    const { low, high, log } = this;
    const share = log ? Math.log(x / low) / Math.log(high / low) : (x - low) / (high - low);
    return Math.max(0, Math.min(1, share));
  }

  /** A number on the scale; its text is written away from the other one. */
  mark(x, text, other, className) {
    const left = this.place(x) > 0.75 || (this.place(x) > 0.25 && x < other);
    const element = make("span", { className: className + (left ? " clm-flip" : "") }, text);
    element.style.left = `${100 * this.place(x)}%`;
    return element;
  }

  end(x) {
    const element = make("small", {}, String(x));
    element.style.left = `${100 * this.place(x)}%`;
    return element;
  }
}
