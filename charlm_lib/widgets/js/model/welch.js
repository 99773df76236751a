// Two networks over a few seeds: the rule of charlm_lib/comparison.py. Tested in Node against it.

const POINTS = 1000; // of Simpson's rule
const TIE = 0.05; // p above it

/**
 * The integral of sin^(freedom - 1) from 0 to an angle, with the angle as u^4: near 0 the integrand
 * is then smooth for every freedom.
 */
function sineIntegral(angle, freedom) {
  const end = angle ** 0.25;
  let sum = 0;
  for (let i = 0; i <= POINTS; i++) {
    const u = (end * i) / POINTS;
    const weight = i === 0 || i === POINTS ? 1 : i % 2 ? 4 : 2;
    sum += weight * Math.sin(u ** 4) ** (freedom - 1) * 4 * u ** 3;
  }
  return (sum * end) / (3 * POINTS);
}

/** The chance that Student's t is at least so far from 0, on either side. */
export function studentTails(t, freedom) {
  const angle = Math.atan2(Math.sqrt(freedom), Math.abs(t));
  return sineIntegral(angle, freedom) / sineIntegral(Math.PI / 2, freedom);
}

const meanOfAll = (values) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** The variance of the mean of some values. */
function varianceOfMean(values) {
  const mean = meanOfAll(values);
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return squares / (values.length - 1) / values.length;
}

/**
 * Welch's t test on the losses of two networks, a loss per seed.
 * @param {number[]} first
 * @param {number[]} second
 * @returns {{difference: number, p: number|undefined, verdict: ""|"better"|"worse"|"tie"}}
 *   difference: mean of the first minus that of the second; verdict: what the second is; "" and no
 *   p: a single seed shows no spread
 */
export function compareSeeds(first, second) {
  const difference = meanOfAll(first) - meanOfAll(second);
  const both = [first, second];
  if (both.some((losses) => losses.length < 2)) return { difference, p: undefined, verdict: "" };
  const [v1, v2] = both.map(varianceOfMean);
  if (!(v1 + v2)) return { difference, p: undefined, verdict: "" };
  const parts = v1 ** 2 / (first.length - 1) + v2 ** 2 / (second.length - 1);
  const p = studentTails(difference / Math.sqrt(v1 + v2), (v1 + v2) ** 2 / parts);
  return { difference, p, verdict: p > TIE ? "tie" : difference > 0 ? "better" : "worse" };
}
