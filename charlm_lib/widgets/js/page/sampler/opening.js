// The sampler that opens a page writes by itself, once, as soon as a reader sees it.

import { wantsLessMotion } from "../theme.js";

const SEEN = 0.3; // the share of it that is in the window

/**
 * Empties the texts, and writes them letter by letter when the widget comes into view; not for a
 * reader who wants less motion, and not again in this tab.
 * @param {import("../traits.js").Memory} [memory]
 * @returns {() => void} stops it
 */
export function writeOnceSeen(root, writing, memory) {
  if (wantsLessMotion() || memory?.get("played")) return () => {};
  writing.begin();
  writing.onBusy(false);
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      if (!writing.cards.every((card) => card.written.length === 0)) return; // the reader was first
      memory?.set("played", true);
      writing.slowly();
    },
    { threshold: SEEN },
  );
  observer.observe(root);
  return () => observer.disconnect();
}
