// What a learner tells while it works: its new points now and then, and more rarely a sample.

import { Learner } from "./learner.js";

const SECONDS_PER_REPORT = 0.15;
const SECONDS_PER_SAMPLE = 1;
const SAMPLE_LENGTH = 160;

/**
 * @typedef {{settings: import("./learner.js").Settings, text: string, tokens: string[],
 *   prefix: string, temperature: number}} Job
 * @typedef {{points: import("./learner.js").Point[], updates: number, seconds: number,
 *   problem: string, exploded: boolean, sample?: {updates: number, text: string}}} Report
 *   points: those since the last report; sample: what the model wrote after so many updates
 */

/** A learner, the clock of its work, and the one who is told. */
export class Reporter {
  /**
   * @param {Job} job
   * @param {(report: Report) => void} report
   */
  constructor(job, report) {
    this.job = job;
    this.report = report;
    this.learner = new Learner(job.settings, job.text, job.tokens);
    this.seconds = 0; // at work
    this.told = 0;
    this.lastReport = this.lastSample = -Infinity;
  }

  /** Reports, if `now` or if it is time to. */
  tell(now) {
    const { learner } = this;
    const time = performance.now() / 1000;
    if (!now && !learner.problem && time - this.lastReport < SECONDS_PER_REPORT) return;
    const { updates, points, problem, exploded } = learner;
    const report = { points: points.slice(this.told), updates, problem, exploded };
    report.seconds = this.seconds;
    if (now || problem || time - this.lastSample > SECONDS_PER_SAMPLE) {
      const text = learner.sample(this.job.prefix, SAMPLE_LENGTH, this.job.temperature);
      report.sample = { updates, text };
      this.lastSample = time;
    }
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
