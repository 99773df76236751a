// The windows of a text: those to learn from, and those to validate on.

const TRAINING_SHARE = 0.85;
const VALIDATION_WINDOWS = 48;

/**
 * The first 85% of the windows are for training; some of the others for validation. The two parts
 * share no character.
 * @param {number} length of the text
 * @returns {{trainWindows: number, validationStarts: number[]}} how many, and where each begins
 */
export function splitWindows(length, numSteps) {
  const windows = length - numSteps;
  const trainWindows = Math.floor(TRAINING_SHARE * windows) - numSteps;
  const first = trainWindows + numSteps;
  const spacing = (windows - first) / VALIDATION_WINDOWS;
  const starts = Array.from({ length: VALIDATION_WINDOWS }, (_, i) => first + i * spacing);
  return { trainWindows, validationStarts: starts.map(Math.floor) };
}
