// What a model did at every character of a text.

import { indexOfMax, softmax } from "./softmax.js";

const GATES = ["r", "z", "n"]; // in the order in which a model keeps them

/**
 * @typedef {object} Step
 * @property {string} shown the character that the model reads
 * @property {Object<string, Float64Array>} values hidden states `h`, and a GRU's gates, by layer
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
      values: { h: state.slice(), ...gateValues(model) },
      probabilities,
      next,
      right: guess === next,
      guess: model.about.tokens[guess],
    };
  });
}

/** The gates of the last step, H numbers of every layer; nothing for a cell without gates. */
function gateValues({ about: { layers, hiddens: H }, gates }) {
  const values = {};
  if (!gates.length) return values;
  GATES.forEach((gate, k) => {
    values[gate] = new Float64Array(layers * H);
    for (let l = 0; l < layers; l++) {
      const from = (4 * l + k) * H;
      values[gate].set(gates.subarray(from, from + H), l * H);
    }
  });
  return values;
}
