// Buttons and fields, each under its label.

import { freshId, make } from "./dom.js";

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

/** Controls beside each other. */
export function row(...controls) {
  return make("div", { className: "clm-row" }, ...controls);
}
