// Curves of training runs as SVG: they take their colours from the style sheet.

import { heightOf, partsBelow, thinned } from "./curve_shape.js";
import { heightsOf } from "./label_places.js";
import { svg } from "./svg.js";

const MOST_POINTS = 300; // drawn per curve
const SHORTEST = 20; // updates on the shortest axis
const MARGIN = { left: 44, right: 64, top: 30, bottom: 24 };
const LABEL_HEIGHT = 14;
const TICK_HEIGHT = 16;
const ABOVE = 8; // pixels between the upper edge and the middle of a label above it
const LETTER = 7.6; // width of a label's letter
const FIXED = 1e6; // the weight of a label that stays
const LED = 5; // pixels off its curve from which a label has a line to it

/** At most so many of 1, 2, 5, 10, 20, ... between two positive numbers; fewer in a wide range. */
function logTicks(low, high, most) {
  for (const digits of [[1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]) {
    const ticks = ticksOf(digits, 1, low, high);
    if (ticks.length <= most) return ticks;
  }
  return ticksOf([1], Math.ceil(Math.log10(high / low) / most), low, high);
}

/** These digits of every so many-th power of ten, as far as they lie between two numbers. */
function ticksOf(digits, every, low, high) {
  const ticks = [];
  for (let e = every * Math.floor(Math.log10(low) / every); e <= Math.log10(high); e += every) {
    ticks.push(...digits.map((digit) => digit * 10 ** e));
  }
  return ticks.filter((tick) => tick >= low && tick <= high);
}

const tickText = (x) =>
  x >= 1e5 || x < 0.001 ? x.toExponential(0) : String(Number(x.toPrecision(3)));

/**
 * @typedef {{className: string, x: number[], y: number[], name: string, isLabelled: boolean,
 *   show?: (y: number) => string}} Curve show: how a label writes its value
 * @typedef {{title: string, width: number, height: number, base: [number, string],
 *   always: number[], cap?: number}} Options base: a level to mark, with its name; always: levels
 *   that the axis shows in any case; cap: it ends there, whatever the values
 */

/**
 * Where values lie in the drawing: updates on a linear axis, values on a logarithmic one.
 * @param {Curve[]} curves
 * @param {Options} options
 */
function axesOf(curves, { width, height, base, always, cap = Infinity }) {
  const [left, right] = [MARGIN.left, width - MARGIN.right];
  const { top } = MARGIN;
  const bottom = height - MARGIN.bottom;
  const finite = curves.flatMap(({ y }) => y.filter((v) => v > 0 && Number.isFinite(v)));
  const levels = [...finite, base[0], ...always];
  const low = Math.min(...levels) / 1.08;
  const high = Math.min(cap, Math.max(...levels) * 1.08);
  const longest = Math.max(SHORTEST, ...curves.map(({ x }) => x[x.length - 1] ?? 0));
  const share = (y) => Math.log(Math.max(heightOf(y), low) / low) / Math.log(high / low);
  return {
    ...{ left, right, top, low, high, longest },
    X: (x) => left + (x / longest) * (right - left),
    Y: (y) => bottom - share(y) * (bottom - top),
  };
}

/** A horizontal line over the whole width. */
function levelLine({ left, right }, y, className) {
  return svg("line", { x1: left, x2: right, y1: y, y2: y, class: className });
}

/** The grid and the numbers at both axes. */
function gridAndTicks(axes, height) {
  const { left, top, low, high, longest, X, Y } = axes;
  const most = Math.floor((height - MARGIN.bottom - top) / TICK_HEIGHT);
  const marks = logTicks(low, high, most).flatMap((tick) => [
    levelLine(axes, Y(tick), "clm-grid"),
    svg("text", { x: left - 5, y: Y(tick) + 4, "text-anchor": "end" }, tickText(tick)),
  ]);
  for (const x of [0, Math.round(longest / 2), longest]) {
    const text = x === longest ? `${x} updates` : String(x);
    const anchor = x === longest ? "end" : "middle";
    marks.push(svg("text", { x: X(x), y: height - 4, "text-anchor": anchor }, text));
  }
  return marks;
}

/** The level to compare with, and its name. */
function baseLine(axes, [level, name]) {
  const y = axes.Y(level);
  const attributes = { x: axes.right - 4, y: y + 14, "text-anchor": "end" };
  return [levelLine(axes, y, "clm-base"), svg("text", attributes, name)];
}

/** One part of a curve: a line, or a dot where it is a single point. */
function drawnPart(part, className) {
  if (part.length === 1) {
    const [{ x, y }] = part;
    const place = { cx: x.toFixed(1), cy: y.toFixed(1), r: 3 };
    return svg("circle", { ...place, class: `clm-dot ${className}` });
  }
  const points = part.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  return svg("polyline", { points, class: `clm-curve ${className}` });
}

/** An arrow where a curve leaves over the upper edge. */
function exitArrow(x, top, className) {
  const d = `M${(x - 6).toFixed(1)} ${top + 9} L${x.toFixed(1)} ${top} l6 9 Z`;
  return svg("path", { d, class: `clm-exit ${className}` });
}

/**
 * A curve's shape in the drawing; only so many of its points are drawn.
 * @param {Curve} curve with at least one point
 */
function shapeOf({ x, y }, { X, Y, top }) {
  const places = thinned(y, MOST_POINTS).map((i) => ({ x: X(x[i]), y: Y(y[i]) }));
  return partsBelow(places, top);
}

function drawnCurve({ className, shape: { parts, exits } }, { top }) {
  return [
    ...parts.map((part) => drawnPart(part, className)),
    ...exits.map((x) => exitArrow(x, top, className)),
  ];
}

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

/** Where a label is from left to right: beside the end of its curve, inside the drawing. */
function sideOf({ x, text }, width) {
  const long = LETTER * text.length;
  const fits = x + 7 + long <= width;
  return fits ? { from: x + 7, to: x + 7 + long } : { from: x - 9 - long, to: x - 9 };
}

/** The name of the level to compare with, as a label that stays. */
function baseWish(axes, [level, name]) {
  const to = axes.right - 4;
  return { from: to - LETTER * name.length, to, y: axes.Y(level) + 10, weight: FIXED };
}

/** The labels of the curves: none over another or over the name of the level. */
function drawnLabels(curves, axes, { width, height, base }) {
  const labels = curves.filter(({ isLabelled }) => isLabelled).flatMap((c) => labelsOf(c, axes));
  const sides = labels.map((label) => ({ ...sideOf(label, width), y: label.y }));
  const room = { step: LABEL_HEIGHT, low: axes.top - ABOVE, high: height - MARGIN.bottom };
  const heights = heightsOf([...sides, baseWish(axes, base)], room);
  return labels.flatMap((label, i) => {
    const isRight = sides[i].from > label.x;
    const x = isRight ? sides[i].from : sides[i].to;
    const attributes = { x, y: heights[i] + 4, "text-anchor": isRight ? "start" : "end" };
    attributes.class = `clm-end ${label.className}`;
    const text = svg("text", attributes, label.text);
    if (Math.abs(heights[i] - label.y) < LED) return [text];
    const line = { x1: label.x, y1: label.y, x2: isRight ? x - 1 : x + 1, y2: heights[i] };
    return [svg("line", { ...line, class: `clm-leader ${label.className}` }), text];
  });
}

/**
 * Draws curves and all that is around them.
 * @param {SVGElement} target
 * @param {Curve[]} curves
 * @param {Options} options
 */
export function drawCurves(target, curves, options) {
  const { title, width, height, base } = options;
  const axes = axesOf(curves, options);
  const begun = curves
    .filter(({ x }) => x.length)
    .map((curve) => ({ ...curve, shape: shapeOf(curve, axes) }));
  target.setAttribute("viewBox", `0 0 ${width} ${height}`);
  target.replaceChildren(
    svg("title", {}, title),
    svg("text", { x: 4, y: 13, class: "clm-axis-title" }, title),
    ...gridAndTicks(axes, height),
    ...baseLine(axes, base),
    ...begun.flatMap((curve) => drawnCurve(curve, axes)),
    ...drawnLabels(begun, axes, options),
  );
}

/** An empty drawing. */
export function emptyDrawing() {
  return svg("svg", { class: "clm-plot", role: "img" });
}
