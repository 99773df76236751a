// As much of a document as the page's code needs to put its words and numbers somewhere. For Node.

class Element {
  constructor(tagName) {
    this.tagName = tagName.toUpperCase();
    this.parts = []; // elements and strings
    this.attributes = {};
    this.listeners = {};
    this.style = { setProperty: (name, value) => (this.style[name] = String(value)) };
    const classes = () => (this.className ?? "").split(" ").filter(Boolean);
    const set = (name, on) => {
      this.className = [...classes().filter((c) => c !== name), ...(on ? [name] : [])].join(" ");
    };
    this.classList = { add: (c) => set(c, true), remove: (c) => set(c, false), toggle: set };
  }

  append(...parts) {
    this.parts.push(...parts);
  }

  replaceChildren(...parts) {
    this.parts = parts;
  }

  setAttribute(name, value) {
    this.attributes[name] = String(value);
    if (name === "class") this.className = value;
  }

  addEventListener(type, listener) {
    this.listeners[type] = listener;
  }

  get textContent() {
    return this.parts.map((part) => part.textContent ?? String(part)).join("");
  }

  set textContent(text) {
    this.parts = [text];
  }

  /** The elements inside, however deep, that have this class or tag. */
  all(name) {
    const inside = this.parts.filter((part) => part instanceof Element);
    const is = (e) => e.tagName === name.toUpperCase() || ` ${e.className} `.includes(` ${name} `);
    return inside.flatMap((element) => [...(is(element) ? [element] : []), ...element.all(name)]);
  }

  /** What was painted: 255 times the strength of each cell, by rows. */
  getContext() {
    return {
      createImageData: (width, height) => ({ data: new Float64Array(4 * width * height) }),
      putImageData: ({ data }) => (this.painted = data.filter((_, i) => i % 4 === 3)),
    };
  }
}

globalThis.document = {
  createElement: (tag) => new Element(tag),
  createElementNS: (_, tag) => new Element(tag),
};
globalThis.getComputedStyle = () => ({ getPropertyValue: () => "1 2 3" });
