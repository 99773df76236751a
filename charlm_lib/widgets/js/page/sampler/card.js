// One model's place in TextSampler: its text, and the distribution behind the visited character.

import { Model } from "../../model/network.js";
import { readParameters } from "../../model/parameters.js";
import { writeOn } from "../../model/sampling.js";
import { bits } from "../../model/softmax.js";
import { readText } from "../../model/text.js";
import { copyText } from "../clipboard.js";
import { button } from "../controls.js";
import { distributionBars } from "../distribution.js";
import { make, paragraph } from "../dom.js";
import { echoReading } from "../reading.js";
import { VisitedText } from "../visited_text.js";
import { bitsInWords, layersInWords, percent, spoken, visible } from "../words.js";

const SURPRISING = 4; // bits from which a character is underlined
const DEEPEST_TINT = 6; // bits
const GREEDY = "Temperature 0 always takes the likeliest. At temperature 1 the model would give:";

/** “2 GRU layers of 32 units, 13,244 parameters” */
function modelInWords(about, size) {
  const parameters = `${size.toLocaleString("en")} parameters`;
  return `${layersInWords(about)} of ${about.hiddens} units, ${parameters}`;
}

/** A written character, tinted by its surprise. */
function tintedSpan(character, surprise) {
  const span = make("span", { className: surprise > SURPRISING ? "clm-odd" : "" }, character);
  span.style.setProperty("--clm-amount", Math.min(1, surprise / DEEPEST_TINT).toFixed(2));
  return span;
}

export class Card {
  /**
   * @param {import("../../model/parameters.js").Description} about
   * @param {DataView} weights
   * @param {HTMLElement} [echo] where to show the prefix as this model reads it
   */
  constructor(about, weights, echo) {
    this.about = about;
    this.echo = echo;
    /** @type {import("../../model/sampling.js").Written[]} */
    this.written = [];
    const label = `Text from ${about.name}. Arrow keys visit its characters.`;
    this.text = new VisitedText(label, (place, byKey) => this.visit(place, byKey));
    this.detail = make("div", { className: "clm-detail" });
    this.spoken = make("p", { className: "clm-hidden", "aria-live": "polite" });
    this.copied = make("span", { className: "clm-note", role: "status" });
    this.element = make("article", { className: "clm-card", "aria-label": about.name });
    this.fill(weights);
  }

  /** Fills the card, with a complaint if the weights are not there. */
  fill(weights) {
    const { about, element } = this;
    const title = make("p", { className: "clm-title" }, about.name);
    const head = make("div", { className: "clm-head" }, title, this.copied);
    element.append(head);
    try {
      this.model = new Model(about, readParameters(about, weights));
    } catch (error) {
      element.append(make("p", { className: "clm-error", role: "alert" }, error.message));
      return;
    }
    const copy = button("Copy", () => this.copy(), { className: "clm-button clm-small" });
    copy.setAttribute("aria-label", `Copy the text from ${about.name}`);
    head.append(copy);
    const words = modelInWords(about, this.model.parameters.length);
    const meta = make("p", { className: "clm-meta" }, words);
    element.append(meta, this.text.element, this.detail, this.spoken);
  }

  /** Clears the text and prepares to write on from `prefix`. */
  begin(prefix, temperature, seed) {
    const reading = readText(prefix, this.about.tokens);
    if (this.echo) echoReading(reading, this.echo);
    const known = reading.filter((c) => c.known);
    this.written = [];
    this.prefix = known.map((c) => c.shown).join("");
    this.text.clear(make("span", { className: "clm-prefix" }, this.prefix));
    this.detail.replaceChildren();
    if (known.length === 0) {
      this.stop("Type at least one character that this model knows.");
      return;
    }
    const tokens = known.map((c) => c.token);
    this.writer = writeOn(this.model, tokens, temperature, seed);
  }

  /** Writes no more, and says why. */
  stop(reason) {
    this.writer = null;
    this.detail.replaceChildren(reason);
  }

  /** Writes `count` more characters. */
  write(count) {
    const spans = [];
    for (let i = 0; i < count && this.writer; i++) {
      const { value, done } = this.writer.next();
      if (done) this.stop("This model's numbers are no longer finite: it writes nothing more.");
      else {
        this.written.push(value);
        const surprise = bits(value.probabilities[value.token]);
        spans.push(tintedSpan(this.about.tokens[value.token], surprise));
      }
    }
    this.text.append(spans);
    if (this.text.at < 0 && this.written.length && this.writer) this.visit(0, false);
  }

  /** Selects one written character and shows what it was drawn from. */
  visit(place, byKey) {
    if (place !== this.text.at) {
      this.text.select(place);
      const numbers = this.explain(place);
      const character = this.about.tokens[this.written[place].token];
      if (byKey) this.spoken.textContent = `${spoken(character)}: ${numbers}`;
    }
    if (byKey) this.text.spans[place].scrollIntoView({ block: "nearest" });
  }

  /** Shows the distribution behind one character; returns its numbers in words. */
  explain(place) {
    const { token, probabilities, own } = this.written[place];
    const { tokens } = this.about;
    const before = Array.from(this.textUntil(place).slice(-12), visible).join("");
    const numbers = `${percent(probabilities[token])}, ${bitsInWords(probabilities[token])}`;
    const wrote = `” it wrote “${visible(tokens[token])}”: ${numbers}`;
    this.detail.replaceChildren(
      paragraph("after “…", make("code", {}, before), wrote),
      distributionBars(probabilities, tokens, token),
    );
    if (own) this.detail.append(paragraph(GREEDY), distributionBars(own, tokens, token));
    return numbers;
  }

  /** The prefix and the first characters written. */
  textUntil(place) {
    const begun = this.written.slice(0, place).map(({ token }) => this.about.tokens[token]);
    return this.prefix + begun.join("");
  }

  copy() {
    copyText(this.textUntil(this.written.length), (message) => {
      this.copied.textContent = message;
      setTimeout(() => (this.copied.textContent = ""), 2000);
    });
  }
}
