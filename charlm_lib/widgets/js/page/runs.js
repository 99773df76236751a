// What TrainInThePage shows of its runs, in words and curves, and how a run gets its engine.

import { drawCurves } from "./curves.js";
import { make } from "./dom.js";
import { KernelEngine, SliceEngine, WorkerEngine } from "../learning/places.js";

/** A run: what is trained how, and all that its engine has reported. */
export class Run {
  /**
   * @param {string} name
   * @param {import("../learning/learner.js").Settings} settings
   * @param {{text: string, tokens: string[]}} corpus
   */
  constructor(name, settings, { text, tokens }) {
    Object.assign(this, { name, settings, text, tokens });
    this.points = [];
    this.updates = this.seconds = 0;
    this.problem = this.sample = this.place = "";
    this.engine = null;
    this.running = this.stepping = false;
  }

  /**
   * Gives the run its engine; a Worker that the browser refuses is replaced by slices.
   * @param {"worker"|"slices"|"kernel"} place
   * @param {object} model the widget's model
   * @param {() => void} changed called when there is something new to show
   */
  begin(place, model, changed) {
    if (this.engine) return;
    const { settings, text, tokens } = this;
    const job = { settings, text, tokens, prefix: model.get("prefix"), temperature: 0.7 };
    const report = ({ points, ...news }) => {
      this.points.push(...points);
      Object.assign(this, news);
      this.stepping = false;
      if (this.problem) this.running = false;
      changed();
    };
    const inSlices = () => {
      this.place = "slices";
      this.engine = new SliceEngine(job, report);
      if (this.running) this.engine.run();
      if (this.stepping) this.engine.step();
    };
    const refused = (message) => {
      this.engine.stop();
      if (!this.points.length) return inSlices(); // this browser does not start such Workers
      report({ points: [], problem: `The Worker of this page failed: ${message}` });
    };
    this.place = place;
    if (place === "kernel") {
      const send = (content, buffers) => model.send(content, undefined, buffers);
      this.engine = new KernelEngine(send, job, report);
    } else if (place === "worker") {
      try {
        this.engine = new WorkerEngine(model.get("_esm"), job, report, refused);
      } catch {
        inSlices(); // there are no Workers, or the page's policy forbids them
      }
    } else inSlices();
  }

  run() {
    this.running = true;
    this.engine.run();
  }

  step() {
    this.stepping = true;
    this.engine.step();
  }

  pause() {
    if (this.running) this.engine.pause();
    this.running = false;
  }

  stop() {
    this.running = false;
    this.engine?.stop();
  }
}

/** “2 GRU layers of 32, learning rate 2, clipped at 1, windows of 32” */
export function describe({ cell, layers, hiddens, learningRate, clip, numSteps }) {
  const name = `${layers} ${cell === "gru" ? "GRU" : "tanh"} layer${layers > 1 ? "s" : ""}`;
  const clipping = clip ? `clipped at ${clip}` : "not clipped";
  return `${name} of ${hiddens}, learning rate ${learningRate}, ${clipping}, windows of ${numSteps}`;
}

export function number(x) {
  return Number.isFinite(x) ? (x < 1000 ? x.toFixed(2) : x.toExponential(1)) : "not a number";
}

/** Says what happened to a run that exploded, and what to do. */
export function explain(run) {
  const longest = Math.max(...run.points.map((p) => (Number.isFinite(p.norm) ? p.norm : 0)));
  const { clip: bound, learningRate } = run.settings;
  if (/^The (kernel|Worker)/.test(run.problem)) return run.problem;
  const why = bound
    ? `Even clipped to ${bound}, steps of learning rate ${learningRate} are too long: lower it.`
    : `The gradient grew to ${number(longest)} and nothing shortened it, so one step of ` +
      `learning rate ${learningRate} threw the weights far away, where gradients are longer ` +
      "still. Turn clipping on, or lower the learning rate, and press Reset.";
  return `The run exploded. ${run.problem} ${why}`;
}

/** One line on a run: its settings and its result. */
export function runLine(run) {
  const best = Math.min(...run.points.map((point) => point.validation));
  let result = run.updates ? `: validation down to ${number(best)}` : "";
  if (run.problem) result = `: exploded at update ${run.updates}`;
  const key = make("b", { className: `clm-run-${run.name}` }, run.name);
  return make("li", {}, key, ` ${describe(run.settings)}${result}`);
}

/** Draws the perplexities of all runs, and their gradients with the length to clip to. */
export function drawRuns(plot, norms, runs, bound, narrow) {
  const { tokens } = runs[runs.length - 1];
  const size = { width: narrow ? 350 : 700, height: narrow ? 230 : 260 };
  const pick = (run, key) => ({
    x: run.points.map((p) => p.updates),
    y: run.points.map((p) => p[key]),
  });
  const curves = runs.flatMap((run) => [
    { ...pick(run, "train"), className: `clm-thin clm-run-${run.name}` },
    {
      ...pick(run, "validation"),
      className: `clm-run-${run.name}`,
      label: run.points.length ? `${run.name} ${number(run.points.at(-1).validation)}` : "",
    },
  ]);
  drawCurves(plot, curves, {
    ...size,
    title: "Perplexity: validation thick, training dashed or dotted",
    base: [tokens.length, "guessing evenly"],
    always: [5],
    cap: 10 * tokens.length,
  });
  const lengths = runs.map((run) => {
    const points = run.points.filter((p) => p.updates > 0);
    return {
      x: points.map((p) => p.updates),
      y: points.map((p) => p.norm),
      className: `clm-run-${run.name}`,
      label: run.name,
    };
  });
  drawCurves(norms, lengths, {
    ...size,
    height: narrow ? 150 : 140,
    title: "Longest gradient since the last point, before clipping",
    base: [bound, `length ${bound}`],
    always: [bound / 10, bound * 10],
  });
}
