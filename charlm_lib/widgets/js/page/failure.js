// A widget that cannot run says so in its own place.

import { make } from "./dom.js";

/** Says what is wrong in the widget's own place. */
function complain(el, error) {
  const text = error instanceof Error ? error.message : String(error);
  el.replaceChildren(
    make("div", { className: "clm clm-error", role: "alert" }, `This widget cannot run. ${text}`),
  );
}

/** Runs `start` and shows what it throws in the widget's place; returns its clean-up function. */
export function guarded(el, start) {
  try {
    return start();
  } catch (error) {
    complain(el, error);
    return () => {};
  }
}
