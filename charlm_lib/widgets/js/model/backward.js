// The gradient of one window by back-propagation through time. Tested in Node against JAX
// (tests/widgets).

import { gatesOf } from "./parameters.js";
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
   */
  constructor(model, numSteps) {
    const { hiddens: H, layers, tokens } = model.about;
    this.model = model;
    this.states = new Float64Array((numSteps + 1) * layers * H); // row 0: zeros
    this.gates = new Float64Array(numSteps * model.gates.length);
    this.slopes = new Float64Array(numSteps * layers * H); // of each state, from above
    this.d = new Float64Array(tokens.length); // of the logits
    this.dx = new Float64Array(gatesOf(model.about.cell) * H); // of the gates, for Wx
    this.dh = new Float64Array(gatesOf(model.about.cell) * H); // of the gates, for Wh
    this.none = new Float64Array(layers * H);
  }

  /**
   * Adds the gradient of `scale` times the window's summed negative log-likelihood to `gradient`.
   * @param {ArrayLike<number>} tokens the text
   * @param {number} start the window reads tokens[start] to tokens[start + numSteps - 1]
   * @returns {number} the summed negative log-likelihood, in nats
   */
  addWindow(gradient, tokens, start, numSteps, scale) {
    const { model, states, gates, slopes, d } = this;
    const { layers, hiddens: H } = model.about;
    const { parameters: p, layout } = model;
    const width = layers * H;
    const top = (layers - 1) * H;
    const state = model.zeroState();
    slopes.fill(0);
    let nll = 0;
    for (let t = 0; t < numSteps; t++) {
      const logits = model.step(tokens[start + t], state);
      states.set(state, (t + 1) * width);
      gates.set(model.gates, t * model.gates.length);
      const target = tokens[start + t + 1];
      nll += softmaxInto(d, logits, scale) - logits[target];
      d[target] -= scale;
      for (let j = 0; j < d.length; j++) gradient[layout.bq + j] += d[j];
      const at = t * width + top;
      backProduct(gradient, p, layout.Wq, state, top, d, slopes, at, H, d.length);
    }
    for (let l = layers - 1; l >= 0; l--) this.backLayer(gradient, l, tokens, start, numSteps);
    return nll;
  }

  /** From the slopes of one layer's states to its gradients and the slopes of the layer below. */
  backLayer(gradient, l, tokens, start, numSteps) {
    const { model, states, slopes, dx, dh, none } = this;
    const { layers, hiddens: H, cell } = model.about;
    const p = model.parameters;
    const { Wx, Wh, b, bn } = model.layout.rows[l];
    const width = layers * H;
    const G = dx.length;
    for (let t = numSteps - 1; t >= 0; t--) {
      const now = t * width + l * H; // of the slopes; also of the previous state in `states`
      const before = t > 0 ? slopes : none; // the first state is given, not computed
      const beforeAt = t > 0 ? now - width : l * H;
      if (cell === "tanh") this.tanhSlopes(now);
      else this.gruSlopes(now, 4 * now, before, beforeAt);
      for (let j = 0; j < G; j++) gradient[b + j] += dx[j];
      if (bn >= 0) for (let j = 0; j < H; j++) gradient[bn + j] += dh[2 * H + j];
      backProduct(gradient, p, Wh, states, now, dh, before, beforeAt, H, G);
      if (l > 0) {
        backProduct(gradient, p, Wx, states, now + width - H, dx, slopes, now - H, H, G);
      } else {
        const row = Wx + tokens[start + t] * G;
        for (let j = 0; j < G; j++) gradient[row + j] += dx[j];
      }
    }
  }

  /** h = tanh(a): da = (1 - h^2) dh. */
  tanhSlopes(now) {
    const { model, states, slopes, dx, dh } = this;
    const H = model.about.hiddens;
    const after = now + model.about.layers * H;
    for (let j = 0; j < H; j++) {
      const h = states[after + j];
      dh[j] = dx[j] = (1 - h * h) * slopes[now + j];
    }
  }

  /** h' = (1 - z) n + z h, n = tanh(a + r q): the slopes of all gates, and of h through z. */
  gruSlopes(now, gatesAt, before, beforeAt) {
    const { model, states, gates, slopes, dx, dh } = this;
    const H = model.about.hiddens;
    for (let j = 0; j < H; j++) {
      const g = gatesAt + j;
      const r = gates[g];
      const z = gates[g + H];
      const n = gates[g + 2 * H];
      const q = gates[g + 3 * H];
      const slope = slopes[now + j];
      const dn = slope * (1 - z) * (1 - n * n);
      before[beforeAt + j] += slope * z;
      dh[j] = dx[j] = dn * q * r * (1 - r);
      dh[H + j] = dx[H + j] = slope * (states[now + j] - n) * z * (1 - z);
      dx[2 * H + j] = dn;
      dh[2 * H + j] = dn * r;
    }
  }
}
