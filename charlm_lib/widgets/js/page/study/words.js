// What StudyExplorer says about a view and about one point of it.

const NUMBERS = ["no layer", "one layer", "two layers", "three layers", "four layers"];
const CELLS = { tanh: "tanh", gru: "GRU", lstm: "LSTM" };
export const JUDGES = { test: "the test text", val: "the validation windows" };

/** @typedef {import("../../model/study.js").Place} Place */

export function cellName(cell) {
  return CELLS[cell] ?? cell;
}

function layersOf(place) {
  return NUMBERS[place.layers] ?? `${place.layers} layers`;
}

/** +0.029, −0.005 */
function nats(x) {
  return `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(3)} nats`;
}

function chanceInWords(p) {
  return p < 0.0001 ? "p < 0.0001" : `p = ${p.toFixed(4)}`;
}

/** One comparison: “two layers than one layer: better (+0.029 nats, p = 0.0007)”. */
function comparisonInWords({ first, second, difference, p, verdict }) {
  const pair = `${layersOf(second)} than ${layersOf(first)}`;
  if (verdict) return `${pair}: ${verdict} (${nats(difference)}, ${chanceInWords(p)})`;
  return `${pair}: ${nats(difference)}, but who can say, with a single seed`;
}

/** What depth does in a cell, in a few words. */
function answer(compared, plan) {
  const verdicts = compared.map(({ verdict }) => verdict);
  if (verdicts.includes("")) return "a single seed each cannot tell a difference from luck";
  const better = compared.filter(({ verdict }) => verdict === "better");
  const worse = compared.filter(({ verdict }) => verdict === "worse");
  const most = Math.max(...better.map(({ difference }) => difference));
  const unit = plan === "equal width" ? "further layer" : "deeper network";
  if (!better.length && !worse.length) return `no ${unit} is more than a tie`;
  const gains = better.length
    ? `${better.length} of ${compared.length} ${unit}s better, by ${most.toFixed(3)} nats at most`
    : `no ${unit} is better`;
  return worse.length ? `${gains}; ${worse.length} worse` : gains;
}

/**
 * The verdict on one cell: a sentence, and its comparisons one by one.
 * @returns {{sentence: string, details: string[]}}
 */
export function verdictOf(cell, places, compared, { plan, judge, rate }) {
  const at = rate ? `all with rate ${rate}` : "each with its best rate";
  const where = `${cellName(cell)}, ${plan}, ${at}, on ${JUDGES[judge]}`;
  if (!compared.length) {
    const tried = places.length ? "only one of these networks" : "none of these networks";
    return { sentence: `${where}: ${tried} has a run with this rate.`, details: [] };
  }
  const details = compared.map(comparisonInWords);
  return { sentence: `${where}: ${answer(compared, plan)}.`, details };
}

/** One point: a run, or the mean of several. */
export function pointInWords({ place: { network, runs }, chosen, loss }, judge) {
  const { cell, layers, hiddens, params } = network;
  const mean = runs.length > 1 ? `mean of ${runs.length} seeds` : "a single seed";
  const of = chosen ? `seed ${chosen.seed}` : mean;
  return (
    `${cellName(cell)}, ${layers} × ${hiddens}, ${params.toLocaleString("en")} parameters, ` +
    `rate ${runs[0].lr}, ${of}: perplexity ${Math.exp(loss).toFixed(3)} on ${JUDGES[judge]} ` +
    `(${loss.toFixed(3)} nats)`
  );
}
