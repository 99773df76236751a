// The cells that a page can run. A new one is an object as below, and a line of the table.

import { gruCell } from "./gru.js";
import { lstmCell } from "./lstm.js";
import { tanhCell } from "./tanh.js";

/**
 * One layer's rule from step to step. Kernels and biases lie gate beside gate, H columns each.
 * `step` finds x Wx + b in `model.fromInput` and h Wh in `model.fromState`, changes the state and
 * notes what it computed; `back` reads these notes and turns the slopes of the new state into `dx`
 * and `dh`, those of the two products, and adds to `before` what the old state gets past them.
 * @typedef {object} Cell
 * @property {string} name as it is written
 * @property {number} gates the width of its kernels in units of H
 * @property {string[]} states what it carries on, H numbers each; the first is the layer's output
 * @property {string[]} kept what a step notes, H numbers each
 * @property {number} biases so many of its last gates have a second bias, in the state's product
 * @property {(model: object, state: Float64Array, place: {at: number, kept: number, own: number})
 *   => void} step place: where the layer's state, notes and second biases begin
 * @property {(pass: object, place: {now: number, after: number, kept: number, beforeAt: number,
 *   before: Float64Array}) => void} back now: of the slopes, and of the old state; after: of the
 *   new one
 */

/** @type {Object<string, Cell>} */
export const CELLS = { tanh: tanhCell, gru: gruCell, lstm: lstmCell };

/** @returns {Cell} */
export function cellOf(name) {
  const cell = Object.hasOwn(CELLS, name) && CELLS[name];
  if (!cell) throw new Error(`This page cannot run the cell “${name}”.`);
  return cell;
}
