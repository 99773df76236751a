// Whose turn it is, when each is to come equally often and none can be foretold.

/** Each number below `count`, twice, in random order. */
function shuffledTwice(count, uniform) {
  const block = Array.from({ length: 2 * count }, (_, i) => i % count);
  for (let i = block.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [block[i], block[j]] = [block[j], block[i]];
  }
  return block;
}

function hasThreeInARow(turns) {
  return turns.some((turn, i) => i > 1 && turn === turns[i - 1] && turn === turns[i - 2]);
}

/**
 * Turns without an end: each number below `count` twice in every 2 `count` turns, never three times
 * in a row.
 * @param {() => number} uniform
 */
export function* balancedTurns(count, uniform) {
  let last = []; // the last two turns
  for (;;) {
    let block = shuffledTwice(count, uniform);
    while (hasThreeInARow([...last, ...block])) block = shuffledTwice(count, uniform);
    yield* block;
    last = block.slice(-2);
  }
}
