// The controls of TextSampler: what is written, and how it is shown.

import { button, checkbox, field, row, slider } from "../controls.js";
import { make } from "../dom.js";
import { save } from "../traits.js";

const LONGEST_PREFIX = 2000;
const LAST_SEED = 2 ** 31 - 1;

/** The controls of one widget; `writing` is what its buttons start and stop. */
export class SamplerControls {
  constructor(widget, writing) {
    this.widget = widget;
    this.prefix = prefixInput(widget, writing);
    this.seed = seedInput(widget);
    this.temperature = temperatureSlider(widget);
    this.length = lengthSlider(widget);
    this.tint = checkbox("tint by surprise", widget.get("tint"), (on) => save(widget, "tint", on));
    this.legend = tintLegend();
    this.elements = {
      prefix: field("Prefix", this.prefix, "clm-wide"),
      numbers: row(this.temperature.element, this.length.element, field("Seed", this.seed)),
      actions: row(...writingButtons(widget, writing), this.tint.element, this.legend),
    };
  }

  /** Shows the traits as they are; what the reader is typing stays. */
  show() {
    const { widget, prefix, seed } = this;
    if (prefix.value !== widget.get("prefix")) prefix.value = widget.get("prefix");
    if (Number(seed.value) !== widget.get("seed") || !seed.value) seed.value = widget.get("seed");
    this.temperature.set(widget.get("temperature"));
    this.length.set(widget.get("length"));
    this.tint.input.checked = widget.get("tint");
    this.legend.hidden = !widget.get("tint");
  }
}

function prefixInput(widget, writing) {
  const input = make("input", { type: "text", maxLength: LONGEST_PREFIX, spellcheck: false });
  input.autocomplete = "off";
  input.addEventListener("input", () => save(widget, "prefix", input.value));
  input.addEventListener("keydown", (event) => event.key === "Enter" && writing.run());
  return input;
}

function seedInput(widget) {
  const input = make("input", { type: "number", min: 0, max: LAST_SEED, step: 1 });
  input.addEventListener("input", () => {
    if (input.checkValidity()) save(widget, "seed", Number(input.value));
  });
  return input;
}

function temperatureSlider(widget) {
  return slider({
    label: "Temperature",
    min: 0,
    max: 2,
    step: 0.1,
    value: widget.get("temperature"),
    show: (t) => (t === 0 ? "0, greedy" : String(Number(t.toFixed(2)))),
    oninput: (t) => save(widget, "temperature", t),
  });
}

function lengthSlider(widget) {
  return slider({
    label: "Length",
    min: 10,
    max: 600,
    step: 10,
    value: widget.get("length"),
    oninput: (n) => save(widget, "length", n),
  });
}

function writingButtons(widget, writing) {
  const className = "clm-button clm-primary";
  const write = button("Write", () => writing.toggle(), { className });
  writing.onChange = (isWriting) => (write.textContent = isWriting ? "Stop" : "Write");
  const another = button("New sample", () => {
    save(widget, "seed", (widget.get("seed") + 1) % (LAST_SEED + 1));
    writing.run();
  });
  const slowly = checkbox("letter by letter", writing.letterByLetter, (on) => {
    writing.letterByLetter = on;
  });
  return [write, another, slowly.element];
}

function tintLegend() {
  const ramp = make("span", { className: "clm-ramp" });
  const words = ["0 bits ", ramp, " 6 or more; underlined from 4"];
  return make("span", { className: "clm-legend", "aria-hidden": "true" }, ...words);
}
