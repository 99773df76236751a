// How alike two rows of numbers are.

/**
 * Pearson's correlation of two rows of equal length; 0 where one of them never changes.
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} y
 */
export function correlation(x, y) {
  const n = x.length;
  let [sumX, sumY] = [0, 0];
  for (let i = 0; i < n; i++) {
    sumX += x[i];
    sumY += y[i];
  }
  const [meanX, meanY] = [sumX / n, sumY / n];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [x[i] - meanX, y[i] - meanY];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx && yy ? xy / Math.sqrt(xx * yy) : 0;
}
