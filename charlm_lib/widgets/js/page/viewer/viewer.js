// HiddenStateViewer's parts together: one text, one model, and the visited character.

import { readText } from "../../model/text.js";
import { trace } from "../../model/trace.js";
import { distributionBars } from "../distribution.js";
import { make, paragraph } from "../dom.js";
import { echoReading, emptyEcho } from "../reading.js";
import { save } from "../traits.js";
import { VisitedText } from "../visited_text.js";
import { spoken, visible } from "../words.js";
import { ViewerControls } from "./controls.js";
import { UnitFinder } from "./finder.js";
import { expectation, summary, unitInWords } from "./sentences.js";
import { Sheet } from "./sheet.js";
import { fullColour, legend, nameOfView } from "./views.js";

export class Viewer {
  /**
   * @param {object} widget
   * @param {import("../../model/network.js").Model[]} models
   */
  constructor(widget, models) {
    this.widget = widget;
    this.models = models;
    /** @type {import("../../model/trace.js").Step[]} */
    this.steps = [];
    this.at = 0; // the visited character
    this.full = 1; // the value in full colour
    this.controls = new ViewerControls(widget, () => this.draw());
    this.sheet = new Sheet(
      (place) => this.visit(place, false),
      (layer, unit) => this.save(layer, unit),
    );
    const label = "Your text. Arrow keys visit its characters.";
    const visit = (place, byKey) => this.visit(place, byKey);
    this.text = new VisitedText(label, visit, "clm-text clm-signed");
    this.finder = new UnitFinder(widget, (layer, unit) => this.save(layer, unit));
    this.echo = emptyEcho();
    this.detail = make("div", { className: "clm-detail" });
    this.aloud = make("p", { className: "clm-hidden", "aria-live": "polite" });
    this.caption = make("p", { className: "clm-note" });
    this.element = this.arrange();
  }

  arrange() {
    return make(
      "section",
      { className: "clm clm-viewer", "aria-label": "Hidden state viewer" },
      this.controls.elements.text,
      this.echo,
      this.controls.elements.choices,
      this.sheet.element,
      this.caption,
      this.text.element,
      this.detail,
      this.finder.element,
      this.aloud,
    );
  }

  get model() {
    return this.models[Math.min(this.widget.get("choice"), this.models.length - 1)];
  }

  /** The chosen layer and unit, as far as the model has them; unit 0: none. */
  get picked() {
    const { layers, hiddens } = this.model.about;
    const layer = Math.min(this.widget.get("layer"), layers);
    const unit = Math.min(this.widget.get("unit"), hiddens);
    return { layer, unit };
  }

  save(layer, unit) {
    save(this.widget, "layer", layer);
    save(this.widget, "unit", unit);
  }

  /** Everything again: another text or another model. */
  read() {
    const { about } = this.model;
    this.controls.showText();
    const all = readText(this.widget.get("text"), about.tokens);
    echoReading(all, this.echo);
    const known = all.filter((c) => c.known);
    this.steps = trace(this.model, known);
    this.at = Math.min(this.at, Math.max(0, this.steps.length - 1));
    this.controls.offer(about);
    this.finder.follow(this.model, this.steps);
    this.draw();
  }

  draw() {
    const { steps } = this;
    const { view } = this.controls;
    this.text.clear();
    this.full = fullColour(steps, view);
    this.caption.textContent = summary(steps, legend(view, this.full));
    if (!steps.length) {
      this.sheet.clear();
      this.detail.replaceChildren("Type at least one character that the model knows.");
      return;
    }
    this.sheet.fill(steps, this.model.about, view, this.full);
    this.text.append(steps.map(({ shown }) => make("span", {}, shown)));
    this.pick();
  }

  /** Tints the text with the chosen unit. */
  pick() {
    const { layer, unit } = this.picked;
    this.controls.layer.set(layer);
    this.controls.unit.set(unit);
    this.sheet.mark(layer, unit);
    this.text.spans.forEach((span, t) => {
      const v = unit ? this.valueAt(t, layer, unit) / this.full : 0;
      span.style.setProperty("--clm-amount", Math.abs(v).toFixed(2));
      span.classList.toggle("clm-cool", v < 0);
      span.classList.toggle("clm-high", v > 0.5);
      span.classList.toggle("clm-low", v < -0.5);
    });
    if (this.steps.length) this.visit(this.at, false);
  }

  valueAt(t, layer, unit) {
    const { hiddens } = this.model.about;
    return this.steps[t].values[this.controls.view][(layer - 1) * hiddens + unit - 1];
  }

  /** Where a unit stands at a character, in words. */
  unitAt(place, layer, unit) {
    const value = this.valueAt(place, layer, unit);
    return unitInWords(layer, unit, value, nameOfView(this.controls.view));
  }

  /** Shows what the model expected after one character. */
  visit(place, byKey) {
    this.at = place;
    this.text.select(place);
    this.sheet.select(place);
    const step = this.steps[place];
    const { tokens } = this.model.about;
    const { layer, unit } = this.picked;
    const more = unit ? this.unitAt(place, layer, unit) : "";
    this.detail.replaceChildren(
      paragraph(expectation(step, visible(step.shown), tokens) + more),
      distributionBars(step.probabilities, tokens, step.next),
    );
    if (!byKey) return;
    this.aloud.textContent = expectation(step, spoken(step.shown), tokens) + more;
    this.sheet.centre(place);
  }
}
