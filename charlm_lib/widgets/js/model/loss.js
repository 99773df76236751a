// The loss of a model on a window of text.

import { softmaxInto } from "./softmax.js";

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
