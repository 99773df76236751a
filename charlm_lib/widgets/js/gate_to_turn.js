// GateToTurn: one gated unit with its gates on sliders, and the trained units that stand alike.

import { guarded } from "./page/failure.js";
import { GateView } from "./page/gates/view.js";
import { listen, modelsOf } from "./page/traits.js";

function start(widget, el) {
  const view = new GateView(widget, modelsOf(widget)[0]);
  el.replaceChildren(view.element);
  view.read();
  const stops = [
    listen(widget, ["change:text"], () => view.read()),
    listen(widget, ["change:gates"], () => view.show()),
  ];
  return () => {
    stops.forEach((stop) => stop());
    view.frame.cancel();
  };
}

function render({ model: widget, el }) {
  return guarded(el, () => start(widget, el));
}

export default { render };
