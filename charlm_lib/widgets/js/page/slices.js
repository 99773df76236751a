// Long work in short portions, so that the page stays awake.

const PORTION = 12; // milliseconds between two turns of the event loop

/**
 * Does all of a task, a portion at a time.
 * @param {Iterator} task
 * @param {(isDone: boolean, value: any) => void} report called after each portion, at the end with
 *   what the task returns
 * @param {boolean} [isNow] whether the first portion is done before the function returns
 * @returns {() => void} stops it
 */
export function inPortions(task, report, isNow = false) {
  let timer = 0;
  function portion() {
    const end = performance.now() + PORTION;
    let step = task.next();
    while (!step.done && performance.now() < end) step = task.next();
    timer = step.done ? 0 : setTimeout(portion, 0);
    report(step.done, step.value);
  }
  if (isNow) portion();
  else timer = setTimeout(portion, 0);
  return () => clearTimeout(timer);
}
