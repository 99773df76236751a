// Where the reader pastes a text of their own, and what the page says of it.

import { LONGEST_OWN_TEXT, judgeText } from "../../learning/own_text.js";
import { field } from "../controls.js";
import { make } from "../dom.js";

/** @typedef {import("../../learning/training_run.js").Corpus} Corpus */

const TOO_LARGE = " This browser has no room to keep it: when you leave the page, it is gone.";

/** A field that opens. */
export class OwnTextField {
  /**
   * @param {Corpus} shipped what an empty field stands for
   * @param {import("../traits.js").Memory} [memory] keeps the text while the reader is away
   * @param {() => void} changed
   */
  constructor(shipped, memory, changed) {
    Object.assign(this, { shipped, memory });
    this.area = make("textarea", { rows: 4, spellcheck: false });
    this.area.placeholder = "Paste a text of a few thousand letters.";
    this.area.value = memory?.get("text") ?? "";
    this.area.addEventListener("input", () => {
      this.read();
      changed();
    });
    this.verdict = make("p", { className: "clm-note", role: "status" });
    const kept = memory ? "; this tab keeps it until you close it" : "";
    this.element = make(
      "details",
      { className: "clm-own", open: this.area.value !== "" },
      make("summary", {}, "Train on your own text"),
      field(`Your text (it never leaves your browser${kept})`, this.area),
      this.verdict,
    );
    this.read();
  }

  /** Judges what stands in the field: a `corpus` to learn, or a `complaint` and none. */
  read() {
    const { area } = this;
    // One more than the longest shows that there was more.
    if (area.value.length > LONGEST_OWN_TEXT + 1) {
      area.value = area.value.slice(0, LONGEST_OWN_TEXT + 1);
    }
    const judged = area.value.trim() ? judgeText(area.value) : this.shipped;
    this.complaint = judged.complaint ?? "";
    this.corpus = judged.complaint ? undefined : judged;
    area.setAttribute("aria-invalid", String(this.complaint !== ""));
    const isKept = this.memory?.set("text", area.value) ?? true;
    this.verdict.textContent = (judged.note ?? "") + (isKept || !area.value ? "" : TOO_LARGE);
  }
}
