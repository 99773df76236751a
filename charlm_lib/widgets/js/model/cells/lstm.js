// The long short-term memory: i, f, o = sigmoid(a), g = tanh(a), c' = f c + i g, s = tanh(c'),
// h' = o s.

import { sigmoid, tanh } from "./activations.js";

/** @type {import("./cells.js").Cell} */
export const lstmCell = {
  name: "LSTM",
  gates: 4,
  states: ["h", "c"],
  kept: ["i", "f", "g", "o", "s"],
  biases: 0,

  step({ fromInput: gx, fromState: gh, kept, about: { hiddens: H } }, state, { at, kept: k }) {
    for (let j = 0; j < H; j++) {
      const i = sigmoid(gx[j] + gh[j]);
      const f = sigmoid(gx[H + j] + gh[H + j]);
      const g = tanh(gx[2 * H + j] + gh[2 * H + j]);
      const o = sigmoid(gx[3 * H + j] + gh[3 * H + j]);
      const c = f * state[at + H + j] + i * g;
      const s = tanh(c);
      state[at + j] = o * s;
      state[at + H + j] = c;
      kept[k + j] = i;
      kept[k + H + j] = f;
      kept[k + 2 * H + j] = g;
      kept[k + 3 * H + j] = o;
      kept[k + 4 * H + j] = s;
    }
  },

  /** c' has two slopes: its own, from the next step, and that through h'. */
  back({ states, kept, slopes, dx, dh, model }, { now, kept: k, before, beforeAt }) {
    const H = model.about.hiddens;
    for (let j = 0; j < H; j++) {
      const i = kept[k + j];
      const f = kept[k + H + j];
      const g = kept[k + 2 * H + j];
      const o = kept[k + 3 * H + j];
      const s = kept[k + 4 * H + j];
      const slope = slopes[now + j];
      const dc = slopes[now + H + j] + slope * o * (1 - s * s);
      before[beforeAt + H + j] += dc * f;
      dh[j] = dx[j] = dc * g * i * (1 - i);
      dh[H + j] = dx[H + j] = dc * states[now + H + j] * f * (1 - f);
      dh[2 * H + j] = dx[2 * H + j] = dc * i * (1 - g * g);
      dh[3 * H + j] = dx[3 * H + j] = slope * s * o * (1 - o);
    }
  },
};
