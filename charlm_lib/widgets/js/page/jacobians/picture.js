// The picture of JacobianProduct: a gradient's arrows from the last step to the first, and lines of
// how long it is, on a logarithmic axis.

import { SATURATED, isFlat } from "../../model/jacobians.js";
import { svg } from "../svg.js";
import { visible } from "../words.js";

const WIDE_SIZE = { width: 720, left: 58, right: 16 };
const NARROW_SIZE = { width: 350, left: 46, right: 8 };
const ARROWS = 42; // middle of the row of arrows
const THICKEST = 44; // pixels of an arrow, for a gradient of THICK times its first length
const THICK = 2;
const LINES = { top: 92, bottom: 252 };
const LETTERS = 272;
const UNITS = { top: 308, height: 128 };
const DECADES = [-12, 8]; // of the axis: a gradient beyond stays at its end

/** @typedef {import("../../model/jacobians.js").WayBack} WayBack */

export class Picture {
  /** @param {(back: number) => void} visit called with the step that the pointer is at */
  constructor(visit) {
    this.element = svg("svg", { class: "clm-drawing", role: "img" });
    this.element.addEventListener("pointermove", (event) => {
      const step = event.target.closest("[data-back]");
      if (step) visit(Number(step.dataset.back));
    });
  }

  /**
   * @param {WayBack} way
   * @param {string[]} letters that are read, first step first
   * @param {number} back the step to mark, 0: the last one
   */
  draw(way, letters, back, isNarrow) {
    const size = isNarrow ? NARROW_SIZE : WIDE_SIZE;
    const pitch = (size.width - size.left - size.right) / letters.length;
    const X = (k) => size.width - size.right - (k + 0.5) * pitch; // k steps back
    const places = { ...size, pitch, X };
    const height = UNITS.top + UNITS.height + 6;
    this.element.setAttribute("viewBox", `0 0 ${size.width} ${height}`);
    this.element.setAttribute("aria-label", inWords(way));
    this.element.replaceChildren(
      markOf(X(back), pitch, height),
      ...names(size),
      ...arrows(way.norms, places),
      ...axis(places),
      line(way.powers, places, "clm-plain"),
      line(way.norms, places, "clm-real"),
      ...legend(places),
      ...letters.map((letter, t) => readLetter(letter, X(letters.length - 1 - t))),
      ...saturation(way.states, places),
      ...letters.map((_, k) => touchArea(k, places, height)),
    );
  }
}

function readLetter(letter, x) {
  return svg("text", { x, y: LETTERS, class: "clm-letter" }, visible(letter));
}

function inWords({ norms, powers }) {
  const last = norms.length - 1;
  return (
    `The gradient over ${last} steps back: at the first step ${short(norms[last])} of its length ` +
    `at the last one; by W_hh alone ${short(powers[last])}.`
  );
}

/** A number in few characters: 0.58, 12, 3e−7. */
export function short(x) {
  if (!Number.isFinite(x)) return "∞";
  if (x >= 1e5 || (x > 0 && x < 0.001)) return x.toExponential(0).replace("-", "−");
  return String(Number(x.toPrecision(2)));
}

function markOf(x, pitch, height) {
  const place = { x: x - pitch / 2, y: 2, width: pitch, height: height - 4, rx: 3 };
  return svg("rect", { ...place, class: "clm-here" });
}

function names({ left }) {
  const rows = [
    [ARROWS - 28, "the gradient, from right to left, as thick as it is long"],
    [LINES.top - 10, "its length, relative to the last step"],
    [UNITS.top - 12, `units, darker where tanh is flat, ringed from |h| = ${SATURATED}`],
  ];
  return rows.map(([y, text]) => svg("text", { x: left, y, class: "clm-axis-title" }, text));
}

/** From each step to the one before an arrow, as thick as the gradient is long. */
function arrows(norms, { X, pitch }) {
  const thickness = (k) => (Math.min(norms[k], THICK) / THICK) * THICKEST;
  return norms.slice(1).map((_, i) => {
    const [from, to] = [X(i) - 1, X(i + 1) + 1];
    const [a, b] = [thickness(i) / 2, thickness(i + 1) / 2];
    const neck = to + Math.min(pitch * 0.4, 6);
    const points = [
      [from, ARROWS - a],
      [neck, ARROWS - b],
      [neck, ARROWS - b - 2.5],
      [to, ARROWS],
      [neck, ARROWS + b + 2.5],
      [neck, ARROWS + b],
      [from, ARROWS + a],
    ];
    const places = points.map((place) => place.map((v) => v.toFixed(1)).join(" "));
    const d = `M${places.join("L")}Z`;
    const isCut = norms[i + 1] > THICK;
    return svg("path", { d, class: `clm-flow${isCut ? " clm-cut" : ""}` });
  });
}

/** Where a length lies on the logarithmic axis. */
function heightOfLength(length) {
  const [low, high] = DECADES;
  const decades = Math.max(low, Math.min(high, Math.log10(Math.max(length, 1e-300))));
  return LINES.bottom - ((decades - low) / (high - low)) * (LINES.bottom - LINES.top);
}

function axis({ left, width, right }) {
  const marks = [];
  for (let e = DECADES[0]; e <= DECADES[1]; e += 4) {
    const y = heightOfLength(10 ** e);
    const className = e === 0 ? "clm-base" : "clm-grid";
    const power = e ? `1e${e}`.replace("-", "−") : "1";
    marks.push(
      svg("line", { x1: left, x2: width - right, y1: y, y2: y, class: className }),
      svg("text", { x: left - 6, y: y + 4, class: "clm-tick-text" }, power),
    );
  }
  return marks;
}

function line(lengths, { X }, className) {
  const points = lengths.map((l, k) => `${X(k).toFixed(1)},${heightOfLength(l).toFixed(1)}`);
  return svg("polyline", { points: points.join(" "), class: `clm-curve ${className}` });
}

/** Both lines by name, at the lower right, where a gradient that has just begun is never. */
function legend({ width, right }) {
  const names = { "W_hh alone": "clm-plain", "W_hh and the slopes of tanh": "clm-real" };
  return Object.entries(names).flatMap(([text, className], i) => {
    const [x, y] = [width - right - 190, LINES.bottom - 30 + 18 * i];
    return [
      svg("line", { x1: x - 34, x2: x - 6, y1: y - 4, y2: y - 4, class: `clm-curve ${className}` }),
      svg("text", { x, y, class: `clm-line-label ${className}` }, text),
    ];
  });
}

/** A cell for every unit at every step, as dark as tanh is flat there. */
function saturation(states, { X, pitch }) {
  const row = UNITS.height / states[0].length;
  return states.flatMap((state, t) =>
    Array.from(state, (h, j) => {
      const left = X(states.length - 1 - t) - pitch / 2 + 0.5;
      const place = { x: left, y: UNITS.top + j * row + 0.25 };
      const size = { width: pitch - 1, height: row - 0.5, "fill-opacity": (h * h).toFixed(2) };
      return svg("rect", { ...place, ...size, class: isFlat(h) ? "clm-flat" : "clm-unit" });
    }),
  );
}

function touchArea(k, { X, pitch }, height) {
  const place = { x: X(k) - pitch / 2, y: 0, width: pitch, height };
  return svg("rect", { ...place, class: "clm-touch", "data-back": k });
}
