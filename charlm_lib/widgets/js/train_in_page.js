// TrainInThePage: a small recurrent model learns in the reader's browser.

import { serveWorker } from "./learning/places.js";
import { guarded } from "./page/failure.js";
import { whenResized } from "./page/frame.js";
import { SETTING_EVENTS } from "./page/train/settings.js";
import { TrainerInThePage } from "./page/train/trainer.js";
import { listen } from "./page/traits.js";

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  serveWorker(self);
}

function start(widget, el, memory) {
  const trainer = new TrainerInThePage(widget, el, memory);
  el.replaceChildren(trainer.element);
  const stops = [
    listen(widget, SETTING_EVENTS, () => trainer.followTraits()),
    listen(widget, ["msg:custom"], (content, buffers) => trainer.receive(content, buffers)),
    whenResized(el, () => trainer.show()),
    () => trainer.stop(),
  ];
  trainer.followTraits();
  widget.send({ type: "hello" });
  return () => stops.forEach((stop) => stop());
}

function render({ model: widget, el, memory }) {
  return guarded(el, () => start(widget, el, memory));
}

export default { render };
