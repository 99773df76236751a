// The terms that a number is the sum of, and quantities: one such number for each unit.

/**
 * @typedef {{kind: string, unit?: number, value: number, factors?: number[]}} Term kind: what it
 *   comes from, such as "before"; unit: which one of them; factors: what was multiplied
 * @typedef {{key: string, squash: string, values: number[], terms: (j: number) => Term[]}} Quantity
 *   the sum of its terms, squashed by "tanh" or "σ", or by nothing: ""
 */

const SQUASH = {
  "": (x) => x,
  tanh: Math.tanh,
  σ: (x) => 1 / (1 + Math.exp(-x)),
};

export function sumOf(terms) {
  return terms.reduce((sum, { value }) => sum + value, 0);
}

/** @returns {Quantity} of `count` numbers */
export function quantity(key, squash, count, terms) {
  const values = Array.from({ length: count }, (_, j) => SQUASH[squash](sumOf(terms(j))));
  return { key, squash, values, terms };
}

/** A term that is a product. @returns {Term} */
export function times(kind, a, b, unit) {
  return { kind, unit, value: a * b, factors: [a, b] };
}

/** The terms of entry `column` of x W, for a kernel W at `at` in `p`. @returns {Term[]} */
export function productTerms(kind, x, p, at, columns, column) {
  return Array.from(x, (value, i) => times(kind, value, p[at + i * columns + column], i));
}

/** The terms of entry `row` of d W^T. @returns {Term[]} */
export function transposedTerms(kind, d, p, at, row) {
  return Array.from(d, (value, k) => times(kind, value, p[at + row * d.length + k], k));
}
