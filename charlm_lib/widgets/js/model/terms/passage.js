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

/** What layer `l` (from 0) carries on: part 0 is its output; of an LSTM part 1 is its memory. */
export function layerOf({ stateWidth, about: { hiddens: H } }, state, l, part = 0) {
  const from = l * stateWidth + part * H;
  return state.subarray(from, from + H);
}

/** The quantities of one layer at one step, in the order of computing. @returns {Quantity[]} */
export function layerQuantities(model, step, l) {
  const rules = { tanh: tanhQuantities, gru: gruQuantities, lstm: lstmQuantities };
  return rules[model.about.cell](model, step, l);
}

/** The terms that one layer's input and old state give to entry `column` of its gates. */
function termsOf(model, { token, before, after }, l) {
  const p = model.parameters;
  const { Wx, Wh, b, own } = model.layout.rows[l];
  const G = model.fromInput.length;
  const below = l > 0 ? layerOf(model, after, l - 1) : null;
  const old = layerOf(model, before, l);
  return {
    bias: (column) => ({ kind: "bias", value: p[b + column] }),
    biasOfState: (j) => ({ kind: "bias", value: p[own + j] }),
    input: (column) =>
      below
        ? productTerms("below", below, p, Wx, G, column)
        : [{ kind: "letter", unit: token, value: p[Wx + token * G + column] }],
    state: (column) => productTerms("before", old, p, Wh, G, column),
  };
}

/** h' = tanh(a), a = x W_xh + h W_hh + b_h. */
function tanhQuantities(model, step, l) {
  const H = model.about.hiddens;
  const { bias, input, state } = termsOf(model, step, l);
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
  const { bias, biasOfState, input, state } = termsOf(model, step, l);
  const gate = (from) => (j) => [...input(from + j), ...state(from + j), bias(from + j)];
  const r = quantity("r", "σ", H, gate(0));
  const z = quantity("z", "σ", H, gate(H));
  const q = quantity("q", "", H, (j) => [...state(2 * H + j), biasOfState(j)]);
  const seen = (j) => times("reset", r.values[j], q.values[j]);
  const n = quantity("n", "tanh", H, (j) => [...input(2 * H + j), bias(2 * H + j), seen(j)]);
  const old = layerOf(model, step.before, l);
  const mixed = (j) => [
    times("new", 1 - z.values[j], n.values[j]),
    times("kept", z.values[j], old[j]),
  ];
  return [r, z, q, n, quantity("h", "", H, mixed)];
}

/** c' = f c + i g and h' = o tanh(c'); i, f, g, o as gates of x and h. */
function lstmQuantities(model, step, l) {
  const H = model.about.hiddens;
  const { bias, input, state } = termsOf(model, step, l);
  const gate = (key, at, squash = "σ") =>
    quantity(key, squash, H, (j) => [input, state, bias].flatMap((of) => of(at * H + j)));
  const [i, f, o] = [gate("input", 0), gate("forget", 1), gate("output", 3)];
  const g = gate("candidate", 2, "tanh");
  const old = layerOf(model, step.before, l, 1);
  const c = quantity("memory", "", H, (j) => [
    times("remembered", f.values[j], old[j]),
    times("added", i.values[j], g.values[j]),
  ]);
  const shown = (j) => [times("shown", o.values[j], Math.tanh(c.values[j]))];
  return [f, i, g, c, o, quantity("h", "", H, shown)];
}

/** The scores of the next character, and its probabilities. @returns {Quantity[]} */
export function outputQuantities(model, { after, probabilities }) {
  const { layers } = model.about;
  const { parameters: p, layout } = model;
  const V = probabilities.length;
  const top = layerOf(model, after, layers - 1);
  const terms = (k) => [
    ...productTerms("top", top, p, layout.Wq, V, k),
    { kind: "bias", value: p[layout.bq + k] },
  ];
  const chances = { key: "p", squash: "softmax", values: Array.from(probabilities), terms };
  return [quantity("o", "", V, terms), chances];
}
