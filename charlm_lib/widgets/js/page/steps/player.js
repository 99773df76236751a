// The buttons of StepThrough: moment by moment, letter by letter, or by itself.

import { button, row, select, slider } from "../controls.js";

const PACE = 650; // ms of a moment
const DIRECTIONS = [
  ["forward", "forward"],
  ["backward", "backward"],
];

export class Player {
  /**
   * @param {(at: number) => void} go called with the number of the next moment
   * @param {(isBackward: boolean) => void} turn called when the reader chooses the direction
   */
  constructor(go, turn) {
    this.go = go;
    this.at = 0;
    this.count = 1;
    this.timer = 0;
    const className = "clm-button clm-primary";
    this.play = button("Play", () => this.toggle(), { className });
    this.step = button("Step", () => this.to(this.at + 1));
    this.back = button("Back", () => this.to(this.at - 1));
    this.place = slider({
      ...{ label: "Moment", min: 1, max: 1, step: 1, value: 1 },
      show: (n) => `${n} of ${this.count}`,
      oninput: (n) => this.to(n - 1),
    });
    this.direction = select("Direction", DIRECTIONS, "forward", (way) => turn(way === "backward"));
    this.elements = [
      row(this.play, this.step, this.back),
      row(this.place.element, this.direction.element),
    ];
  }

  /** Offers the moments of another text or direction. */
  offer(count, at) {
    this.stop();
    this.count = count;
    this.place.input.max = count;
    this.show(at);
  }

  show(at) {
    this.at = at;
    this.place.set(at + 1);
    this.back.disabled = at === 0;
    this.step.disabled = at === this.count - 1;
  }

  /** Goes to a moment by hand: nothing plays on. */
  to(at) {
    this.stop();
    this.go(Math.max(0, Math.min(this.count - 1, at)));
  }

  toggle() {
    if (this.timer) return this.stop();
    if (this.at === this.count - 1) this.go(0);
    this.play.textContent = "Pause";
    this.timer = setInterval(() => {
      this.go(this.at + 1);
      if (this.at === this.count - 1) this.stop();
    }, PACE);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.play.textContent = "Play";
  }
}
