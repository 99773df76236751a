// The recurrent language model itself: parameters, one step, sampling. No drawing, no DOM.
// Tested in Node against JAX (tests/widgets).

/**
 * What a model is. One layer of `tanh` holds Wx (in, H), Wh (H, H), b (H); one layer of `gru` holds
 * Wx (in, 3H), Wh (H, 3H), b (3H), bn (H), the gates ordered reset, update, new. The output layer
 * holds Wq (H, V), bq (V). All lie one after the other in one vector, rows first.
 * @typedef {{cell: "tanh"|"gru", hiddens: number, layers: number, tokens: string[], name: string,
 *   dtype: "float16"|"float32", offset: number, bytes: number, crc: number}} Description
 */

/** How many gates the cell has: the width of its kernels in units of H. */
export function gatesOf(cell) {
  return cell === "gru" ? 3 : 1;
}

/** Offsets of every tensor in the parameter vector, and its length. */
export function layoutOf({ cell, hiddens: H, layers, tokens }) {
  const V = tokens.length;
  const G = gatesOf(cell) * H;
  let at = 0;
  const take = (size) => (at += size) - size;
  const rows = [];
  for (let l = 0; l < layers; l++) {
    const inputs = l === 0 ? V : H;
    const layer = { inputs, Wx: take(inputs * G), Wh: take(H * G), b: take(G), bn: -1 };
    if (cell === "gru") layer.bn = take(H);
    rows.push(layer);
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

/** CRC-32 of bytes, as zlib computes it. */
export function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/**
 * The parameter vector of one model out of the weights of all.
 * @param {Description} about
 * @param {DataView} weights
 * @returns {Float64Array}
 */
export function readParameters(about, weights) {
  const { size } = layoutOf(about);
  const width = about.dtype === "float16" ? 2 : 4;
  if (!ArrayBuffer.isView(weights) || weights.byteLength < about.offset + about.bytes) {
    throw new Error(`The weights of “${about.name}” are missing from this page.`);
  }
  const bytes = new Uint8Array(weights.buffer, weights.byteOffset + about.offset, about.bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (about.bytes !== size * width || crc32(bytes) !== about.crc) {
    throw new Error(`The weights of “${about.name}” are damaged. Run its cell again.`);
  }
  const values = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const at = i * width;
    values[i] = width === 2 ? halfToNumber(view.getUint16(at, true)) : view.getFloat32(at, true);
  }
  return values;
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** As Math.tanh to 1e-15, in half the time. */
const tanh = (x) => 1 - 2 / (Math.exp(2 * x) + 1);

/**
 * out[j] += sum_i x[i] W[i, j] for a kernel at `at` in `p`; `x` is read from `from`. Four rows at a
 * time: that halves the time, because `out` is read and written once for four products.
 */
function addProduct(out, p, at, x, from, rows, columns) {
  let i = 0;
  for (; i + 4 <= rows; i += 4, at += 4 * columns) {
    const a = x[from + i];
    const b = x[from + i + 1];
    const c = x[from + i + 2];
    const d = x[from + i + 3];
    for (let j = at, k = 0; k < columns; j++, k++) {
      out[k] += a * p[j] + b * p[j + columns] + c * p[j + 2 * columns] + d * p[j + 3 * columns];
    }
  }
  for (; i < rows; i++) {
    const value = x[from + i];
    for (let j = 0; j < columns; j++, at++) out[j] += value * p[at];
  }
}

/** A recurrent language model: one-hot characters, tanh or GRU layers, a linear output layer. */
export class Model {
  /**
   * @param {Description} about
   * @param {Float64Array} parameters
   */
  constructor(about, parameters) {
    this.about = about;
    this.parameters = parameters;
    this.layout = layoutOf(about);
    const width = gatesOf(about.cell) * about.hiddens;
    this.fromInput = new Float64Array(width);
    this.fromState = new Float64Array(width);
    /** GRU: per layer r, z, n and the state's part of n before r, H numbers each, of the last step. */
    this.gates = new Float64Array(about.cell === "gru" ? about.layers * 4 * about.hiddens : 0);
    this.logits = new Float64Array(about.tokens.length);
  }

  /** A state of zeros: layer after layer, H numbers each. */
  zeroState() {
    return new Float64Array(this.about.layers * this.about.hiddens);
  }

  /**
   * Reads one character: changes `state` in place and returns the logits of the next character
   * (an array that the next call overwrites).
   */
  step(token, state) {
    const { cell, layers, hiddens: H } = this.about;
    const { parameters: p, layout, fromInput: gx, fromState: gh, gates, logits } = this;
    const G = gx.length;
    for (let l = 0; l < layers; l++) {
      const { Wx, Wh, b, bn } = layout.rows[l];
      const at = l * H;
      if (l === 0) for (let j = 0; j < G; j++) gx[j] = p[b + j] + p[Wx + token * G + j];
      else {
        for (let j = 0; j < G; j++) gx[j] = p[b + j];
        addProduct(gx, p, Wx, state, at - H, H, G);
      }
      gh.fill(0);
      addProduct(gh, p, Wh, state, at, H, G);
      if (cell === "tanh") {
        for (let j = 0; j < H; j++) state[at + j] = tanh(gx[j] + gh[j]);
      } else {
        for (let j = 0; j < H; j++) {
          const r = sigmoid(gx[j] + gh[j]);
          const z = sigmoid(gx[H + j] + gh[H + j]);
          const q = gh[2 * H + j] + p[bn + j];
          const n = tanh(gx[2 * H + j] + r * q);
          state[at + j] = (1 - z) * n + z * state[at + j];
          const g = 4 * at + j;
          gates[g] = r;
          gates[g + H] = z;
          gates[g + 2 * H] = n;
          gates[g + 3 * H] = q;
        }
      }
    }
    const V = logits.length;
    for (let j = 0; j < V; j++) logits[j] = p[layout.bq + j];
    addProduct(logits, p, layout.Wq, state, (layers - 1) * H, H, V);
    return logits;
  }

  /**
   * Reads a sequence.
   * @param {number[]} tokens
   * @param {Float64Array} [state] changed in place
   * @returns {{logits: Float64Array, states: Float64Array}} (T, V) and (T, layers, H)
   */
  forward(tokens, state = this.zeroState()) {
    const V = this.logits.length;
    const logits = new Float64Array(tokens.length * V);
    const states = new Float64Array(tokens.length * state.length);
    tokens.forEach((token, t) => {
      logits.set(this.step(token, state), t * V);
      states.set(state, t * state.length);
    });
    return { logits, states };
  }
}

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

/** An index drawn from probabilities `p` by a uniform number in [0, 1). */
export function drawFrom(p, uniform) {
  let rest = uniform;
  let last = 0;
  for (let i = 0; i < p.length; i++) {
    if (p[i] === 0) continue;
    rest -= p[i];
    if (rest < 0) return i;
    last = i;
  }
  return last; // rounding left a crumb above the last probability
}

/**
 * Splits text into what the model can read. A capital counts as its small letter where the
 * vocabulary has only that one.
 * @returns {{shown: string, known: boolean, token: number}[]} one entry per character
 */
export function readText(text, tokens) {
  const index = new Map(tokens.map((token, i) => [token, i]));
  return Array.from(text, (character) => {
    const shown = index.has(character) ? character : character.toLowerCase();
    const known = index.has(shown);
    return { shown: known ? shown : character, known, token: known ? index.get(shown) : -1 };
  });
}

/**
 * Writes on from a prefix, one character per call of `next`. At temperature 0 it takes the best
 * character, and the probabilities are those at temperature 1. “<unk>” is never written.
 * @param {Model} model
 * @param {number[]} prefix at least one token
 * @yields {{token: number, probabilities: Float64Array}}
 */
export function* writeOn(model, prefix, temperature, seed) {
  const uniform = randomNumbers(seed);
  const state = model.zeroState();
  const never = model.about.tokens.indexOf("<unk>");
  let logits;
  for (const token of prefix) logits = model.step(token, state);
  for (;;) {
    if (never >= 0) logits[never] = -Infinity;
    const greedy = temperature === 0;
    const probabilities = softmax(logits, greedy ? 1 : temperature);
    const token = greedy ? indexOfMax(probabilities) : drawFrom(probabilities, uniform());
    yield { token, probabilities };
    logits = model.step(token, state);
  }
}

/** Surprise in bits at an event of probability `p`. */
export function bits(p) {
  return -Math.log2(p);
}
