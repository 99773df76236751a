// What each earlier letter of a text did for the log-probability of a later one, by the gradient
// and by a swap. Tested in Node against JAX (tests/widgets).

import { Backward } from "./backward.js";
import { correlation } from "./correlation.js";
import { Model } from "./network.js";
import { softmaxInto } from "./softmax.js";

const UNKNOWN = 0; // no text that can be read has this token: its row serves the average letter
const LEAST = 8; // letters that a mean by distance is of, at least
const NEAR = 10; // letters back: what stands further off does next to nothing

/** The average input: the mean of the rows of W_xh by the letters' shares, a number per gate. */
function averageRow({ parameters: p, layout, fromInput }, shares) {
  const { Wx } = layout.rows[0];
  const G = fromInput.length;
  return Float64Array.from({ length: G }, (_, j) =>
    shares.reduce((sum, share, token) => sum + share * p[Wx + token * G + j], 0),
  );
}

/** A model that reads the average letter where it is given the unknown one. */
function withAverageLetter({ about, parameters, layout }, row) {
  const changed = Float64Array.from(parameters);
  changed.set(row, layout.rows[0].Wx + UNKNOWN * row.length);
  return new Model(about, changed);
}

/**
 * The influence of the letter at place s on the one at place t, in nats: log p(x_t | all before)
 * minus the same with the average letter at s. Positive: what stood there helped. The swap computes
 * it so; the gradient takes the log-probability for a plane, and multiplies its slope at s by what
 * the swap changes there.
 */
export class Influence {
  /**
   * @param {Model} model
   * @param {number[]} tokens
   * @param {number[]} shares of every token in the average letter
   */
  constructor(model, tokens, shares) {
    this.model = model;
    this.tokens = tokens;
    this.average = averageRow(model, shares);
    this.averaged = withAverageLetter(model, this.average);
    this.pass = new Backward(model, tokens.length, true);
    this.unused = new Float64Array(model.parameters.length); // where the pass adds up for weights
    /** Of each letter after those before it, in nats; the first has none. */
    this.logP = new Float64Array(tokens.length);
    /** @type {Float64Array[]} by place: of the logits before it, the slopes of its logP */
    this.errors = [];
    /** @type {Float64Array[]} by t, then s */
    this.gradients = [];
    /** @type {Float64Array[]} by s, then t */
    this.swaps = [];
    this.read();
  }

  /** Reads the text once. */
  read() {
    const { model, tokens, pass, logP, errors } = this;
    const state = model.zeroState();
    tokens.slice(0, -1).forEach((token, t) => {
      const logits = pass.readStep(t, token, state);
      const error = new Float64Array(logits.length);
      const next = tokens[t + 1];
      logP[t + 1] = logits[next] - softmaxInto(error, logits, -1);
      error[next] += 1;
      errors[t + 1] = error;
    });
  }

  /** By the gradient: the influence on place t of every place before it. */
  byGradient(t) {
    this.gradients[t] ??= this.backFrom(t);
    return this.gradients[t];
  }

  backFrom(t) {
    const { pass, model, tokens, unused, average } = this;
    const { Wx } = model.layout.rows[0];
    const G = average.length;
    pass.slopes.fill(0);
    pass.d.set(this.errors[t]);
    pass.backOutput(unused, t - 1);
    for (let l = model.about.layers - 1; l >= 0; l--) pass.backLayer(unused, l, tokens, 0, t);
    return Float64Array.from({ length: t }, (_, s) => {
      const row = Wx + tokens[s] * G;
      let sum = 0;
      for (let j = 0; j < G; j++) {
        sum += (model.parameters[row + j] - average[j]) * pass.inputSlopes[s * G + j];
      }
      return sum;
    });
  }

  /** By a swap: the influence of place s on every place after it. */
  swapAt(s) {
    const { averaged, pass, tokens, logP } = this;
    const width = pass.none.length;
    const state = pass.states.slice(s * width, (s + 1) * width);
    const spare = new Float64Array(averaged.logits.length);
    const found = new Float64Array(tokens.length);
    let logits = averaged.step(UNKNOWN, state);
    for (let t = s + 1; t < tokens.length; t++) {
      found[t] = logP[t] - (logits[tokens[t]] - softmaxInto(spare, logits, 1));
      logits = averaged.step(tokens[t], state);
    }
    return found;
  }

  /** All the work there is, in portions. */
  *work() {
    for (let t = 1; t < this.tokens.length; t++) {
      this.byGradient(t);
      yield;
      this.swaps[t - 1] = this.swapAt(t - 1);
      yield;
    }
  }

  get isDone() {
    return this.swaps.length === Math.max(0, this.tokens.length - 1);
  }

  /** By swaps: as `byGradient`; undefined until these swaps are done. */
  bySwap(t) {
    if (this.swaps.length < t) return undefined;
    return Float64Array.from({ length: t }, (_, s) => this.swaps[s][t]);
  }

  /** Mean size by distance, 1 letter back first, as far as enough letters have as many before. */
  meanByDistance(measure) {
    const length = this.tokens.length;
    const farthest = Math.max(Math.min(LEAST, length - 1), length - LEAST);
    const sums = new Float64Array(farthest);
    for (let t = 1; t < length; t++) {
      const row = this[measure](t);
      for (let k = 1; k <= Math.min(t, farthest); k++) sums[k - 1] += Math.abs(row[t - k]);
    }
    return sums.map((sum, i) => sum / (length - 1 - i));
  }

  /**
   * How well the gradient foretells the swap, over the nearest letters of every letter: their
   * correlation, and the share of signs that are the same.
   */
  agreement() {
    const places = this.tokens.map((_, t) => t).slice(1);
    const near = (measure) => places.flatMap((t) => Array.from(this[measure](t).slice(-NEAR)));
    const [gradients, swaps] = [near("byGradient"), near("bySwap")];
    const same = gradients.filter((g, i) => g > 0 === swaps[i] > 0).length;
    return { r: correlation(gradients, swaps), sameSign: same / gradients.length };
  }
}

/** Within how many letters this share of all influence lies. @param {ArrayLike<number>} means */
export function reachOf(means, share) {
  let rest = share * means.reduce((sum, x) => sum + x, 0);
  return 1 + means.findIndex((x) => (rest -= x) <= 0);
}
