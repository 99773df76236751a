// What StepThrough says: what happens at a moment, and what a term of a number is.

import { percent, visible } from "../words.js";

/** @typedef {import("./pass.js").Pass} Pass */

const ROWS = {
  ...{ x: "input", s: "old state", a: "sum", h: "state" },
  ...{ r: "reset", z: "update", q: "old part", n: "proposal" },
  ...{ forget: "forget", input: "input", candidate: "candidate", memory: "memory" },
  ...{ output: "output", memoryLater: "later, C", memoryWhole: "gradient, C" },
  ...{ o: "scores", p: "chances", e: "error" },
  ...{ above: "above", later: "later", g: "gradient", d: "passed on" },
};

/** The name of a row of numbers. */
export function rowInWords(key) {
  return ROWS[key];
}

const GATES = {
  r: "The reset gate opens or closes: how much of the old state may the proposal see?",
  z: "The update gate opens or closes: how much of the old state stays?",
  q: "The old state passes through its weights, to be let in by the reset gate.",
  n: "The proposal for a new state: the letter, and what the reset gate lets in.",
  forget: "The forget gate opens or closes: how much of the old memory stays?",
  input: "The input gate opens or closes: how much of the candidate is added?",
  candidate: "The candidate: what the letter and the old state would write into the memory.",
  memory: "The old memory, shrunk by the forget gate, and what the input gate lets in are added.",
  output: "The output gate opens or closes: how much of the memory is shown?",
  memoryLater: "What reaches the memory on its straight road: no weights, only the forget gate.",
  memoryWhole: "Both are added: what comes from the next memory, and what through the state.",
};

/** @param {Pass} pass @param {import("./moments.js").Moment} moment */
export function momentInWords(pass, moment, key) {
  const told = pass.isBackward ? backward(pass, moment, key) : forward(pass, moment, key);
  return told ?? GATES[key];
}

function forward({ model, read, steps }, { t, l }, key) {
  const { cell, tokens, layers } = model.about;
  const letter = `“${visible(read[t].shown)}”`;
  const onwards = l < layers - 1 ? "to the right and up" : "to the right, and up to the output";
  const states = {
    tanh: `tanh squashes each sum to between −1 and 1. The new state moves on, ${onwards}.`,
    gru: `Old state and proposal are mixed by the update gate. The new state moves on, ${onwards}.`,
    lstm: `tanh squashes the memory, the output gate shows of it. The state moves on, ${onwards}.`,
  };
  const best = () => {
    const p = steps[t].probabilities;
    const token = p.indexOf(Math.max(...p));
    return `“${visible(tokens[token])}” gets ${percent(p[token])}`;
  };
  const fromBelow = `The new state of layer ${l} passes through W_xh of layer ${l + 1}.`;
  const told = {
    x: () => (l ? fromBelow : `${letter} picks its row of W_xh: no product, only a look-up.`),
    s: () =>
      t
        ? "The old state, all that is left of the letters before, passes through W_hh."
        : "The old state is zero at the first letter: W_hh adds nothing.",
    a: () => "Input, old state and bias are added.",
    h: () => states[cell],
    o: () => "The top layer's state passes through W_hq: a score for each character.",
    p: () => `The softmax turns scores into chances of the next letter: ${best()}.`,
  };
  return told[key]?.();
}

function backward({ model, next, read, steps }, { t, l }, key) {
  const { layers, cell } = model.about;
  const chance = steps[steps.length - 1].probabilities[next.token];
  const came = `“${visible(next.shown)}” came, to which the model had given ${percent(chance)}`;
  const isLast = t === steps.length - 1;
  const where = `at “${visible(read[t].shown)}”`;
  const fromOutput = isLast
    ? "Down from the output: each unit's share in the error, through W_hq."
    : `Only the last letter's loss counts here, so nothing comes from the output ${where}.`;
  const roads = {
    tanh: "through W_hh",
    gru: "through the gates, and straight along the update gate",
    lstm: "through the gates",
  };
  const told = {
    e: () => `${came}. The loss pulls every score: chances minus what came.`,
    above: () => (l === layers - 1 ? fromOutput : `Down from layer ${l + 2}, ${where}.`),
    later: () =>
      isLast
        ? "Nothing comes from later: this is the last step."
        : `Back from the next step, ${roads[cell]}.`,
    g: () => `Both are added: how the loss would change with each unit ${where}.`,
    d: () => "Times the slope of tanh, 1 − h²: where a unit is saturated, little passes.",
  };
  return told[key]?.();
}

const GATE_NAMES = {
  tanh: [],
  gru: ["reset, ", "update, ", "proposal, "],
  lstm: ["input, ", "forget, ", "candidate, ", "output, "],
};

/** Which of the gates' numbers this is. */
function gateUnit({ cell, hiddens }, k) {
  return `${GATE_NAMES[cell][Math.floor(k / hiddens)] ?? ""}unit ${(k % hiddens) + 1}`;
}

/** Where a term comes from. @param {import("../../model/terms/term.js").Term} term */
export function termInWords({ kind, unit }, about, l) {
  const character = () => `“${visible(about.tokens[unit])}”`;
  const told = {
    letter: () => `row ${character()} of the table`,
    below: () => `unit ${unit + 1} of layer ${l}`,
    before: () => `unit ${unit + 1}, a letter ago`,
    top: () => `unit ${unit + 1}`,
    error: () => `score of ${character()}`,
    above: () => `${gateUnit(about, unit)}, layer ${l + 2}`,
    later: () => `${gateUnit(about, unit)}, a letter later`,
  };
  return told[kind]?.() ?? FIXED[kind];
}

const FIXED = {
  ...{ bias: "bias", x: "from the input", s: "from the old state" },
  ...{ reset: "reset gate × old part", new: "(1 − update) × proposal", kept: "update × old state" },
  ...{ chance: "its chance", target: "what came", slope: "gradient × slope of tanh" },
  ...{ added: "input gate × candidate", remembered: "forget gate × old memory" },
  ...{ shown: "output gate × tanh(memory)", through: "gradient × output gate × slope of tanh" },
  ...{ fromAbove: "from above", fromLater: "from later", road: "straight through the update gate" },
  ...{ memoryRoad: "straight through the forget gate" },
};
