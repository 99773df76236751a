// What JacobianProduct says about a gradient's way back, and about one step of it.

import { isFlat } from "../../model/jacobians.js";
import { visible } from "../words.js";
import { short } from "./picture.js";

/** The factor of each step, on average over a way of `lengths`. */
function meanFactor(lengths) {
  return (lengths[lengths.length - 1] || 1e-300) ** (1 / (lengths.length - 1));
}

/** @param {import("../../model/jacobians.js").WayBack} way */
export function verdict({ norms, powers }) {
  const [real, plain] = [meanFactor(norms), meanFactor(powers)];
  const fate = real < 0.95 ? "dies" : real > 1.05 ? "grows" : "neither dies nor grows";
  const alone =
    plain > 1 && real < 0.95 ? "W_hh alone would make it grow" : "by W_hh alone it would be";
  return (
    `The gradient ${fate}: times ${real.toFixed(2)} a step on average. ` +
    `Without tanh's slopes, ${alone}, times ${plain.toFixed(2)}.`
  );
}

/** One step: how long the gradient is there, and what made it so. */
export function stepInWords(way, back, letters) {
  const letter = visible(letters[letters.length - 1 - back]);
  const state = way.states[letters.length - 1 - back];
  const flat = Array.from(state).filter(isFlat).length;
  const slope = way.slopes[back].toFixed(2);
  const units = `${flat} of ${state.length} units are saturated, the mean slope is ${slope}`;
  if (back === 0) return `The last step reads “${letter}”. The gradient begins here: ${units}.`;
  const factor = way.norms[back] / way.norms[back - 1];
  const steps = back === 1 ? "1 step back" : `${back} steps back`;
  return (
    `${steps}, at “${letter}”: the gradient has ${short(way.norms[back])} of its first length. ` +
    `This step made it times ${short(factor)}; here ${units}.`
  );
}
