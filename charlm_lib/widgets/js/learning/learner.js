// A model that learns: updates by an optimizer, its curve, its parameters now and then.

import { Backward } from "../model/backward.js";
import { EXPLODED, windowLoss } from "../model/loss.js";
import { Model } from "../model/network.js";
import { initialParameters } from "../model/parameters.js";
import { randomNumbers } from "../model/random.js";
import { readText } from "../model/text.js";
import { Judge } from "./judge.js";
import { OPTIMIZERS } from "./optimizers.js";
import { Reel } from "./reel.js";
import { splitWindows } from "./windows.js";

const BATCH_SIZE = 32;
const UPDATES_PER_POINT = 20;

/**
 * @typedef {{cell: "tanh"|"gru"|"lstm", hiddens: number, layers: number, optimizer: "sgd"|"adam",
 *   learningRate: number, clip: number, numSteps: number, seed: number, scale: number}} Settings
 *   clip 0: none; scale: of the initial kernels
 * @typedef {{updates: number, train: number, validation: number, norm: number}} Point
 *   perplexities, and the largest norm of the gradient before clipping since the last point
 */

/** Does its work in portions, so that it can share a thread with the page. */
export class Learner {
  /**
   * @param {Settings} settings
   * @param {string} text cleaned
   * @param {string[]} tokens
   */
  constructor(settings, text, tokens) {
    this.settings = settings;
    const { cell, hiddens, layers, seed, numSteps, optimizer, scale } = settings;
    this.about = { name: "run", cell, hiddens, layers, tokens };
    this.model = new Model(this.about, initialParameters(this.about, seed, scale));
    this.backward = new Backward(this.model, numSteps);
    this.gradient = new Float64Array(this.model.parameters.length);
    this.optimizer = OPTIMIZERS[optimizer].make(this.gradient.length);
    this.ids = Int32Array.from(readText(text, tokens), (c) => c.token);
    Object.assign(this, splitWindows(this.ids.length, numSteps));
    this.uniform = randomNumbers(seed + 1);
    this.updates = 0;
    /** @type {Point[]} */
    this.points = [];
    this.reel = new Reel(this.model.parameters);
    this.judge = new Judge(tokens.length);
    /** @type {{updates: number, learningRate: number, clip: number}[]} after how many updates */
    this.changes = [];
    this.recent = { nll: 0, updates: 0, norm: 0 }; // since the last point
    this.problem = "";
    this.exploded = false;
    this.task = this.tasks();
  }

  /** The windows of the next update. */
  draw() {
    return Array.from({ length: BATCH_SIZE }, () => Math.floor(this.uniform() * this.trainWindows));
  }

  /** Does updates for about this long; stops earlier if the run has come to an end. */
  work(milliseconds) {
    const end = performance.now() + milliseconds;
    while (!this.problem && performance.now() < end) this.task.next();
    if (this.problem) this.settle();
  }

  /** Does exactly one more update, and gives it a point of its own. */
  step() {
    this.settle();
    const target = this.updates + 1;
    while (!this.problem && this.updates < target) this.task.next();
    this.settle();
  }

  /** Gives the curve a point for the updates since the last one, if there are any, and a frame. */
  settle() {
    if (this.recent.updates) this.validateNow();
    this.reel.film(this.updates);
  }

  /** Another learning rate or clipping, from the next update on. */
  tune(change) {
    this.settings = { ...this.settings, ...change };
    if (this.changes.at(-1)?.updates === this.updates) this.changes.pop();
    if (this.updates) this.changes.push({ updates: this.updates, ...change });
  }

