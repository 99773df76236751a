// One gated unit that remembers a number, a tanh unit beside it, and the units of a trained model
// whose gates stand alike. Tested in Node against NumPy (tests/widgets).

import { tanh } from "./cells/activations.js";
import { randomNumbers } from "./random.js";

export const NUM_STEPS = 32;
export const WRITTEN = 0.8; // what the first step writes; another run writes its negative
const DISTURBANCE = 0.9; // the largest that a letter adds to the argument of tanh

/**
 * A cell with gates, as one unit whose weights are 1.
 * @typedef {object} Gated
 * @property {Object<string, string>} gates name of each, by the letter of `Cell.kept`
 * @property {string} keeps the letter of the one that keeps
 * @property {string} carries the letter of what is kept
 * @property {(gates: Object<string, number>, value: number) => object} begin the first state
 * @property {(gates: Object<string, number>, before: object, x: number) => object} step
 */

/** h' = (1 - z) n + z h with n = tanh(x + r h). */
const gruUnit = {
  gates: { r: "reset", z: "update" },
  keeps: "z",
  carries: "h",
  begin: (_, value) => ({ h: value }),
  step({ r, z }, { h }, x) {
    const proposal = tanh(x + r * h);
    const parts = { passed: r * h, proposal, kept: z * h, added: (1 - z) * proposal };
    return { ...parts, h: parts.kept + parts.added };
  },
};

/** c' = f c + i g with g = tanh(x + h), and h' = o tanh(c'). */
const lstmUnit = {
  gates: { i: "input", f: "forget", o: "output" },
  keeps: "f",
  carries: "c",
  begin: ({ o }, value) => ({ c: value, h: o * tanh(value) }),
  step({ i, f, o }, { c, h }, x) {
    const proposal = tanh(x + h);
    const parts = { passed: h, proposal, kept: f * c, added: i * proposal };
    const after = parts.kept + parts.added;
    return { ...parts, c: after, h: o * tanh(after) };
  },
};

/** @type {Object<string, Gated>} */
export const GATED = { gru: gruUnit, lstm: lstmUnit };

/** What the letters after the first add, a number each: the same for every reader. */
export function disturbances(count = NUM_STEPS - 1, seed = 5) {
  const uniform = randomNumbers(seed);
  return Array.from({ length: count }, () => DISTURBANCE * (2 * uniform() - 1));
}

/** The states of a gated unit, the first of them written; the later ones with all their parts. */
export function rememberWith(unit, gates, value, letters) {
  const states = [unit.begin(gates, value)];
  for (const x of letters) states.push(unit.step(gates, states[states.length - 1], x));
  return states;
}

/** The states of a tanh unit, h' = tanh(x + h). */
export function rememberWithout(value, letters) {
  const states = [value];
  for (const x of letters) states.push(tanh(x + states[states.length - 1]));
  return states;
}

/** What is left of the distance of two runs that began apart: 1 at first, 0 once forgotten. */
export function shareLeft(one, other) {
  return one.map((value, t) => (value - other[t]) / (one[0] - other[0]));
}

/** After so many steps half is left, where each keeps the share `keep`. */
export function halfLife(keep) {
  return Math.log(0.5) / Math.log(keep);
}

/**
 * Where the gates of every unit of a trained model stand on a text.
 * @typedef {{layer: number, unit: number, means: Object<string, number>, keep: number}} Standing
 *   layer and unit from 1; keep: the geometric mean of the gate that keeps, so that keep^T is the
 *   product of that gate over T letters
 * @param {{layers: number, hiddens: number, cell: string}} about
 * @param {import("./trace.js").Step[]} steps
 * @returns {Standing[]}
 */
export function standings({ layers, hiddens, cell }, steps) {
  const { gates, keeps } = GATED[cell];
  const mean = (of) => steps.reduce((sum, step) => sum + of(step), 0) / steps.length;
  return Array.from({ length: layers * hiddens }, (_, j) => ({
    layer: Math.floor(j / hiddens) + 1,
    unit: (j % hiddens) + 1,
    means: Object.fromEntries(
      Object.keys(gates).map((gate) => [gate, mean(({ values }) => values[gate][j])]),
    ),
    keep: Math.exp(mean(({ values }) => Math.log(values[keeps][j]))),
  }));
}

/** The units whose gates stand nearest to those of the reader, nearest first. */
export function nearest(units, gates, count) {
  const distance = ({ means }) =>
    Math.hypot(...Object.entries(means).map(([gate, value]) => value - gates[gate]));
  return [...units].sort((a, b) => distance(a) - distance(b)).slice(0, count);
}
