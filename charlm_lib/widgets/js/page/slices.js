// Long work in short slices: between two of them the page answers its reader.

const SLICE = 8; // ms

export class Slices {
  /** @param {() => void} show called at the end of each slice */
  constructor(show) {
    this.show = show;
    this.timer = 0;
  }

  /**
   * Works from now on, the first slice at once, in place of what was still to do.
   * @param {Iterator<void>} work a step with each call of `next`
   * @param {() => void} whenDone
   */
  run(work, whenDone) {
    this.stop();
    const slice = () => {
      const end = performance.now() + SLICE;
      let done;
      do ({ done } = work.next());
      while (!done && performance.now() < end);
      this.timer = done ? 0 : setTimeout(slice);
      this.show();
      if (done) whenDone();
    };
    slice();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
  }
}
