// HiddenStateViewer: the reader's text through a model, layer by layer.

import { Model, bits, readParameters, readText } from "./model/network.js";
import {
  distributionBars,
  echoReading,
  field,
  guarded,
  make,
  percent,
  select,
  slider,
  spoken,
  visible,
} from "./page/dom.js";
import { onThemeChange } from "./page/draw.js";
import { VIEWS, fillSheet, trace } from "./page/sheet.js";

const LONGEST_TEXT = 600;
const PIXELS = 15; // width of a character's column
function render({ model: widget, el }) {
  return guarded(el, () => {
    const abouts = widget.get("models");
    const weights = widget.get("weights");
    const models = abouts.map((about) => new Model(about, readParameters(about, weights)));
    let steps = [];
    let at = 0; // the visited character
    let view = "h";
    let spans = [];

    const save = (key, value) => {
      widget.set(key, value);
      widget.save_changes();
    };
    const model = () => models[Math.min(widget.get("choice"), models.length - 1)];
    const unitNow = () => Math.min(widget.get("unit"), model().about.hiddens);
    const layerNow = () => Math.min(widget.get("layer"), model().about.layers);
    const valueAt = (t, layer, unit) =>
      steps[t].values[view][(layer - 1) * model().about.hiddens + unit - 1];

    const area = make("textarea", { rows: 2, maxLength: LONGEST_TEXT, spellcheck: false });
    area.addEventListener("input", () => save("text", area.value));
    const which = select(
      "Model",
      abouts.map((about, i) => [String(i), about.name]),
      String(widget.get("choice")),
      (value) => save("choice", Number(value)),
    );
    const what = select("Show", Object.entries(VIEWS), view, (value) => {
      view = value;
      draw();
    });
    const layer = slider({
      label: "Layer",
      min: 1,
      max: 1,
      step: 1,
      value: 1,
      oninput: (n) => save("layer", n),
    });
    const unit = slider({
      label: "Unit",
      min: 0,
      max: 1,
      step: 1,
      value: 0,
      show: (n) => (n ? String(n) : "none"),
      oninput: (n) => save("unit", n),
    });
    const echo = make("p", { className: "clm-note", hidden: true });
    const text = make("div", { className: "clm-text clm-signed", tabIndex: 0, role: "group" });
    text.setAttribute("aria-label", "Your text. Arrow keys visit its characters.");
    const sheet = make("div", { className: "clm-sheet" });
    const scroll = make("div", { className: "clm-scroll", tabIndex: 0, role: "region" }, sheet);
    scroll.setAttribute("aria-label", "Layers over your text; scrolls sideways");
    const detail = make("div", { className: "clm-detail" });
    const aloud = make("p", { className: "clm-hidden", "aria-live": "polite" });
    const caption = make("p", { className: "clm-note" });
    const root = make(
      "section",
      { className: "clm clm-viewer", "aria-label": "Hidden state viewer" },
      field("Your text", area, "clm-wide"),
      echo,
      make(
        "div",
        { className: "clm-row" },
        which.element,
        what.element,
        layer.element,
        unit.element,
      ),
      scroll,
      caption,
      text,
      detail,
      aloud,
    );

    /** Everything again: another text or another model. */
    const read = () => {
      const about = model().about;
      const all = readText(widget.get("text").slice(0, LONGEST_TEXT), about.tokens);
      echoReading(all, echo);
      steps = trace(
        model(),
        all.filter((c) => c.known),
      );
      at = Math.min(at, Math.max(0, steps.length - 1));
      layer.input.max = about.layers;
      unit.input.max = about.hiddens;
      which.element.hidden = abouts.length < 2;
      what.element.hidden = about.cell !== "gru";
      if (about.cell !== "gru") what.input.value = view = "h";
      draw();
    };

    const draw = () => {
      sheet.replaceChildren();
      text.replaceChildren();
      detail.replaceChildren();
      spans = [];
      if (!steps.length) {
        detail.append("Type at least one character that the model knows.");
        caption.textContent = "";
        return;
      }
      fillSheet(sheet, steps, model().about, view);
      text.append(
        ...steps.map(({ shown }, t) => {
          const span = make("span", {}, shown);
          span.place = t;
          spans.push(span);
          return span;
        }),
      );
      const scored = steps.filter((step) => step.next >= 0);
      const right = scored.filter((step) => step.right).length;
      const total = scored.reduce((sum, s) => sum + bits(s.probabilities[s.next]), 0);
      caption.textContent = scored.length
        ? `Its guess was right ${right} times out of ${scored.length}; it was surprised by ` +
          `${(total / scored.length).toFixed(2)} bits per character. ` +
          "Right guesses are underlined. Positive cells are wide, negative ones narrow. " +
          "Click a unit, one row of a layer, to tint your text."
        : "";
      pick();
      visit(at, false);
    };

    /** Tints the text with the chosen unit. */
    const pick = () => {
      const chosen = unitNow();
      layer.set(layerNow());
      unit.set(chosen);
      for (const mark of sheet.querySelectorAll(".clm-mark")) {
        mark.hidden = !chosen || mark.previousSibling.layer !== layerNow();
        mark.style.setProperty("--clm-unit", chosen - 1);
      }
      spans.forEach((span, t) => {
        const v = chosen ? valueAt(t, layerNow(), chosen) : 0;
        span.style.setProperty("--clm-amount", Math.abs(v).toFixed(2));
        span.classList.toggle("clm-cool", v < 0);
        span.classList.toggle("clm-high", v > 0.5);
        span.classList.toggle("clm-low", v < -0.5);
      });
      if (steps.length) visit(at, false);
    };

    /** Shows what the model expected after one character. */
    const visit = (place, say) => {
      if (place === undefined || !steps[place]) return;
      spans[at]?.classList.remove("clm-selected");
      at = place;
      spans[at].classList.add("clm-selected");
      sheet.style.setProperty("--clm-at", at);
      const { shown, probabilities, next } = steps[at];
      const tokens = model().about.tokens;
      const end = next < 0;
      let sentence = `After “${visible(shown)}” `;
      if (end) sentence += "the text ends; the model would go on as below.";
      else {
        const p = probabilities[next];
        const numbers = `${percent(p)}, ${bits(p).toFixed(1)} bits`;
        sentence += `came “${visible(tokens[next])}”: ${numbers}.`;
      }
      if (unitNow()) {
        const value = valueAt(at, layerNow(), unitNow()).toFixed(2).replace("-", "−");
        sentence += ` Unit ${unitNow()} of layer ${layerNow()} is at ${value}.`;
      }
      detail.replaceChildren(
        make("p", {}, sentence),
        distributionBars(probabilities, tokens, next),
      );
      if (say) aloud.textContent = sentence.replace(visible(shown), spoken(shown));
    };

    const columnOf = (event) => {
      const cells = sheet.querySelector(".clm-cells").getBoundingClientRect();
      // A slide may be scaled, so no pixels are counted here.
      const column = Math.floor(((event.clientX - cells.left) / cells.width) * steps.length);
      return column >= 0 && column < steps.length ? column : undefined;
    };
    sheet.addEventListener("pointermove", (event) => visit(columnOf(event), false));
    sheet.addEventListener("click", (event) => {
      visit(columnOf(event), false);
      const canvas = event.target.closest(".clm-heat-holder")?.querySelector("canvas");
      if (!canvas) return;
      const box = canvas.getBoundingClientRect();
      const row = Math.floor(((event.clientY - box.top) / box.height) * canvas.height);
      save("layer", canvas.layer);
      save("unit", Math.max(0, Math.min(canvas.height - 1, row)) + 1);
    });
    for (const type of ["pointerover", "click"]) {
      text.addEventListener(type, (event) => visit(event.target.place, false));
    }
    text.addEventListener("keydown", (event) => {
      const jumps = {
        ArrowLeft: -1,
        ArrowRight: 1,
        ArrowUp: -10,
        ArrowDown: 10,
        Home: -at,
        End: steps.length,
      };
      if (!(event.key in jumps) || !steps.length) return;
      event.preventDefault();
      visit(Math.max(0, Math.min(steps.length - 1, at + jumps[event.key])), true);
      scroll.scrollLeft = at * PIXELS - scroll.clientWidth / 2;
    });

    const showText = () => {
      if (area.value !== widget.get("text")) area.value = widget.get("text");
      which.input.value = String(widget.get("choice"));
      read();
    };
    el.replaceChildren(root);
    showText();
    if (!el.isConnected) requestAnimationFrame(draw); // colours are known only on the page
    const texts = ["change:text", "change:choice"];
    const picks = ["change:layer", "change:unit"];
    for (const event of texts) widget.on(event, showText);
    for (const event of picks) widget.on(event, pick);
    const stopTheme = onThemeChange(draw);
    return () => {
      for (const event of texts) widget.off(event, showText);
      for (const event of picks) widget.off(event, pick);
      stopTheme();
    };
  });
}

export default { render };
