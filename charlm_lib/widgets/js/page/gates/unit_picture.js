// A trained unit on a real text: its state as a line, the gate that keeps as bars over letters.

import { svg } from "../svg.js";
import { visible } from "../words.js";

const TALL = { state: [24, 114], gate: [140, 184], letters: 202, height: 212 };
const WIDE_UNIT = { width: 760, left: 40, right: 8 };
const NARROW_UNIT = { width: 360, left: 34, right: 4 };

export class UnitPicture {
  constructor() {
    this.element = svg("svg", { class: "clm-drawing", role: "img" });
  }

  /**
   * @param {{letters: string[], state: number[], gate: number[], stateName: string,
   *   gateName: string, label: string}} trace
   */
  draw({ letters, state, gate, stateName, gateName, label }, isNarrow) {
    const { width, left, right } = isNarrow ? NARROW_UNIT : WIDE_UNIT;
    const pitch = (width - left - right) / letters.length;
    const X = (t) => left + (t + 0.5) * pitch;
    this.element.setAttribute("viewBox", `0 0 ${width} ${TALL.height}`);
    this.element.setAttribute("aria-label", label);
    this.element.replaceChildren(
      svg("text", { x: left, y: 13, class: "clm-axis-title" }, stateName),
      ...stateLine(state, X, { left, end: width - right }),
      svg("text", { x: left, y: TALL.gate[0] - 6, class: "clm-axis-title" }, gateName),
      ...gateBars(gate, X, pitch, { left, end: width - right }),
      ...letters.map((letter, t) =>
        svg("text", { x: X(t), y: TALL.letters, class: "clm-letter" }, visible(letter)),
      ),
    );
  }
}

function stateLine(state, X, { left, end }) {
  const [top, bottom] = TALL.state;
  const most = Math.max(1, ...state.map(Math.abs));
  const Y = (v) => (top + bottom) / 2 - (v / most) * ((bottom - top) / 2);
  const points = state.map((v, t) => `${X(t).toFixed(1)},${Y(v).toFixed(1)}`).join(" ");
  const ticks = [most, 0, -most].flatMap((v) => [
    svg("line", { x1: left, x2: end, y1: Y(v), y2: Y(v), class: v ? "clm-grid" : "clm-base" }),
    svg("text", { x: left - 5, y: Y(v) + 4, class: "clm-tick-text" }, tenths(v)),
  ]);
  const dots = state.map((v, t) => svg("circle", { cx: X(t), cy: Y(v), r: 2.2, class: "clm-dot" }));
  return [...ticks, svg("polyline", { points, class: "clm-curve clm-one" }), ...dots];
}

const tenths = (v) => v.toFixed(1).replace("-", "−");

function gateBars(gate, X, pitch, { left, end }) {
  const [top, bottom] = TALL.gate;
  const levels = [1, 0].flatMap((v) => {
    const y = bottom - v * (bottom - top);
    return [
      svg("line", { x1: left, x2: end, y1: y, y2: y, class: "clm-grid" }),
      svg("text", { x: left - 5, y: y + 4, class: "clm-tick-text" }, String(v)),
    ];
  });
  const bars = gate.map((v, t) => {
    const height = v * (bottom - top);
    const place = { x: X(t) - pitch * 0.35, y: bottom - height, width: pitch * 0.7, height };
    return svg("rect", { ...place, class: "clm-added" });
  });
  return [...levels, ...bars];
}
