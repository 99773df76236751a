// What the page and the system ask for: light or dark, and less motion.

/** The numbers of a colour variable of the style sheet, such as “217 95 2”. */
export function rgbOf(element, variable) {
  return getComputedStyle(element).getPropertyValue(variable).trim().split(/\s+/).map(Number);
}

/**
 * Calls back whenever the theme of the page changes.
 * @returns {() => void} stops it
 */
export function onThemeChange(callback) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(callback);
  const attributes = ["data-theme", "data-jp-theme-light", "theme", "class"];
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true, attributeFilter: attributes });
  }
  dark.addEventListener("change", callback);
  return () => {
    observer.disconnect();
    dark.removeEventListener("change", callback);
  };
}

/** True if the reader asked the system for less motion. */
export function wantsLessMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
