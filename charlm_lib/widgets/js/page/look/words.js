// What WhatDidItLookAt says about a letter and about a whole text.

import { reachOf } from "../../model/influence.js";
import { bitsInWords, percent, spoken, visible } from "../words.js";

const SHARE = 0.9; // of all influence

/** The two measures: a method of `Influence`, and its name. */
export const MEASURES = { bySwap: "what a swap changes", byGradient: "the gradient" };

/** A number of nats with its sign in few characters: +1.23, −0.04, +3e−5. */
export function signed(x) {
  const size = Math.abs(x);
  const digits = size >= 0.005 || !size ? size.toFixed(2) : size.toExponential(0);
  return `${x < 0 ? "−" : "+"}${digits.replace("-", "−")}`;
}

/** How likely the chosen letter was. */
export function chosenInWords(letter, logP) {
  const p = Math.exp(logP);
  return `“${letter}”: ${percent(p)}, ${bitsInWords(p)}`;
}

/** The places with the most influence, the strongest first. */
export function strongest(row, count = 5) {
  const places = Array.from(row.keys()).sort((a, b) => Math.abs(row[b]) - Math.abs(row[a]));
  return places.slice(0, count);
}

/** For a screen reader: what one model made of the chosen letter. */
export function panelAloud(key, letters, at, logP, row) {
  const chances = `Model ${key}: ${percent(Math.exp(logP))}`;
  if (!row?.length) return `${chances}.`;
  const [s] = strongest(row, 1);
  const back = at - s === 1 ? "1 letter" : `${at - s} letters`;
  return `${chances}, most of it from ${spoken(letters[s])}, ${back} back: ${signed(row[s])} nats.`;
}

/** How the colours are read. */
export function legend(full) {
  if (!full) return "";
  return (
    "Warm and underlined: without this letter the chosen one would have been less likely. Cool " +
    `and dotted: more likely. Full colour is ${signed(full).slice(1)} nats.`
  );
}

/** How far back a model listens, and whether the gradient tells the truth. */
export function reachInWords(key, means, { r, sameSign }) {
  const reach = reachOf(means, SHARE);
  const within = reach === 1 ? "the last letter" : `the last ${reach} letters`;
  return (
    `${key}: nine tenths of all influence come from ${within}. Up to 10 letters back the ` +
    `gradient has the sign of the swap in ${percent(sameSign)} of the cases (guessing: 50%), ` +
    `and their correlation is ${r.toFixed(2).replace("-", "−")}.`
  );
}

/** A letter of the table. */
export function letterCell(letters, s) {
  return `“${visible(letters[s])}”`;
}
