// Two numbers, written at the first step, on their way through a tanh unit and through a gated one.

import { svg } from "../svg.js";

const MEMORY_SIZE = { width: 420, height: 268, left: 34, right: 8 };
const PANELS = [
  { top: 26, bottom: 116 },
  { top: 166, bottom: 256 },
];
const LETTERS = 133; // middle of the row of what the letters add

/** @typedef {{title: string, one: number[], other: number[]}} Panel */

export class MemoryPicture {
  /** @param {(step: number) => void} visit called with the step, from 1, that a pointer is at */
  constructor(visit) {
    const viewBox = `0 0 ${MEMORY_SIZE.width} ${MEMORY_SIZE.height}`;
    this.element = svg("svg", { class: "clm-drawing clm-memory", role: "img", viewBox });
    this.element.addEventListener("pointermove", (event) => {
      const area = event.target.closest("[data-step]");
      if (area) visit(Number(area.dataset.step));
    });
  }

  /**
   * @param {Panel[]} panels the upper and the lower one
   * @param {number[]} letters what each letter after the first adds
   * @param {number} step from 1: the one to mark
   */
  draw(panels, letters, step, label) {
    const count = letters.length + 1;
    const pitch = (MEMORY_SIZE.width - MEMORY_SIZE.left - MEMORY_SIZE.right) / count;
    const X = (t) => MEMORY_SIZE.left + (t + 0.5) * pitch;
    this.element.setAttribute("aria-label", label);
    this.element.replaceChildren(
      svg("rect", {
        ...{ x: X(step - 1) - pitch / 2, y: 2, width: pitch, height: MEMORY_SIZE.height - 4 },
        ...{ rx: 3, class: "clm-here" },
      }),
      ...panels.flatMap((panel, i) => drawnPanel(panel, PANELS[i], X)),
      ...drawnLetters(letters, X, pitch),
      ...Array.from({ length: count }, (_, t) =>
        svg("rect", {
          ...{ x: X(t) - pitch / 2, y: 0, width: pitch, height: MEMORY_SIZE.height },
          ...{ class: "clm-touch", "data-step": t + 1 },
        }),
      ),
    );
  }
}

/** Both runs, and between them, shaded, what is still remembered. */
function drawnPanel({ title, one, other }, { top, bottom }, X) {
  const most = Math.max(1, ...one.map(Math.abs), ...other.map(Math.abs));
  const Y = (v) => (top + bottom) / 2 - (v / most) * ((bottom - top) / 2);
  const places = (values) => values.map((v, t) => `${X(t).toFixed(1)},${Y(v).toFixed(1)}`);
  const between = [...places(one), ...places(other).reverse()].join(" ");
  const [left, end] = [MEMORY_SIZE.left, MEMORY_SIZE.width - MEMORY_SIZE.right];
  const levels = [most, 0, -most].map((v) => [Y(v), v]);
  return [
    svg("text", { x: left, y: top - 10, class: "clm-axis-title" }, title),
    ...levels.flatMap(([y, v]) => [
      svg("line", { x1: left, x2: end, y1: y, y2: y, class: v ? "clm-grid" : "clm-base" }),
      svg("text", { x: left - 5, y: y + 4, class: "clm-tick-text" }, tick(v)),
    ]),
    svg("polygon", { points: between, class: "clm-between" }),
    svg("polyline", { points: places(one).join(" "), class: "clm-curve clm-one" }),
    svg("polyline", { points: places(other).join(" "), class: "clm-curve clm-other" }),
  ];
}

function tick(v) {
  return String(Number(v.toPrecision(2))).replace("-", "−");
}

function drawnLetters(letters, X, pitch) {
  const bars = letters.map((x, i) => {
    const height = Math.max(1, Math.abs(x) * 12);
    const y = x > 0 ? LETTERS - height : LETTERS;
    const place = { x: X(i + 1) - pitch * 0.3, y, width: pitch * 0.6, height: height.toFixed(1) };
    return svg("rect", { ...place, class: "clm-added" });
  });
  const place = { x: MEMORY_SIZE.left - 5, y: LETTERS + 4, class: "clm-tick-text" };
  return [svg("text", place, "x"), ...bars];
}
