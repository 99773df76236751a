// Starts reveal.js once the formulas are set: what is measured afterwards keeps its size.

"use strict";

(async () => {
  const DECK = { width: 1280, height: 720, margin: 0.02, center: false };

  /** Whether a key may turn the slides: not while it moves a widget's control or a long text. */
  function turns(event) {
    const focus = document.activeElement;
    if (focus?.closest(".widget")) return false;
    return !(focus?.matches(".code") && /^Arrow(Up|Down)$/.test(event.key));
  }

  /** Lets a remote control, which sends these keys, turn the slides while a widget has the focus. */
  function page(event) {
    if (!event.target.closest?.(".widget") || !/^Page(Up|Down)$/.test(event.key)) return;
    event.preventDefault();
    if (event.key === "PageDown") Reveal.next();
    else Reveal.prev();
  }

  /** Lets the keyboard reach a box that scrolls. */
  function reach(box, name) {
    if (box.scrollHeight <= box.clientHeight + 1) return;
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", name);
  }

  // reveal.js takes every <section> for a slide, a widget's own too: here widgets make divisions.
  const create = document.createElement.bind(document);
  document.createElement = (tag, ...options) => {
    if (tag !== "section") return create(tag, ...options);
    const region = create("div", ...options);
    region.setAttribute("role", "region");
    return region;
  };

  await window.MathJax.startup.promise;
  await Reveal.initialize({
    ...DECK,
    controlsTutorial: false,
    hash: true,
    keyboardCondition: turns,
    // Right and left visit every slide, below each other or not, so that none is forgotten.
    navigationMode: "linear",
    pdfMaxPagesPerSlide: 1,
    pdfSeparateFragments: false,
    plugins: [RevealNotes],
    slideNumber: "c/t",
    transition: "none",
    // A widget that is laid out once, when the page opens, must have its width then.
    viewDistance: 1000,
    mobileViewDistance: 1000,
  });
  for (const box of document.querySelectorAll(".code")) reach(box, "Code");
  document.addEventListener("keydown", page);
  document.documentElement.dataset.deck = "ready";
})();
