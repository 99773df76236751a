// The recurrent language model: one step of its layers. Tested in Node against JAX (tests/widgets).

import { cellOf } from "./cells/cells.js";
import { layoutOf } from "./parameters.js";

/** @typedef {import("./parameters.js").Description} Description */

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

/** A recurrent language model: one-hot characters, layers of a cell, a linear output layer. */
export class Model {
  /**
   * @param {Description} about
   * @param {Float64Array} parameters
   */
  constructor(about, parameters) {
    this.about = about;
    this.parameters = parameters;
    this.layout = layoutOf(about);
    this.cell = cellOf(about.cell);
    const H = about.hiddens;
    this.fromInput = new Float64Array(this.cell.gates * H);
    this.fromState = new Float64Array(this.cell.gates * H);
    /** How many numbers of the state a layer has. */
    this.stateWidth = this.cell.states.length * H;
    /** What the cell noted of the last step, layer after layer. */
    this.keptWidth = this.cell.kept.length * H;
    this.kept = new Float64Array(about.layers * this.keptWidth);
    this.logits = new Float64Array(about.tokens.length);
  }

  /** A state of zeros: layer after layer, of each what its cell carries on, H numbers each. */
  zeroState() {
    return new Float64Array(this.about.layers * this.stateWidth);
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
    addProduct(logits, p, layout.Wq, state, (layers - 1) * this.stateWidth, H, V);
    return logits;
  }

  /** One step of layer `l`: it reads the character, or the new output of the layer below. */
  stepLayer(l, token, state) {
    const { parameters: p, fromInput: gx, fromState: gh, stateWidth } = this;
    const { Wx, Wh, b, own } = this.layout.rows[l];
    const H = this.about.hiddens;
    const G = gx.length;
    const at = l * stateWidth;
    if (l === 0) for (let j = 0; j < G; j++) gx[j] = p[b + j] + p[Wx + token * G + j];
    else {
      for (let j = 0; j < G; j++) gx[j] = p[b + j];
      addProduct(gx, p, Wx, state, at - stateWidth, H, G);
    }
    gh.fill(0);
    addProduct(gh, p, Wh, state, at, H, G);
    this.cell.step(this, state, { at, kept: l * this.keptWidth, own });
  }

  /**
   * Reads a sequence.
   * @param {number[]} tokens
   * @param {Float64Array} [state] changed in place
   * @returns {{logits: Float64Array, states: Float64Array}} (T, V) and (T, layers, states, H)
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
