// How a gradient changes the parameters. Tested in Node against optax (tests/widgets).

const KEEP_MEAN = 0.9;
const KEEP_SQUARE = 0.999;
const EPSILON = 1e-8;

/** @typedef {{rate: number, scale: number, count: number}} Update scale: of the gradient, 1 unless
 * it is clipped; count: 1 for the first update */

/** p -= rate g: stochastic gradient descent. */
class Sgd {
  constructor() {
    /** @type {Float64Array[]} what it remembers of earlier gradients */
    this.memory = [];
  }

  /** @param {Update} update */
  descend(parameters, gradient, { rate, scale }) {
    for (let i = 0; i < parameters.length; i++) parameters[i] -= rate * scale * gradient[i];
  }
}

/** p -= rate m / (sqrt(v) + epsilon), m and v running means of g and g^2 (Kingma and Ba, 2015). */
class Adam {
  constructor(size) {
    this.memory = [new Float64Array(size), new Float64Array(size)];
  }

  /** @param {Update} update */
  descend(parameters, gradient, { rate, scale, count }) {
    const [mean, square] = this.memory;
    const meanShare = 1 - KEEP_MEAN ** count; // both means begin at 0, which this makes up for
    const squareShare = 1 - KEEP_SQUARE ** count;
    for (let i = 0; i < parameters.length; i++) {
      const g = scale * gradient[i];
      mean[i] = KEEP_MEAN * mean[i] + (1 - KEEP_MEAN) * g;
      square[i] = KEEP_SQUARE * square[i] + (1 - KEEP_SQUARE) * g * g;
      const length = Math.sqrt(square[i] / squareShare) + EPSILON;
      parameters[i] -= (rate * (mean[i] / meanShare)) / length;
    }
  }
}

/** The optimizers: their names, and the learning rate to begin with. */
export const OPTIMIZERS = {
  sgd: { name: "SGD", rate: 1, make: () => new Sgd() },
  adam: { name: "Adam", rate: 0.01, make: (size) => new Adam(size) },
};
