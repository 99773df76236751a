// What stands beside curves: their names, and the values at which they end.

import { heightOf } from "./curve_shape.js";
import { heightsOf } from "./label_places.js";
import { svg } from "./svg.js";

const LABEL_HEIGHT = 14;
const ABOVE = 8; // pixels between the upper edge and the middle of a label above it
const LETTER = 7.6; // width of a label's letter
const FIXED = 1e6; // the weight of a label that stays
const LED = 5; // pixels off its place from which a label has a line to its curve
const OVER = 13; // pixels between the end of a curve and a label over it

/**
 * What stands at a curve's end, or where it left for good; and, if it came back from above the
 * edge, at its summit.
 */
function labelsOf({ x, y, name, show, className, shape: { exits } }, { X, Y, top }) {
  const last = y.length - 1;
  const text = (i) => (show ? `${name} ${show(y[i])}` : name);
  const above = top - ABOVE;
  if (Y(y[last]) < top) return [{ x: exits.at(-1), y: above, className, text: text(last) }];
  const end = { x: X(x[last]), y: Y(y[last]), className, text: text(last) };
  if (!exits.length) return [end];
  const heights = y.map(heightOf);
  const summit = heights.indexOf(Math.max(...heights));
  return [end, { x: X(x[summit]), y: above, className, text: text(summit) }];
}

/**
 * Where a label should be: beside the end of its curve, inside the drawing; where other curves go
 * on, over it.
 */
function wishOf({ x, y, text }, { top, right }, width) {
  const long = LETTER * text.length;
  const fits = x + 7 + long <= width;
  const side = fits ? { from: x + 7, to: x + 7 + long } : { from: x - 9 - long, to: x - 9 };
  return { ...side, y: side.from < right && y > top ? y - OVER : y };
}

/** The name of the level to compare with, as a label that stays. */
function baseWish(axes, [level, name]) {
  const to = axes.right - 4;
  return { from: to - LETTER * name.length, to, y: axes.Y(level) + 10, weight: FIXED };
}

/**
 * The labels of the curves: none over another or over the name of the level.
 * @param {import("./curves.js").Curve[]} curves with their shapes
 */
export function drawnLabels(curves, axes, { width, base }) {
  const labels = curves.filter(({ isLabelled }) => isLabelled).flatMap((c) => labelsOf(c, axes));
  const wishes = labels.map((label) => wishOf(label, axes, width));
  const room = { step: LABEL_HEIGHT, low: axes.top - ABOVE, high: axes.bottom };
  const heights = heightsOf([...wishes, baseWish(axes, base)], room);
  return labels.flatMap((label, i) => {
    const isRight = wishes[i].from > label.x;
    const x = isRight ? wishes[i].from : wishes[i].to;
    const attributes = { x, y: heights[i] + 4, "text-anchor": isRight ? "start" : "end" };
    attributes.class = `clm-end ${label.className}`;
    const text = svg("text", attributes, label.text);
    if (Math.abs(heights[i] - wishes[i].y) < LED) return [text];
    const line = { x1: label.x, y1: label.y, x2: isRight ? x - 1 : x + 1, y2: heights[i] };
    return [svg("line", { ...line, class: `clm-leader ${label.className}` }), text];
  });
}
