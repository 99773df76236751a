// Drawing that follows the page's light or dark theme.

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

/**
 * Paints numbers from -1 over 0 (clear) to 1, one cell each: warm and as wide as its place if
 * positive, cool and half as wide if negative, so that the sign can be seen without colour. A cell
 * is two pixels; the style sheet enlarges them.
 * @param {HTMLCanvasElement} canvas
 * @param {(column: number, row: number) => number} value
 */
export function paintHeat(canvas, columns, rows, value) {
  canvas.width = 2 * columns;
  canvas.height = rows;
  const warm = rgbOf(canvas, "--clm-warm");
  const cool = rgbOf(canvas, "--clm-cool");
  const context = canvas.getContext("2d");
  const image = context.createImageData(2 * columns, rows);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at += 8) {
      const v = value(column, row);
      const halves = v < 0 ? [0] : [0, 4];
      for (const half of halves) {
        image.data.set(v < 0 ? cool : warm, at + half);
        image.data[at + half + 3] = Math.min(1, Math.abs(v)) * 255;
      }
    }
  }
  context.putImageData(image, 0, 0);
}
