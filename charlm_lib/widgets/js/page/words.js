// How characters, shares, surprises and models are written and said.

import { cellOf } from "../model/cells/cells.js";
import { bits } from "../model/softmax.js";

/** A character as a person reads it: the space is a mark. */
export function visible(character) {
  return { " ": "␣", "\n": "↵", "\t": "⇥" }[character] ?? character;
}

/** A character as a screen reader should say it. */
export function spoken(character) {
  return { " ": "space", "\n": "new line", "\t": "tab" }[character] ?? character;
}

/** 0.4231 as “42%”; only what is impossible has “0%”, and only what is certain “100%”. */
export function percent(p) {
  if (p > 0 && p < 0.005) return "<1%";
  if (p < 1 && p >= 0.995) return ">99%";
  return `${Math.round(100 * p)}%`;
}

/** The surprise at an event of probability `p`, as “2.3 bits”. */
export function bitsInWords(p) {
  return p > 0 ? `${bits(p).toFixed(1)} bits` : "over 1000 bits"; // 2^-1074 is the last above 0
}

/** “2 GRU layers” */
export function layersInWords({ cell, layers }) {
  return `${layers} ${cellOf(cell).name} layer${layers > 1 ? "s" : ""}`;
}
