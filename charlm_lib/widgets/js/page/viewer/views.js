// What HiddenStateViewer can show of a layer: the cells' states and notes, by their letters.

const SIGNED = "Positive values are wide, negative ones narrow. ";

/**
 * @typedef {{name: string, isGate?: boolean, isUnbounded?: boolean}} View all others lie between
 *   -1 and 1
 * @type {Object<string, View>}
 */
const VIEWS = {
  h: { name: "hidden state" },
  c: { name: "memory cell", isUnbounded: true },
  r: { name: "reset gate", isGate: true },
  z: { name: "update gate", isGate: true },
  n: { name: "candidate" },
  i: { name: "input gate", isGate: true },
  f: { name: "forget gate", isGate: true },
  g: { name: "candidate" },
  o: { name: "output gate", isGate: true },
};

/** The name of a view, for readers. */
export function nameOfView(key) {
  return VIEWS[key].name;
}

/** The views of a cell's layers: first what it carries on, then its gates. */
export function viewsOf({ states, kept }) {
  return [...states, ...kept].filter((key) => Object.hasOwn(VIEWS, key));
}

/**
 * The value that is shown in full colour: 1, or the largest where there is no bound.
 * @param {import("../../model/trace.js").Step[]} steps
 */
export function fullColour(steps, key) {
  if (!VIEWS[key].isUnbounded) return 1;
  let most = 0;
  for (const { values } of steps) for (const v of values[key]) most = Math.max(most, Math.abs(v));
  return most || 1;
}

/** How the colours of a view are read. */
export function legend(key, full) {
  const { isGate, isUnbounded, name } = VIEWS[key];
  if (isGate) return "A gate lies between 0, which is clear, and 1, in full colour. ";
  if (!isUnbounded) return SIGNED;
  const largest = `full colour is ${full.toFixed(2)}, its largest here. `;
  return `${SIGNED}The ${name} has no bounds: ${largest}`;
}
