// Runs the book's widgets on a static page, without a kernel, require.js or html-manager.
//
// myst-nb leaves two kinds of scripts on a page with widgets: one with the state of all of them
// ("widget-state+json") and, where a cell showed one, its model's id ("widget-view+json"). Each
// widget is an anywidget: its state carries an ES module `_esm` and a style sheet `_css`. This
// script imports the module from a Blob URL and calls its `render({ model, el })`.
// Therefore a page's policy (policy.py) allows `blob:` for scripts and workers, and inline styles.

"use strict";

(() => {
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';

  /** The browser's storage of this tab; undefined where the reader or the page forbids it. */
  function storageOfTab() {
    try {
      return window.sessionStorage;
    } catch {
      return undefined; // even to ask for it is an error then
    }
  }

  /** What the reader chose and typed in one widget: it is there again after a visit elsewhere. */
  class Memory {
    constructor(storage, place) {
      this.storage = storage;
      this.place = place;
    }
    get(name) {
      const kept = this.storage.getItem(`${this.place} ${name}`);
      return kept === null ? undefined : JSON.parse(kept);
    }
    /** Whether there was room for it; if not, what was kept before goes too. */
    set(name, value) {
      const key = `${this.place} ${name}`;
      this.storage.removeItem(key);
      try {
        this.storage.setItem(key, JSON.stringify(value));
        return true;
      } catch {
        return false; // the storage is full
      }
    }
  }

  /** The state of one model as the module sees it: set, get, on, off; saved to the tab's memory. */
  class StaticModel {
    constructor(state, memory) {
      this.memory = memory;
      this.chosen = memory?.get("choices") ?? {};
      this.state = { ...state, ...this.chosen };
      this.listeners = new Map();
    }
    get(key) {
      return this.state[key];
    }
    set(key, value) {
      if (this.state[key] === value) return;
      this.state[key] = this.chosen[key] = value;
      this.tell(`change:${key}`, value);
      this.tell("change", value);
    }
    on(event, callback) {
      if (!this.listeners.has(event)) this.listeners.set(event, new Set());
      this.listeners.get(event).add(callback);
    }
    off(event, callback) {
      if (event === undefined || event === null) this.listeners.clear();
      else if (!callback) this.listeners.delete(event);
      else this.listeners.get(event)?.delete(callback);
    }
    tell(event, value) {
      for (const callback of [...(this.listeners.get(event) ?? [])]) callback(this, value);
    }
    save_changes() {
      this.memory?.set("choices", this.chosen);
    }
    send() {}
  }

  const bytesFromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

  /** A part of a widget, which a script that pages share has handed over, packed (parts.py). */
  function unpacked(name) {
    const text = globalThis.charlmParts?.[name];
    if (text === undefined) throw new Error("A part of it did not load: load the page again.");
    const packed = new Blob([bytesFromBase64(text)]).stream();
    return new Response(packed.pipeThrough(new DecompressionStream("deflate"))).blob();
  }

  /** All parts of something long, one after the other. */
  const joined = async ({ shared }) => new Blob(await Promise.all(shared.map(unpacked)));
  const textOf = async (long) => (long?.shared ? (await joined(long)).text() : long);
  const bytesOf = async (long) =>
    long.shared ? (await joined(long)).arrayBuffer() : bytesFromBase64(long).buffer;

  /** Puts the long and the binary parts of a saved state back where they were. */
  async function withParts({ state, buffers = [] }) {
    state._esm = await textOf(state._esm);
    state._css = await textOf(state._css);
    for (const { path, data, encoding } of buffers) {
      if (encoding !== "base64") throw new Error(`Unknown encoding of widget data: ${encoding}.`);
      const owner = path.slice(0, -1).reduce((part, key) => part[key], state);
      owner[path[path.length - 1]] = new DataView(await bytesOf(data));
    }
    return state;
  }

  const modules = new Map();
  const styles = new Set();

  /** The module's `{ initialize, render }`; the same text is imported once. */
  function importModule(text) {
    if (!modules.has(text)) {
      const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      modules.set(
        text,
        import(url)
          .then((loaded) =>
            typeof loaded.default === "function" ? loaded.default() : loaded.default,
          )
          .finally(() => URL.revokeObjectURL(url)),
      );
    }
    return modules.get(text);
  }

  function addStyle(css) {
    if (!css || styles.has(css)) return;
    styles.add(css);
    const style = document.createElement("style");
    style.textContent = css;
    document.head.append(style);
  }

  function complain(el, error) {
    console.warn("A widget could not start:", error);
    el.setAttribute("role", "alert");
    el.textContent = `This widget could not start. ${error instanceof Error ? error.message : error}`;
  }

  const started = new Map(); // model id -> promise of { model, widget }

  function start(id, saved, memory) {
    if (!started.has(id)) {
      started.set(
        id,
        (async () => {
          if (!saved) throw new Error("Its state is missing from this page.");
          const state = await withParts(saved);
          if (!state._esm) throw new Error("It needs a running kernel: open the notebook instead.");
          addStyle(state._css);
          const model = new StaticModel(state, memory);
          const widget = await importModule(state._esm);
          await widget.initialize?.({ model });
          return { model, widget };
        })(),
      );
    }
    return started.get(id);
  }

  /** The memory of the widget at a place of this page; its kind guards against a changed page. */
  function memoryOf(place, saved) {
    const storage = storageOfTab();
    const name = `charlm ${location.pathname} ${place} ${saved?.state._anywidget_id}`;
    return storage && new Memory(storage, name);
  }

  async function show(script, states, place) {
    const el = document.createElement("div");
    el.className = "widget-place";
    script.after(el);
    try {
      const { model_id: id } = JSON.parse(script.textContent);
      const memory = memoryOf(place, states[id]);
      const { model, widget } = await start(id, states[id], memory);
      await widget.render({ model, el, memory });
    } catch (error) {
      complain(el, error);
    }
  }

  function showAll() {
    const states = {};
    for (const script of document.querySelectorAll(STATE)) {
      try {
        Object.assign(states, JSON.parse(script.textContent).state);
      } catch (error) {
        console.warn("Damaged widget state on this page:", error);
      }
    }
    document.querySelectorAll(VIEW).forEach((script, place) => show(script, states, place));
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", showAll);
  else showAll();
})();
