// The units of the trained model whose gates stand as the sliders do, on the reader's text.

import { GATED, nearest, standings } from "../../model/gates.js";
import { readText } from "../../model/text.js";
import { trace } from "../../model/trace.js";
import { button, field, select } from "../controls.js";
import { make } from "../dom.js";
import { echoReading, emptyEcho } from "../reading.js";
import { Remark, cutToLength } from "../remark.js";
import { save } from "../traits.js";
import { UnitPicture } from "./unit_picture.js";
import { unitInDetail, unitInList } from "./words.js";

const LONGEST = 60; // letters
const LISTED = 6; // units
const STATE_NAMES = { h: "its hidden state", c: "its memory cell" };

export class TrainedUnits {
  /**
   * @param {object} widget
   * @param {import("../../model/network.js").Model} model
   * @param {() => void} changed called when there is something new to draw
   */
  constructor(widget, model, changed) {
    this.model = model;
    this.changed = changed;
    this.text = make("input", { type: "text", spellcheck: false, autocomplete: "off" });
    this.tooLong = new Remark(this.text);
    this.text.addEventListener("input", () => {
      cutToLength(this.text, LONGEST, this.tooLong);
      save(widget, "text", this.text.value);
    });
    this.echo = emptyEcho();
    this.list = select("Nearest units, by their mean gates on this text", [], "", () => changed());
    this.picture = new UnitPicture();
    this.detail = make("p", { className: "clm-detail-line", "aria-live": "polite" });
    const parts = [this.tooLong, this.list, this.picture].map(({ element }) => element);
    parts.splice(1, 0, this.echo);
    const own = field("Your text", this.text, "clm-wide");
    this.inside = make("div", { hidden: true }, own, ...parts, this.detail);
    this.button = button("Show trained units that do this", () => this.open());
    this.button.setAttribute("aria-expanded", "false");
    this.element = make("div", { className: "clm-trained" }, this.button, this.inside);
  }

  /** Opens it, or closes it again. */
  open() {
    const isHidden = this.inside.toggleAttribute("hidden");
    this.button.setAttribute("aria-expanded", String(!isHidden));
    this.changed();
  }

  /** Runs the model on another text. */
  read(text) {
    if (this.text.value !== text) this.text.value = text;
    const { about } = this.model;
    const reading = readText(text, about.tokens);
    echoReading(reading, this.echo);
    this.steps = trace(this.model, reading.filter((c) => c.known).slice(0, LONGEST));
    this.units = this.steps.length ? standings(about, this.steps) : [];
  }

  /** Ranks the units by where the reader's gates stand, and shows the chosen one. */
  draw(gates, isNarrow) {
    if (this.inside.hidden) return;
    const isEmpty = !this.units.length;
    for (const { element } of [this.list, this.picture]) element.toggleAttribute("hidden", isEmpty);
    if (isEmpty) {
      this.detail.textContent = "Type at least one character that the model knows.";
      return;
    }
    const { cell } = this.model.about;
    const key = ({ layer, unit }) => `${layer}-${unit}`;
    const found = nearest(this.units, gates, LISTED);
    const { input } = this.list;
    const wanted = this.ranked === found.map(key).join() ? input.value : key(found[0]);
    this.ranked = found.map(key).join();
    input.replaceChildren(...found.map((unit) => new Option(unitInList(unit, cell), key(unit))));
    input.value = wanted;
    this.show(found.find((unit) => key(unit) === wanted), gates, isNarrow);
  }

  /** The state and the gate of one unit, beside where the reader's gates stand. */
  show(unit, reader, isNarrow) {
    const { cell, hiddens } = this.model.about;
    const { carries, keeps, gates } = GATED[cell];
    const at = (unit.layer - 1) * hiddens + unit.unit - 1;
    const words = unitInDetail(unit, cell, this.steps.length, reader);
    this.picture.draw(
      {
        letters: this.steps.map(({ shown }) => shown),
        state: this.steps.map(({ values }) => values[carries][at]),
        gate: this.steps.map(({ values }) => values[keeps][at]),
        stateName: `${STATE_NAMES[carries]} after each letter`,
        gateName: `its ${gates[keeps]} gate`,
        label: words,
      },
      isNarrow,
    );
    this.detail.textContent = words;
  }
}
