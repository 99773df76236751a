// Elements. Text from a reader or a model only ever becomes textContent.

/** An id that no other element has; widgets count together, each with its copy of this code. */
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

/** A paragraph. */
export function paragraph(...content) {
  return make("p", {}, ...content);
}

/** What a reader may unfold. */
export function folded(title, ...content) {
  return make("details", { className: "clm-fold" }, make("summary", {}, title), ...content);
}
