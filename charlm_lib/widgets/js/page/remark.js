// What is wrong with what stands in a field, said beside it and aloud.

import { freshId, make } from "./dom.js";

export class Remark {
  /** @param {HTMLInputElement} [input] the field that it is about */
  constructor(input) {
    this.input = input;
    const properties = { id: freshId("remark"), className: "clm-remark", role: "status" };
    this.element = make("p", properties);
    input?.setAttribute("aria-describedby", this.element.id);
  }

  /** Says what is wrong; "": nothing. */
  say(text) {
    if (this.element.textContent !== text) this.element.textContent = text; // told once
    this.input?.setAttribute("aria-invalid", String(text !== ""));
  }
}

/** Keeps the beginning of a text that is too long, and says so. */
export function cutToLength(input, longest, remark) {
  const characters = Array.from(input.value); // input.value.length counts some twice
  const isLonger = characters.length > longest;
  if (isLonger) input.value = characters.slice(0, longest).join("");
  const words = `Too long: only the first ${longest.toLocaleString("en")} characters stay.`;
  remark.say(isLonger ? words : "");
}
