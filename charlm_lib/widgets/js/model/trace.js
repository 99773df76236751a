// What a model did at every character of a text.

import { indexOfMax, softmax } from "./softmax.js";

/**
 * @typedef {object} Step
 * @property {string} shown the character that the model reads
 * @property {Object<string, Float64Array>} values all that the cell carries on and notes, by its
 *   letter: H numbers of every layer
 * @property {Float64Array} probabilities of the next character
 * @property {number} next the token that does come next; -1: the text ends
 * @property {boolean} right whether the likeliest character is the next one
 * @property {string} guess the likeliest character
 */

/**
 * @param {import("./network.js").Model} model
 * @param {{token: number, shown: string}[]} reading
 * @returns {Step[]}
 */
export function trace(model, reading) {
  const state = model.zeroState();
  return reading.map(({ token, shown }, t) => {
    const probabilities = softmax(model.step(token, state));
    const guess = indexOfMax(probabilities);
    const next = reading[t + 1]?.token ?? -1;
    return {
      shown,
      values: valuesOf(model, state),
      probabilities,
      next,
      right: guess === next,
      guess: model.about.tokens[guess],
    };
  });
}

/** What the layers carry on and have noted. */
function valuesOf({ cell, kept, about: { layers, hiddens: H } }, state) {
  const part = (all, names) =>
    names.map((name, k) => [name, partOfLayers(all, k, names.length, layers, H)]);
  return Object.fromEntries([...part(state, cell.states), ...part(kept, cell.kept)]);
}

/** Part `k` of the `parts` of each layer, layer after layer. */
function partOfLayers(all, k, parts, layers, H) {
  const values = new Float64Array(layers * H);
  for (let l = 0; l < layers; l++) {
    const from = (l * parts + k) * H;
    values.set(all.subarray(from, from + H), l * H);
  }
  return values;
}
