// One gradient on its way back through time: what each step makes of it, and W_hh alone would.
// Tested in Node against JAX (tests/widgets).

import { Model } from "./network.js";
import { softmax } from "./softmax.js";

/** From this size on a unit counts as saturated: its slope 1 - h^2 is below a fifth. */
export const SATURATED = 0.9;

export const isFlat = (h) => Math.abs(h) >= SATURATED;

/**
 * @typedef {object} WayBack
 * @property {Float64Array[]} states of the layer after each step
 * @property {number[]} norms of the gradient at tanh's argument, last step first, relative to it
 * @property {number[]} powers the same without the slopes of tanh
 * @property {number[]} slopes mean of 1 - h^2 over the units, last step first
 */

/** A tanh model like another one, with W_hh of its top layer times `scale`. */
function withScaledState({ about, parameters, layout }, scale) {
  const changed = Float64Array.from(parameters);
  const from = layout.rows[about.layers - 1].Wh;
  for (let i = 0; i < about.hiddens ** 2; i++) changed[from + i] *= scale;
  return new Model(about, changed);
}

/** W d for the matrix W_hh (H, H) at `at` in `p`: what a gradient is one step earlier. */
function throughState(p, at, d) {
  return d.map((_, i) => d.reduce((sum, slope, j) => sum + p[at + i * d.length + j] * slope, 0));
}

const lengthOf = (vector) => Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));

/** The states of the top layer over a text, and the last logits. */
function topStates(model, tokens) {
  const from = (model.about.layers - 1) * model.about.hiddens;
  const state = model.zeroState();
  let logits;
  const states = tokens.map((token) => {
    logits = model.step(token, state);
    return state.slice(from);
  });
  return { states, logits };
}

/**
 * Follows the gradient of the last character's loss through the top layer, from the step that
 * predicts it back to the first: d_s = d_(s+1) W_hh^T diag(1 - h_s^2), with W_hh times `scale`.
 * @param {Model} model of tanh layers
 * @param {number[]} tokens at least two: the last one is only predicted
 * @returns {WayBack}
 */
export function wayBack(model, tokens, scale) {
  const scaled = withScaledState(model, scale);
  const { parameters: p, layout } = scaled;
  const { Wh } = layout.rows[model.about.layers - 1];
  const { states, logits } = topStates(scaled, tokens.slice(0, -1));
  const error = softmax(logits);
  error[tokens[tokens.length - 1]] -= 1;
  const entering = states[0].map((_, i) =>
    error.reduce((sum, e, k) => sum + p[layout.Wq + i * error.length + k] * e, 0),
  );
  const slopesAt = (t) => states[t].map((h) => 1 - h * h);
  const last = states.length - 1;
  let d = entering.map((x, j) => x * slopesAt(last)[j]);
  let plain = d;
  const first = lengthOf(d);
  const way = { states, norms: [1], powers: [1], slopes: [meanOf(slopesAt(last))] };
  for (let t = last - 1; t >= 0; t--) {
    const slopes = slopesAt(t);
    d = throughState(p, Wh, d).map((x, j) => x * slopes[j]);
    plain = throughState(p, Wh, plain);
    way.norms.push(lengthOf(d) / first);
    way.powers.push(lengthOf(plain) / first);
    way.slopes.push(meanOf(slopes));
  }
  return way;
}

function meanOf(values) {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
