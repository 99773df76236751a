// StudyExplorer: the recorded runs of a study, and what follows from them by which comparison.

import { guarded } from "./page/failure.js";
import { whenResized } from "./page/frame.js";
import { StudyView } from "./page/study/view.js";

function start(widget, el) {
  const view = new StudyView(widget);
  el.replaceChildren(view.element);
  view.read();
  const follow = () => view.read();
  widget.on("change:view", follow);
  const stopResizing = whenResized(view.element, () => view.draw());
  return () => {
    widget.off("change:view", follow);
    stopResizing();
  };
}

function render({ model: widget, el }) {
  return guarded(el, () => start(widget, el));
}

export default { render };
