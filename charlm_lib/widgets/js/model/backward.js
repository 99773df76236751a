// The gradient of one window by back-propagation through time. Tested in Node against JAX
// (tests/widgets).

import { softmaxInto } from "./softmax.js";

/** @typedef {import("./network.js").Model} Model */

/**
 * g += x d' and dx += W d for one kernel at `at`: the two halves of a product's backward pass.
 * @param {Float64Array} d gradient of the product, `columns` numbers from its start
 */
function backProduct(g, p, at, x, xFrom, d, dx, dxFrom, rows, columns) {
  let i = 0;
  for (; i + 2 <= rows; i += 2, at += 2 * columns) {
    const x0 = x[xFrom + i];
    const x1 = x[xFrom + i + 1];
    let sum0 = 0;
    let sum1 = 0;
    for (let j = at, k = 0; k < columns; j++, k++) {
      const slope = d[k];
      g[j] += x0 * slope;
      g[j + columns] += x1 * slope;
      sum0 += p[j] * slope;
      sum1 += p[j + columns] * slope;
    }
    dx[dxFrom + i] += sum0;
    dx[dxFrom + i + 1] += sum1;
  }
  for (; i < rows; i++) {
    const value = x[xFrom + i];
    let sum = 0;
    for (let j = 0; j < columns; j++, at++) {
      g[at] += value * d[j];
      sum += p[at] * d[j];
    }
    dx[dxFrom + i] += sum;
  }
}

/** Back-propagation through time over one window at a time, starting from a state of zeros. */
export class Backward {
  /**
   * @param {Model} model
   * @param {number} numSteps longest window
   * @param {boolean} keepsInputs whether the slopes of the first layer's gates are kept
   */
  constructor(model, numSteps, keepsInputs = false) {
    const { layers, tokens } = model.about;
    const width = layers * model.stateWidth;
    this.model = model;
    this.states = new Float64Array((numSteps + 1) * width); // row 0: zeros
    this.kept = new Float64Array(numSteps * model.kept.length);
    this.slopes = new Float64Array(numSteps * width); // of each state, from above and from after
    this.d = new Float64Array(tokens.length); // of the logits
    this.dx = new Float64Array(model.fromInput.length); // of the gates, for Wx
    this.dh = new Float64Array(model.fromState.length); // of the gates, for Wh
    this.none = new Float64Array(width);
    this.inputSlopes = keepsInputs ? new Float64Array(numSteps * this.dx.length) : null;
  }

  /** Reads a character at step `t` and keeps what the way back needs; gives the logits. */
  readStep(t, token, state) {
    const { model, states, kept } = this;
    const logits = model.step(token, state);
    states.set(state, (t + 1) * state.length);
    kept.set(model.kept, t * model.kept.length);
    return logits;
  }

  /** From the slopes `d` of the logits after step `t` to those of the top layer's state. */
  backOutput(gradient, t) {
    const { states, slopes, d, none } = this;
    const { parameters: p, layout, about, stateWidth } = this.model;
    const at = t * none.length + (about.layers - 1) * stateWidth;
    for (let j = 0; j < d.length; j++) gradient[layout.bq + j] += d[j];
    const [from, H] = [at + none.length, about.hiddens];
    backProduct(gradient, p, layout.Wq, states, from, d, slopes, at, H, d.length);
  }

  /**
   * Adds the gradient of `scale` times the window's summed negative log-likelihood to `gradient`.
   * @param {ArrayLike<number>} tokens the text
   * @param {number} start the window reads tokens[start] to tokens[start + numSteps - 1]
   * @returns {number} the summed negative log-likelihood, in nats
   */
  addWindow(gradient, tokens, start, numSteps, scale) {
    const { model, slopes, d } = this;
    const state = model.zeroState();
    slopes.fill(0);
    let nll = 0;
    for (let t = 0; t < numSteps; t++) {
      const logits = this.readStep(t, tokens[start + t], state);
      const target = tokens[start + t + 1];
      nll += softmaxInto(d, logits, scale) - logits[target];
      d[target] -= scale;
      this.backOutput(gradient, t);
    }
    const { layers } = model.about;
    for (let l = layers - 1; l >= 0; l--) this.backLayer(gradient, l, tokens, start, numSteps);
    return nll;
  }

  /** From the slopes of one layer's states to its gradients and the slopes of the layer below. */
  backLayer(gradient, l, tokens, start, numSteps) {
    const { model, states, slopes, dx, dh, none } = this;
    const { parameters: p, cell, stateWidth, keptWidth, kept } = model;
    const { Wx, Wh, b, own } = model.layout.rows[l];
    const H = model.about.hiddens;
    const width = none.length;
    const G = dx.length;
    const ownBiases = cell.biases * H;
    for (let t = numSteps - 1; t >= 0; t--) {
      const now = t * width + l * stateWidth; // of the slopes; in `states`, of the old state
      const before = t > 0 ? slopes : none; // the first state is given, not computed
      const beforeAt = t > 0 ? now - width : l * stateWidth;
      const notes = t * kept.length + l * keptWidth;
      cell.back(this, { now, after: now + width, kept: notes, before, beforeAt });
      for (let j = 0; j < G; j++) gradient[b + j] += dx[j];
      for (let j = 0; j < ownBiases; j++) gradient[own + j] += dh[G - ownBiases + j];
      backProduct(gradient, p, Wh, states, now, dh, before, beforeAt, H, G);
      if (l > 0) {
        const below = now - stateWidth;
        backProduct(gradient, p, Wx, states, below + width, dx, slopes, below, H, G);
      } else {
        const row = Wx + tokens[start + t] * G;
        for (let j = 0; j < G; j++) gradient[row + j] += dx[j];
        this.inputSlopes?.set(dx, t * G);
      }
    }
  }
}
