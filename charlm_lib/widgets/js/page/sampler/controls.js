// The controls of TextSampler: what is written, and how it is shown.

import { button, checkbox, field, row, slider } from "../controls.js";
import { folded, make } from "../dom.js";
import { Remark, cutToLength } from "../remark.js";
import { save } from "../traits.js";

const LONGEST_PREFIX = 2000;
const LAST_SEED = 2 ** 31 - 1;

/** The controls of one widget; `writing` is what its buttons start and stop. */
export class SamplerControls {
  constructor(widget, writing) {
    this.widget = widget;
    this.prefix = prefixInput(writing);
    this.tooLong = new Remark(this.prefix);
    this.prefix.addEventListener("input", () => {
      cutToLength(this.prefix, LONGEST_PREFIX, this.tooLong);
      save(widget, "prefix", this.prefix.value);
    });
    this.seed = make("input", { type: "number", min: 0, max: LAST_SEED, step: 1, required: true });
    this.badSeed = new Remark(this.seed);
    this.seed.addEventListener("input", () => this.takeSeed());
    this.temperature = temperatureSlider(widget);
    this.length = lengthSlider(widget);
    this.tint = checkbox("tint by surprise", widget.get("tint"), (on) => save(widget, "tint", on));
    this.legend = tintLegend();
    const [write, another, slowly] = writingButtons(widget, writing);
    const numbers = [
      row(this.temperature.element, this.length.element, field("Seed", this.seed)),
      this.badSeed.element,
    ];
    const ways = [slowly, this.tint.element, this.legend];
    const isOpening = widget.get("opening"); // then all but the main controls is folded
    this.elements = {
      prefix: make("div", {}, field("Prefix", this.prefix, "clm-wide"), this.tooLong.element),
      numbers: isOpening ? "" : make("div", {}, ...numbers),
      actions: isOpening
        ? make("div", {}, row(write, another), folded("Settings", ...numbers, row(...ways)))
        : row(write, another, ...ways),
    };
  }

  /** A seed that cannot be is refused aloud, and the old one stays in force. */
  takeSeed() {
    const { widget, seed, badSeed } = this;
    if (seed.checkValidity()) save(widget, "seed", Number(seed.value));
    const last = LAST_SEED.toLocaleString("en");
    const rule = `A seed is a whole number from 0 to ${last}. `;
    const inForce = `The texts are still those of seed ${widget.get("seed")}.`;
    badSeed.say(seed.checkValidity() ? "" : rule + inForce);
  }

  /** Shows the traits as they are; what the reader is typing stays. */
  show() {
    const { widget, prefix, seed } = this;
    if (prefix.value !== widget.get("prefix")) prefix.value = widget.get("prefix");
    if (Number(seed.value) !== widget.get("seed") || !seed.value) seed.value = widget.get("seed");
    this.badSeed.say("");
    this.temperature.set(widget.get("temperature"));
    this.length.set(widget.get("length"));
    this.tint.input.checked = widget.get("tint");
    this.legend.hidden = !widget.get("tint");
  }
}

function prefixInput(writing) {
  const input = make("input", { type: "text", spellcheck: false, autocomplete: "off" });
  input.addEventListener("keydown", (event) => event.key === "Enter" && writing.run());
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
