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

/**
 * The parts of a curve below the upper edge of the drawing, and where it leaves over this edge: at
 * its first place above, since nothing is known of the way there.
 * @param {{x: number, y: number}[]} places in pixels, y downwards; -Infinity: infinitely high
 * @param {number} top the upper edge
 * @returns {{parts: {x: number, y: number}[][], exits: number[]}} exits: where, from the left
 */
export function partsBelow(places, top) {
  const parts = [];
  const exits = [];
  let part; // undefined: the curve is above the edge
  places.forEach((place, i) => {
    if (place.y >= top) {
      if (!part) parts.push((part = i ? [{ x: places[i - 1].x, y: top }] : []));
      part.push(place);
    } else if (part || !i) {
      part?.push({ x: place.x, y: top });
      part = undefined;
      exits.push(place.x);
    }
  });
  return { parts, exits };
}
