// The shape of a drawn curve: which points of many, and where it leaves the drawing at the top.

/** How high a value counts: what is not a number lies above all. */
export function heightOf(value) {
  return Number.isNaN(value) ? Infinity : value;
}

/**
 * The indices of at most about `most` values to draw: the first, the last, and the lowest and the
 * highest of each stretch, so that no summit is lost.
 */
export function thinned(values, most) {
  const length = Math.ceil(values.length / (most / 2)); // of a stretch
  if (length <= 2) return values.map((_, i) => i);
  const heights = Array.from(values, heightOf);
  const kept = new Set([0, values.length - 1]);
  for (let from = 0; from < heights.length; from += length) {
    const stretch = heights.slice(from, from + length);
    kept.add(from + stretch.indexOf(Math.min(...stretch)));
    kept.add(from + stretch.indexOf(Math.max(...stretch)));
  }
  return [...kept].sort((a, b) => a - b);
}

/** Where the line from one place to another crosses the level `top`; straight up at infinity. */
function crossing(a, b, top) {
  if (!Number.isFinite(b.y)) return { x: b.x, y: top };
  return { x: a.x + ((b.x - a.x) * (top - a.y)) / (b.y - a.y), y: top };
}

/**
 * The parts of a curve below the upper edge of the drawing, and where it leaves over this edge.
 * @param {{x: number, y: number}[]} places in pixels, y downwards; -Infinity: infinitely high
 * @param {number} top the upper edge
 * @returns {{parts: {x: number, y: number}[][], exits: {x: number, index: number}[]}} index: of the
 *   first place above the edge
 */
export function partsBelow(places, top) {
  const parts = [];
  const exits = [];
  let part; // undefined: the curve is above the edge
  places.forEach((place, index) => {
    const before = places[index - 1];
    if (place.y >= top) {
      if (!part) parts.push((part = before ? [crossing(place, before, top)] : []));
      part.push(place);
    } else if (part || !before) {
      const exit = before ? crossing(before, place, top) : { x: place.x, y: top };
      part?.push(exit);
      part = undefined;
      exits.push({ x: exit.x, index });
    }
  });
  return { parts, exits };
}
