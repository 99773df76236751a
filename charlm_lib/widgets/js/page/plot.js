// A plot of a few lines, each with its name at its end.

import { svg } from "./svg.js";
import { evenTicks, logTicks, tickText } from "./ticks.js";

const MARGIN = { left: 46, right: 12, top: 30, bottom: 38 };
const LETTER = 7.2; // width of a label's letter
const LABEL_HEIGHT = 15;
const WIDE = 5; // times: a shorter logarithmic axis has even ticks

/**
 * @typedef {{low: number, high: number, isLog?: boolean, ticks?: number[], least?: number,
 *   title: string}} Axis least: the smallest step between two even ticks
 * @typedef {{className: string, name: string, points: [number, number][]}} Line
 */

/** Where numbers lie between two ends, in pixels. @param {Axis} axis */
function placing({ low, high, isLog }, from, to) {
  const place = isLog ? Math.log : Number;
  const [first, last] = [place(low), place(high)];
  return (v) => from + ((place(v) - first) / (last - first)) * (to - from);
}

function ticksOfAxis({ low, high, isLog, ticks, least }, most) {
  if (ticks) return ticks;
  return isLog && high / low > WIDE ? logTicks(low, high, most) : evenTicks(low, high, most, least);
}

/**
 * Where numbers lie in a plot; names at the ends of lines have their room at the right.
 * @param {{width: number, height: number, x: Axis, y: Axis, room?: number}} plot
 */
export function placesOf({ width, height, x, y, room = 0 }) {
  const edges = { left: MARGIN.left, right: width - MARGIN.right - room };
  const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
  const X = placing(x, edges.left, edges.right);
  return { ...edges, top, bottom, X, Y: placing(y, bottom, top) };
}

/** The room that the longest of these names needs. */
export function roomFor(names) {
  return LETTER * Math.max(0, ...names.map((name) => name.length));
}

function axesOfPlot({ x, y }, { left, right, top, bottom, X, Y }) {
  const text = (at, words, anchor, className = "") =>
    svg("text", { ...at, "text-anchor": anchor, class: className }, words);
  const marks = ticksOfAxis(y, Math.floor((bottom - top) / 24)).flatMap((tick) => {
    const [y1, y2] = [Y(tick), Y(tick)];
    const line = svg("line", { x1: left, x2: right, y1, y2, class: "clm-grid" });
    return [line, text({ x: left - 6, y: y1 + 4 }, tickText(tick), "end")];
  });
  for (const tick of ticksOfAxis(x, Math.floor((right - left) / 48))) {
    marks.push(text({ x: X(tick), y: bottom + 16 }, tickText(tick), "middle"));
  }
  marks.push(
    text({ x: 4, y: 14 }, y.title, "start", "clm-axis-title"),
    text({ x: right, y: bottom + 32 }, x.title, "end", "clm-axis-title"),
  );
  return marks;
}

function drawnLine({ points, className }, { X, Y }) {
  const places = points.map(([x, y]) => `${X(x).toFixed(1)},${Y(y).toFixed(1)}`);
  return svg("polyline", { points: places.join(" "), class: `clm-series ${className}` });
}

/** The names of the lines past their ends, none over another, none below the axis. */
function namesAtEnds(lines, { X, Y, bottom }, gap) {
  const labels = lines.map(({ points, name, className }) => {
    const [x, y] = points.at(-1);
    return { name, className, x: X(x) + gap, y: Y(y) + 4 };
  });
  labels.sort((a, b) => b.y - a.y); // from the lowest up
  return labels.map(({ name, className, ...place }, i) => {
    const lowest = i ? labels[i - 1].y - LABEL_HEIGHT : bottom;
    labels[i].y = place.y = Math.min(place.y, lowest);
    return svg("text", { ...place, class: `clm-series-name ${className}` }, name);
  });
}

/**
 * Draws axes, lines and their names.
 * @param {SVGElement} target
 * @param {Line[]} lines
 * @param {{label: string, width: number, height: number, x: Axis, y: Axis, gap?: number}} plot
 *   label: all of it in words; gap: pixels from the end of a line to its name
 */
export function drawPlot(target, lines, plot) {
  const drawn = lines.filter(({ points }) => points.length);
  const { gap = 6 } = plot;
  const places = placesOf({ ...plot, room: roomFor(drawn.map(({ name }) => name)) + gap - 6 });
  target.setAttribute("viewBox", `0 0 ${plot.width} ${plot.height}`);
  target.setAttribute("aria-label", plot.label);
  target.replaceChildren(
    ...axesOfPlot(plot, places),
    ...drawn.map((line) => drawnLine(line, places)),
    ...namesAtEnds(drawn, places, gap),
  );
  return places;
}

/**
 * Empties a plot, and says for those who cannot see it why it is empty.
 * @param {SVGElement} target
 * @param {string} label
 */
export function clearPlot(target, label) {
  target.setAttribute("aria-label", label);
  target.replaceChildren();
}
