// The parameters of a recurrent language model are one vector of numbers: where each tensor lies in
// it, how it is read from a page, and how it begins. Tested in Node against JAX (tests/widgets).

import { cellOf } from "./cells/cells.js";
import { randomNumbers } from "./random.js";

/**
 * What a model is. One layer of G gates (`tanh`: 1; `gru`: reset, update, new; `lstm`: input,
 * forget, candidate, output) holds Wx (in, GH), Wh (H, GH), b (GH) and, of `gru`, bn (H). The
 * output layer holds Wq (H, V), bq (V). All lie one after the other in one vector, rows first.
 * @typedef {{cell: "tanh"|"gru"|"lstm", hiddens: number, layers: number, tokens: string[],
 *   name: string, dtype: "int8"|"float16"|"float32", offset: number, bytes: number}} Description
 */

/** Offsets of every tensor in the parameter vector, and its length. */
export function layoutOf({ cell, hiddens: H, layers, tokens }) {
  const V = tokens.length;
  const { gates, biases } = cellOf(cell);
  const G = gates * H;
  let at = 0;
  const take = (size) => (at += size) - size;
  const rows = [];
  for (let l = 0; l < layers; l++) {
    const inputs = l === 0 ? V : H;
    rows.push({
      inputs,
      Wx: take(inputs * G),
      Wh: take(H * G),
      b: take(G),
      own: take(biases * H), // the second biases
    });
  }
  return { rows, Wq: take(H * V), bq: take(V), size: at };
}

/** One IEEE half-precision number from its 16 bits. */
function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const BLOCK = 64; // numbers that share a scale in "int8"
const BLOCK_BYTES = 2 + BLOCK; // a half-precision scale, then a signed byte each

/** How to read numbers of each type: the bytes of `size` of them, and the one at a place. */
const TYPES = {
  float32: { bytes: (size) => 4 * size, at: (view, i) => view.getFloat32(4 * i, true) },
  float16: {
    bytes: (size) => 2 * size,
    at: (view, i) => halfToNumber(view.getUint16(2 * i, true)),
  },
  int8: {
    bytes: (size) => BLOCK_BYTES * Math.ceil(size / BLOCK),
    at: (view, i) => {
      const start = BLOCK_BYTES * Math.floor(i / BLOCK);
      const scale = halfToNumber(view.getUint16(start, true));
      return scale * view.getInt8(start + 2 + (i % BLOCK));
    },
  },
};

/**
 * The parameter vector of one model out of the weights of all.
 * @param {Description} about
 * @param {DataView} weights
 * @returns {Float64Array}
 */
export function readParameters(about, weights) {
  const { size } = layoutOf(about);
  const type = TYPES[about.dtype];
  if (!ArrayBuffer.isView(weights) || weights.byteLength < about.offset + about.bytes) {
    throw new Error(`The weights of “${about.name}” are missing from this page.`);
  }
  if (about.bytes !== type.bytes(size)) {
    throw new Error(`The weights of “${about.name}” are damaged. Run its cell again.`);
  }
  const view = new DataView(weights.buffer, weights.byteOffset + about.offset, about.bytes);
  return Float64Array.from({ length: size }, (_, i) => type.at(view, i));
}

/**
 * New parameters: kernels normal with standard deviation scale/sqrt(rows), the output's 0.01,
 * biases 0. The output starts small so that the untrained model guesses evenly.
 */
export function initialParameters(about, seed, scale = 1) {
  const { rows, Wq, bq, size } = layoutOf(about);
  const uniform = randomNumbers(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const p = new Float64Array(size);
  const fill = (from, to, deviation) => {
    for (let i = from; i < to; i++) p[i] = Math.fround(deviation * normal());
  };
  for (const { inputs, Wx, Wh, b } of rows) {
    fill(Wx, Wh, scale * inputs ** -0.5);
    fill(Wh, b, scale * about.hiddens ** -0.5);
  }
  fill(Wq, bq, 0.01);
  return p;
}
