// What a learner tells while it works: now and then what is new.

import { Learner } from "./learner.js";

const SECONDS_PER_REPORT = 0.15;

/**
 * @typedef {{settings: import("./learner.js").Settings, text: string, tokens: string[]}} Job
 * @typedef {{points: import("./learner.js").Point[], trail: number[][],
 *   frames: import("./film.js").Frame[], updates: number, seconds: number, problem: string,
 *   exploded: boolean, changes: object[]}} Report points, trail and frames since the last report
 */

/** A learner, the clock of its work, and the one who is told. */
export class Reporter {
  /**
   * @param {Job} job
   * @param {(report: Report) => void} report
   */
  constructor(job, report) {
    this.report = report;
    this.learner = new Learner(job.settings, job.text, job.tokens);
    this.seconds = 0; // at work
    this.told = 0;
    this.lastReport = -Infinity;
  }

  /** Reports, if `now` or if it is time to. */
  tell(now) {
    const { learner } = this;
    const time = performance.now() / 1000;
    if (!now && !learner.problem && time - this.lastReport < SECONDS_PER_REPORT) return;
    const { updates, points, problem, exploded, changes } = learner;
    const report = { points: points.slice(this.told), updates, problem, exploded, changes };
    report.seconds = this.seconds;
    report.trail = learner.reel.trail.splice(0);
    report.frames = learner.reel.frames.splice(0);
    this.told = points.length;
    this.lastReport = time;
    this.report(report);
  }

  /** Counts the time that `action` takes. */
  timed(action) {
    const start = performance.now();
    action();
    this.seconds += (performance.now() - start) / 1000;
  }
}
