// A text whose characters can be visited, by pointer and by keyboard.

import { make } from "./dom.js";

const JUMPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -10, ArrowDown: 10 };

/** The place that a key leads to from `at` among `count`; undefined for other keys. */
function placeAfterKey(key, at, count) {
  const jump = JUMPS[key] ?? { Home: -count, End: count }[key];
  if (jump === undefined || count === 0) return undefined;
  return Math.max(0, Math.min(count - 1, at + jump));
}

export class VisitedText {
  /**
   * @param {string} label
   * @param {(place: number, byKey: boolean) => void} visit called where a reader goes
   */
  constructor(label, visit, className = "clm-text") {
    /** @type {HTMLSpanElement[]} */
    this.spans = [];
    this.at = -1; // the visited character; -1: none
    const attributes = { tabIndex: 0, role: "group", "aria-label": label };
    this.element = make("div", { className, ...attributes });
    const point = ({ target }) => {
      if (target.place !== undefined) visit(target.place, false);
    };
    this.element.addEventListener("pointerover", point);
    this.element.addEventListener("click", point);
    this.element.addEventListener("keydown", (event) => {
      const place = placeAfterKey(event.key, this.at, this.spans.length);
      if (place === undefined) return;
      event.preventDefault();
      visit(place, true);
    });
  }

  /** Empties the text, down to what stands before it and cannot be visited. */
  clear(...before) {
    this.spans = [];
    this.at = -1;
    this.element.replaceChildren(...before);
  }

  /** @param {HTMLSpanElement[]} spans one per character */
  append(spans) {
    for (const span of spans) {
      span.place = this.spans.length;
      this.spans.push(span);
    }
    this.element.append(...spans);
  }

  /** Marks the visited character. */
  select(place) {
    this.spans[this.at]?.classList.remove("clm-selected");
    this.at = place;
    this.spans[place].classList.add("clm-selected");
  }
}
