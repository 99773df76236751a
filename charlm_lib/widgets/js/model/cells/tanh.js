// The tanh cell: h' = tanh(a).

import { tanh } from "./activations.js";

/** @type {import("./cells.js").Cell} */
export const tanhCell = {
  name: "tanh",
  gates: 1,
  states: ["h"],
  kept: [],
  biases: 0,

  step({ fromInput: gx, fromState: gh, about: { hiddens: H } }, state, { at }) {
    for (let j = 0; j < H; j++) state[at + j] = tanh(gx[j] + gh[j]);
  },

  /** da = (1 - h'^2) dh'. */
  back({ states, slopes, dx, dh, model }, { now, after }) {
    const H = model.about.hiddens;
    for (let j = 0; j < H; j++) {
      const h = states[after + j];
      dh[j] = dx[j] = (1 - h * h) * slopes[now + j];
    }
  },
};
