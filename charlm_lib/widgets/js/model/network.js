// The recurrent language model: one step of its layers. Tested in Node against JAX (tests/widgets).

import { gatesOf, layoutOf } from "./parameters.js";

/** @typedef {import("./parameters.js").Description} Description */

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** As Math.tanh to 1e-15, in half the time. */
const tanh = (x) => 1 - 2 / (Math.exp(2 * x) + 1);

/**
 * out[j] += sum_i x[i] W[i, j] for a kernel at `at` in `p`; `x` is read from `from`. Four rows at a
 * time: that halves the time, because `out` is read and written once for four products.
 */
function addProduct(out, p, at, x, from, rows, columns) {
  let i = 0;
  for (; i + 4 <= rows; i += 4, at += 4 * columns) {
    const a = x[from + i];
    const b = x[from + i + 1];
    const c = x[from + i + 2];
    const d = x[from + i + 3];
    for (let j = at, k = 0; k < columns; j++, k++) {
      out[k] += a * p[j] + b * p[j + columns] + c * p[j + 2 * columns] + d * p[j + 3 * columns];
    }
  }
  for (; i < rows; i++) {
    const value = x[from + i];
    for (let j = 0; j < columns; j++, at++) out[j] += value * p[at];
  }
}

/** A recurrent language model: one-hot characters, tanh or GRU layers, a linear output layer. */
export class Model {
  /**
   * @param {Description} about
   * @param {Float64Array} parameters
   */
  constructor(about, parameters) {
    this.about = about;
    this.parameters = parameters;
    this.layout = layoutOf(about);
    const width = gatesOf(about.cell) * about.hiddens;
    this.fromInput = new Float64Array(width);
    this.fromState = new Float64Array(width);
    /** GRU, last step: per layer r, z, n and the state's part of n before r, H numbers each. */
    this.gates = new Float64Array(about.cell === "gru" ? about.layers * 4 * about.hiddens : 0);
    this.logits = new Float64Array(about.tokens.length);
  }

  /** A state of zeros: layer after layer, H numbers each. */
  zeroState() {
    return new Float64Array(this.about.layers * this.about.hiddens);
  }

  /**
   * Reads one character: changes `state` in place and returns the logits of the next character
   * (an array that the next call overwrites).
   */
  step(token, state) {
    const { layers, hiddens: H } = this.about;
    const { parameters: p, layout, logits } = this;
    for (let l = 0; l < layers; l++) this.stepLayer(l, token, state);
    const V = logits.length;
    for (let j = 0; j < V; j++) logits[j] = p[layout.bq + j];
    addProduct(logits, p, layout.Wq, state, (layers - 1) * H, H, V);
    return logits;
  }

  /** One step of layer `l`: it reads the character, or the new state of the layer below. */
  stepLayer(l, token, state) {
    const { cell, hiddens: H } = this.about;
    const { parameters: p, fromInput: gx, fromState: gh } = this;
    const { Wx, Wh, b, bn } = this.layout.rows[l];
    const G = gx.length;
    const at = l * H;
    if (l === 0) for (let j = 0; j < G; j++) gx[j] = p[b + j] + p[Wx + token * G + j];
    else {
      for (let j = 0; j < G; j++) gx[j] = p[b + j];
      addProduct(gx, p, Wx, state, at - H, H, G);
    }
    gh.fill(0);
    addProduct(gh, p, Wh, state, at, H, G);
    if (cell === "gru") this.gruState(state, at, bn);
    else for (let j = 0; j < H; j++) state[at + j] = tanh(gx[j] + gh[j]);
  }

  /** h' = (1 - z) n + z h for the layer whose state begins at `at`; keeps the gates. */
  gruState(state, at, bn) {
    const { parameters: p, fromInput: gx, fromState: gh, gates } = this;
    const H = this.about.hiddens;
    for (let j = 0; j < H; j++) {
      const r = sigmoid(gx[j] + gh[j]);
      const z = sigmoid(gx[H + j] + gh[H + j]);
      const q = gh[2 * H + j] + p[bn + j];
      const n = tanh(gx[2 * H + j] + r * q);
      state[at + j] = (1 - z) * n + z * state[at + j];
      const g = 4 * at + j;
      gates[g] = r;
      gates[g + H] = z;
      gates[g + 2 * H] = n;
      gates[g + 3 * H] = q;
    }
  }

  /**
   * Reads a sequence.
   * @param {number[]} tokens
   * @param {Float64Array} [state] changed in place
   * @returns {{logits: Float64Array, states: Float64Array}} (T, V) and (T, layers, H)
   */
  forward(tokens, state = this.zeroState()) {
    const V = this.logits.length;
    const logits = new Float64Array(tokens.length * V);
    const states = new Float64Array(tokens.length * state.length);
    tokens.forEach((token, t) => {
      logits.set(this.step(token, state), t * V);
      states.set(state, t * state.length);
    });
    return { logits, states };
  }
}
