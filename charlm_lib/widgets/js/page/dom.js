// Small helpers for building the page. Text from a reader or a model only ever becomes textContent.

/** An id that no other element has. Each widget has its own copy of this code, so they count together. */
export function freshId(word) {
  globalThis.clmLastId = (globalThis.clmLastId ?? 0) + 1;
  return `clm-${word}-${globalThis.clmLastId}`;
}

/**
 * Makes an element: `make("button", { className: "clm-button", onclick }, "Write")`.
 * A key with a dash, and `role`, becomes an attribute; any other a property.
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "for") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children);
  return element;
}

/** A button. */
export function button(text, onclick, properties = {}) {
  return make("button", { type: "button", className: "clm-button", onclick, ...properties }, text);
}

/** A control under its label. */
export function field(label, control, className = "") {
  control.id ||= freshId("field");
  return make(
    "div",
    { className: `clm-field ${className}` },
    make("label", { for: control.id }, label),
    control,
  );
}

/** A slider with its value written beside the label. */
export function slider({ label, min, max, step, value, show = String, oninput }) {
  const input = make("input", { type: "range", min, max, step });
  const output = make("output", { className: "clm-value" });
  const set = (number) => {
    input.value = number; // the slider may round it, the text does not
    output.textContent = show(number);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    set(Number(input.value));
    oninput(Number(input.value));
  });
  set(value);
  const element = field(label, input);
  element.querySelector("label").append(" ", output);
  return { element, input, set };
}

/** A tick box with its label after it. */
export function checkbox(label, checked, onchange) {
  const input = make("input", { type: "checkbox", checked, id: freshId("field") });
  input.addEventListener("change", () => onchange(input.checked));
  const element = make("label", { className: "clm-check", for: input.id }, input, ` ${label}`);
  return { element, input };
}

/** A list of choices. */
export function select(label, options, value, onchange) {
  const input = make("select", {}, ...options.map(([key, text]) => new Option(text, key)));
  input.value = value;
  input.addEventListener("change", () => onchange(input.value));
  return { element: field(label, input), input };
}

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

/** The bars of the most likely characters; `chosen` is marked by a tick and a frame. */
export function distributionBars(probabilities, tokens, chosen, count = 5) {
  const order = Array.from(probabilities.keys()).sort(
    (a, b) => probabilities[b] - probabilities[a],
  );
  const shown = order.slice(0, count);
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

/** The reader's text as the model reads it: characters that it does not know are struck out. */
export function echoReading(reading, element) {
  const unknown = [...new Set(reading.filter((c) => !c.known).map((c) => c.shown))];
  element.replaceChildren();
  element.hidden = unknown.length === 0;
  if (!unknown.length) return;
  element.append("The model reads “");
  for (const { shown, known } of reading.slice(0, 200)) {
    element.append(known ? shown : make("del", { title: "not in the vocabulary" }, visible(shown)));
  }
  const more = reading.length > 200 ? "…" : "";
  const names = unknown.slice(0, 8).map((c) => `“${visible(c)}”`);
  if (unknown.length > 8) names.push(`${unknown.length - 8} more`);
  element.append(`${more}”. Not in its vocabulary, so left out: ${names.join(", ")}.`);
}

/** Says what is wrong in the widget's own place. */
export function complain(el, error) {
  const text = error instanceof Error ? error.message : String(error);
  el.replaceChildren(
    make("div", { className: "clm clm-error", role: "alert" }, `This widget cannot run. ${text}`),
  );
}

/** Runs `start` and shows what it throws in the widget's place; returns its clean-up function. */
export function guarded(el, start) {
  try {
    return start();
  } catch (error) {
    complain(el, error);
    return () => {};
  }
}

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

/** True if the reader asked the system for less motion. */
export function wantsLessMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
