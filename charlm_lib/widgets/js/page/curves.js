// Curves of training runs as SVG: they take their colours from the style sheet.

const NS = "http://www.w3.org/2000/svg";
const MOST_POINTS = 300; // drawn per curve

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
 * @typedef {{name: string, className: string, x: number[], y: number[], label?: string}} Curve
 * @param {SVGElement} target
 * @param {Curve[]} curves
 * @param {{title: string, width: number, height: number, base: [number, string],
 *   always: number[], cap?: number}} options base: a level to mark, with its name; always: levels
 *   that the axis shows in any case; cap: it ends there, whatever the values
 */
export function drawCurves(target, curves, { title, width, height, base, always, cap = Infinity }) {
  const [left, right, top, bottom] = [44, 64, 22, 24];
  target.setAttribute("viewBox", `0 0 ${width} ${height}`);
  target.replaceChildren(svg("title", {}, title));
  const finite = curves.flatMap(({ y }) => y.filter((v) => v > 0 && Number.isFinite(v)));
  const levels = [...finite, base[0], ...always];
  const low = Math.min(...levels) / 1.08;
  const high = Math.min(cap, Math.max(...levels) * 1.08);
  const longest = Math.max(100, ...curves.map(({ x }) => x[x.length - 1] ?? 0));
  const X = (x) => left + (x / longest) * (width - left - right);
  const clamp = (y) => (Number.isFinite(y) ? Math.min(Math.max(y, low), high) : high);
  const Y = (y) =>
    height - bottom - (Math.log(clamp(y) / low) / Math.log(high / low)) * (height - top - bottom);

  target.append(svg("text", { x: 4, y: 13, class: "clm-axis-title" }, title));
  for (const tick of logTicks(low, high)) {
    const y = Y(tick);
    target.append(svg("line", { x1: left, x2: width - right, y1: y, y2: y, class: "clm-grid" }));
    target.append(svg("text", { x: left - 5, y: y + 4, "text-anchor": "end" }, tickText(tick)));
  }
  for (const x of [0, longest / 2, longest]) {
    const text = x === longest ? `${Math.round(x)} updates` : String(Math.round(x));
    const anchor = x === longest ? "end" : "middle";
    target.append(svg("text", { x: X(x), y: height - 4, "text-anchor": anchor }, text));
  }
  const level = Y(base[0]);
  target.append(
    svg("line", { x1: left, x2: width - right, y1: level, y2: level, class: "clm-base" }),
    svg("text", { x: width - right - 4, y: level + 14, "text-anchor": "end" }, base[1]),
  );
  const ends = [];
  for (const { className, x, y, label } of curves) {
    if (!x.length) continue;
    const every = Math.ceil(x.length / MOST_POINTS);
    const shown = x.map((_, i) => i).filter((i) => i % every === 0 || i === x.length - 1);
    const points = shown.map((i) => `${X(x[i]).toFixed(1)},${Y(y[i]).toFixed(1)}`).join(" ");
    target.append(svg("polyline", { points, class: `clm-curve ${className}` }));
    if (label)
      ends.push({ x: X(x[x.length - 1]) + 5, y: Y(y[y.length - 1]) + 4, label, className });
  }
  ends.sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => {
    if (i && end.y < ends[i - 1].y + 14) end.y = ends[i - 1].y + 14; // labels do not overlap
    target.append(
      svg("text", { x: end.x, y: end.y, class: `clm-end ${end.className}` }, end.label),
    );
  });
}

/** An empty drawing. */
export function drawing(label) {
  return svg("svg", { class: "clm-plot", role: "img", "aria-label": label });
}
