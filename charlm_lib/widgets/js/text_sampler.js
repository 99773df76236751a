// TextSampler: one prefix, several models side by side, each writing on.

import { make } from "./page/dom.js";
import { guarded } from "./page/failure.js";
import { emptyEcho } from "./page/reading.js";
import { Card } from "./page/sampler/card.js";
import { SamplerControls } from "./page/sampler/controls.js";
import { Writing } from "./page/sampler/writing.js";
import { listen } from "./page/traits.js";

const TEXT_EVENTS = ["change:prefix", "change:temperature", "change:length", "change:seed"];

/** A card for each model; the first of each vocabulary shows how the prefix is read. */
function makeCards(widget) {
  const echoes = new Map(); // by vocabulary
  const cards = widget.get("models").map((about) => {
    const vocabulary = about.tokens.join("");
    const isFirst = !echoes.has(vocabulary);
    if (isFirst) echoes.set(vocabulary, emptyEcho());
    return new Card(about, widget.get("weights"), isFirst ? echoes.get(vocabulary) : undefined);
  });
  return { cards, echoes: [...echoes.values()] };
}

function arrange({ prefix, numbers, actions }, echoes, cards) {
  return make(
    "section",
    { className: "clm clm-sampler", "aria-label": "Text sampler" },
    prefix,
    ...echoes,
    numbers,
    actions,
    make("div", { className: "clm-cards" }, ...cards.map((card) => card.element)),
  );
}

function start(widget, el) {
  const { cards, echoes } = makeCards(widget);
  const working = cards.filter((card) => card.model);
  const writing = new Writing(widget, working);
  const controls = new SamplerControls(widget, writing);
  const root = arrange(controls.elements, echoes, cards);
  const show = () => {
    controls.show();
    root.classList.toggle("clm-tinted", widget.get("tint"));
  };
  const rewrite = () => {
    show();
    writing.atOnce();
  };
  const stops = [
    listen(widget, TEXT_EVENTS, rewrite),
    listen(widget, ["change:tint"], show),
    () => writing.stop(),
  ];
  rewrite();
  el.replaceChildren(root);
  return () => stops.forEach((stop) => stop());
}

function render({ model: widget, el }) {
  return guarded(el, () => start(widget, el));
}

export default { render };
