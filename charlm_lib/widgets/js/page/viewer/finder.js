// The part of HiddenStateViewer that finds units: for a property, on pages that travel with it.

import { Model } from "../../model/network.js";
import { initialParameters } from "../../model/parameters.js";
import { randomNumbers } from "../../model/random.js";
import { readText } from "../../model/text.js";
import { PROPERTIES, UnitStates, scoreOnText } from "../../model/unit_search.js";
import { button, field, row, select } from "../controls.js";
import { make } from "../dom.js";
import { inPortions } from "../slices.js";
import { correlationInWords, foundInWords } from "./sentences.js";

const SHORTEST = 400; // characters of the pages that a search needs
const SHORTEST_OWN = 20;
const SHOWN = 8; // units
const UNTRAINED = [1, 2, 3]; // seeds of networks that have learned nothing

export class UnitFinder {
  /**
   * @param {object} widget
   * @param {(layer: number, unit: number) => void} pick
   */
  constructor(widget, pick) {
    this.pages = new TextDecoder().decode(widget.get("pages") ?? new Uint8Array());
    this.title = widget.get("title");
    this.pick = pick;
    this.stop = () => {};
    this.found = null;
    const options = Object.entries(PROPERTIES).map(([key, { name }]) => [key, name]);
    this.property = select("Find units for", options, "space", () => this.offer());
    this.marked = make("input", { type: "text", value: "th", spellcheck: false });
    this.markedField = field("These letters", this.marked);
    this.button = button("Find", () => this.find(), { className: "clm-button clm-find" });
    this.progress = make("progress", { max: 1, hidden: true, "aria-label": "Searching" });
    this.status = make("p", { className: "clm-meta", role: "status" });
    this.table = make("table", {});
    this.element = make(
      "div",
      { className: "clm-finder", role: "group", "aria-label": "Find units" },
      row(this.property.element, this.markedField, this.button),
      this.progress,
      this.status,
      this.table,
    );
    this.element.hidden = !this.pages; // a page that was made before there were any
    this.offer();
  }

  offer() {
    this.markedField.hidden = this.property.input.value !== "marked";
  }

  /**
   * Another text or another model: what was found stays true of its model only.
   * @param {import("../../model/network.js").Model} model
   * @param {import("../../model/trace.js").Step[]} steps over the reader's text
   */
  follow(model, steps) {
    this.steps = steps;
    if (this.model !== model) {
      this.stop();
      this.progress.hidden = true;
      this.status.textContent = "";
      this.model = model;
      this.states = this.untrained = undefined;
      this.found = null;
    }
    this.show();
  }

  find() {
    this.stop();
    this.found = null;
    this.show();
    const known = readText(this.pages, this.model.about.tokens).filter((c) => c.known);
    const property = this.property.input.value;
    const marked = this.marked.value.toLowerCase();
    const letters = known.map((c) => c.shown);
    const labels = PROPERTIES[property].labels(letters, marked);
    const isFlat = new Set(labels).size < 2;
    this.status.textContent = isFlat ? "None of these letters stands on the pages." : "";
    if (known.length < SHORTEST) this.status.textContent = "There are no pages to search in.";
    this.progress.hidden = this.status.textContent !== "";
    if (this.progress.hidden) return;
    const search = this.search(known.map((c) => c.token), labels);
    this.stop = inPortions(search, (isDone, value) => {
      if (isDone) this.end({ ...value, property, marked, length: known.length });
      else this.progress.value = value;
    });
  }

  /** Half of the work is to read, the other half to shift. */
  *search(tokens, labels) {
    for (const share of this.reading(tokens)) yield share / 2;
    const chance = this.states.chance(labels, randomNumbers(UNTRAINED[0]));
    let step = chance.next();
    while (!step.done) {
      yield 0.5 + step.value / 2;
      step = chance.next();
    }
    const scores = this.states.scores(labels);
    const untrained = Math.max(...this.untrained.map((states) => states.best(labels)));
    return { scores, chance: step.value, untrained };
  }

  /** The model reads the pages, and beside it some of its shape that have learned nothing. */
  *reading(tokens) {
    if (this.states) return;
    const { about } = this.model;
    const others = UNTRAINED.map((seed) => new Model(about, initialParameters(about, seed)));
    const all = [this.model, ...others].map((model) => new UnitStates(model));
    for (const [i, states] of all.entries()) {
      for (const share of states.read(tokens)) yield (i + share) / all.length;
    }
    this.states = all[0];
    this.untrained = all.slice(1);
  }

  end(found) {
    this.found = found;
    this.progress.hidden = true;
    this.status.textContent = foundInWords(found, this.title);
    this.show();
  }

  show() {
    this.table.replaceChildren(...(this.found ? this.rows() : []));
  }

  /** The best units, each with its score on the reader's own text. */
  rows() {
    const { scores, property, marked } = this.found;
    const { hiddens } = this.model.about;
    const size = (u) => Math.abs(scores[u]);
    const units = Array.from(scores.keys()).sort((a, b) => size(b) - size(a));
    const own = PROPERTIES[property].labels(this.steps.map((step) => step.shown), marked);
    const lines = units.slice(0, SHOWN).map((u) => {
      const [layer, unit] = [Math.floor(u / hiddens) + 1, (u % hiddens) + 1];
      const name = `layer ${layer}, unit ${unit}`;
      const choose = button(name, () => this.pick(layer, unit), {
        className: "clm-button clm-small",
      });
      return tableLine("td", [choose, correlationInWords(scores[u]), this.onOwnText(u, own)]);
    });
    const head = tableLine("th", ["unit", "on the pages", "on your text (by chance)"]);
    return [make("thead", {}, head), make("tbody", {}, ...lines)];
  }

  onOwnText(u, own) {
    if (own.length < SHORTEST_OWN) return "too short";
    if (new Set(own).size < 2) return "it has none";
    const { score, chance } = scoreOnText(this.steps.map(({ values }) => values.h[u]), own);
    return `${correlationInWords(score)} (${chance.toFixed(2)})`;
  }
}

function tableLine(tag, cells) {
  return make("tr", {}, ...cells.map((cell) => make(tag, {}, cell)));
}
