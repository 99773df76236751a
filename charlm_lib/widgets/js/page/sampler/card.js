// One model's place in TextSampler: its text, and the distribution behind the visited character.

import { Model } from "../../model/network.js";
import { readParameters } from "../../model/parameters.js";
import { readAndWrite } from "../../model/sampling.js";
import { bits } from "../../model/softmax.js";
import { readText } from "../../model/text.js";
import { copyText } from "../clipboard.js";
import { button } from "../controls.js";
import { distributionBars } from "../distribution.js";
import { folded, make, paragraph } from "../dom.js";
import { VisitedText } from "../visited_text.js";
import { bitsInWords, layersInWords, percent, spoken, visible } from "../words.js";

const LONG_PREFIX = 120; // characters; of a longer one only the end is shown
const SHOWN_OF_IT = 60;
const NEAR = 40; // pixels from the end of a text
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

/** The prefix before a text; all of a long one stands in its field. */
function prefixSpan(prefix) {
  const characters = Array.from(prefix);
  const end = characters.slice(-SHOWN_OF_IT).join("");
  const shown = characters.length > LONG_PREFIX ? `…${end}` : prefix;
  return make("span", { className: "clm-prefix" }, shown);
}

export class Card {
  /**
   * @param {import("../../model/parameters.js").Description} about
   * @param {DataView} weights
   * @param {boolean} isOpening whether the distributions are folded
   */
  constructor(about, weights, isOpening) {
    this.about = about;
    /** @type {import("../../model/sampling.js").Written[]} */
    this.written = [];
    this.fresh = []; // spans that are not on the page yet
    const label = `Text from ${about.name}. Arrow keys visit its characters.`;
    this.text = new VisitedText(label, (place, byKey) => this.visit(place, byKey));
    this.detail = make("div", { className: "clm-detail" });
    this.why = isOpening ? folded("What each letter was drawn from", this.detail) : this.detail;
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
    element.append(meta, this.text.element, this.why, this.spoken);
  }

  /** Clears the text and prepares to write on from `prefix`. */
  begin(prefix, temperature, seed) {
    const known = readText(prefix, this.about.tokens).filter((c) => c.known);
    this.written = [];
    this.fresh = [];
    this.unread = known.length;
    this.prefix = known.map((c) => c.shown).join("");
    this.text.clear(prefixSpan(this.prefix));
    this.text.element.scrollTop = 0;
    this.detail.replaceChildren();
    this.detail.classList.toggle("clm-greedy", temperature === 0);
    if (known.length === 0) {
      this.stop("Type at least one character that this model knows.");
      return;
    }
    const tokens = known.map((c) => c.token);
    this.writer = readAndWrite(this.model, tokens, temperature, seed);
  }

  /** Writes no more, and says why. */
  stop(reason) {
    this.writer = null;
    this.detail.replaceChildren(reason);
  }

  /** Whether a part of the prefix is still to be read. */
  isReading() {
    return this.unread > 0;
  }

  /** Reads a character of the prefix. */
  read() {
    this.writer.next();
    this.unread--;
  }

  /** Writes one more character, which `show` will put on the page. */
  write() {
    if (!this.writer) return;
    const { value, done } = this.writer.next();
    if (done) this.stop("This model's numbers are no longer finite: it writes nothing more.");
    else {
      this.written.push(value);
      const surprise = bits(value.probabilities[value.token]);
      this.fresh.push(tintedSpan(this.about.tokens[value.token], surprise));
    }
  }

  /** Puts on the page what was written since; a text that is `followed` scrolls with the pen. */
  show(followed) {
    if (!this.fresh.length) return;
    const { element } = this.text;
    const below = () => element.scrollHeight - element.scrollTop - element.clientHeight;
    const follows = followed && below() < NEAR; // not where the reader scrolled up
    this.text.append(this.fresh);
    this.fresh = [];
    if (follows) element.scrollTop = element.scrollHeight;
    if (this.text.at < 0 && this.writer) this.visit(0, false);
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
