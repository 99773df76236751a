// How the cards of TextSampler write: at once, or letter by letter.

import { inPortions } from "../slices.js";
import { wantsLessMotion } from "../theme.js";

const CHARACTERS_PER_SECOND = 40;

/** Reads every card's prefix, a character a step. */
function* prefixesRead(cards) {
  for (const card of cards) {
    while (card.isReading()) {
      card.read();
      yield;
    }
  }
}

/** Reads the prefixes, then writes one character of a card a step, in turns. */
function* textsWritten(cards, length) {
  yield* prefixesRead(cards);
  for (let i = 0; i < length; i++) {
    for (const card of cards) {
      card.write();
      yield;
    }
  }
}

export class Writing {
  /**
   * @param {object} widget
   * @param {() => import("./card.js").Card[]} writers gives the cards that are shown and have a
   *   model
   */
  constructor(widget, writers) {
    this.widget = widget;
    this.writers = writers;
    this.cards = []; // that write now
    this.letterByLetter = !wantsLessMotion();
    this.stopWork = () => {};
    this.timer = 0;
    /** Called with true when letters begin to appear, with false when they stop. */
    this.onChange = (isWriting) => {};
    /** Called with true while more is to come, with false when nothing is. */
    this.onBusy = (isBusy) => {};
  }

  /** Writes the whole text, in the way that the reader chose. */
  run() {
    if (this.letterByLetter) this.slowly();
    else this.atOnce();
  }

  /** The button: stops what is being written, or begins. */
  toggle() {
    if (this.timer) this.stop();
    else this.run();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.stopWork();
    this.onChange(false);
    this.onBusy(false);
  }

  begin() {
    this.stop();
    this.onBusy(true);
    this.cards = this.writers();
    const [prefix, temperature, seed] = ["prefix", "temperature", "seed"].map((key) =>
      this.widget.get(key),
    );
    for (const card of this.cards) card.begin(prefix, temperature, seed);
  }

  /** Puts on the page what was written; a reader may want to follow the pen. */
  show(followed) {
    for (const card of this.cards) card.show(followed);
  }

  /** Does a task in portions, shows after each what was written, and then calls `whenDone`. */
  work(task, whenDone) {
    const report = (isDone) => {
      this.show(false);
      if (isDone) whenDone();
    };
    this.stopWork = inPortions(task, report, true);
  }

  atOnce() {
    this.begin();
    this.work(textsWritten(this.cards, this.widget.get("length")), () => this.onBusy(false));
  }

  slowly() {
    this.begin();
    this.onChange(true);
    this.work(prefixesRead(this.cards), () => this.letters());
  }

  letters() {
    const start = performance.now();
    let done = 0;
    this.timer = setInterval(() => {
      const length = this.widget.get("length");
      const due = Math.ceil(((performance.now() - start) * CHARACTERS_PER_SECOND) / 1000);
      const count = Math.min(due, length) - done;
      for (const card of this.cards) for (let i = 0; i < count; i++) card.write();
      this.show(true);
      if ((done += count) >= length) this.stop();
    }, 1000 / CHARACTERS_PER_SECOND);
  }
}
