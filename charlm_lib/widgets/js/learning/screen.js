// What a film shows of one frame: a text, the gradient of each layer, and states. All is computed
// from the parameters. Tested in Node against JAX (tests/widgets).

import { Backward } from "../model/backward.js";
import { Model } from "../model/network.js";
import { readAndWrite } from "../model/sampling.js";
import { readText } from "../model/text.js";

const PASSAGE = 32; // letters over which states are shown
const WINDOWS = 4; // of the text, on which gradients are measured
const SAMPLE_LENGTH = 160;
const FALLBACK = 16; // characters of the text that a sample begins with if it lacks the prefix's
export const TEMPERATURE = 0.7; // of the sample

/**
 * @typedef {{updates: number, shown: string[], states: Float64Array[], lengths: number[],
 *   text: string}} Screen shown: the letters read; states: after each, layer after layer; lengths:
 *   of the gradient of each layer and of the output layer
 */

/** The known characters of a part of a text. */
function idsOf(text, tokens) {
  return readText(text, tokens).flatMap((c) => (c.known ? [c.token] : []));
}

/**
 * @param {import("./film.js").Frame} frame
 * @param {{settings: import("./learner.js").Settings, text: string, tokens: string[]}} job
 * @param {string} prefix that the text begins with
 * @yields {undefined} now and then
 * @returns {Screen}
 */
export function* screenOf({ updates, parameters }, { settings, text, tokens }, prefix) {
  const { cell, layers, hiddens, numSteps } = settings;
  const model = new Model({ cell, layers, hiddens, tokens }, Float64Array.from(parameters));
  const passage = idsOf(text.slice(0, PASSAGE), tokens);
  const states = yield* statesOver(model, passage);
  const starts = Array.from({ length: WINDOWS }, (_, i) => Math.floor((i * text.length) / 5));
  const windows = starts.map((at) => idsOf(text.slice(at, at + numSteps + 1), tokens));
  const lengths = yield* gradientLengths(model, windows);
  const written = yield* sampleOf(model, openingOf(prefix, text, tokens), updates);
  return { updates, shown: passage.map((id) => tokens[id]), states, lengths, text: written };
}

/** The outputs of all layers after each character. */
function* statesOver(model, passage) {
  const { layers, hiddens: H } = model.about;
  const state = model.zeroState();
  const all = [];
  for (const token of passage) {
    model.step(token, state);
    const outputs = new Float64Array(layers * H);
    for (let l = 0; l < layers; l++) {
      outputs.set(state.subarray(l * model.stateWidth, l * model.stateWidth + H), l * H);
    }
    all.push(outputs);
    yield;
  }
  return all;
}

/** How long the gradient of the mean loss on windows is, for each layer and the output layer. */
export function* gradientLengths(model, windows) {
  const { rows, Wq, size } = model.layout;
  const gradient = new Float64Array(size);
  const steps = windows.reduce((sum, ids) => sum + ids.length - 1, 0);
  for (const ids of windows) {
    new Backward(model, ids.length - 1).addWindow(gradient, ids, 0, ids.length - 1, 1 / steps);
    yield;
  }
  const ends = [...rows.map(({ Wx }) => Wx), Wq, size];
  return ends.slice(1).map((end, i) => {
    const sum = gradient.subarray(ends[i], end).reduce((all, g) => all + g * g, 0);
    return Math.sqrt(sum);
  });
}

/** What a sample begins with: the prefix, or where the text lacks its characters, the text. */
export function openingOf(prefix, text, tokens) {
  const read = readText(prefix, tokens);
  if (read.length > 0 && read.every((c) => c.known)) return read.map((c) => c.token);
  return idsOf(text.slice(0, FALLBACK), tokens);
}

/** What the model writes; nothing if its numbers are no longer finite. */
export function* sampleOf(model, opening, seed, length = SAMPLE_LENGTH) {
  const { tokens } = model.about;
  let text = "";
  let count = 0;
  for (const written of readAndWrite(model, opening, TEMPERATURE, seed)) {
    if (written) text += tokens[written.token];
    if (written && ++count === length) break;
    yield;
  }
  return text && opening.map((id) => tokens[id]).join("") + text;
}
