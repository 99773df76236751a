// Elements of drawings.

const SVG_SPACE = "http://www.w3.org/2000/svg";

/** Makes an element of a drawing; `text` becomes its textContent. */
export function svg(tag, attributes = {}, text) {
  const element = document.createElementNS(SVG_SPACE, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}
