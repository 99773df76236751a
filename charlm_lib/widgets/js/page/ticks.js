// The numbers beside an axis.

/** At most so many of 1, 2, 5, 10, 20, ... between two positive numbers; fewer in a wide range. */
export function logTicks(low, high, most) {
  for (const digits of [[1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]) {
    const ticks = ticksOf(digits, 1, low, high);
    if (ticks.length <= most) return ticks;
  }
  return ticksOf([1], Math.ceil(Math.log10(high / low) / most), low, high);
}

/** These digits of every so many-th power of ten, as far as they lie between two numbers. */
function ticksOf(digits, every, low, high) {
  const ticks = [];
  for (let e = every * Math.floor(Math.log10(low) / every); e <= Math.log10(high); e += every) {
    ticks.push(...digits.map((digit) => digit * 10 ** e));
  }
  return ticks.filter((tick) => tick >= low && tick <= high);
}

/** A number beside an axis. */
export function tickText(x) {
  return x >= 1e5 || (x && x < 0.001) ? x.toExponential(0) : String(Number(x.toPrecision(3)));
}

/**
 * Steps of 1, 2 or 5 times a power of ten, at most so many, between two numbers.
 * @param {number} least the smallest step: 1 for what is counted, such as layers
 */
export function evenTicks(low, high, most, least = 0) {
  const rough = Math.max(least, (high - low) / most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((digit) => digit * power >= rough);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  return Array.from({ length: count }, (_, i) => (first + i) * step);
}
