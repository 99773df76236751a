// StepThrough's parts together: a text, a moment, the picture, and one number.

import { readText } from "../../model/text.js";
import { field } from "../controls.js";
import { make } from "../dom.js";
import { echoReading, emptyEcho } from "../reading.js";
import { Remark, cutToLength } from "../remark.js";
import { save } from "../traits.js";
import { equationOf } from "./equations.js";
import { lastMomentOf } from "./moments.js";
import { Numbers } from "./numbers.js";
import { Pass } from "./pass.js";
import { Picture } from "./picture.js";
import { Player } from "./player.js";
import { termList } from "./term_list.js";
import { momentInWords, rowInWords } from "./words.js";

const LONGEST_WORD = 10; // letters
const NARROW_VIEW = 560; // pixels
const SIGNS =
  "Positive numbers fill their cell, negative ones are small squares; pale ones are near 0.";
const PARTS = " In a box the memory cell is above, the state below; numbers tell of the state.";
const TOO_SHORT = "Type at least two characters that the model knows.";

export class StepView {
  /**
   * @param {object} widget
   * @param {import("../../model/network.js").Model} model
   */
  constructor(widget, model) {
    this.widget = widget;
    this.model = model;
    this.pass = null; // none: the text is too short
    this.at = 0;
    this.row = 0; // of the visited number
    this.unit = -1; // -1: the largest of its row
    this.text = make("input", { type: "text", spellcheck: false, autocomplete: "off" });
    this.tooLong = new Remark(this.text);
    this.text.addEventListener("input", () => {
      cutToLength(this.text, LONGEST_WORD, this.tooLong);
      save(widget, "text", this.text.value);
    });
    this.echo = emptyEcho();
    this.player = new Player(
      (at) => this.go(at),
      (isBackward) => save(widget, "backward", isBackward),
    );
    this.picture = new Picture((t, l) => this.lookAt(t, l));
    this.now = make("p", { className: "clm-moment", "aria-live": "polite" });
    this.equation = make("div", {});
    this.numbers = new Numbers((...place) => this.visit(...place));
    this.terms = make("div", { className: "clm-term-place" });
    this.aloud = make("p", { className: "clm-hidden", "aria-live": "polite" });
    this.element = this.arrange();
  }

  arrange() {
    this.shown = make(
      "div",
      {},
      this.picture.element,
      this.now,
      this.equation,
      this.numbers.element,
      make("p", { className: "clm-note" }, SIGNS + (this.model.cell.states[1] ? PARTS : "")),
      this.terms,
      this.aloud,
    );
    return make(
      "section",
      { className: "clm clm-steps", "aria-label": "Step through the network" },
      field("Your letters", this.text, "clm-wide"),
      this.tooLong.element,
      this.echo,
      ...this.player.elements,
      this.shown,
    );
  }

  get isNarrow() {
    return this.element.clientWidth > 0 && this.element.clientWidth < NARROW_VIEW;
  }

  /** Everything again: another text or direction. */
  read() {
    const { widget, text, model } = this;
    if (text.value !== widget.get("text")) text.value = widget.get("text");
    this.player.direction.input.value = widget.get("backward") ? "backward" : "forward";
    const reading = readText(widget.get("text"), model.about.tokens);
    echoReading(reading, this.echo);
    const known = reading.filter((c) => c.known).slice(0, LONGEST_WORD);
    this.shown.hidden = known.length < 2;
    this.pass = null;
    this.player.offer(1, 0);
    if (known.length < 2) return this.echo.append(` ${TOO_SHORT}`);
    this.pass = new Pass(model, known, widget.get("backward"));
    this.player.offer(this.pass.moments.length, 0);
    this.go(0);
  }

  /** Shows a moment, and the largest of its numbers. */
  go(at) {
    if (!this.pass) return;
    this.at = at;
    this.row = this.pass.moments[at].q;
    this.unit = -1;
    this.player.show(at);
    this.draw();
  }

  /** Shows the last moment of a layer at a step. */
  lookAt(t, l) {
    this.player.to(lastMomentOf(this.pass.moments, t, l));
  }

  visit(row, unit, byKey) {
    if (row === this.row && unit === this.unit) return;
    [this.row, this.unit] = [row, unit];
    this.drawNumbers();
    if (byKey) this.aloud.textContent = this.said;
  }

  draw() {
    const { pass, at, model } = this;
    if (!pass) return;
    const moment = pass.moments[at];
    const told = momentInWords(pass, moment, pass.keyAt(at));
    this.now.textContent = told;
    this.picture.draw(pass, at, `The network over your letters. ${told}`, this.isNarrow);
    this.equation.replaceChildren(equationOf(pass.keyAt(at), model.about, moment.l));
    this.drawNumbers();
  }

  /** The rows of numbers, and the terms of the visited one. */
  drawNumbers() {
    const { pass, at, row, numbers } = this;
    const { about } = this.model;
    const moment = pass.moments[at];
    const quantities = pass.quantities(moment);
    const { key, values } = quantities[row];
    const unit = this.unit < 0 ? largestOf(values) : this.unit;
    const isOutput = moment.l === about.layers;
    const names = isOutput ? about.tokens.map((token) => (token.length > 1 ? "?" : token)) : [];
    numbers.draw(quantities, moment.q + 1, [row, unit], names, this.isNarrow);
    const number = isOutput ? `“${names[unit]}”` : `unit ${unit + 1}`;
    const name = `${rowInWords(key)}, ${number}`;
    const { element, words } = termList(quantities[row], unit, name, about, moment.l);
    this.terms.replaceChildren(element);
    this.said = words;
  }
}

function largestOf(values) {
  const sizes = values.map(Math.abs);
  return sizes.indexOf(Math.max(...sizes));
}
