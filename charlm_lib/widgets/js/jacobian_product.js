// JacobianProduct: a gradient's way back through time, with W_hh as large as the reader likes.

import { guarded } from "./page/failure.js";
import { whenResized } from "./page/frame.js";
import { JacobianView } from "./page/jacobians/view.js";
import { listen, modelsOf } from "./page/traits.js";

function start(widget, el) {
  const view = new JacobianView(widget, modelsOf(widget)[0]);
  el.replaceChildren(view.element);
  const stop = listen(widget, ["change:text", "change:scale"], () => view.show());
  const stopResizing = whenResized(view.element, () => view.show());
  return () => {
    stop();
    stopResizing();
    view.frame.cancel();
  };
}

function render({ model: widget, el }) {
  return guarded(el, () => start(widget, el));
}

export default { render };
