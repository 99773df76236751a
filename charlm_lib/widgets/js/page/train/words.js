// What TrainInThePage says of its runs.

import { make } from "../dom.js";
import { layersInWords } from "../words.js";

/** @typedef {import("../../learning/training_run.js").TrainingRun} TrainingRun */

/** “2 GRU layers of 32, learning rate 2, clipped at 1, windows of 32” */
function settingsInWords(settings) {
  const { hiddens, learningRate, clip, numSteps } = settings;
  const clipping = clip ? `clipped at ${clip}` : "not clipped";
  const name = `${layersInWords(settings)} of ${hiddens}`;
  return `${name}, learning rate ${learningRate}, ${clipping}, windows of ${numSteps}`;
}

/** A perplexity, or the length of a gradient. */
export function numberInWords(x) {
  return Number.isFinite(x) ? (x < 1000 ? x.toFixed(2) : x.toExponential(1)) : "not a number";
}

/**
 * Says what happened to a run that exploded, and what to do.
 * @param {TrainingRun} run
 */
export function explainProblem(run) {
  const longest = Math.max(...run.points.map((p) => (Number.isFinite(p.norm) ? p.norm : 0)));
  const { clip: bound, learningRate } = run.settings;
  if (/^The (kernel|Worker)/.test(run.problem)) return run.problem;
  const why = bound
    ? `Even clipped to ${bound}, steps of learning rate ${learningRate} are too long: lower it.`
    : `The gradient grew to ${numberInWords(longest)} and nothing shortened it, so one step of ` +
      `learning rate ${learningRate} threw the weights far away, where gradients are longer ` +
      "still. Turn clipping on, or lower the learning rate, and press Reset.";
  return `The run exploded. ${run.problem} ${why}`;
}

/**
 * How far a run has come.
 * @param {TrainingRun} run
 * @param {string} device of the kernel
 */
export function progressInWords(run, device) {
  if (!run.updates) return `Not trained yet: it guesses among ${run.tokens.length} tokens.`;
  const places = {
    worker: "a Worker of this page",
    slices: "this page",
    kernel: `JAX (${device})`,
  };
  const last = run.points[run.points.length - 1];
  return (
    `Update ${run.updates}, ${(run.updates / run.seconds).toFixed(0)} a second in ` +
    `${places[run.placeName]}. Perplexity: training ${numberInWords(last?.train)}, ` +
    `validation ${numberInWords(last?.validation)}. Gradient: ${numberInWords(last?.norm)}.`
  );
}

/**
 * One line on a run: its settings and its result.
 * @param {TrainingRun} run
 */
export function runLine(run) {
  const best = Math.min(...run.points.map((point) => point.validation));
  let result = run.updates ? `: validation down to ${numberInWords(best)}` : "";
  if (run.problem) result = `: exploded at update ${run.updates}`;
  const key = make("b", { className: `clm-run-${run.name}` }, run.name);
  return make("li", {}, key, ` ${settingsInWords(run.settings)}${result}`);
}
