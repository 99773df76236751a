// A curve that a reader sketches: its heights at a few places, straight in between.

/** At most so many of the places of a curve, evenly; the first and the last are among them. */
export function anchorsOf(x, most) {
  const count = Math.min(most, x.length);
  return Array.from({ length: count }, (_, i) => x[Math.round((i / (count - 1)) * (x.length - 1))]);
}

/**
 * The height of the sketch at a place between the first and the last anchor.
 * @param {number[]} anchors ascending
 * @param {number[]} heights at the anchors
 * @param {boolean} isLog whether the sketch is straight on a logarithmic axis
 */
export function sketchedAt(anchors, heights, x, isLog) {
  const right = Math.max(1, anchors.findIndex((anchor) => anchor >= x));
  const share = (x - anchors[right - 1]) / (anchors[right] - anchors[right - 1]);
  const [low, high] = [heights[right - 1], heights[right]];
  return isLog ? low * (high / low) ** share : low + share * (high - low);
}

/**
 * How far a sketch is from a curve, in the mean over the curve's points: on a logarithmic axis the
 * factor between the two, from 1 on, otherwise their distance.
 * @param {{x: number[], y: number[]}} curve
 */
export function sketchError({ x, y }, anchors, heights, isLog) {
  const errors = x.map((at, i) => {
    const height = sketchedAt(anchors, heights, at, isLog);
    return Math.abs(isLog ? Math.log(height / y[i]) : height - y[i]);
  });
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  return isLog ? Math.exp(mean) : mean;
}
