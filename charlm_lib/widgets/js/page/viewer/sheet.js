// The sheet of HiddenStateViewer: a model's layers over the characters of a text.

import { bits } from "../../model/softmax.js";
import { make } from "../dom.js";
import { paintHeat } from "../heat.js";
import { visible } from "../words.js";
import { nameOfView } from "./views.js";

const COLUMN_PIXELS = 15; // width of a character's column
const TALLEST_LAYER = 192; // pixels
const FULL_BAR = 8; // bits of surprise

/** One row of the sheet with its name at the left. */
function sheetRow(name, content, className = "") {
  const label = make("span", { className: "clm-name" }, name);
  return make("div", { className: `clm-line ${className}` }, label, content);
}

/** A line of cells, one per character. */
function cells(steps, content) {
  return make("div", { className: "clm-cells" }, ...steps.map(content));
}

function guessCell({ guess, right }) {
  return make("span", { className: right ? "clm-right" : "" }, visible(guess));
}

function surpriseCell({ probabilities, next }) {
  const bar = make("i", {});
  const amount = next < 0 ? 0 : bits(probabilities[next]);
  bar.style.height = `${Math.min(100, (100 * amount) / FULL_BAR)}%`;
  return make("span", {}, bar);
}

function readCell({ shown }) {
  return make("span", {}, visible(shown));
}

/** The units of one layer, a row each, with the mark of the chosen one. */
function layerRow(steps, layer, hiddens, view) {
  const canvas = make("canvas", { className: "clm-heat", role: "img" });
  const label = `${nameOfView(view)} of layer ${layer}: ${hiddens} units, one row each`;
  canvas.setAttribute("aria-label", label);
  canvas.layer = layer;
  const mark = make("div", { className: "clm-mark", hidden: true });
  const holder = make("div", { className: "clm-heat-holder" }, canvas, mark);
  holder.style.setProperty("--clm-rows", hiddens);
  return { canvas, element: sheetRow(`layer ${layer}`, holder) };
}

export class Sheet {
  /**
   * @param {(column: number) => void} visit called where the pointer goes
   * @param {(layer: number, unit: number) => void} pick called when a unit is clicked
   */
  constructor(visit, pick) {
    this.columns = 0;
    this.sheet = make("div", { className: "clm-sheet" });
    const attributes = { tabIndex: 0, role: "region" };
    this.element = make("div", { className: "clm-scroll", ...attributes }, this.sheet);
    this.element.setAttribute("aria-label", "Layers over your text; scrolls sideways");
    const point = (event) => {
      const column = this.columnOf(event);
      if (column >= 0 && column < this.columns) visit(column);
    };
    this.sheet.addEventListener("pointermove", point);
    this.sheet.addEventListener("click", (event) => {
      point(event);
      const canvas = event.target.closest(".clm-heat-holder")?.querySelector("canvas");
      if (canvas) pick(canvas.layer, unitOf(event, canvas));
    });
  }

  columnOf({ clientX }) {
    const box = this.sheet.querySelector(".clm-cells")?.getBoundingClientRect();
    // A slide may be scaled, so no pixels are counted here.
    return box ? Math.floor(((clientX - box.left) / box.width) * this.columns) : -1;
  }

  clear() {
    this.columns = 0;
    this.sheet.replaceChildren();
  }

  /**
   * What the model reads at the bottom, layer upon layer, its guesses on top.
   * @param {import("../../model/trace.js").Step[]} steps
   * @param {import("../../model/parameters.js").Description} about
   * @param {string} view
   * @param {number} full the value that is shown in full colour
   */
  fill(steps, { layers, hiddens: H }, view, full) {
    const { sheet } = this;
    this.columns = steps.length;
    sheet.style.setProperty("--clm-columns", steps.length);
    const height = Math.max(1, Math.min(5, Math.floor(TALLEST_LAYER / H)));
    sheet.style.setProperty("--clm-row", `${height}px`);
    const surprises = sheetRow("surprise", cells(steps, surpriseCell), "clm-surprises");
    sheet.replaceChildren(sheetRow("guess", cells(steps, guessCell)), surprises);
    for (let l = layers; l >= 1; l--) {
      const { canvas, element } = layerRow(steps, l, H, view);
      sheet.append(element); // colours are known only on the page
      paintHeat(canvas, steps.length, H, (t, j) => steps[t].values[view][(l - 1) * H + j] / full);
    }
    sheet.append(sheetRow("reads", cells(steps, readCell), "clm-reads"));
    sheet.append(make("div", { className: "clm-column" }));
  }

  /** Marks a unit, counted from 1; unit 0: none. */
  mark(layer, unit) {
    for (const mark of this.sheet.querySelectorAll(".clm-mark")) {
      mark.hidden = !unit || mark.previousSibling.layer !== layer;
      mark.style.setProperty("--clm-unit", unit - 1);
    }
  }

  /** Marks the column of a character. */
  select(column) {
    this.sheet.style.setProperty("--clm-at", column);
  }

  /** Scrolls a column to the middle. */
  centre(column) {
    this.element.scrollLeft = column * COLUMN_PIXELS - this.element.clientWidth / 2;
  }
}

/** The unit, counted from 1, whose row of the canvas was clicked. */
function unitOf({ clientY }, canvas) {
  const box = canvas.getBoundingClientRect();
  const unit = Math.floor(((clientY - box.top) / box.height) * canvas.height);
  return Math.max(0, Math.min(canvas.height - 1, unit)) + 1;
}
