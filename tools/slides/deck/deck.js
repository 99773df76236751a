// Starts reveal.js once the formulas are set: what is measured afterwards keeps its size.

"use strict";

(async () => {
  const DECK = { width: 1280, height: 720, margin: 0.02, center: false };

  /** Whether a key may turn the slides: not while it moves a widget's control. */
  function turns() {
    return !document.activeElement?.closest(".widget");
  }

  /** Lets a remote control, which sends these keys, turn the slides while a widget has the focus. */
  function page(event) {
    if (!event.target.closest?.(".widget") || !/^Page(Up|Down)$/.test(event.key)) return;
    event.preventDefault();
    if (event.key === "PageDown") Reveal.next();
    else Reveal.prev();
  }

  /** Makes a widget smaller until its place holds it, as far as its letters can still be read. */
  function shrink(place) {
    const percent = parseInt(place.style.getPropertyValue("--zoom"));
    if (percent <= 120 || place.scrollHeight <= place.clientHeight) return;
    place.style.setProperty("--zoom", `${percent - 5}%`);
    shrink(place);
  }

  /** Makes a widget as large as its place on the slide allows. */
  function enlarge(place) {
    place.style.setProperty("--zoom", "200%");
    shrink(place);
  }

  /** Lets the lower edge of a widget fade while there is more of it below. */
  function fade(place) {
    const below = place.scrollHeight - place.clientHeight - place.scrollTop;
    place.classList.toggle("more", below > 8);
  }

  /** Makes the letters of code as large as its longest line allows. */
  function widen(code) {
    const text = code.querySelector("pre");
    for (let size = 32; size >= 20; size--) {
      code.style.setProperty("--letters", `${size}px`);
      if (text.scrollWidth <= text.clientWidth) return;
    }
  }

  /** Makes a widget so large as soon as it is there. */
  function awaitWidget(place) {
    const appeared = new MutationObserver(() => {
      if (!place.querySelector(".clm")) return;
      appeared.disconnect();
      // It draws itself anew for another width, and grows with what it shows. In the next frame: a
      // size that changes while it is observed is told as an error.
      const settle = () => {
        shrink(place);
        fade(place);
      };
      const sized = new ResizeObserver(() => requestAnimationFrame(settle));
      for (const part of [place, ...place.querySelectorAll(".clm")]) sized.observe(part);
      requestAnimationFrame(() => enlarge(place));
    });
    place.addEventListener("scroll", () => fade(place), { passive: true });
    appeared.observe(place, { childList: true, subtree: true });
    enlarge(place);
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
  document.querySelectorAll(".code, .words .highlight, .output_text").forEach(widen);
  document.querySelectorAll(".widget").forEach(awaitWidget);
  Reveal.on("slidechanged", ({ currentSlide }) => {
    currentSlide.querySelectorAll(".widget").forEach(enlarge);
  });
  document.addEventListener("keydown", page);
  document.documentElement.dataset.deck = "ready";
})();
