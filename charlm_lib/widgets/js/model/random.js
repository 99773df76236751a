// Random numbers that are the same in every browser.

/**
 * Seeded uniform numbers in [0, 1): the generator "mulberry32" of Tommy Ettinger (public domain),
 * rewritten. The same seed gives the same numbers in every browser.
 */
export function randomNumbers(seed) {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}
