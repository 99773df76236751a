// Curves of training runs as SVG: they take their colours from the style sheet.

const NS = "http://www.w3.org/2000/svg";
const MOST_POINTS = 300; // drawn per curve
const MARGIN = { left: 44, right: 64, top: 22, bottom: 24 };
const LABEL_HEIGHT = 14;

function svg(tag, attributes = {}, text) {
  const element = document.createElementNS(NS, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** 1, 2, 5, 10, 20, ... between two positive numbers; fewer where the range is wide. */
function logTicks(low, high) {
  const decades = Math.log10(high / low);
  let digits = [1, 1.5, 2, 3, 5, 7];
  if (decades > 6) digits = [1];
  else if (decades > 2) digits = [1, 3];
  else if (decades > 1) digits = [1, 2, 5];
  const every = Math.max(1, Math.ceil(decades / 8));
  const ticks = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++) {
    if (((e % every) + every) % every) continue;
    for (const digit of digits) {
      const tick = digit * 10 ** e;
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks;
}

const tickText = (x) =>
  x >= 1e5 || x < 0.001 ? x.toExponential(0) : String(Number(x.toPrecision(3)));

/**
 * @typedef {{className: string, x: number[], y: number[], label?: string}} Curve
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
  const bottom = height - MARGIN.bottom;
  const finite = curves.flatMap(({ y }) => y.filter((v) => v > 0 && Number.isFinite(v)));
  const levels = [...finite, base[0], ...always];
  const low = Math.min(...levels) / 1.08;
  const high = Math.min(cap, Math.max(...levels) * 1.08);
  const longest = Math.max(100, ...curves.map(({ x }) => x[x.length - 1] ?? 0));
  const clamp = (y) => (Number.isFinite(y) ? Math.min(Math.max(y, low), high) : high);
  return {
    ...{ left, right, low, high, longest },
    X: (x) => left + (x / longest) * (right - left),
    Y: (y) => bottom - (Math.log(clamp(y) / low) / Math.log(high / low)) * (bottom - MARGIN.top),
  };
}

/** A horizontal line over the whole width. */
function levelLine({ left, right }, y, className) {
  return svg("line", { x1: left, x2: right, y1: y, y2: y, class: className });
}

/** The grid and the numbers at both axes. */
function gridAndTicks(axes, height) {
  const { left, low, high, longest, X, Y } = axes;
  const marks = logTicks(low, high).flatMap((tick) => [
    levelLine(axes, Y(tick), "clm-grid"),
    svg("text", { x: left - 5, y: Y(tick) + 4, "text-anchor": "end" }, tickText(tick)),
  ]);
  for (const x of [0, longest / 2, longest]) {
    const text = x === longest ? `${Math.round(x)} updates` : String(Math.round(x));
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

/** @param {Curve} curve with at least one point; only so many are drawn */
function polyline({ className, x, y }, { X, Y }) {
  const every = Math.ceil(x.length / MOST_POINTS);
  const shown = x.map((_, i) => i).filter((i) => i % every === 0 || i === x.length - 1);
  const points = shown.map((i) => `${X(x[i]).toFixed(1)},${Y(y[i]).toFixed(1)}`).join(" ");
  return svg("polyline", { points, class: `clm-curve ${className}` });
}

/** The labels at the ends of the curves, none over another. */
function endLabels(curves, { X, Y }) {
  const ends = curves
    .filter(({ label }) => label)
    .map(({ x, y, label, className }) => {
      return { x: X(x[x.length - 1]) + 5, y: Y(y[y.length - 1]) + 4, label, className };
    })
    .sort((a, b) => a.y - b.y);
  return ends.map((end, i) => {
    if (i) end.y = Math.max(end.y, ends[i - 1].y + LABEL_HEIGHT);
    return svg("text", { x: end.x, y: end.y, class: `clm-end ${end.className}` }, end.label);
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
  const begun = curves.filter(({ x }) => x.length);
  target.setAttribute("viewBox", `0 0 ${width} ${height}`);
  target.replaceChildren(
    svg("title", {}, title),
    svg("text", { x: 4, y: 13, class: "clm-axis-title" }, title),
    ...gridAndTicks(axes, height),
    ...baseLine(axes, base),
    ...begun.map((curve) => polyline(curve, axes)),
    ...endLabels(begun, axes),
  );
}

/** An empty drawing. */
export function emptyDrawing(label) {
  return svg("svg", { class: "clm-plot", role: "img", "aria-label": label });
}
