// TextSampler: one prefix, several models side by side, each writing on.

import { make } from "./page/dom.js";
import { guarded } from "./page/failure.js";
import { Echoes } from "./page/reading.js";
import { Card } from "./page/sampler/card.js";
import { Chooser } from "./page/sampler/chooser.js";
import { SamplerControls } from "./page/sampler/controls.js";
import { writeOnceSeen } from "./page/sampler/opening.js";
import { Writing } from "./page/sampler/writing.js";
import { listen } from "./page/traits.js";

const TEXT_EVENTS = ["prefix", "temperature", "length", "seed", "shown"].map((k) => `change:${k}`);

function start(widget, el, memory) {
  const chooser = new Chooser(widget);
  const cards = widget.get("models").map((about) => {
    return new Card(about, widget.get("weights"), widget.get("opening"));
  });
  const isShown = (card) => chooser.isShown(cards.indexOf(card));
  const writing = new Writing(widget, () => cards.filter((c) => c.model && isShown(c)));
  const controls = new SamplerControls(widget, writing);
  const echoes = new Echoes();
  const { prefix, numbers, actions } = controls.elements;
  const place = make("div", { className: "clm-cards" }, ...cards.map((card) => card.element));
  const root = make(
    "section",
    { className: "clm clm-sampler", "aria-label": "Text sampler" },
    ...[prefix, echoes.element, numbers, actions, chooser.element, place],
  );
  writing.onBusy = (isBusy) => place.setAttribute("aria-busy", String(isBusy));
  const show = () => {
    controls.show();
    root.classList.toggle("clm-tinted", widget.get("tint"));
  };
  const rewrite = () => {
    show();
    cards.forEach((card) => (card.element.hidden = !isShown(card)));
    echoes.show(widget.get("prefix"), cards.filter(isShown).map((card) => card.about));
    writing.atOnce();
  };
  const stops = [
    listen(widget, TEXT_EVENTS, rewrite),
    listen(widget, ["change:tint"], show),
    () => writing.stop(),
  ];
  rewrite();
  el.replaceChildren(root);
  if (widget.get("opening")) stops.push(writeOnceSeen(root, writing, memory));
  return () => stops.forEach((stop) => stop());
}

function render({ model: widget, el, memory }) {
  return guarded(el, () => start(widget, el, memory));
}

export default { render };
