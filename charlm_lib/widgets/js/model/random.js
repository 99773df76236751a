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

/**
 * The seed of what follows a text: its characters hashed into `seed` (FNV-1a, by Fowler, Noll and
 * Vo). Without it all prefixes would share their random numbers, and a model that forgets its
 * prefix would write the same on from each. After one text, different seeds stay different.
 */
export function seedAfter(text, seed) {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193) >>> 0;
  return hash;
}
