// What the model was after so many updates: gradients of its layers, its states, its text.

import { TEMPERATURE } from "../../learning/screen.js";
import { make } from "../dom.js";
import { paintHeat } from "../heat.js";
import { visible } from "../words.js";
import { numberInWords } from "./words.js";

const LENGTHS =
  "Length of the gradient of each layer, on four windows of the text (logarithmic bars)";
const STATES = "States over the first letters of the text, a row a unit: wide is positive";
const BAR = { shortest: 1e-5, longest: 100 }; // lengths of gradients, on a logarithmic scale

export class ScreenView {
  constructor() {
    /** @type {import("../../learning/screen.js").Screen|null} */
    this.screen = null;
    this.lengths = make("ol", { className: "clm-bars clm-lengths" });
    this.states = make("div", {});
    this.title = make("p", { className: "clm-note" });
    this.sample = make("div", { className: "clm-text clm-sample" });
    this.elements = [
      make("p", { className: "clm-note" }, LENGTHS),
      this.lengths,
      make("p", { className: "clm-note" }, STATES),
      this.states,
      this.title,
      this.sample,
    ];
  }

  clear() {
    this.screen = null;
    this.title.textContent = "";
    this.sample.textContent = "…";
    this.lengths.replaceChildren();
    this.states.replaceChildren();
  }

  /** @param {{layers: number, hiddens: number}} about the model */
  fill(screen, about) {
    Object.assign(this, { screen, about });
    const { lengths, text, updates } = screen;
    const nameOf = (l) => (l < about.layers ? `layer ${l + 1}` : "output");
    this.lengths.replaceChildren(...lengths.map((value, l) => lengthItem(nameOf(l), value)));
    const when = `after update ${updates}, at temperature ${TEMPERATURE}`;
    this.title.textContent = `What it writes ${when}:`;
    this.sample.textContent = text || "Nothing: its numbers are no longer finite.";
    this.paint();
  }

  /** The picture of the states: the top layer is drawn first. */
  paint() {
    if (!this.screen) return;
    const { shown, states } = this.screen;
    const { layers, hiddens: H } = this.about;
    const rows = Array.from({ length: layers }, (_, i) => {
      const label = `States of layer ${layers - i} over ${shown.length} letters, ${H} units`;
      const name = make("p", { className: "clm-note" }, `layer ${layers - i}`);
      return [name, make("canvas", { role: "img", "aria-label": label })];
    });
    const letters = shown.map((letter) => make("span", {}, visible(letter)));
    const reads = make("div", { className: "clm-passage", "aria-hidden": "true" }, ...letters);
    reads.style.setProperty("--clm-columns", shown.length);
    this.states.replaceChildren(...rows.flat(), reads);
    rows.forEach(([, canvas], i) => {
      const from = (layers - 1 - i) * H;
      canvas.style.height = `${Math.max(2, Math.floor(96 / H)) * H}px`;
      paintHeat(canvas, shown.length, H, (t, j) => states[t][from + j]);
    });
  }
}

/** One layer's name, and its gradient's length as a bar and as a number. */
function lengthItem(name, length) {
  const bar = make("span", { className: "clm-bar" });
  const share = Math.log(length / BAR.shortest) / Math.log(BAR.longest / BAR.shortest);
  bar.style.width = `${100 * Math.max(0, Math.min(1, share || 0))}%`;
  return make(
    "li",
    {},
    make("span", {}, name),
    make("span", { className: "clm-track" }, bar),
    make("span", { className: "clm-number" }, numberInWords(length)),
  );
}
