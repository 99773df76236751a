// What a learner keeps for the film of its run, until somebody is told.

const FRAME_GAP = 0.5; // of the roots of the counts of updates, from one frame to the next

export class Reel {
  /** @param {Float64Array} parameters as they are, and change */
  constructor(parameters) {
    this.parameters = parameters;
    /** Numbers of each update: its count, its perplexity, its gradient's length. */
    this.trail = [];
    /** @type {import("./film.js").Frame[]} */
    this.frames = [];
    this.filmed = -1; // the updates before the last frame
    this.film(0);
  }

  /** Keeps the parameters after so many updates, unless they are kept or no longer finite. */
  film(updates) {
    if (this.filmed === updates || !this.parameters.every(Number.isFinite)) return;
    this.filmed = updates;
    this.frames.push({ updates, parameters: Float32Array.from(this.parameters) });
  }

  /** Whether it is time for a frame: they come at growing distances. */
  isDue(updates) {
    return Math.sqrt(updates) - Math.sqrt(this.filmed) >= FRAME_GAP;
  }
}
