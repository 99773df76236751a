// Where a training run happens: in a Worker, between the page's frames, or in a kernel with JAX.
// Each engine has run(), pause(), step(), stop() and calls `report` with what is new.

import { Learner } from "./learner.js";

const SECONDS_PER_REPORT = 0.15;
const SECONDS_PER_SAMPLE = 1;

/**
 * @typedef {{settings: import("./learner.js").Settings, text: string, tokens: string[],
 *   prefix: string, temperature: number}} Job
 * @typedef {{points: import("./learner.js").Point[], updates: number, seconds: number,
 *   problem: string, sample?: string}} Report `points`: those since the last report
 */

/** A learner that reports on itself now and then. */
export class Session {
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
    const { updates, points, problem } = learner;
    const report = { points: points.slice(this.told), updates, seconds: this.seconds, problem };
    if (now || problem || time - this.lastSample > SECONDS_PER_SAMPLE) {
      report.sample = learner.sample(this.job.prefix, 160, this.job.temperature);
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

/** Trains in portions on the thread it is made on. */
export class SliceEngine {
  /** @param {number} portion milliseconds of work between two turns of the event loop */
  constructor(job, report, portion = 12) {
    this.session = new Session(job, report);
    this.portion = portion;
    this.timer = 0;
  }

  run() {
    const { session } = this;
    session.timed(() => session.learner.work(this.portion));
    session.tell(false);
    this.timer = session.learner.problem ? 0 : setTimeout(() => this.run(), 0);
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.session.tell(true);
  }

  step() {
    this.session.timed(() => this.session.learner.step());
    this.session.tell(true);
  }

  stop() {
    clearTimeout(this.timer);
  }
}

/** The Worker's side of WorkerEngine: it runs this same module. */
export function serveWorker(scope) {
  let engine;
  scope.onmessage = ({ data }) => {
    if (data.job) engine = new SliceEngine(data.job, (report) => scope.postMessage(report), 40);
    else engine[data.action]();
  };
}

/** Trains in a Worker made from the text of this module. */
export class WorkerEngine {
  /** @param {(message: string) => void} refuse called if the browser will not start the Worker */
  constructor(source, job, report, refuse) {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.worker = new Worker(url, { type: "module" });
    this.worker.onmessage = ({ data }) => {
      URL.revokeObjectURL(url);
      report(data);
    };
    this.worker.onerror = (event) => {
      URL.revokeObjectURL(url);
      refuse(event.message ?? "");
    };
    this.worker.postMessage({ job });
  }

  run() {
    this.worker.postMessage({ action: "run" });
  }

  pause() {
    this.worker.postMessage({ action: "pause" });
  }

  step() {
    this.worker.postMessage({ action: "step" });
  }

  stop() {
    this.worker.terminate();
  }
}

/** Lets JAX in the kernel do the updates, a few at a time, on the windows that the learner draws. */
export class KernelEngine {
  /** @param {(content: object, buffers: ArrayBuffer[]) => void} send to the kernel */
  constructor(send, job, report) {
    this.session = new Session(job, report);
    this.send = send;
    this.running = false;
    this.waiting = 0; // number of the request whose answer is due; 0: none
    this.requests = 0;
  }

  ask(count) {
    const { learner } = this.session;
    if (this.waiting || learner.problem) return;
    if (!learner.points.length) learner.validateNow();
    this.waiting = this.requests += 1;
    this.askedAt = performance.now();
    const starts = Array.from({ length: count }, () => learner.draw());
    const parameters = Float32Array.from(learner.model.parameters);
    const { settings } = learner;
    this.send({ type: "update", id: this.waiting, settings, starts }, [parameters.buffer]);
  }

  /** The kernel's answer. */
  receive({ id, nll, norms, error }, buffers) {
    if (id !== this.waiting) return;
    const { learner } = this.session;
    this.waiting = 0;
    this.session.seconds += (performance.now() - this.askedAt) / 1000;
    if (error) learner.problem = `The kernel could not train: ${error}`;
    else {
      const read = (_, i) => buffers[0].getFloat32(4 * i, true);
      const parameters = Float64Array.from({ length: buffers[0].byteLength / 4 }, read);
      learner.accept(parameters, nll.map(toNumber), norms.map(toNumber));
    }
    this.session.tell(!this.running);
    if (this.running) this.ask(learner.untilPoint);
  }

  run() {
    this.running = true;
    this.ask(this.session.learner.untilPoint);
  }

  pause() {
    this.running = false;
    this.session.tell(true);
  }

  step() {
    this.ask(1);
  }

  stop() {
    this.running = false;
    this.waiting = 0;
  }
}

/** JSON has no infinities: the kernel sends null for what is not finite. */
function toNumber(value) {
  return value ?? NaN;
}