  /** All the work there is, one window at a time, without an end. */
  *tasks() {
    yield* this.validate();
    for (;;) {
      this.gradient.fill(0);
      const { numSteps } = this.settings;
      const scale = 1 / (BATCH_SIZE * numSteps);
      let nll = 0;
      for (const start of this.draw()) {
        nll += this.backward.addWindow(this.gradient, this.ids, start, numSteps, scale);
        yield;
      }
      this.record(nll * scale, this.descend());
      if (this.isFar(nll * scale) || this.reel.isDue(this.updates)) this.reel.film(this.updates);
      if (this.isPointDue(nll * scale)) yield* this.validate();
      yield;
    }
  }

  /** One update by g, scaled down to length `clip` if it is longer (Pascanu et al., 2013). */
  descend() {
    const { learningRate: rate, clip } = this.settings;
    let sum = 0;
    for (const g of this.gradient) sum += g * g;
    const norm = Math.sqrt(sum);
    if (!Number.isFinite(norm)) this.reel.film(this.updates); // the last before the wreck
    const scale = clip > 0 && norm > clip ? clip / norm : 1;
    const { model, gradient, optimizer, updates } = this;
    optimizer.descend(model.parameters, gradient, { rate, scale, count: updates + 1 });
    return norm;
  }

  /** Whether a loss shows where an explosion begins. */
  isFar(nll) {
    return nll > Math.log(EXPLODED * this.about.tokens.length);
  }

  /** Points come at even distances, and where an explosion begins at each update. */
  isPointDue(nll) {
    return this.isFar(nll) || this.updates % UPDATES_PER_POINT === 0;
  }

  /** Takes note of one update: its loss in nats per character and its gradient's norm. */
  record(nll, norm) {
    this.updates += 1;
    this.reel.trail.push([this.updates, Math.exp(nll), norm]);
    this.recent.nll += nll;
    this.recent.updates += 1;
    this.judge.note(nll);
    if (!(norm <= this.recent.norm)) this.recent.norm = norm; // not-a-number counts as larger
    if (Number.isFinite(nll) && Number.isFinite(norm)) return;
    this.explode(`The numbers of update ${this.updates} are no longer finite.`);
  }

  explode(problem) {
    this.exploded = true;
    this.problem ||= problem;
  }

  /** How many updates are left until the next point of the curve. */
  get untilPoint() {
    return UPDATES_PER_POINT - (this.updates % UPDATES_PER_POINT);
  }

  /** What an update goes on from: the parameters, and what the optimizer remembers. */
  get vectors() {
    return [this.model.parameters, ...this.optimizer.memory];
  }

  /**
   * Takes over updates that were computed elsewhere, on the windows that `draw` gave.
   * @param {ArrayLike<number>[]} vectors as above, after the last update
   * @param {number[]} nll loss of each, in nats per character
   * @param {number[]} norms of the gradient of each
   */
  accept(vectors, nll, norms) {
    this.vectors.forEach((vector, i) => vector.set(vectors[i]));
    for (let i = 0; i < nll.length && !this.problem; i++) this.record(nll[i], norms[i]);
    this.settle();
  }

  /** Adds a point to the curve without a break. */
  validateNow() {
    const task = this.validate();
    while (!task.next().done);
  }

  /** Perplexity of the validation windows; adds a point to the curve. */
  *validate() {
    const { numSteps } = this.settings;
    let nll = 0;
    for (const start of this.validationStarts) {
      nll += windowLoss(this.model, this.ids, start, numSteps);
      yield;
    }
    this.addPoint(Math.exp(nll / (this.validationStarts.length * numSteps)));
  }

  /** Adds a point to the curve, with the training loss since the last one. */
  addPoint(validation) {
    if (this.points.at(-1)?.updates === this.updates) return; // `settle` was first
    const { nll, updates, norm } = this.recent;
    const train = updates ? Math.exp(nll / updates) : validation;
    this.points.push({ updates: this.updates, train, validation, norm });
    this.recent = { nll: 0, updates: 0, norm: 0 };
    const verdict = this.updates % UPDATES_PER_POINT === 0 && this.judge.verdict(validation);
    if (verdict) this.explode(verdict);
  }
}
