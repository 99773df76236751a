// Shannon's game: guess the next character of a text, again and again.

import { indexOfMax, softmax } from "../../model/softmax.js";
import { readText } from "../../model/text.js";
import { field, row } from "../controls.js";
import { distributionBars } from "../distribution.js";
import { make, paragraph } from "../dom.js";
import { Remark } from "../remark.js";
import { bitsInWords, percent, visible } from "../words.js";

export class NextCharacterQuestion {
  /**
   * @param {{text: string, start: number}} spec
   * @param {import("../../model/network.js").Model[]} models the first one plays along
   */
  constructor({ text, start }, [model]) {
    this.model = model;
    this.tokens = model.about.tokens;
    this.reading = readText(text, this.tokens);
    this.at = start;
    this.score = { rounds: 0, reader: 0, model: 0 };
    this.input = make("input", { type: "text", autocomplete: "off", spellcheck: false });
    this.input.autocapitalize = "none";
    this.remark = new Remark(this.input);
  }

  ask(commit) {
    const { input, remark, tokens } = this;
    remark.say("");
    input.value = "";
    input.disabled = false;
    input.oninput = () => {
      // The last character typed counts, so that another key changes the guess.
      const typed = readText(input.value, tokens).at(-1);
      input.value = typed ? typed.shown : "";
      const isUnknown = typed && !typed.known;
      remark.say(isUnknown ? `“${typed.shown}” is none of the model's characters.` : "");
      commit(typed?.known ? typed.shown : undefined);
    };
    const known = this.reading.slice(0, this.at);
    const shown = known.map((c) => c.shown).join("");
    return [
      make("div", { className: "clm-text" }, shown, make("strong", {}, "▁")),
      row(field("Next character (the space counts)", input, "clm-short clm-wide")),
      remark.element,
    ];
  }

  reveal(guess) {
    const { score, tokens } = this;
    const p = this.modelsGuess();
    const next = this.reading[this.at].token;
    const right = guess === tokens[next];
    score.rounds += 1;
    score.reader += right;
    score.model += indexOfMax(p) === next;
    const yours = `, and your “${visible(guess)}” ${percent(p[tokens.indexOf(guess)])}`;
    return [
      paragraph(
        right ? "✓ You were right" : "✗ You were not right",
        `: the text goes on with “${visible(tokens[next])}”. The model gave it `,
        `${percent(p[next])} (${bitsInWords(p[next])} of surprise)`,
        right ? "." : `${yours}.`,
      ),
      distributionBars(p, tokens, next),
      paragraph(
        `So far, of ${score.rounds}: you ${score.reader}, the model's first choice ${score.model}.`,
      ),
    ];
  }

  more() {
    this.at += 1;
    return this.at < this.reading.length;
  }

  /** The model's probabilities of the next character. */
  modelsGuess() {
    const state = this.model.zeroState();
    let logits;
    for (const { token } of this.reading.slice(0, this.at)) logits = this.model.step(token, state);
    return softmax(logits);
  }
}
