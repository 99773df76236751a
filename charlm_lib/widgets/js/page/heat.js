// A heat map on a canvas, in the colours of the theme.

import { rgbOf } from "./theme.js";

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
