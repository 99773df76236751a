// The gradient of one character's loss at every state before it, and what it is made of. Tested in
// Node against JAX (tests/widgets).

import { layerOf, layerQuantities } from "./passage.js";
import { quantity, times, transposedTerms } from "./term.js";

/**
 * @typedef {import("./term.js").Quantity} Quantity
 * @typedef {import("./passage.js").PassedStep} PassedStep
 * @typedef {{toInput: number[], toState: number[], kept: import("./term.js").Term[]}} Onward
 *   what one layer at one step hands on: the gradients at its gates, for W_xh and for W_hh, and
 *   what reaches the old state without any weight
 */

/**
 * @param {PassedStep[]} steps up to the character before the one whose loss it is
 * @param {number} target that character
 * @returns {{error: Quantity, layers: Quantity[][][]}} layers[t][l]: the parts of the gradient of
 *   that state, in the order of computing; their third is the whole
 */
export function gradientsOf(model, steps, target) {
  const last = steps.length - 1;
  const { layers: L } = model.about;
  const wrong = ({ probabilities }) => (k) => [
    { kind: "chance", value: probabilities[k] },
    { kind: "target", value: k === target ? -1 : 0 },
  ];
  const V = steps[last].probabilities.length;
  const error = quantity("e", "", V, wrong(steps[last]));
  const layers = steps.map(() => []);
  const onward = steps.map(() => []);
  for (let t = last; t >= 0; t--) {
    for (let l = L - 1; l >= 0; l--) {
      const above = fromAbove(model, l, t === last ? error.values : null, onward[t][l + 1]);
      const later = fromLater(model, l, onward[t + 1]?.[l]);
      layers[t][l] = partsOf(model, steps[t], l, above, later);
      onward[t][l] = handedOn(model, steps[t], l, layers[t][l][2].values);
    }
  }
  return { error, layers };
}

/** What comes down: from the scores to the top layer, or from the layer above. */
function fromAbove(model, l, error, above) {
  const { about, parameters: p, layout } = model;
  if (l < about.layers - 1) {
    return (j) => transposedTerms("above", above.toInput, p, layout.rows[l + 1].Wx, j);
  }
  return (j) => (error ? transposedTerms("error", error, p, layout.Wq, j) : []);
}

/** What comes back from the next step of the same layer. */
function fromLater(model, l, later) {
  if (!later) return () => [];
  const at = model.layout.rows[l].Wh;
  return (j) => [
    ...transposedTerms("later", later.toState, model.parameters, at, j),
    ...later.kept.slice(j, j + 1),
  ];
}

/** @returns {Quantity[]} from above, from later, the gradient, and what tanh's slope lets pass */
function partsOf(model, step, l, fromUp, fromNext) {
  const { hiddens: H, cell } = model.about;
  const above = quantity("above", "", H, fromUp);
  const later = quantity("later", "", H, fromNext);
  const whole = quantity("g", "", H, (j) => [
    { kind: "fromAbove", value: above.values[j] },
    { kind: "fromLater", value: later.values[j] },
  ]);
  if (cell !== "tanh") return [above, later, whole];
  const h = layerOf(step.after, l, H);
  const passed = (j) => [times("slope", whole.values[j], 1 - h[j] * h[j])];
  return [above, later, whole, quantity("d", "", H, passed)];
}

/** @returns {Onward} */
function handedOn(model, step, l, g) {
  return { tanh: tanhOnward, gru: gruOnward }[model.about.cell](model, step, l, g);
}

function tanhOnward(model, step, l, g) {
  const h = layerOf(step.after, l, model.about.hiddens);
  const d = g.map((slope, j) => slope * (1 - h[j] * h[j]));
  return { toInput: d, toState: d, kept: [] };
}

function gruOnward(model, step, l, g) {
  const old = layerOf(step.before, l, model.about.hiddens);
  const [r, z, q, n] = layerQuantities(model, step, l).map(({ values }) => values);
  const dn = g.map((slope, j) => slope * (1 - z[j]) * (1 - n[j] ** 2));
  const dr = dn.map((slope, j) => slope * q[j] * r[j] * (1 - r[j]));
  const dz = g.map((slope, j) => slope * (old[j] - n[j]) * z[j] * (1 - z[j]));
  return {
    toInput: [...dr, ...dz, ...dn],
    toState: [...dr, ...dz, ...dn.map((slope, j) => slope * r[j])],
    kept: g.map((slope, j) => times("road", z[j], slope, j)),
  };
}
