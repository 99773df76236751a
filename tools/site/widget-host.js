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

  /** The state of one model as the module sees it: set, get, on, off; nobody to save it to. */
  class StaticModel {
    constructor(state) {
      this.state = state;
      this.listeners = new Map();
    }
    get(key) {
      return this.state[key];
    }
    set(key, value) {
      if (this.state[key] === value) return;
      this.state[key] = value;
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
    save_changes() {}
    send() {}
  }

  function bytesFromBase64(text) {
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
    return new DataView(bytes.buffer);
  }

  /** Puts the binary parts of a saved state back where they were. */
  function withBuffers({ state, buffers = [] }) {
    for (const { path, data, encoding } of buffers) {
      if (encoding !== "base64") throw new Error(`Unknown encoding of widget data: ${encoding}.`);
      const owner = path.slice(0, -1).reduce((part, key) => part[key], state);
      owner[path[path.length - 1]] = bytesFromBase64(data);
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

  function start(id, saved) {
    if (!started.has(id)) {
      started.set(
        id,
        (async () => {
          if (!saved) throw new Error("Its state is missing from this page.");
          const state = withBuffers(saved);
          if (!state._esm) throw new Error("It needs a running kernel: open the notebook instead.");
          addStyle(state._css);
          const model = new StaticModel(state);
          const widget = await importModule(state._esm);
          await widget.initialize?.({ model });
          return { model, widget };
        })(),
      );
    }
    return started.get(id);
  }

  async function show(script, states) {
    const el = document.createElement("div");
    el.className = "widget-place";
    script.after(el);
    try {
      const { model_id: id } = JSON.parse(script.textContent);
      const { model, widget } = await start(id, states[id]);
      await widget.render({ model, el });
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
    for (const script of document.querySelectorAll(VIEW)) show(script, states);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", showAll);
  else showAll();
})();
