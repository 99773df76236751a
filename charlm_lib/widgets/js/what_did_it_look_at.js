// WhatDidItLookAt: what each earlier letter did for a later one.

import { guarded } from "./page/failure.js";
import { whenResized } from "./page/frame.js";
import { LookView } from "./page/look/view.js";
import { listen, modelsOf } from "./page/traits.js";

function start(widget, el) {
  const view = new LookView(widget, modelsOf(widget));
  el.replaceChildren(view.element);
  view.read();
  const stop = listen(widget, ["change:text", "change:left", "change:right"], () => view.read());
  const stopResizing = whenResized(view.element, () => view.redraw());
  return () => {
    stop();
    stopResizing();
    view.stop();
  };
}

function render({ model: widget, el }) {
  return guarded(el, () => start(widget, el));
}

export default { render };
