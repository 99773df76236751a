// Where a learner works: between the page's frames, in a Worker, or in a kernel with JAX.
// Each place has run(), pause(), step(), tune(), stop() and calls `report` with what is new.

import { Reporter } from "./reporter.js";

const PAGE_PORTION = 12; // milliseconds of work between two turns of the event loop
const WORKER_PORTION = 40;

/**
 * @typedef {import("./reporter.js").Job} Job
 * @typedef {import("./reporter.js").Report} Report
 */

/** Works in portions on the thread it is made on. */
export class InSlices {
  /**
   * @param {Job} job
   * @param {(report: Report) => void} report
   */
  constructor(job, report, portion = PAGE_PORTION) {
    this.reporter = new Reporter(job, report);
    this.portion = portion;
    this.timer = 0;
  }

  run() {
    const { reporter } = this;
    reporter.timed(() => reporter.learner.work(this.portion));
    reporter.tell(false);
    this.timer = reporter.learner.problem ? 0 : setTimeout(() => this.run(), 0);
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.reporter.timed(() => this.reporter.learner.settle());
    this.reporter.tell(true);
  }

  step() {
    this.reporter.timed(() => this.reporter.learner.step());
    this.reporter.tell(true);
  }

  tune(change) {
    this.reporter.learner.tune(change);
  }

  stop() {
    clearTimeout(this.timer);
  }
}

/** The Worker's side of InWorker: it runs this same module. */
export function serveWorker(scope) {
  let place;
  const report = (news) => scope.postMessage(news);
  scope.onmessage = ({ data }) => {
    if (data.job) place = new InSlices(data.job, report, WORKER_PORTION);
    else place[data.action](data.change);
  };
}

/** Works in a Worker made from the text of this module. */
export class InWorker {
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

  tune(change) {
    this.worker.postMessage({ action: "tune", change });
  }

  stop() {
    this.worker.terminate();
  }
}

/** Lets JAX in the kernel do the updates, a few at a time, on windows that the learner draws. */
export class InKernel {
  /** @param {(content: object, buffers: ArrayBuffer[]) => void} send to the kernel */
  constructor(send, job, report) {
    this.reporter = new Reporter(job, report);
    this.send = send;
    this.running = false;
    this.steps = 0; // single updates that are still to do
    this.waiting = ""; // name of the request whose answer is due; "": none
  }

  /** Asks for what is to be done, unless an answer is due. */
  ask() {
    const { learner } = this.reporter;
    if (this.waiting || learner.problem || !(this.running || this.steps)) return;
    if (!this.running) this.steps -= 1;
    const count = this.running ? learner.untilPoint : 1;
    if (!learner.points.length) learner.validateNow();
    this.waiting = String(Math.random()); // no other run's, nor that of another window
    this.askedAt = performance.now();
    const starts = Array.from({ length: count }, () => learner.draw());
    const { settings, updates } = learner;
    const buffers = learner.vectors.map((vector) => Float32Array.from(vector).buffer);
    this.send({ type: "update", id: this.waiting, settings, starts, updates }, buffers);
  }

  /** The kernel's answer. */
  receive({ id, nll, norms, error }, buffers) {
    if (!this.waiting || id !== this.waiting) return;
    const { learner } = this.reporter;
    this.waiting = "";
    this.reporter.seconds += (performance.now() - this.askedAt) / 1000;
    if (error) learner.problem = `The kernel could not train: ${error}`;
    else {
      learner.accept(buffers.map(toVector), nll.map(toNumber), norms.map(toNumber));
    }
    this.reporter.tell(!this.running);
    this.ask();
  }

  run() {
    this.running = true;
    this.ask();
  }

  pause() {
    this.running = false;
    this.reporter.tell(true);
  }

  step() {
    this.steps += 1;
    this.ask();
  }

  tune(change) {
    this.reporter.learner.tune(change);
  }

  stop() {
    this.running = false;
    this.steps = 0;
    this.waiting = "";
  }
}

/** The numbers of a buffer. @param {DataView} buffer */
function toVector(buffer) {
  const read = (_, i) => buffer.getFloat32(4 * i, true);
  return Float64Array.from({ length: buffer.byteLength / 4 }, read);
}

/** JSON has no infinities: the kernel sends null for what is not finite. */
function toNumber(value) {
  return value ?? NaN;
}
