// The loss of a model on a window of text, and from which loss a run has exploded.

import { softmaxInto } from "./softmax.js";

/** Times worse than guessing evenly: EXPLODED of charlm_lib/losses.py. */
export const EXPLODED = 10;

/** Summed negative log-likelihood of one window, in nats. */
export function windowLoss(model, tokens, start, numSteps) {
  const state = model.zeroState();
  const spare = new Float64Array(model.logits.length);
  let nll = 0;
  for (let t = 0; t < numSteps; t++) {
    const logits = model.step(tokens[start + t], state);
    nll += softmaxInto(spare, logits, 1) - logits[tokens[start + t + 1]];
  }
  return nll;
}

/**
 * Whether a run has exploded: both perplexities are far worse than those of guessing evenly, or
 * one is no finite number.
 */
export function hasExploded({ train, validation }, numTokens) {
  const both = [train, validation];
  if (!both.every(Number.isFinite)) return true;
  return both.every((perplexity) => perplexity > EXPLODED * numTokens);
}
