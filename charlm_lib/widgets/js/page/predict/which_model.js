// Which of the models wrote this? With a new text as often as the reader likes.

import { randomNumbers } from "../../model/random.js";
import { continuation } from "../../model/sampling.js";
import { readText } from "../../model/text.js";
import { make, paragraph } from "../dom.js";
import { choiceGroup } from "./choice_group.js";
import { balancedTurns } from "./turns.js";

const FIRST_SEED = 2 ** 20; // lower ones are what readers type into a sampler
const LAST_SEED = 2 ** 31;
const TRIES = 50; // for a text that was not shown before; at a low temperature there may be none

/** A seed from the browser's entropy: another one at each visit. */
function freshSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

export class WhichModelQuestion {
  /**
   * @param {{prefix: string, temperature: number, length: number, seed: number|null}} spec
   *   seed: of all rounds; null: another one at each visit
   * @param {import("../../model/network.js").Model[]} models
   */
  constructor(spec, models) {
    this.spec = spec;
    this.models = models;
    this.uniform = randomNumbers(spec.seed ?? freshSeed());
    this.turns = balancedTurns(models.length, this.uniform);
    this.shown = new Set();
    this.score = { rounds: 0, right: 0 };
  }

  ask(commit) {
    const { begun, text } = this.nextRound();
    const names = this.models.map((model) => model.about.name);
    return [
      make("div", { className: "clm-text" }, make("b", {}, begun), text),
      choiceGroup(names, commit),
    ];
  }

  /** Another writer's turn: the prefix as it reads it, and how it goes on. */
  nextRound() {
    this.writer = this.models[this.turns.next().value];
    const reading = readText(this.spec.prefix, this.writer.about.tokens);
    const begun = reading.map((c) => c.shown).join("");
    return { begun, text: this.newText(reading.map((c) => c.token)) };
  }

  /** What this round's writer writes after a prefix; not shown before. */
  newText(ids) {
    const { temperature, length } = this.spec;
    let text;
    for (let i = 0; i < TRIES && (text === undefined || this.shown.has(text)); i++) {
      const seed = FIRST_SEED + Math.floor(this.uniform() * (LAST_SEED - FIRST_SEED));
      text = continuation(this.writer, ids, { temperature, length, seed });
    }
    this.shown.add(text);
    return text;
  }

  reveal(guess) {
    const { score } = this;
    const { name } = this.writer.about;
    const right = guess === name;
    score.rounds += 1;
    score.right += right;
    return [
      paragraph(right ? "✓ Yes: " : "✗ No: ", make("strong", {}, name), " wrote it."),
      paragraph(`So far: ${score.right} right out of ${score.rounds}.`),
    ];
  }

  more() {
    return true;
  }
}
