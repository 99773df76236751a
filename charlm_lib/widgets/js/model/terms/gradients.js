// The gradient of one character's loss at every state before it, and what it is made of. Tested in
// Node against JAX (tests/widgets).

import { layerOf, layerQuantities } from "./passage.js";
import { quantity, times, transposedTerms } from "./term.js";

/**
 * @typedef {import("./term.js").Quantity} Quantity
 * @typedef {import("./passage.js").PassedStep} PassedStep
 * @typedef {import("./term.js").Term} Term
 * @typedef {{toInput: number[], toState: number[], kept?: Term[], memory?: Term[]}} Onward
 *   what one layer at one step hands on: the gradients at its gates, for W_xh and for W_hh, and
 *   what reaches the old state, or an LSTM's old memory, without any weight
 */

/**
 * @param {PassedStep[]} steps up to the character before the one whose loss it is
 * @param {number} target that character
 * @returns {{error: Quantity, layers: Quantity[][][]}} layers[t][l]: the parts of the gradient of
 *   that state, in the order of computing; their third is the whole, of an LSTM's memory the fifth
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
      const next = onward[t + 1]?.[l];
      layers[t][l] = partsOf(model, steps[t], l, above, fromLater(model, l, next), next?.memory);
      const [, , whole, , ofMemory] = layers[t][l];
      onward[t][l] = ONWARD[model.about.cell](model, steps[t], l, whole.values, ofMemory?.values);
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
    ...(later.kept?.slice(j, j + 1) ?? []),
  ];
}

/**
 * From above, from later, the gradient; of a tanh cell, what the slope lets pass; of an LSTM, what
 * its memory gets from later, and in all.
 * @returns {Quantity[]}
 */
function partsOf(model, step, l, fromUp, fromNext, memory) {
  const { hiddens: H, cell } = model.about;
  const above = quantity("above", "", H, fromUp);
  const later = quantity("later", "", H, fromNext);
  const whole = quantity("g", "", H, (j) => [
    { kind: "fromAbove", value: above.values[j] },
    { kind: "fromLater", value: later.values[j] },
  ]);
  if (cell === "lstm") return [above, later, whole, ...memoryParts(model, step, l, whole, memory)];
  if (cell !== "tanh") return [above, later, whole];
  const h = layerOf(model, step.after, l);
  const passed = (j) => [times("slope", whole.values[j], 1 - h[j] * h[j])];
  return [above, later, whole, quantity("d", "", H, passed)];
}

/** The gradient of an LSTM's memory: from the next memory, and through the state. */
function memoryParts(model, step, l, whole, memory) {
  const H = model.about.hiddens;
  const [, , , c, o] = layerQuantities(model, step, l).map(({ values }) => values);
  const later = quantity("memoryLater", "", H, (j) => memory?.slice(j, j + 1) ?? []);
  const all = (j) => [
    { kind: "fromLater", value: later.values[j] },
    times("through", whole.values[j], o[j] * (1 - Math.tanh(c[j]) ** 2)),
  ];
  return [later, quantity("memoryWhole", "", H, all)];
}

const ONWARD = { tanh: tanhOnward, gru: gruOnward, lstm: lstmOnward };

function tanhOnward(model, step, l, g) {
  const h = layerOf(model, step.after, l);
  const d = g.map((slope, j) => slope * (1 - h[j] * h[j]));
  return { toInput: d, toState: d };
}

function gruOnward(model, step, l, g) {
  const old = layerOf(model, step.before, l);
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

function lstmOnward(model, step, l, g, dc) {
  const old = layerOf(model, step.before, l, 1);
  const [f, i, v, c, o] = layerQuantities(model, step, l).map(({ values }) => values);
  const gates = [
    dc.map((slope, j) => slope * v[j] * i[j] * (1 - i[j])),
    dc.map((slope, j) => slope * old[j] * f[j] * (1 - f[j])),
    dc.map((slope, j) => slope * i[j] * (1 - v[j] ** 2)),
    g.map((slope, j) => slope * Math.tanh(c[j]) * o[j] * (1 - o[j])),
  ].flat();
  const memory = dc.map((slope, j) => times("memoryRoad", f[j], slope, j));
  return { toInput: gates, toState: gates, memory };
}
