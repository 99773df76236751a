// Hides what answers a box "Predict first" until the reader has decided.
//
// That is all that cells show from there to the end of the section or to the next such box, and the
// text about it; the code stays, and so does a widget, which keeps its own answer. Without this
// script, in print, for a search in the page and for a link that leads there, nothing is hidden.

"use strict";

(() => {
  const TITLE = ".bd-article .admonition > .admonition-title";
  const WIDGET = 'script[type="application/vnd.jupyter.widget-view+json"]';
  const BUTTON = "I have decided: show the answer";

  const isBox = (element) =>
    element.querySelector(":scope > .admonition-title")?.textContent.trim() === "Predict first";

  /** What follows the box and gives its answer away. */
  function answersTo(box) {
    const found = [];
    let isAfterCode = false;
    for (let e = box.nextElementSibling; e; e = e.nextElementSibling) {
      if (e.tagName === "SECTION" || isBox(e)) break;
      const isCell = e.matches("div.cell");
      isAfterCode ||= isCell;
      if (e.querySelector(WIDGET) || !isAfterCode) continue;
      found.push(...(isCell ? e.querySelectorAll(":scope > .cell_output") : [e]));
    }
    return found;
  }

  /** @returns {() => void} shows the answers */
  function hide(box, answers) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "charlm-reveal";
    button.textContent = BUTTON;
    const said = document.createElement("p");
    said.className = "charlm-revealed";
    said.setAttribute("role", "status");
    box.append(button, said);
    const show = () => {
      if (!button.isConnected) return;
      for (const answer of answers) answer.removeAttribute("hidden");
      button.remove();
      said.textContent = "The answer follows.";
    };
    button.addEventListener("click", show);
    for (const answer of answers) {
      answer.setAttribute("hidden", "until-found"); // a search in the page still finds it
      answer.addEventListener("beforematch", show);
    }
    return show;
  }

  const shows = [];
  for (const title of document.querySelectorAll(TITLE)) {
    const box = title.parentElement;
    const answers = isBox(box) ? answersTo(box) : [];
    if (answers.length) shows.push({ show: hide(box, answers), answers });
  }

  /** Shows what the address leads to, where the browser has not done so. */
  function showTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (const { show, answers } of shows) {
      if (target && answers.some((answer) => answer.contains(target))) {
        show();
        target.scrollIntoView();
      }
    }
  }
  addEventListener("hashchange", showTarget);
  addEventListener("beforeprint", () => shows.forEach(({ show }) => show()));
  showTarget();
})();
