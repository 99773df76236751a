// Where labels stand beside their curves: none over another, none outside, each near its own end.

/**
 * @typedef {{from: number, to: number, y: number, weight?: number}} Wish a label's left and right
 *   edge, and the height at which its middle should be; a large weight holds it there
 */

/**
 * The heights of labels, as near to their wishes as can be. Labels above each other keep the order
 * of their wishes, so that each remains with its curve; others do not disturb each other.
 * @param {Wish[]} wishes
 * @param {{step: number, low: number, high: number}} room step: the least distance of two heights;
 *   low, high: the least and the largest height
 * @returns {number[]}
 */
export function heightsOf(wishes, room) {
  const heights = new Array(wishes.length);
  for (const group of aboveEachOther(wishes)) {
    group.sort((a, b) => wishes[a].y - wishes[b].y);
    spread(
      group.map((i) => wishes[i]),
      room,
    ).forEach((y, k) => (heights[group[k]] = y));
  }
  return heights;
}

/** Groups of labels, by their indices: of two in different groups, none is above the other. */
function aboveEachOther(wishes) {
  const order = wishes.map((_, i) => i).sort((a, b) => wishes[a].from - wishes[b].from);
  const groups = [];
  let end = -Infinity;
  for (const i of order) {
    if (wishes[i].from < end) groups.at(-1).push(i);
    else groups.push([i]);
    end = Math.max(end, wishes[i].to);
  }
  return groups;
}

/**
 * Heights at least a step apart, in the order given, with the least sum of weighted squares of what
 * they are off: blocks that are too near to each other become one, at their common mean.
 */
function spread(wishes, { step, low, high }) {
  const blocks = []; // of neighbours a step apart: where the first would be, its weight, how many
  wishes.forEach(({ y, weight = 1 }, i) => {
    blocks.push({ at: y - i * step, weight, count: 1 });
    while (blocks.length > 1 && blocks.at(-2).at > blocks.at(-1).at) {
      const last = blocks.pop();
      const before = blocks.at(-1);
      const sum = before.weight + last.weight;
      before.at = (before.at * before.weight + last.at * last.weight) / sum;
      before.weight = sum;
      before.count += last.count;
    }
  });
  const latest = high - (wishes.length - 1) * step;
  const firsts = blocks.flatMap(({ at, count }) => Array(count).fill(at));
  return firsts.map((at, i) => Math.max(low, Math.min(latest, at)) + i * step);
}
