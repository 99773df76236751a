// Equations in a line of text: letters with marks below and above them.

import { make } from "./dom.js";

/** A letter with a mark below it and one above it, such as h with t − 1, or W with hh. */
export function symbol(letter, below = "", above = "") {
  const parts = [make("var", {}, letter)];
  if (below) parts.push(make("sub", {}, below));
  if (above) parts.push(make("sup", {}, above));
  return make("span", {}, ...parts);
}

/** A line with an equation in it, of symbols and text. */
export function equation(...parts) {
  return make("p", { className: "clm-equation" }, ...parts);
}
