// A printed page has light colours, whichever the reader's screen has.

"use strict";

(() => {
  const page = document.documentElement;
  let onScreen;

  addEventListener("beforeprint", () => {
    onScreen ??= page.dataset.theme;
    page.dataset.theme = "light";
  });
  addEventListener("afterprint", () => {
    if (onScreen) page.dataset.theme = onScreen;
    onScreen = undefined;
  });
})();
