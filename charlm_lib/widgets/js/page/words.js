// How characters, shares and models are written and said.

/** A character as a person reads it: the space is a mark. */
export function visible(character) {
  return { " ": "␣", "\n": "↵", "\t": "⇥" }[character] ?? character;
}

/** A character as a screen reader should say it. */
export function spoken(character) {
  return { " ": "space", "\n": "new line", "\t": "tab" }[character] ?? character;
}

/** 0.4231 as “42%”, small ones as “<1%”. */
export function percent(p) {
  return p > 0 && p < 0.005 ? "<1%" : `${Math.round(100 * p)}%`;
}

/** “2 GRU layers” */
export function layersInWords({ cell, layers }) {
  return `${layers} ${cell === "gru" ? "GRU" : "tanh"} layer${layers > 1 ? "s" : ""}`;
}
