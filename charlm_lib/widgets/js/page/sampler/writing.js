// How the cards of TextSampler write: at once, or letter by letter.

import { wantsLessMotion } from "../theme.js";

const CHARACTERS_PER_SECOND = 40;

export class Writing {
  /**
   * @param {object} widget
   * @param {import("./card.js").Card[]} cards that have a model
   */
  constructor(widget, cards) {
    this.widget = widget;
    this.cards = cards;
    this.letterByLetter = !wantsLessMotion();
    this.timer = 0;
    /** Called with true when letters begin to appear, with false when they stop. */
    this.onChange = (isWriting) => {};
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
    this.onChange(false);
  }

  begin() {
    this.stop();
    const [prefix, temperature, seed] = ["prefix", "temperature", "seed"].map((key) =>
      this.widget.get(key),
    );
    for (const card of this.cards) card.begin(prefix, temperature, seed);
  }

  atOnce() {
    this.begin();
    for (const card of this.cards) card.write(this.widget.get("length"));
  }

  slowly() {
    this.begin();
    this.onChange(true);
    const start = performance.now();
    let done = 0;
    this.timer = setInterval(() => {
      const length = this.widget.get("length");
      const due = Math.ceil(((performance.now() - start) * CHARACTERS_PER_SECOND) / 1000);
      const count = Math.min(due, length) - done;
      for (const card of this.cards) card.write(count);
      if ((done += count) >= length) this.stop();
    }, 1000 / CHARACTERS_PER_SECOND);
  }
}
