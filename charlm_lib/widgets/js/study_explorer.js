// StudyExplorer: the recorded runs of a study, and what follows from them by which comparison.

import { guarded } from "./page/failure.js";
import { StudyView } from "./page/study/view.js";

function start(widget, el) {
  const view = new StudyView(widget);
  el.replaceChildren(view.element);
  view.read();
  const follow = () => view.read();
  widget.on("change:view", follow);
  const resized = new ResizeObserver(() => view.draw());
  resized.observe(view.element);
  return () => {
    widget.off("change:view", follow);
    resized.disconnect();
  };
}

function render({ model: widget, el }) {
  return guarded(el, () => start(widget, el));
}

export default { render };
