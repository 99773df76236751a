// What TrainInThePage says of its runs.

import { OPTIMIZERS } from "../../learning/optimizers.js";
import { layersInWords } from "../words.js";

/** @typedef {import("../../learning/training_run.js").TrainingRun} TrainingRun */

const MOST_CHANGES = 3; // told one by one

/** “learning rate 2, clipped at 1” */
function tuningInWords({ learningRate, clip }) {
  const clipping = clip ? `clipped at ${clip}` : "not clipped";
  return `learning rate ${learningRate}, ${clipping}`;
}

/** “2 GRU layers of 32, SGD with learning rate 2, clipped at 1, windows of 32” */
function settingsInWords(settings) {
  const { hiddens, optimizer, numSteps, scale } = settings;
  const name = `${layersInWords(settings)} of ${hiddens}`;
  const start = scale === 1 ? "" : `, starting scale ${scale}`;
  const steps = `${OPTIMIZERS[optimizer].name} with ${tuningInWords(settings)}`;
  return `${name}, ${steps}, windows of ${numSteps}${start}`;
}

/** What the reader changed while the run went on. */
function changesInWords({ changes }) {
  const told = changes.slice(-MOST_CHANGES);
  const more = changes.length - told.length;
  const words = told.map((c) => `; after update ${c.updates} ${tuningInWords(c)}`);
  return (more ? `; ${more} more changes` : "") + words.join("");
}

/** A loss, a perplexity, or the length of a gradient. */
export function numberInWords(x) {
  if (Number.isNaN(x)) return "not a number";
  if (x === Infinity) return "too large a number";
  if (x >= 1000) return x.toExponential(1);
  return x >= 0.1 || x === 0 ? x.toFixed(2) : x.toPrecision(2);
}

/** The longest of the gradients that are finite. */
function longestGradient({ points }) {
  return points.reduce((most, { norm }) => (norm > most && norm < Infinity ? norm : most), 0);
}

/**
 * Says what happened to a run that came to an end, and what to do.
 * @param {TrainingRun} run
 */
export function explainProblem(run) {
  if (!run.exploded) return run.problem;
  return `The run exploded. ${run.problem} ${explainExplosion(run)}`;
}

/** @param {TrainingRun} run */
function explainExplosion(run) {
  const { clip: bound, learningRate, optimizer } = run.settings;
  const tooLong = `steps of learning rate ${learningRate} are too long. Lower it and press Reset.`;
  if (optimizer === "adam") {
    return `Adam moves a weight by about the learning rate, whatever the gradient: ${tooLong}`;
  }
  if (bound) return `Even clipped to ${bound}, ${tooLong}`;
  return (
    `The gradient grew to ${numberInWords(longestGradient(run))} and nothing shortened it, so ` +
    `one step of learning rate ${learningRate} threw the weights far away, where gradients are ` +
    "longer still. Turn clipping on, or lower the learning rate, and press Reset."
  );
}

/** What the last point says; it is about one update, or about all since the point before. */
function pointInWords(points) {
  const { updates, train, validation, norm } = points.at(-1);
  const count = updates - (points.at(-2)?.updates ?? 0);
  const scores = `validation ${numberInWords(validation)}`;
  if (!updates) return `Perplexity before the first update: ${scores}.`;
  if (count === 1) {
    return (
      `Its own loss: ${numberInWords(Math.log(train))}, a perplexity of ${numberInWords(train)}; ` +
      `gradient ${numberInWords(norm)}. Perplexity after it: ${scores}.`
    );
  }
  return (
    `Perplexity at update ${updates}: training ${numberInWords(train)} (over ${count} updates), ` +
    `${scores}. Longest gradient of these: ${numberInWords(norm)}.`
  );
}

/**
 * How far a run has come.
 * @param {TrainingRun} run
 * @param {string} device of the kernel
 */
export function progressInWords(run, device) {
  const { updates, seconds, points } = run;
  if (!updates && run.hasBegun && run.placeName === "kernel") return "The kernel compiles …";
  if (!updates) return `Not trained yet: it guesses among ${run.tokens.length} tokens.`;
  const places = {
    worker: "a Worker of this page",
    slices: "this page",
    kernel: `JAX (${device})`,
  };
  const rate = seconds > 0 ? `, ${(updates / seconds).toFixed(0)} a second` : "";
  return `Update ${updates}${rate} in ${places[run.placeName]}. ${pointInWords(points)}`;
}

/** The lowest validation perplexity after an update. */
function bestOf({ points }) {
  const trained = points.filter((point) => point.updates > 0);
  return trained.reduce((best, { validation }) => Math.min(best, validation), Infinity);
}

/** @param {TrainingRun} run */
function resultInWords(run) {
  if (run.exploded) return `: exploded at update ${run.updates}`;
  const best = bestOf(run);
  const result = best < Infinity ? `: validation down to ${numberInWords(best)}` : "";
  return run.problem ? `${result}; stopped at update ${run.updates}` : result;
}

/**
 * One line on a run: its settings, its text and its result.
 * @param {TrainingRun} run
 */
export function runInWords(run) {
  const how = settingsInWords(run.first) + changesInWords(run);
  return `${how}, on ${run.title}${resultInWords(run)}`;
}

/**
 * What is known of a run after so many updates.
 * @param {TrainingRun} run
 */
export function frameInWords({ name, points, film, updates: all }, updates) {
  if (!film.frames.length) return "The film of this run begins with its first update.";
  const own = film.numbersAt(updates);
  const point = points.findLast((p) => p.updates <= updates);
  const told = [];
  if (own) told.push(`perplexity ${numberInWords(own.train)} on its own windows`);
  if (own) told.push(`gradient ${numberInWords(own.norm)}`);
  if (point) told.push(`validation ${numberInWords(point.validation)} at update ${point.updates}`);
  return `Run ${name} after update ${updates} of ${all}: ${told.join(", ")}.`;
}
