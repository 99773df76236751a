// Where the reader pastes a text of their own, and what the page says of it.

import { LONGEST_OWN_TEXT, judgeText } from "../../learning/own_text.js";
import { field } from "../controls.js";
import { make } from "../dom.js";

/**
 * A field that opens.
 * @param {import("../../learning/training_run.js").Corpus} shipped what an empty field stands for
 * @param {(corpus: import("../../learning/training_run.js").Corpus) => void} chosen
 */
export function ownTextField(shipped, chosen) {
  const area = make("textarea", { rows: 4, spellcheck: false });
  area.placeholder = "Paste a text of a few thousand letters.";
  const verdict = make("p", { className: "clm-note", role: "status" });
  area.addEventListener("input", () => {
    // One more than the longest shows that there was more.
    if (area.value.length > LONGEST_OWN_TEXT + 1) {
      area.value = area.value.slice(0, LONGEST_OWN_TEXT + 1);
    }
    const judged = area.value.trim() ? judgeText(area.value) : shipped;
    verdict.textContent = judged.complaint ?? judged.note ?? "";
    if (!judged.complaint) chosen(judged);
  });
  return make(
    "details",
    { className: "clm-own" },
    make("summary", {}, "Train on your own text"),
    field("Your text (it never leaves this page)", area),
    verdict,
  );
}
