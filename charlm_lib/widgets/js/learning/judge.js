// Whether a run has exploded: many updates are judged at once, since a single bad one may pass.

import { EXPLODED, hasExploded } from "../model/loss.js";

export class Judge {
  constructor(numTokens) {
    this.numTokens = numTokens;
    this.nll = this.updates = 0; // that are not judged yet
  }

  /** Takes note of one update's loss, in nats per character. */
  note(nll) {
    this.nll += nll;
    this.updates += 1;
  }

  /**
   * Judges the updates since the last time, however they were asked for.
   * @param {number} validation the perplexity after them
   * @returns {string} why the run is over; "": it is not
   */
  verdict(validation) {
    const { nll, updates, numTokens } = this;
    this.nll = this.updates = 0;
    const point = { train: Math.exp(nll / updates), validation };
    if (!updates || !hasExploded(point, numTokens)) return "";
    return (
      `Over the last ${updates} updates it predicted its own text, and after them the validation ` +
      `text, more than ${EXPLODED} times worse than guessing evenly.`
    );
  }
}
