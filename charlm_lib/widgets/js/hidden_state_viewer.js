// HiddenStateViewer: the reader's text through a model, layer by layer.

import { guarded } from "./page/failure.js";
import { onThemeChange } from "./page/theme.js";
import { listen, modelsOf } from "./page/traits.js";
import { Viewer } from "./page/viewer/viewer.js";

function start(widget, el) {
  const viewer = new Viewer(widget, modelsOf(widget));
  el.replaceChildren(viewer.element);
  viewer.read();
  if (!el.isConnected) requestAnimationFrame(() => viewer.draw()); // now colours are known
  const stops = [
    listen(widget, ["change:text", "change:choice"], () => viewer.read()),
    listen(widget, ["change:layer", "change:unit"], () => viewer.pick()),
    onThemeChange(() => viewer.draw()),
  ];
  return () => {
    stops.forEach((stop) => stop());
    viewer.finder.stop();
  };
}

function render({ model: widget, el }) {
  return guarded(el, () => start(widget, el));
}

export default { render };
