// The film of a run of TrainInThePage: one slider through its updates, and what the model was then;
// of the newest run, until the reader chooses an earlier one.

import { screenOf } from "../../learning/screen.js";
import { button, row, select, slider } from "../controls.js";
import { make } from "../dom.js";
import { inPortions } from "../slices.js";
import { onThemeChange, wantsLessMotion } from "../theme.js";
import { ScreenView } from "./screen_view.js";
import { frameInWords } from "./words.js";

const PACE = 150; // ms of a frame
const SLOW_PACE = 1000; // for readers who want less motion
const LIVE_PACE = 700; // ms between two screens of a run that goes on

/** @typedef {import("../../learning/training_run.js").TrainingRun} TrainingRun */

export class FilmView {
  /**
   * @param {string} prefix that samples begin with
   * @param {() => void} moved called when another update is shown
   */
  constructor(prefix, moved) {
    Object.assign(this, { prefix, moved });
    this.run = this.newest = this.chosen = null;
    this.updates = Infinity; // shown; Infinity: the newest
    this.shownAt = -Infinity; // when the last screen was begun
    this.stopWork = this.stopPlay = null;
    this.place = slider({
      ...{ label: "Film, update", min: 0, max: 0, step: 1, value: 0 },
      show: (i) => String(this.frames[i]?.updates ?? 0),
      oninput: (i) => this.goTo(i),
    });
    this.which = select("Film of run", [], "", (name) => this.choose(name));
    this.play = button("Play the film", () => this.toggle());
    this.words = make("p", { className: "clm-note" });
    this.screen = new ScreenView();
    this.element = make(
      "div",
      { className: "clm-film" },
      row(this.which.element, this.play, this.place.element),
      this.words,
      ...this.screen.elements,
    );
    this.unfollow = onThemeChange(() => this.screen.paint());
  }

  get frames() {
    return this.run?.film.frames ?? [];
  }

  get isLive() {
    return this.updates === Infinity;
  }

  /** The number of the frame that is shown. */
  get at() {
    return this.run.film.placeOf(this.updates);
  }

  /** How many updates the shown model has seen. */
  get shown() {
    return this.frames[this.at]?.updates ?? 0;
  }

  /** @param {import("../../learning/comparison.js").Comparison} comparison as it is now */
  follow({ runs, current }) {
    if (current !== this.newest || !runs.includes(this.chosen)) this.chosen = current;
    this.newest = current;
    this.offer(runs);
    const run = this.chosen;
    if (run !== this.run) {
      this.pause();
      this.run = run;
      this.updates = Infinity;
      this.shownAt = -Infinity;
      this.clear();
    }
    this.show();
    const isNew = this.screen.screen?.updates !== this.shown;
    const isTime = performance.now() - this.shownAt > LIVE_PACE || !run.running;
    if (this.frames.length && isNew && isTime && !this.stopWork) this.compute();
  }

  /** Lists the runs, where there are several. */
  offer(runs) {
    const { element, input } = this.which;
    this.runs = runs;
    element.hidden = runs.length < 2;
    const names = runs.map(({ name }) => name);
    if (names.join() !== Array.from(input.children, ({ value }) => value).join()) {
      input.replaceChildren(...names.map((name) => new Option(name, name)));
    }
    input.value = this.chosen.name;
  }

  choose(name) {
    this.chosen = this.runs.find((run) => run.name === name);
    this.moved();
  }

  /** Shows frame number `i`; the last one goes on with the run. */
  goTo(i) {
    this.pause();
    this.jump(i);
  }

  jump(i) {
    this.updates = i >= this.frames.length - 1 ? Infinity : this.frames[i].updates;
    this.compute();
    this.moved();
  }

  toggle() {
    if (this.stopPlay) return this.pause();
    const pace = wantsLessMotion() ? SLOW_PACE : PACE;
    this.play.textContent = "Stop";
    let i = this.isLive ? 0 : this.at;
    this.jump(i);
    const timer = setInterval(() => {
      this.jump(++i);
      if (this.isLive) this.pause();
    }, pace);
    this.stopPlay = () => clearInterval(timer);
  }

  pause() {
    this.stopPlay?.();
    this.stopPlay = null;
    this.play.textContent = "Play the film";
  }

  /** The slider and the words. */
  show() {
    const { run, place, play } = this;
    const last = Math.max(0, this.frames.length - 1);
    place.input.max = last;
    place.set(this.at);
    play.disabled = place.input.disabled = last === 0;
    const words = frameInWords(run, this.shown);
    this.words.setAttribute("aria-live", this.isLive ? "off" : "polite");
    if (this.words.textContent !== words) this.words.textContent = words;
  }

  /** Computes the screen of the shown frame in portions. */
  compute() {
    this.stopWork?.();
    this.shownAt = performance.now();
    const task = screenOf(this.frames[this.at], this.run, this.prefix);
    const report = (isDone, screen) => {
      if (!isDone) return;
      this.stopWork = null;
      this.screen.fill(screen, this.run.settings);
      if (screen.updates !== this.shown) this.moved(); // the run has gone on
    };
    this.stopWork = () => {};
    const stop = inPortions(task, report, true);
    if (this.stopWork) this.stopWork = stop;
    this.show();
  }

  clear() {
    this.stopWork?.();
    this.stopWork = null;
    this.screen.clear();
  }

  stop() {
    this.pause();
    this.stopWork?.();
    this.unfollow();
  }
}
