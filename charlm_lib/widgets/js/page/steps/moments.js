// The moments of StepThrough: what is computed, one after the other, forward or backward.

/**
 * @typedef {{t: number, l: number, q: number}} Moment at step t the quantity q of layer l, all from
 *   0; l = number of layers: the output
 */

/**
 * From the first letter to the last, and at each up through the layers to the output.
 * @param {number} numQuantities of a layer
 * @returns {Moment[]}
 */
export function forwardMoments(numSteps, numLayers, numQuantities) {
  const moments = [];
  for (let t = 0; t < numSteps; t++) {
    for (let l = 0; l < numLayers; l++) addQuantities(moments, t, l, numQuantities);
    addQuantities(moments, t, numLayers, 2);
  }
  return moments;
}

/** From the last letter's loss down through the layers and back to the first letter. */
export function backwardMoments(numSteps, numLayers, numQuantities) {
  const moments = [{ t: numSteps - 1, l: numLayers, q: 0 }];
  for (let t = numSteps - 1; t >= 0; t--) {
    for (let l = numLayers - 1; l >= 0; l--) addQuantities(moments, t, l, numQuantities);
  }
  return moments;
}

function addQuantities(moments, t, l, count) {
  for (let q = 0; q < count; q++) moments.push({ t, l, q });
}

/** The place of the last moment of a layer (or the output) at a step; -1: there is none. */
export function lastMomentOf(moments, t, l) {
  return moments.findLastIndex((moment) => moment.t === t && moment.l === l);
}
