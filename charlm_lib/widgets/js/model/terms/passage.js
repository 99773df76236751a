// A text's way through a model: the states before and after each step, and what they are made of.
// Tested in Node against JAX (tests/widgets).

import { softmax } from "../softmax.js";
import { productTerms, quantity, times } from "./term.js";

/**
 * @typedef {import("./term.js").Quantity} Quantity
 * @typedef {{token: number, before: Float64Array, after: Float64Array,
 *   probabilities: Float64Array}} PassedStep
 */

/** @returns {PassedStep[]} one for each character */
export function passageOf(model, tokens) {
  const state = model.zeroState();
  return tokens.map((token) => {
    const before = state.slice();
    const probabilities = softmax(model.step(token, state));
    return { token, before, after: state.slice(), probabilities };
  });
}

/** Layer `l` (from 0) of a state. */
export function layerOf(state, l, hiddens) {
  return state.subarray(l * hiddens, (l + 1) * hiddens);
}

/** The quantities of one layer at one step, in the order of computing. @returns {Quantity[]} */
export function layerQuantities(model, step, l) {
  return { tanh: tanhQuantities, gru: gruQuantities }[model.about.cell](model, step, l);
}

/** The terms that one layer's input and old state give to entry `column` of its gates. */
function termsOf(model, { token, before, after }, l, numGates) {
  const { hiddens: H } = model.about;
  const p = model.parameters;
  const { Wx, Wh, b, own } = model.layout.rows[l];
  const G = numGates * H;
  const below = l > 0 ? layerOf(after, l - 1, H) : null;
  return {
    bias: (column) => ({ kind: "bias", value: p[b + column] }),
    biasOfState: (j) => ({ kind: "bias", value: p[own + j] }),
    input: (column) =>
      below
        ? productTerms("below", below, p, Wx, G, column)
        : [{ kind: "letter", unit: token, value: p[Wx + token * G + column] }],
    state: (column) => productTerms("before", layerOf(before, l, H), p, Wh, G, column),
  };
}

/** h' = tanh(a), a = x W_xh + h W_hh + b_h. */
function tanhQuantities(model, step, l) {
  const H = model.about.hiddens;
  const { bias, input, state } = termsOf(model, step, l, 1);
  const x = quantity("x", "", H, input);
  const s = quantity("s", "", H, state);
  const sum = (j) => [
    { kind: "x", value: x.values[j] },
    { kind: "s", value: s.values[j] },
    bias(j),
  ];
  const all = (j) => [...input(j), ...state(j), bias(j)];
  return [x, s, quantity("a", "", H, sum), quantity("h", "tanh", H, all)];
}

/** h' = (1 - z) n + z h, n = tanh(x W_xn + b_n + r q), q = h W_hn + b_hn. */
function gruQuantities(model, step, l) {
  const H = model.about.hiddens;
  const { bias, biasOfState, input, state } = termsOf(model, step, l, 3);
  const gate = (from) => (j) => [...input(from + j), ...state(from + j), bias(from + j)];
  const r = quantity("r", "σ", H, gate(0));
  const z = quantity("z", "σ", H, gate(H));
  const q = quantity("q", "", H, (j) => [...state(2 * H + j), biasOfState(j)]);
  const seen = (j) => times("reset", r.values[j], q.values[j]);
  const n = quantity("n", "tanh", H, (j) => [...input(2 * H + j), bias(2 * H + j), seen(j)]);
  const old = layerOf(step.before, l, H);
  const mixed = (j) => [
    times("new", 1 - z.values[j], n.values[j]),
    times("kept", z.values[j], old[j]),
  ];
  return [r, z, q, n, quantity("h", "", H, mixed)];
}

/** The scores of the next character, and its probabilities. @returns {Quantity[]} */
export function outputQuantities(model, { after, probabilities }) {
  const { layers, hiddens: H } = model.about;
  const { parameters: p, layout } = model;
  const V = probabilities.length;
  const top = layerOf(after, layers - 1, H);
  const terms = (k) => [
    ...productTerms("top", top, p, layout.Wq, V, k),
    { kind: "bias", value: p[layout.bq + k] },
  ];
  const chances = { key: "p", squash: "softmax", values: Array.from(probabilities), terms };
  return [quantity("o", "", V, terms), chances];
}
