// All numbers of one text in one model, forward or backward: what StepThrough shows of them.

import { gradientsOf } from "../../model/terms/gradients.js";
import {
  layerOf,
  layerQuantities,
  outputQuantities,
  passageOf,
} from "../../model/terms/passage.js";
import { backwardMoments, forwardMoments, lastMomentOf } from "./moments.js";

/**
 * @typedef {import("../../model/terms/term.js").Quantity} Quantity
 * @typedef {import("./moments.js").Moment} Moment
 */

export class Pass {
  /**
   * @param {import("../../model/network.js").Model} model
   * @param {{shown: string, token: number}[]} reading backward at least two, of which the last is
   *   only predicted
   */
  constructor(model, reading, isBackward) {
    this.model = model;
    this.isBackward = isBackward;
    this.read = isBackward ? reading.slice(0, -1) : reading;
    this.next = isBackward ? reading[reading.length - 1] : null;
    this.steps = passageOf(model, this.read.map((c) => c.token));
    this.gradients = isBackward ? gradientsOf(model, this.steps, this.next.token) : null;
    this.known = new Map(); // quantities that were asked for
    const { layers } = model.about;
    const last = this.steps.length - 1;
    const keysAt = (l) => this.quantities({ t: last, l }).map(({ key }) => key);
    this.keys = { layer: keysAt(0), output: keysAt(layers) };
    const order = isBackward ? backwardMoments : forwardMoments;
    this.moments = order(this.steps.length, layers, this.keys.layer.length);
  }

  /** The quantities of a layer, or of the output, at a step. @returns {Quantity[]} */
  quantities({ t, l }) {
    const place = `${t} ${l}`;
    if (!this.known.has(place)) this.known.set(place, this.compute(t, l));
    return this.known.get(place);
  }

  compute(t, l) {
    const isOutput = l === this.model.about.layers;
    if (this.isBackward) return isOutput ? [this.gradients.error] : this.gradients.layers[t][l];
    if (isOutput) return outputQuantities(this.model, this.steps[t]);
    return layerQuantities(this.model, this.steps[t], l);
  }

  /** The key of the quantity of moment number `at`. */
  keyAt(at) {
    const { l, q } = this.moments[at];
    return this.keys[l === this.model.about.layers ? "output" : "layer"][q];
  }

  /** What the box of a layer shows, an LSTM's memory first: its states, or the gradients there. */
  inBox(t, l) {
    const { model, isBackward } = this;
    const [, , whole, , ofMemory] = isBackward ? this.gradients.layers[t][l] : [];
    const part = (_, k) =>
      isBackward ? (k ? ofMemory : whole).values : layerOf(model, this.steps[t].after, l, k);
    return model.cell.states.map(part).reverse();
  }

  /** What counts as a full colour in the boxes. */
  get full() {
    if (!this.isBackward) return 1;
    const top = this.inBox(this.steps.length - 1, this.model.about.layers - 1);
    return Math.max(...top.flat().map(Math.abs)) || 1;
  }

  /** Whether a layer, or the output, of a step is computed by moment number `at`. */
  isDone(t, l, at) {
    const last = lastMomentOf(this.moments, t, l);
    return last >= 0 && last <= at;
  }
}
