// Curves of training runs as SVG: they take their colours from the style sheet.

import { drawnLabels } from "./curve_labels.js";
import { heightOf, partsBelow, thinned } from "./curve_shape.js";
import { svg } from "./svg.js";
import { logTicks, tickText } from "./ticks.js";

const MOST_POINTS = 300; // drawn per curve
const SHORTEST = 20; // updates on the shortest axis
const MARGIN = { left: 44, right: 64, top: 30, bottom: 24 };
const TICK_HEIGHT = 16;

/**
 * @typedef {{className: string, x: number[], y: number[], name: string, isLabelled: boolean,
 *   show?: (y: number) => string}} Curve show: how a label writes its value
 * @typedef {{title: string, width: number, height: number, base: [number, string],
 *   always: number[], cap?: number, marks: {x: number, className: string}[]}} Options base: a level
 *   to mark, with its name; always: levels that the axis shows in any case; cap: it ends there,
 *   whatever the values; marks: updates with an upright line
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
    ...{ left, right, top, bottom, low, high, longest },
    X: (x) => left + (x / longest) * (right - left),
    Y: (y) => bottom - share(y) * (bottom - top),
  };
}

/** A horizontal line over the whole width. */
function levelLine({ left, right }, y, className) {
  return svg("line", { x1: left, x2: right, y1: y, y2: y, class: className });
}

/** A vertical line over the whole height. */
function uprightLine({ X, top, bottom }, { x, className }) {
  return svg("line", { x1: X(x), x2: X(x), y1: top, y2: bottom, class: className });
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
    ...options.marks.map((mark) => uprightLine(axes, mark)),
    ...begun.flatMap((curve) => drawnCurve(curve, axes)),
    ...drawnLabels(begun, axes, options),
  );
}

/** An empty drawing. */
export function emptyDrawing() {
  return svg("svg", { class: "clm-plot", role: "img" });
}
