// One model of WhatDidItLookAt: the text that glows, and the letters that mattered most.

import { select } from "../controls.js";
import { make } from "../dom.js";
import { VisitedText } from "../visited_text.js";
import { visible } from "../words.js";
import { chosenInWords, letterCell, signed, strongest } from "./words.js";

/** @typedef {import("../../model/influence.js").Influence} Influence */

export class LookPanel {
  /**
   * @param {string} key A or B
   * @param {string[]} names of all models
   * @param {(model: number) => void} choose
   * @param {(place: number, byKey: boolean) => void} visit
   */
  constructor(key, names, choose, visit) {
    this.key = key;
    const options = names.map((name, i) => [String(i), name]);
    this.model = select(`Model ${key}`, options, "0", (i) => choose(Number(i)));
    this.name = make("p", { className: "clm-model-name" });
    const isChoice = names.length > 1;
    const label = `The text as model ${key} reads it. Arrow keys choose a letter.`;
    this.text = new VisitedText(label, visit, "clm-text clm-signed");
    this.told = make("p", {});
    this.table = make("table", {});
    const head = isChoice ? this.model.element : this.name;
    const children = [head, this.text.element, this.told, this.table];
    this.element = make("div", { className: "clm-look-panel" }, ...children);
  }

  /** A new text or another model. */
  read(index, name, letters) {
    this.model.input.value = String(index);
    this.name.textContent = name;
    this.text.clear();
    this.text.append(letters.map((letter) => make("span", {}, letter)));
  }

  /**
   * Lets the letters glow for the chosen one.
   * @param {Influence} influence
   * @param {Float64Array|undefined} row influence of each letter before `at`; undefined: not yet
   * @param {number} full what is shown in full colour
   */
  show(influence, letters, at, row, full) {
    this.text.select(at);
    this.text.spans.forEach((span, s) => {
      const v = full && row && s < at ? row[s] / full : 0;
      span.style.setProperty("--clm-amount", Math.abs(v).toFixed(2));
      span.classList.toggle("clm-cool", v < 0);
      span.classList.toggle("clm-high", v > 0.5);
      span.classList.toggle("clm-low", v < -0.5);
      span.classList.toggle("clm-later", s > at);
    });
    this.told.textContent = at
      ? chosenInWords(visible(letters[at]), influence.logP[at])
      : "Nothing stands before the first letter.";
    this.table.replaceChildren(...(row?.length ? tableOf(influence, letters, at, row) : []));
  }
}

function tableRow(tag, cells) {
  return make("tr", {}, ...cells.map((cell) => make(tag, {}, cell)));
}

/** The strongest letters with both measures. */
function tableOf(influence, letters, at, row) {
  const swaps = influence.bySwap(at);
  const gradients = influence.byGradient(at);
  const rows = strongest(row).map((s) =>
    tableRow("td", [
      letterCell(letters, s),
      String(at - s),
      swaps ? signed(swaps[s]) : "…",
      signed(gradients[s]),
    ]),
  );
  return [
    make("thead", {}, tableRow("th", ["letter", "back", "swap", "gradient"])),
    make("tbody", {}, ...rows),
  ];
}
