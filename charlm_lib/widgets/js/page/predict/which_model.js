// Which of the models wrote this? With a new text as often as the reader likes.

import { randomNumbers } from "../../model/random.js";
import { continuation } from "../../model/sampling.js";
import { readText } from "../../model/text.js";
import { make, paragraph } from "../dom.js";
import { choiceGroup } from "./choice_group.js";

export class WhichModelQuestion {
  /**
   * @param {{prefix: string, temperature: number, length: number, seed: number}} spec
   * @param {import("../../model/network.js").Model[]} models
   */
  constructor(spec, models) {
    this.spec = spec;
    this.models = models;
    this.uniform = randomNumbers(spec.seed);
    this.round = 0;
    this.score = { rounds: 0, right: 0 };
    this.writer = this.drawWriter();
  }

  drawWriter() {
    return this.models[Math.floor(this.uniform() * this.models.length)];
  }

  ask(commit) {
    const { prefix, temperature, length, seed } = this.spec;
    const ids = readText(prefix, this.writer.about.tokens).map((c) => c.token);
    const settings = { temperature, length, seed: seed + this.round };
    const text = continuation(this.writer, ids, settings);
    const names = this.models.map((model) => model.about.name);
    return [
      make("div", { className: "clm-text" }, make("b", {}, prefix), text),
      choiceGroup(names, commit),
    ];
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
    this.round += 1;
    this.writer = this.drawWriter();
    return true;
  }
}
