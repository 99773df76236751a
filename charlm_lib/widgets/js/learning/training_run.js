// A training run as the page knows it: what is trained how, where, and all that was reported of it.

import { Film } from "./film.js";
import { InKernel, InSlices, InWorker } from "./places.js";

/**
 * @typedef {import("./learner.js").Settings} Settings
 * @typedef {{text: string, tokens: string[], title: string}} Corpus title: as in “on TITLE”
 * @typedef {"worker"|"slices"|"kernel"} PlaceName
 */

export class TrainingRun {
  /**
   * @param {string} name
   * @param {Settings} settings
   * @param {Corpus} corpus
   */
  constructor(name, settings, { text, tokens, title }) {
    Object.assign(this, { name, settings, text, tokens, title });
    this.first = settings; // before the reader changed any while it ran
    this.changes = [];
    this.film = new Film();
    /** @type {import("./learner.js").Point[]} */
    this.points = [];
    this.updates = this.seconds = 0;
    this.problem = "";
    this.exploded = false;
    /** @type {PlaceName|""} */
    this.placeName = "";
    this.place = null;
    this.running = this.stepping = false;
  }

  /** Whether it has updates, or is about to have some. */
  get hasBegun() {
    return this.updates > 0 || this.running || this.stepping;
  }

  /**
   * Gives the run a place to be computed in, if it has none.
   * @param {PlaceName} placeName
   * @param {object} widget the widget's model
   * @param {() => void} changed called when there is something new to show
   */
  begin(placeName, widget, changed) {
    if (this.place) return;
    const { settings, text, tokens } = this;
    this.changed = changed;
    this.job = { settings, text, tokens };
    if (placeName === "kernel") this.beginInKernel(widget);
    else if (placeName === "worker") this.beginInWorker(widget.get("_esm"));
    else this.beginInSlices();
  }

  beginInKernel(widget) {
    const send = (content, buffers) => widget.send(content, undefined, buffers);
    this.placeName = "kernel";
    this.place = new InKernel(send, this.job, (news) => this.hear(news));
  }

  /** A Worker that the browser refuses, at once or when it should start, is replaced by slices. */
  beginInWorker(source) {
    const refused = (message) => {
      this.place.stop();
      if (!this.points.length) this.beginInSlices();
      else this.hear({ points: [], problem: `The Worker of this page failed: ${message}` });
    };
    this.placeName = "worker";
    try {
      this.place = new InWorker(source, this.job, (news) => this.hear(news), refused);
    } catch {
      this.beginInSlices(); // there are no Workers, or the page's policy forbids them
    }
  }

  beginInSlices() {
    this.placeName = "slices";
    this.place = new InSlices(this.job, (news) => this.hear(news));
    if (this.running) this.place.run();
    if (this.stepping) this.place.step();
  }

  /** @param {import("./reporter.js").Report} report */
  hear({ points, trail = [], frames = [], ...news }) {
    this.points.push(...points);
    this.film.add(trail, frames);
    Object.assign(this, news);
    this.stepping = false;
    if (this.problem) this.running = false;
    this.changed();
  }

  run() {
    this.running = true;
    this.place.run();
  }

  step() {
    this.stepping = true;
    this.place.step();
  }

  /** Another learning rate or clipping for a run that has begun, from its next update on. */
  tune(change) {
    const isSame = Object.keys(change).every((key) => change[key] === this.settings[key]);
    if (isSame) return;
    this.settings = { ...this.settings, ...change };
    this.place.tune(change);
  }

  pause() {
    if (this.running) this.place.pause();
    this.running = false;
  }

  stop() {
    this.running = false;
    this.place?.stop();
  }
}
