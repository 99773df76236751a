// The runs of a study, and those of them that a view shows.

import { compareSeeds } from "./welch.js";

/**
 * @typedef {{name: string, lr: number, seed: number, val: number, test: number,
 *   trainCurve: number[], valCurve: number[]}} Run losses in nats; curves: perplexity by epoch
 * @typedef {{name: string, cell: string, layers: number, hiddens: number, params: number}} Network
 * @typedef {{plan: string, cell: string, rate: number, judge: "test"|"val", each: boolean}} View
 *   rate 0: of each network the best
 * @typedef {{network: Network, layers: number, runs: Run[]}} Place one network as a view shows it
 */

export class Study {
  /**
   * @param {Network[]} networks
   * @param {Run[]} runs
   * @param {Object<string, string[]>} plans names of networks, by depth
   */
  constructor(networks, runs, plans) {
    this.networks = new Map(networks.map((network) => [network.name, network]));
    this.runs = runs;
    this.plans = plans;
    this.cells = [...new Set(networks.map(({ cell }) => cell))];
    this.depths = [...new Set(networks.map(({ layers }) => layers))].sort((a, b) => a - b);
    const tried = (lr) => ({ name }) => runs.some((run) => run.name === name && run.lr === lr);
    const rates = [...new Set(runs.map(({ lr }) => lr))].sort((a, b) => a - b);
    this.rates = rates.filter((lr) => networks.every(tried(lr))); // what all networks have tried
    this.firstSeed = Math.min(...runs.map(({ seed }) => seed));
  }

  /** The rate with the lowest validation loss of the first seed. */
  bestRate(name) {
    const tried = this.runs.filter((run) => run.name === name && run.seed === this.firstSeed);
    return tried.reduce((best, run) => (run.val < best.val ? run : best)).lr;
  }

  runsOf(name, rate) {
    const lr = rate || this.bestRate(name);
    return this.runs.filter((run) => run.name === name && run.lr === lr);
  }

  /**
   * The networks of a view that have runs, by cell and then by depth.
   * @param {View} view
   * @returns {Map<string, Place[]>}
   */
  shown({ plan, cell, rate }) {
    const cells = this.cells.filter((one) => cell === "all" || cell === one);
    const placeOf = (name) => {
      const network = this.networks.get(name);
      return { network, layers: network.layers, runs: this.runsOf(name, rate) };
    };
    const places = (one) => this.plans[plan].map(placeOf).filter((p) => p.network.cell === one);
    return new Map(cells.map((one) => [one, places(one).filter(({ runs }) => runs.length)]));
  }

  /**
   * What each network of a cell is beside an earlier one: at equal width beside the one with a
   * layer less, at equal parameters beside the shallowest.
   * @param {Place[]} places by depth
   * @param {View} view
   */
  compared(places, { plan, judge }) {
    const losses = ({ runs }) => runs.map((run) => run[judge]);
    return places.slice(1).map((second, i) => {
      const first = plan === "equal width" ? places[i] : places[0];
      return { first, second, ...compareSeeds(losses(first), losses(second)) };
    });
  }
}

/** The mean of several rows of equal length, place by place. */
export function meanCurve(rows) {
  return rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
}
