// The traits of a widget: how a page reads, saves and follows them.

/**
 * What a page without a kernel keeps of a widget while the reader is away; a notebook gives none,
 * since there Python has the traits. `set` says whether there was room.
 * @typedef {{get(name: string): any, set(name: string, value: any): boolean}} Memory
 */

import { Model } from "../model/network.js";
import { readParameters } from "../model/parameters.js";

/** Sets a trait and sends it to Python, where there is a Python. */
export function save(widget, key, value) {
  widget.set(key, value);
  widget.save_changes();
}

/**
 * Calls back at each of several events.
 * @returns {() => void} stops it
 */
export function listen(widget, events, callback) {
  for (const event of events) widget.on(event, callback);
  return () => {
    for (const event of events) widget.off(event, callback);
  };
}

/** The models that travel with a widget. */
export function modelsOf(widget) {
  const weights = widget.get("weights");
  return widget.get("models").map((about) => new Model(about, readParameters(about, weights)));
}
