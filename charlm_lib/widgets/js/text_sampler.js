// TextSampler: one prefix, several models side by side, each writing on.

import { Model, bits, readParameters, readText, writeOn } from "./model/network.js";
import {
  button,
  checkbox,
  copyText,
  distributionBars,
  echoReading,
  field,
  guarded,
  make,
  percent,
  slider,
  spoken,
  visible,
  wantsLessMotion,
} from "./page/dom.js";

const CHARACTERS_PER_SECOND = 40;
const LONGEST_PREFIX = 2000;
const SURE = 4; // bits from which a character is underlined as surprising

/** “2 GRU layers of 32 units, 13,244 parameters” */
function describe(about, size) {
  const cell = about.cell === "gru" ? "GRU" : "tanh";
  const layers = `${about.layers} ${cell} layer${about.layers > 1 ? "s" : ""}`;
  return `${layers} of ${about.hiddens} units, ${size.toLocaleString("en")} parameters`;
}

/** One model's place: its text, and the distribution behind the selected character. */
class Card {
  /**
   * @param {import("./model/network.js").Description} about
   * @param {DataView} weights
   * @param {HTMLElement} [echo] where to show the prefix as this model reads it
   */
  constructor(about, weights, echo) {
    this.about = about;
    this.echo = echo;
    this.written = [];
    this.selected = -1;
    this.text = make("div", { className: "clm-text", tabIndex: 0, role: "group" });
    this.text.setAttribute(
      "aria-label",
      `Text from ${about.name}. Arrow keys visit its characters.`,
    );
    this.detail = make("div", { className: "clm-detail" });
    this.spoken = make("p", { className: "clm-hidden", "aria-live": "polite" });
    this.meta = make("p", { className: "clm-meta" });
    this.copied = make("span", { className: "clm-note", role: "status" });
    const copy = button("Copy", () => this.copy(), { className: "clm-button clm-small" });
    copy.setAttribute("aria-label", `Copy the text from ${about.name}`);
    this.element = make("article", { className: "clm-card", "aria-label": about.name });
    const title = make("p", { className: "clm-title" }, about.name);
    this.element.append(make("div", { className: "clm-head" }, title, this.copied, copy));
    try {
      this.model = new Model(about, readParameters(about, weights));
      this.meta.textContent = describe(about, this.model.parameters.length);
      this.element.append(this.meta, this.text, this.detail, this.spoken);
    } catch (error) {
      copy.remove();
      this.element.append(make("p", { className: "clm-error", role: "alert" }, error.message));
    }
    this.text.addEventListener("pointerover", (event) => this.visit(event.target.place, false));
    this.text.addEventListener("click", (event) => this.visit(event.target.place, false));
    this.text.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** Clears the text and prepares to write on from `prefix`. */
  begin(prefix, temperature, seed) {
    if (!this.model) return;
    const reading = readText(prefix, this.about.tokens);
    if (this.echo) echoReading(reading, this.echo);
    const known = reading.filter((c) => c.known);
    this.written = [];
    this.selected = -1;
    this.prefix = known.map((c) => c.shown).join("");
    this.spans = [];
    this.text.replaceChildren(make("span", { className: "clm-prefix" }, this.prefix));
    this.detail.replaceChildren();
    if (known.length === 0) {
      this.writer = null;
      this.detail.append("Type at least one character that this model knows.");
      return;
    }
    const tokens = known.map((c) => c.token);
    this.writer = writeOn(this.model, tokens, temperature, seed);
  }

  /** Writes `count` more characters. */
  write(count) {
    if (!this.writer) return;
    const fragment = document.createDocumentFragment();
    for (let i = 0; i < count; i++) {
      const { token, probabilities } = this.writer.next().value;
      const surprise = bits(probabilities[token]);
      const span = make("span", { className: surprise > SURE ? "clm-odd" : "" });
      span.textContent = this.about.tokens[token];
      span.style.setProperty("--clm-amount", Math.min(1, surprise / 6).toFixed(2));
      span.place = this.written.length;
      this.written.push({ token, probabilities, surprise });
      this.spans.push(span);
      fragment.append(span);
    }
    this.text.append(fragment);
    if (this.selected < 0 && this.written.length) this.visit(0, false);
  }

  /** Selects one written character and shows what it was drawn from. */
  visit(place, aloud) {
    if (place === undefined || !this.written[place] || place === this.selected) return;
    this.spans[this.selected]?.classList.remove("clm-selected");
    this.spans[(this.selected = place)].classList.add("clm-selected");
    const { token, probabilities, surprise } = this.written[place];
    const { tokens } = this.about;
    const begun = this.written.slice(0, place).map((w) => tokens[w.token]);
    const before = this.prefix + begun.join("");
    const numbers = `${percent(probabilities[token])}, ${surprise.toFixed(1)} bits`;
    this.detail.replaceChildren(
      make(
        "p",
        {},
        "after “…",
        make("code", {}, visibleText(before.slice(-12))),
        `” it wrote “${visible(tokens[token])}”: ${numbers}`,
      ),
      distributionBars(probabilities, tokens, token),
    );
    if (aloud) this.spoken.textContent = `${spoken(tokens[token])}: ${numbers}`;
  }

  onKey(event) {
    const last = this.written.length - 1;
    const jumps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -10, ArrowDown: 10 };
    const ends = { Home: -last, End: last };
    const jump = jumps[event.key] ?? ends[event.key];
    if (jump === undefined || last < 0) return;
    event.preventDefault();
    this.visit(Math.max(0, Math.min(last, this.selected + jump)), true);
    this.spans[this.selected].scrollIntoView({ block: "nearest" });
  }

