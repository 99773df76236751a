// A few training runs to compare; the last one is the run that the buttons act on.

import { TrainingRun } from "./training_run.js";

const NAMES = ["A", "B", "C"];

/**
 * @typedef {import("./training_run.js").Settings} Settings
 * @typedef {import("./training_run.js").Corpus} Corpus
 */

export class Comparison {
  constructor() {
    /** @type {TrainingRun[]} */
    this.runs = [];
  }

  get current() {
    return this.runs[this.runs.length - 1];
  }

  /** @param {Settings} settings @param {Corpus} corpus */
  add(settings, corpus) {
    const used = this.runs.map((run) => run.name);
    const name = NAMES.find((letter) => !used.includes(letter));
    this.runs.push(new TrainingRun(name, settings, corpus));
  }

  /** A new run in place of the current one. */
  replace(settings, corpus) {
    this.runs.pop().stop();
    this.add(settings, corpus);
  }

  get isFull() {
    return this.runs.length === NAMES.length;
  }

  /** A new run beside the others, where there is room for it. */
  keep(settings, corpus) {
    if (this.isFull) throw new Error(`There are ${NAMES.length} runs: remove one first.`);
    this.current.pause();
    this.add(settings, corpus);
  }

  /** Takes an earlier run away. */
  remove(run) {
    run.stop();
    this.runs.splice(this.runs.indexOf(run), 1);
  }

  /** Hands the kernel's answer to the runs that are computed there. */
  receive(answer, buffers) {
    for (const run of this.runs) {
      if (run.placeName === "kernel") run.place.receive(answer, buffers);
    }
  }

  stop() {
    for (const run of this.runs) run.stop();
  }
}
