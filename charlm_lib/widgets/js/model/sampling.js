// Sampling: how a model writes on, character by character.

import { randomNumbers } from "./random.js";
import { indexOfMax, softmax } from "./softmax.js";

/** @typedef {import("./network.js").Model} Model */

/** An index drawn from probabilities `p` by a uniform number in [0, 1). */
export function drawFrom(p, uniform) {
  let rest = uniform;
  let last = 0;
  for (let i = 0; i < p.length; i++) {
    if (p[i] === 0) continue;
    rest -= p[i];
    if (rest < 0) return i;
    last = i;
  }
  return last; // rounding left a crumb above the last probability
}

/**
 * Writes on from a prefix, one character per call of `next`. At temperature 0 it takes the best
 * character, and the probabilities are those at temperature 1. “<unk>” is never written.
 * @param {Model} model
 * @param {number[]} prefix at least one token
 * @yields {{token: number, probabilities: Float64Array}}
 */
export function* writeOn(model, prefix, temperature, seed) {
  const uniform = randomNumbers(seed);
  const state = model.zeroState();
  const never = model.about.tokens.indexOf("<unk>");
  let logits;
  for (const token of prefix) logits = model.step(token, state);
  for (;;) {
    if (never >= 0) logits[never] = -Infinity;
    const greedy = temperature === 0;
    const probabilities = softmax(logits, greedy ? 1 : temperature);
    const token = greedy ? indexOfMax(probabilities) : drawFrom(probabilities, uniform());
    yield { token, probabilities };
    logits = model.step(token, state);
  }
}


/** The first `length` characters of what `writeOn` writes. */
export function continuation(model, prefix, { temperature, seed, length }) {
  const writer = writeOn(model, prefix, temperature, seed);
  const written = Array.from({ length }, () => writer.next().value.token);
  return written.map((token) => model.about.tokens[token]).join("");
}
