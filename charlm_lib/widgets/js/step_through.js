// StepThrough: letters on their way through a network, number by number, forward and backward.

import { guarded } from "./page/failure.js";
import { whenResized } from "./page/frame.js";
import { StepView } from "./page/steps/view.js";
import { listen, modelsOf } from "./page/traits.js";

function start(widget, el) {
  const view = new StepView(widget, modelsOf(widget)[0]);
  el.replaceChildren(view.element);
  view.read();
  const stop = listen(widget, ["change:text", "change:backward"], () => view.read());
  let wasNarrow = view.isNarrow;
  const stopResizing = whenResized(view.element, () => {
    if (view.isNarrow !== wasNarrow) view.draw();
    wasNarrow = view.isNarrow;
  });
  return () => {
    stop();
    stopResizing();
    view.player.stop();
  };
}

function render({ model: widget, el }) {
  return guarded(el, () => start(widget, el));
}

export default { render };
