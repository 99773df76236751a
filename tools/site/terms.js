// Shows the definition of a glossary word beside it: on hover and focus, and at a first touch.
//
// The build (terms.py) has put the definitions into the page, as hidden popovers, and named them as
// the words' descriptions. So a screen reader says them without this script, and nothing is loaded.

"use strict";

(() => {
  const WORD = 'a[aria-describedby^="charlm-term-"]';
  const OPEN_AFTER = 150; // ms of rest on a word, so that a passing pointer opens nothing
  const CLOSE_AFTER = 250; // ms to come from the word to its definition
  const GAP = 6; // pixels between a word and its definition, and from there to the edge

  let shown = null; // { word, tip }
  let timer = 0;

  function definitionOf(word) {
    return document.getElementById(word.getAttribute("aria-describedby"));
  }

  /** Below the word, or above it where there is no room; never over an edge of the window. */
  function place(tip, word) {
    const lines = word.getClientRects(); // more than one where the word is broken
    const [first, last] = [lines[0], lines[lines.length - 1]];
    const { offsetWidth: width, offsetHeight: height } = tip;
    const most = document.documentElement.clientWidth - width - GAP;
    const isLow = last.bottom + GAP + height > innerHeight && first.top - GAP - height > 0;
    tip.style.left = `${scrollX + Math.max(GAP, Math.min(last.left, most))}px`;
    tip.style.top = `${scrollY + (isLow ? first.top - GAP - height : last.bottom + GAP)}px`;
  }

  function show(word) {
    clearTimeout(timer);
    if (shown?.word === word) return;
    hide();
    const tip = definitionOf(word);
    if (!tip?.showPopover) return; // an old browser: the word is a link all the same
    tip.showPopover();
    place(tip, word);
    shown = { word, tip };
  }

  function hide() {
    clearTimeout(timer);
    shown?.tip.hidePopover();
    shown = null;
  }

  function later(act, delay) {
    clearTimeout(timer);
    timer = setTimeout(act, delay);
  }

  const wordAt = ({ target }) => target.closest?.(WORD);

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const word = wordAt(event);
    if (word) later(() => show(word), OPEN_AFTER);
    else if (shown?.tip.contains(event.target)) clearTimeout(timer);
    else if (shown && document.activeElement !== shown.word) later(hide, CLOSE_AFTER);
    else if (!shown) clearTimeout(timer);
  });
  document.addEventListener("focusin", (event) => {
    const word = wordAt(event);
    if (word?.matches(":focus-visible")) show(word);
    else if (shown && !shown.tip.contains(event.target)) hide();
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") hide();
  });

  // A first touch of a word shows its definition, a second one follows the link.
  let touched = null; // the word whose definition was not there when the finger came down
  document.addEventListener("pointerdown", (event) => {
    const word = wordAt(event);
    touched = event.pointerType === "touch" && shown?.word !== word ? word : null;
    if (shown && !word && !shown.tip.contains(event.target)) hide();
  });
  document.addEventListener("click", (event) => {
    if (!touched || wordAt(event) !== touched) return;
    event.preventDefault();
    show(touched);
  });
})();
