// The gated recurrent unit: r, z = sigmoid(a), q = its part of the state, n = tanh(a + r q),
// h' = (1 - z) n + z h.

import { sigmoid, tanh } from "./activations.js";

/** @type {import("./cells.js").Cell} */
export const gruCell = {
  name: "GRU",
  gates: 3,
  states: ["h"],
  kept: ["r", "z", "n", "q"],
  biases: 1, // of q

  step(model, state, { at, kept: k, own }) {
    const { parameters: p, fromInput: gx, fromState: gh, kept } = model;
    const H = model.about.hiddens;
    for (let j = 0; j < H; j++) {
      const r = sigmoid(gx[j] + gh[j]);
      const z = sigmoid(gx[H + j] + gh[H + j]);
      const q = gh[2 * H + j] + p[own + j];
      const n = tanh(gx[2 * H + j] + r * q);
      state[at + j] = (1 - z) * n + z * state[at + j];
      kept[k + j] = r;
      kept[k + H + j] = z;
      kept[k + 2 * H + j] = n;
      kept[k + 3 * H + j] = q;
    }
  },

  /** The slopes of all gates, and of h through z. */
  back({ states, kept, slopes, dx, dh, model }, { now, kept: k, before, beforeAt }) {
    const H = model.about.hiddens;
    for (let j = 0; j < H; j++) {
      const r = kept[k + j];
      const z = kept[k + H + j];
      const n = kept[k + 2 * H + j];
      const q = kept[k + 3 * H + j];
      const slope = slopes[now + j];
      const dn = slope * (1 - z) * (1 - n * n);
      before[beforeAt + j] += slope * z;
      dh[j] = dx[j] = dn * q * r * (1 - r);
      dh[H + j] = dx[H + j] = slope * (states[now + j] - n) * z * (1 - z);
      dx[2 * H + j] = dn;
      dh[2 * H + j] = dn * r;
    }
  },
};
