// Sampling: how a model writes on, character by character.

import { randomNumbers, seedAfter } from "./random.js";
import { indexOfMax, softmax } from "./softmax.js";

/**
 * @typedef {import("./network.js").Model} Model
 * @typedef {object} Written
 * @property {number} token
 * @property {Float64Array} probabilities what the token was drawn from
 * @property {Float64Array} [own] at temperature 0: the probabilities at temperature 1
 */

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

/** At temperature 0 the best character has probability 1. @returns {Written} */
function takeBest(own) {
  const token = indexOfMax(own);
  const probabilities = new Float64Array(own.length);
  probabilities[token] = 1;
  return { token, probabilities, own };
}

/**
 * Reads a prefix and writes on from it, a character per call of `next`; “<unk>” is never written.
 * The text ends where the model's numbers are no longer finite.
 * @param {Model} model
 * @param {number[]} prefix at least one token
 * @yields {Written | undefined} undefined: a character was read
 */
export function* readAndWrite(model, prefix, temperature, seed) {
  const { tokens } = model.about;
  const uniform = randomNumbers(seedAfter(prefix.map((token) => tokens[token]).join(""), seed));
  const state = model.zeroState();
  const logits = new Float64Array(tokens.length); // other texts may use the model between two calls
  const never = tokens.indexOf("<unk>");
  for (const token of prefix) {
    logits.set(model.step(token, state));
    yield undefined;
  }
  for (;;) {
    if (never >= 0) logits[never] = -Infinity;
    const p = softmax(logits, temperature || 1);
    if (Number.isNaN(p[0])) return; // one logit that is no number spoils all probabilities
    const written = temperature ? { token: drawFrom(p, uniform()), probabilities: p } : takeBest(p);
    yield written;
    logits.set(model.step(written.token, state));
  }
}

/** What `readAndWrite` writes, without a pause for what it reads. @yields {Written} */
export function* writeOn(model, prefix, temperature, seed) {
  for (const written of readAndWrite(model, prefix, temperature, seed)) {
    if (written) yield written;
  }
}

/** The first `length` characters of what `writeOn` writes. */
export function continuation(model, prefix, { temperature, seed, length }) {
  let text = "";
  let count = 0;
  for (const { token } of writeOn(model, prefix, temperature, seed)) {
    text += model.about.tokens[token];
    if (++count === length) break;
  }
  return text;
}
