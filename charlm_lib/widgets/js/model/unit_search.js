// Which hidden units go with a property of the text, beyond what chance gives the best of so many.
// Tested in Node against NumPy (tests/widgets).

import { correlation } from "./correlation.js";

const SHIFTS = 200; // of the labels, for the level of chance
const NEAREST = 100; // characters: a shorter shift leaves some of the relation
const QUANTILE = 0.95;
const VOWELS = "aeiou";

/** How many letters of its word a character ends; 0 at a space. */
function placesInWords(letters) {
  let place = 0;
  return letters.map((letter) => (place = letter === " " ? 0 : place + 1));
}

const areOf = (letters, some) => letters.map((letter) => Number(some.includes(letter)));

/**
 * The properties of a character: a function from all characters of a text, and the letters that
 * the reader has marked, to a number each.
 * @type {Object<string, {name: string, labels: (letters: string[], marked: string) => number[]}>}
 */
export const PROPERTIES = {
  space: { name: "a space", labels: (letters) => areOf(letters, " ") },
  vowel: { name: "a vowel", labels: (letters) => areOf(letters, VOWELS) },
  place: { name: "the place in the word", labels: placesInWords },
  marked: { name: "the letters that I mark", labels: areOf },
};

/** Makes the mean 0 and the length 1, in place; a row that never changes becomes zeros. */
function standardise(row) {
  const mean = row.reduce((sum, x) => sum + x, 0) / row.length;
  const length = Math.sqrt(row.reduce((sum, x) => sum + (x - mean) ** 2, 0));
  for (let t = 0; t < row.length; t++) row[t] = length > 1e-9 ? (row[t] - mean) / length : 0;
  return row;
}

/** The product of a row with another one that is shifted round by so many places. */
function shiftedProduct(row, other, shift) {
  const rest = row.length - shift;
  let sum = 0;
  for (let t = 0; t < rest; t++) sum += row[t] * other[t + shift];
  for (let t = rest; t < row.length; t++) sum += row[t] * other[t - rest];
  return sum;
}

/** The value that this share of all values does not exceed. */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1];
}

const largest = (values) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** The states of all units of a model over a text, ready to be correlated. */
export class UnitStates {
  /** @param {import("./network.js").Model} model */
  constructor(model) {
    this.model = model;
    const { layers, hiddens } = model.about;
    /** @type {Float32Array[]} unit after unit, layer after layer */
    this.rows = Array.from({ length: layers * hiddens });
  }

  /** Reads a text, in portions. @yields {number} how much of the work is done */
  *read(tokens) {
    const { model, rows } = this;
    const { hiddens: H } = model.about;
    rows.forEach((_, u) => (rows[u] = new Float32Array(tokens.length)));
    const state = model.zeroState();
    for (let t = 0; t < tokens.length; t++) {
      model.step(tokens[t], state);
      for (let u = 0; u < rows.length; u++) {
        rows[u][t] = state[Math.floor(u / H) * model.stateWidth + (u % H)];
      }
      if (t % 50 === 0) yield t / tokens.length;
    }
    for (const row of rows) {
      standardise(row);
      yield 1;
    }
  }

  /** The correlation of every unit with the labels, which are shifted round by so many places. */
  scores(labels, shift = 0) {
    const other = standardise(Float64Array.from(labels));
    return this.rows.map((row) => shiftedProduct(row, other, shift));
  }

  /**
   * The level that the best of all units exceeds in one of twenty random shifts of the labels.
   * @param {() => number} uniform random numbers
   * @yields {number} how much of the work is done
   * @returns {number}
   */
  *chance(labels, uniform) {
    const range = labels.length - 2 * NEAREST;
    const best = [];
    while (best.length < SHIFTS) {
      const shift = NEAREST + Math.floor(uniform() * range);
      best.push(largest(this.scores(labels, shift)));
      yield best.length / SHIFTS;
    }
    return quantile(best, QUANTILE);
  }

  /** The largest correlation, whatever its sign. */
  best(labels) {
    return largest(this.scores(labels));
  }
}

/** One unit on one text: its correlation, and what shifted labels reach in 19 of 20 shifts. */
export function scoreOnText(values, labels) {
  const row = standardise(Float64Array.from(values));
  const other = standardise(Float64Array.from(labels));
  const shifted = labels.slice(1).map((_, i) => Math.abs(shiftedProduct(row, other, i + 1)));
  return { score: correlation(values, labels), chance: quantile(shifted, QUANTILE) };
}
