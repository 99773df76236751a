// Copying.

import { make } from "./dom.js";

/** Copies text; falls back to a selection where the page may not use the clipboard. */
export async function copyText(text, report) {
  try {
    await navigator.clipboard.writeText(text);
    report("Copied.");
  } catch {
    const area = make("textarea", { value: text, className: "clm-hidden" });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    report(done ? "Copied." : "The browser refused: select the text and copy it yourself.");
  }
}
