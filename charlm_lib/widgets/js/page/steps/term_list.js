// One number of StepThrough and the terms that it is the sum of, largest first.

import { make, paragraph } from "../dom.js";
import { termInWords } from "./words.js";

const MOST = 6; // terms shown one by one

/** A number with its sign, in as few digits as tell it. */
export function signed(value) {
  const size = Math.abs(value);
  const digits =
    size >= 0.1 || size === 0
      ? size.toFixed(2)
      : size >= 0.001
        ? size.toPrecision(2)
        : size.toExponential(1).replace("-", "−");
  return `${value < 0 ? "−" : ""}${digits}`;
}

/** “tanh(0.83) = 0.68” */
function resultInWords({ squash, values }, j, sum) {
  if (!squash) return signed(values[j]);
  const argument = squash === "softmax" ? "score" : squash;
  if (squash === "softmax") return `${signed(values[j])}, from the ${argument} ${signed(sum)}`;
  return `${argument}(${signed(sum)}) = ${signed(values[j])}`;
}

/**
 * @param {import("../../model/terms/term.js").Quantity} quantity
 * @param {number} j the unit
 * @returns {{element: HTMLElement, words: string}} words: to be said aloud
 */
export function termList(quantity, j, name, about, l) {
  const terms = quantity.terms(j);
  const sum = terms.reduce((total, { value }) => total + value, 0);
  const ordered = [...terms].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const shown = ordered.slice(0, terms.length > MOST + 1 ? MOST : MOST + 1);
  const rest = ordered.slice(shown.length);
  const most = Math.max(...terms.map(({ value }) => Math.abs(value)), 1e-300);
  const list = make("ol", { className: "clm-terms" });
  for (const term of shown) list.append(item(termInWords(term, about, l), term, most));
  if (rest.length) {
    const value = rest.reduce((total, term) => total + term.value, 0);
    list.append(item(`the other ${rest.length}`, { value }, Math.max(most, Math.abs(value))));
  }
  const count = terms.length > 1 ? `, a sum of ${terms.length} terms, largest first:` : ":";
  const words = `${name}: ${resultInWords(quantity, j, sum)}${terms.length ? count : "."}`;
  const spoken = (term) => `${termInWords(term, about, l)} ${signed(term.value)}`;
  const largest = shown.slice(0, 2).map(spoken);
  const element = make("div", {}, paragraph(words), list);
  return { element, words: `${words} ${largest.join(", ")}` };
}

function item(name, { value, factors }, most) {
  const bar = make("span", { className: value < 0 ? "clm-minus" : "clm-plus" });
  bar.style.width = `${(50 * Math.abs(value)) / most}%`;
  const product = factors ? `${signed(factors[0])} × ${signed(factors[1])}` : "";
  return make(
    "li",
    {},
    make("span", { className: "clm-term-name" }, name),
    make("span", { className: "clm-product" }, product),
    make("span", { className: "clm-balance" }, bar),
    make("span", { className: "clm-number" }, signed(value)),
  );
}
