// A probability distribution over the characters, as bars.

import { make } from "./dom.js";
import { percent, visible } from "./words.js";

/**
 * The bars of the most likely characters that are possible at all; `chosen` is marked by a tick and
 * a frame.
 */
export function distributionBars(probabilities, tokens, chosen, count = 5) {
  const order = Array.from(probabilities.keys()).sort(
    (a, b) => probabilities[b] - probabilities[a],
  );
  const shown = order.slice(0, count).filter((token) => probabilities[token] > 0);
  if (chosen >= 0 && !shown.includes(chosen)) shown.push(chosen);
  const list = make("ol", { className: "clm-bars" });
  for (const token of shown) {
    const bar = make("span", { className: "clm-bar" });
    bar.style.width = `${Math.max(1, 100 * probabilities[token])}%`;
    list.append(
      make(
        "li",
        { className: token === chosen ? "clm-chosen" : "" },
        make("code", {}, visible(tokens[token])),
        make("span", { className: "clm-track" }, bar),
        make("span", { className: "clm-number" }, percent(probabilities[token])),
        make("span", { className: "clm-tick" }, token === chosen ? "✓" : ""),
      ),
    );
  }
  return list;
}
