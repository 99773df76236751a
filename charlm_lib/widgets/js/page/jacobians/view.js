// JacobianProduct's parts together: a text, the scale of W_hh, and the gradient's way back.

import { wayBack } from "../../model/jacobians.js";
import { readText } from "../../model/text.js";
import { field, row, slider } from "../controls.js";
import { make } from "../dom.js";
import { equation, symbol } from "../equation.js";
import { oncePerFrame } from "../frame.js";
import { echoReading, emptyEcho } from "../reading.js";
import { Remark, cutToLength } from "../remark.js";
import { save } from "../traits.js";
import { Picture } from "./picture.js";
import { stepInWords, verdict } from "./words.js";

const LONGEST = 33; // characters: 32 are read, the last one is only predicted
const NARROW = 560; // pixels
const TOO_SHORT = "Type at least three characters that the model knows.";

export class JacobianView {
  /**
   * @param {object} widget
   * @param {import("../../model/network.js").Model} model
   */
  constructor(widget, model) {
    this.widget = widget;
    this.model = model;
    this.back = 8; // the step that is told of
    this.frame = oncePerFrame(() => this.draw());
    this.text = make("input", { type: "text", spellcheck: false, autocomplete: "off" });
    this.tooLong = new Remark(this.text);
    this.text.addEventListener("input", () => {
      cutToLength(this.text, LONGEST, this.tooLong);
      save(widget, "text", this.text.value);
    });
    this.echo = emptyEcho();
    this.scale = scaleSlider(widget);
    this.step = slider({
      ...{ label: "Steps back", min: 0, max: LONGEST - 2, step: 1, value: this.back },
      oninput: (back) => this.visit(back),
    });
    this.factor = make("b", {});
    this.picture = new Picture((back) => back !== this.back && this.visit(back));
    this.verdict = make("p", { className: "clm-verdict", role: "status" });
    this.detail = make("p", { className: "clm-detail-line", "aria-live": "polite" });
    this.element = this.arrange();
  }

  arrange() {
    return make(
      "section",
      { className: "clm clm-jacobians", "aria-label": "Product of Jacobians" },
      field("Your text; the gradient is that of its last letter's loss", this.text, "clm-wide"),
      this.tooLong.element,
      this.echo,
      row(this.scale.element, this.step.element),
      this.equation(),
      this.verdict,
      this.picture.element,
      this.detail,
    );
  }

  /** d_(t-1) = d_t (scale W_hh^T) diag(1 - h_(t-1)^2), with the scale as it is. */
  equation() {
    const before = "t−1";
    return equation(
      ...[symbol("d", before), " = ", symbol("d", "t"), " ( ", this.factor, " "],
      ...[symbol("W", "hh", "⊤"), " )  diag( 1 − ", symbol("h", before, "2"), " )"],
    );
  }

  /** Everything again: another text or another scale. */
  show() {
    const { widget, text } = this;
    if (text.value !== widget.get("text")) text.value = widget.get("text");
    this.scale.set(widget.get("scale"));
    this.frame.request();
  }

  visit(back) {
    this.back = back;
    this.frame.request();
  }

  draw() {
    const { widget, model, picture } = this;
    const reading = readText(widget.get("text"), model.about.tokens);
    echoReading(reading, this.echo);
    const known = reading.filter((c) => c.known).slice(0, LONGEST);
    const isLong = known.length >= 3;
    picture.element.toggleAttribute("hidden", !isLong);
    this.detail.textContent = "";
    this.factor.textContent = widget.get("scale").toFixed(2);
    this.verdict.textContent = TOO_SHORT;
    if (!isLong) return;
    const way = wayBack(model, known.map((c) => c.token), widget.get("scale"));
    const letters = known.slice(0, -1).map((c) => c.shown);
    this.step.input.max = letters.length - 1;
    this.back = Math.min(this.back, letters.length - 1);
    this.step.set(this.back);
    picture.draw(way, letters, this.back, this.element.clientWidth < NARROW);
    this.verdict.textContent = verdict(way);
    this.detail.textContent = stepInWords(way, this.back, letters);
  }
}

function scaleSlider(widget) {
  return slider({
    ...{ label: "W_hh times", min: 0.5, max: 1.5, step: 0.01, value: widget.get("scale") },
    show: (scale) => scale.toFixed(2),
    oninput: (scale) => save(widget, "scale", scale),
  });
}
