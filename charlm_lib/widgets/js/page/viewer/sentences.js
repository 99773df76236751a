// What HiddenStateViewer says about a text and about one of its characters.

import { bits } from "../../model/softmax.js";
import { bitsInWords, percent, visible } from "../words.js";

/** @typedef {import("../../model/trace.js").Step} Step */

/**
 * What the model made of the text, and how its colours are read.
 * @param {Step[]} steps
 * @param {string} legend a sentence
 */
export function summary(steps, legend) {
  const scored = steps.filter((step) => step.next >= 0);
  if (!scored.length) return "";
  const right = scored.filter((step) => step.right).length;
  const total = scored.reduce((sum, s) => sum + bits(s.probabilities[s.next]), 0);
  const mean = total / scored.length;
  const surprise = Number.isFinite(mean) ? mean.toFixed(2) : "over 1000";
  return (
    `Its guess was right ${right} times out of ${scored.length}; it was surprised by ` +
    `${surprise} bits per character. ` +
    `Right guesses are underlined. ${legend}` +
    "Click a unit, one row of a layer, to tint your text."
  );
}

/**
 * What the model expected after one character.
 * @param {Step} step
 * @param {string} shown the character, as it is written or said
 */
export function expectation({ probabilities, next }, shown, tokens) {
  const after = `After “${shown}” `;
  if (next < 0) return `${after}the text ends; the model would go on as below.`;
  const p = probabilities[next];
  return `${after}came “${visible(tokens[next])}”: ${percent(p)}, ${bitsInWords(p)}.`;
}

/** Where a unit stands: its hidden state, or another of its values, by name. */
export function unitInWords(layer, unit, value, name) {
  const number = value.toFixed(2).replace("-", "−");
  const place = `nit ${unit} of layer ${layer} is at ${number}.`;
  return name === "hidden state" ? ` U${place}` : ` The ${name} of u${place}`;
}

/** A correlation with its sign: +0.84 or −0.31. */
export function correlationInWords(r) {
  return `${r < 0 ? "−" : "+"}${Math.abs(r).toFixed(2)}`;
}

/** What a search for units has found, beside what chance and untrained networks would give. */
export function foundInWords({ scores, chance, untrained, length }, title) {
  const sizes = scores.map(Math.abs);
  const above = sizes.filter((size) => size > chance).length;
  const beyond = sizes.filter((size) => size > untrained).length;
  return (
    `Correlations over ${length.toLocaleString("en")} characters, ${title}. ${above} of ` +
    `${sizes.length} units are above chance: with the labels shifted to another place, the best ` +
    `of all units reaches ${chance.toFixed(2)} in one of twenty tries. But the best unit of ` +
    `three untrained networks of this shape reaches ${untrained.toFixed(2)}; ${beyond || "none"} ` +
    `of these ${beyond === 1 ? "exceeds" : "exceed"} that. Choose a unit to tint your text.`
  );
}