  copy() {
    const text = this.prefix + this.written.map((w) => this.about.tokens[w.token]).join("");
    copyText(text, (message) => {
      this.copied.textContent = message;
      setTimeout(() => (this.copied.textContent = ""), 2000);
    });
  }
}

function visibleText(text) {
  return Array.from(text, visible).join("");
}

function render({ model, el }) {
  return guarded(el, () => {
    const echoes = new Map(); // one for each vocabulary
    const cards = model.get("models").map((about) => {
      const vocabulary = about.tokens.join("");
      const first = !echoes.has(vocabulary);
      if (first) echoes.set(vocabulary, make("p", { className: "clm-note", hidden: true }));
      return new Card(about, model.get("weights"), first && echoes.get(vocabulary));
    });
    const working = cards.filter((card) => card.model);
    const save = (key, value) => {
      model.set(key, value);
      model.save_changes();
    };
    let timer = 0;
    let typing = !wantsLessMotion();

    const stop = () => {
      clearInterval(timer);
      timer = 0;
      write.textContent = "Write";
    };
    const begin = () => {
      stop();
      for (const card of working) {
        card.begin(model.get("prefix"), model.get("temperature"), model.get("seed"));
      }
    };
    const atOnce = () => {
      begin();
      for (const card of working) card.write(model.get("length"));
    };
    const letterByLetter = () => {
      begin();
      write.textContent = "Stop";
      const start = performance.now();
      let done = 0;
      timer = setInterval(() => {
        const length = model.get("length");
        const due = Math.ceil(((performance.now() - start) * CHARACTERS_PER_SECOND) / 1000);
        const count = Math.min(due, length) - done;
        for (const card of working) card.write(count);
        if ((done += count) >= length) stop();
      }, 1000 / CHARACTERS_PER_SECOND);
    };
    const run = () => (typing ? letterByLetter() : atOnce());

    const prefix = make("input", { type: "text", maxLength: LONGEST_PREFIX, spellcheck: false });
    prefix.autocomplete = "off";
    prefix.addEventListener("input", () => save("prefix", prefix.value));
    prefix.addEventListener("keydown", (event) => event.key === "Enter" && run());
    const seed = make("input", { type: "number", min: 0, max: 2 ** 31 - 1, step: 1 });
    seed.addEventListener("input", () => seed.checkValidity() && save("seed", Number(seed.value)));
    const temperature = slider({
      label: "Temperature",
      min: 0,
      max: 2,
      step: 0.1,
      value: model.get("temperature"),
      show: (t) => (t === 0 ? "0, greedy" : String(Number(t.toFixed(2)))),
      oninput: (t) => save("temperature", t),
    });
    const length = slider({
      label: "Length",
      min: 10,
      max: 600,
      step: 10,
      value: model.get("length"),
      oninput: (n) => save("length", n),
    });
    const write = button("Write", () => (timer ? stop() : run()), {
      className: "clm-button clm-primary",
    });
    const another = button("New sample", () => {
      save("seed", (model.get("seed") + 1) % 2 ** 31);
      run();
    });
    const slowly = checkbox("letter by letter", typing, (on) => (typing = on));
    const tint = checkbox("tint by surprise", model.get("tint"), (on) => save("tint", on));
    const legend = make("span", { className: "clm-legend", "aria-hidden": "true" });
    legend.append(
      "0 bits ",
      make("span", { className: "clm-ramp" }),
      " 6 or more; underlined from 4",
    );

    const root = make(
      "section",
      { className: "clm clm-sampler", "aria-label": "Text sampler" },
      field("Prefix", prefix, "clm-wide"),
      ...echoes.values(),
      make(
        "div",
        { className: "clm-row" },
        temperature.element,
        length.element,
        field("Seed", seed),
      ),
      make("div", { className: "clm-row" }, write, another, slowly.element, tint.element, legend),
      make("div", { className: "clm-cards" }, ...cards.map((card) => card.element)),
    );
    const showState = () => {
      if (prefix.value !== model.get("prefix")) prefix.value = model.get("prefix");
      if (Number(seed.value) !== model.get("seed") || !seed.value) seed.value = model.get("seed");
      temperature.set(model.get("temperature"));
      length.set(model.get("length"));
      tint.input.checked = model.get("tint");
      root.classList.toggle("clm-tinted", model.get("tint"));
      legend.hidden = !model.get("tint");
    };
    const onText = () => {
      showState();
      atOnce();
    };
    const textKeys = ["prefix", "temperature", "length", "seed"].map((key) => `change:${key}`);
    for (const key of textKeys) model.on(key, onText);
    model.on("change:tint", showState);
    onText();
    el.replaceChildren(root);
    return () => {
      stop();
      for (const key of textKeys) model.off(key, onText);
      model.off("change:tint", showState);
    };
  });
}

export default { render };
