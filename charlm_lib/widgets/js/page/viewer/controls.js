// The controls of HiddenStateViewer: the text, the model, and what is shown of its layers.

import { cellOf } from "../../model/cells/cells.js";
import { field, row, select, slider } from "../controls.js";
import { make } from "../dom.js";
import { Remark, cutToLength } from "../remark.js";
import { save } from "../traits.js";
import { nameOfView, viewsOf } from "./views.js";

const LONGEST_TEXT = 600;

export class ViewerControls {
  /** @param {() => void} redraw called when another view is chosen */
  constructor(widget, redraw) {
    this.widget = widget;
    this.view = "h"; // one of the cell's views
    this.names = widget.get("models").map((about) => about.name);
    this.text = make("textarea", { rows: 2, spellcheck: false });
    this.tooLong = new Remark(this.text);
    this.text.addEventListener("input", () => {
      cutToLength(this.text, LONGEST_TEXT, this.tooLong);
      save(widget, "text", this.text.value);
    });
    this.model = modelSelect(widget, this.names);
    this.what = select("Show", [], "", (view) => {
      this.view = view;
      redraw();
    });
    this.layer = layerSlider(widget);
    this.unit = unitSlider(widget);
    const choices = [this.model, this.what, this.layer, this.unit];
    this.elements = {
      text: make("div", {}, field("Your text", this.text, "clm-wide"), this.tooLong.element),
      choices: row(...choices.map((choice) => choice.element)),
    };
  }

  /** Shows the text and the choice of model; what the reader is typing stays. */
  showText() {
    const { widget, text } = this;
    if (text.value !== widget.get("text")) text.value = widget.get("text");
    this.model.input.value = String(widget.get("choice"));
  }

  /** Offers what a model has. */
  offer({ cell, layers, hiddens }) {
    this.layer.input.max = layers;
    this.unit.input.max = hiddens;
    this.model.element.hidden = this.names.length < 2;
    const views = viewsOf(cellOf(cell));
    if (!views.includes(this.view)) this.view = "h";
    const isChosen = (view) => view === this.view;
    const option = (view) => new Option(nameOfView(view), view, false, isChosen(view));
    this.what.input.replaceChildren(...views.map(option));
    this.what.element.hidden = views.length < 2;
  }
}

function modelSelect(widget, names) {
  const options = names.map((name, i) => [String(i), name]);
  const chosen = String(widget.get("choice"));
  return select("Model", options, chosen, (i) => save(widget, "choice", Number(i)));
}

function layerSlider(widget) {
  const oninput = (n) => save(widget, "layer", n);
  return slider({ label: "Layer", min: 1, max: 1, step: 1, value: 1, oninput });
}

function unitSlider(widget) {
  const show = (n) => (n ? String(n) : "none");
  const oninput = (n) => save(widget, "unit", n);
  return slider({ label: "Unit", min: 0, max: 1, step: 1, value: 0, show, oninput });
}
