// What is kept of a training run: the numbers of its updates, and its parameters at some of them.

const MOST_FRAMES = 64;
const MOST_BYTES = 16e6; // of all frames
const MOST_UPDATES = 50_000; // whose numbers are kept

/**
 * @typedef {{updates: number, parameters: Float32Array}} Frame the parameters after so many updates
 */

export class Film {
  constructor() {
    /** @type {Frame[]} */
    this.frames = [];
    /** Of each update its count, its perplexity and the length of its gradient before clipping. */
    this.updates = [];
    this.train = [];
    this.norm = [];
  }

  /** @param {number[][]} trail the numbers of new updates @param {Frame[]} frames */
  add(trail, frames) {
    for (const [updates, train, norm] of trail) {
      this.updates.push(updates);
      this.train.push(train);
      this.norm.push(norm);
    }
    if (this.updates.length > MOST_UPDATES) this.halve();
    for (const frame of frames) {
      this.frames.push(frame);
      const room = Math.floor(MOST_BYTES / frame.parameters.byteLength);
      if (this.frames.length > Math.min(MOST_FRAMES, Math.max(3, room))) this.thin();
    }
  }

  /** Of a very long run every second update stays. */
  halve() {
    for (const key of ["updates", "train", "norm"]) {
      this[key] = this[key].filter((_, i) => i % 2 === 0);
    }
  }

  /** Takes away the frame that is missed least: of early updates more stay than of late ones. */
  thin() {
    const roots = this.frames.map(({ updates }) => Math.sqrt(updates));
    const gaps = roots.slice(2).map((root, i) => root - roots[i]);
    this.frames.splice(gaps.indexOf(Math.min(...gaps)) + 1, 1);
  }

  /** The place of the last frame after at most so many updates. */
  placeOf(updates) {
    return Math.max(0, this.frames.findLastIndex((frame) => frame.updates <= updates));
  }

  /** The perplexity and the gradient of the last update among the first so many. */
  numbersAt(updates) {
    const i = this.updates.findLastIndex((count) => count <= updates);
    return i < 0 ? undefined : { train: this.train[i], norm: this.norm[i] };
  }
}
