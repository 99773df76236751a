// What a model makes of the reader's text.

import { readText } from "../model/text.js";
import { make } from "./dom.js";
import { visible } from "./words.js";

/** Where `echoReading` writes: it is said aloud. */
export function emptyEcho() {
  return make("p", { className: "clm-note", role: "status" });
}

/** The reader's text as the model reads it: characters that it does not know are struck out. */
export function echoReading(reading, element) {
  const unknown = [...new Set(reading.filter((c) => !c.known).map((c) => c.shown))];
  element.replaceChildren();
  if (!unknown.length) return;
  element.append("The model reads “");
  for (const { shown, known } of reading.slice(0, 200)) {
    element.append(known ? shown : make("del", { title: "not in the vocabulary" }, visible(shown)));
  }
  const more = reading.length > 200 ? "…" : "";
  const names = unknown.slice(0, 8).map((c) => `“${visible(c)}”`);
  if (unknown.length > 8) names.push(`${unknown.length - 8} more`);
  element.append(`${more}”. Not in its vocabulary, so left out: ${names.join(", ")}.`);
}

/** What models make of a text: said once for those of one vocabulary. */
export class Echoes {
  constructor() {
    this.element = make("div", {});
  }

  /** @param {import("../model/parameters.js").Description[]} models */
  show(text, models) {
    const vocabularies = new Map(models.map(({ tokens }) => [tokens.join(""), tokens]));
    while (this.element.children.length < vocabularies.size) this.element.append(emptyEcho());
    Array.from(this.element.children).forEach((echo, i) => {
      const tokens = Array.from(vocabularies.values())[i];
      echoReading(tokens ? readText(text, tokens) : [], echo);
    });
  }
}
