// From logits to probabilities, and what a probability means.

/**
 * Probabilities of the characters at a temperature above 0.
 * @param {ArrayLike<number>} logits
 */
export function softmax(logits, temperature = 1) {
  const best = indexOfMax(logits);
  const p = new Float64Array(logits.length);
  let total = 0;
  for (let i = 0; i < p.length; i++) {
    total += p[i] = Math.exp((logits[i] - logits[best]) / temperature);
  }
  for (let i = 0; i < p.length; i++) p[i] /= total;
  return p;
}

/** Index of the largest number. */
export function indexOfMax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** Writes scale * softmax(logits) to `out`; returns the logarithm of sum exp(logits). */
export function softmaxInto(out, logits, scale) {
  const top = logits[indexOfMax(logits)];
  let total = 0;
  for (let j = 0; j < out.length; j++) total += out[j] = Math.exp(logits[j] - top);
  for (let j = 0; j < out.length; j++) out[j] *= scale / total;
  return top + Math.log(total);
}

/** Surprise in bits at an event of probability `p`. */
export function bits(p) {
  return 0 - Math.log2(p); // not -0 for what is certain
}
