// A question with a few answers to choose from.

import { make, paragraph } from "../dom.js";
import { choiceGroup } from "./choice_group.js";

export class ChoiceQuestion {
  /** @param {{choices: string[], answer: string}} spec */
  constructor({ choices, answer }) {
    Object.assign(this, { choices, answer });
  }

  ask(commit) {
    return [choiceGroup(this.choices, commit)];
  }

  reveal(guess) {
    const verdict = guess === this.answer ? "✓ Yes: " : "✗ No: ";
    return [paragraph(verdict, make("strong", {}, this.answer), ".")];
  }

  more() {
    return false;
  }
}
