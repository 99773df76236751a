// The picture of a gated unit: each road as wide as its gate is open, with the number on it.

import { svg } from "../svg.js";

const UNIT_SIZE = { width: 360, height: 250 };
const WIDEST = 15; // pixels of a road whose gate is at 1
const BEFORE = "ₜ₋₁";

/** A number with two digits and a true minus sign. */
export function signed(x) {
  const text = x.toFixed(2);
  return (text === "-0.00" ? "0.00" : text).replace("-", "−");
}

function text(x, y, words, className = "") {
  return svg("text", { x, y, class: className }, words);
}

/** A road from place to place, as wide as a gate is open; a closed one is a thin broken line. */
function road(points, open) {
  const isClosed = open < 0.005;
  return svg("polyline", {
    points: points.map((place) => place.join(",")).join(" "),
    class: `clm-road${isClosed ? " clm-closed" : ""}`,
    "stroke-width": isClosed ? 1 : (1 + open * (WIDEST - 1)).toFixed(1),
  });
}

/** A value on its way, in a ring, with its name below. */
function station(x, y, value, name) {
  return [
    svg("circle", { cx: x, cy: y, r: 23, class: "clm-station" }),
    text(x, y + 4, value, "clm-number"),
    text(x, y + 38, name, "clm-name"),
  ];
}

function box(x, y, words) {
  const place = { x: x - 24, y: y - 15, width: 48, height: 30, rx: 6, class: "clm-station" };
  return [svg("rect", place), text(x, y + 4, words, "clm-name")];
}

function plus(x, y) {
  return [
    svg("circle", { cx: x, cy: y, r: 11, class: "clm-station" }),
    text(x, y + 5, "+", "clm-number"),
  ];
}

/** From what a letter adds up into the box. */
function letterRoad(x, added) {
  return [
    road([[x, 205], [x, 176]], 0.14),
    text(x, 222, signed(added), "clm-number"),
    text(x, 238, "the letter", "clm-name"),
  ];
}

/** The gated recurrent unit between two steps. */
function gruParts({ r, z }, before, after, x) {
  return [
    road([[54, 58], [218, 58]], z),
    road([[44, 76], [44, 160], [120, 160]], r),
    road([[168, 160], [230, 160], [230, 70]], 1 - z),
    road([[242, 58], [294, 58]], 0.14),
    ...letterRoad(144, x),
    ...station(32, 58, signed(before.h), ""),
    text(10, 24, `h${BEFORE}`, "clm-symbol"),
    ...box(144, 160, "tanh"),
    ...plus(230, 58),
    ...station(318, 58, signed(after.h), ""),
    text(310, 24, "hₜ", "clm-symbol"),
    text(136, 36, `× update ${z.toFixed(2)} = ${signed(after.kept)}`, "clm-label"),
    text(58, 116, `× reset ${r.toFixed(2)}`, "clm-label clm-start"),
    text(58, 132, `= ${signed(after.passed)}`, "clm-label clm-start"),
    text(244, 116, `× (1 − update)`, "clm-label clm-start"),
    text(244, 132, `= ${signed(after.added)}`, "clm-label clm-start"),
    text(196, 182, `proposal ${signed(after.proposal)}`, "clm-label clm-start"),
  ];
}

/** The long short-term memory between two steps. */
function lstmParts({ i, f, o }, before, after, x) {
  return [
    road([[54, 58], [188, 58]], f),
    road([[54, 160], [92, 160]], 0.14),
    road([[140, 160], [200, 160], [200, 70]], i),
    road([[212, 58], [294, 58]], 0.14),
    road([[318, 82], [318, 137]], o),
    ...letterRoad(116, x),
    ...station(32, 58, signed(before.c), ""),
    text(10, 24, `c${BEFORE}`, "clm-symbol"),
    ...station(32, 160, signed(before.h), `h${BEFORE}`),
    ...box(116, 160, "tanh"),
    ...plus(200, 58),
    ...station(318, 58, signed(after.c), ""),
    text(310, 24, "cₜ", "clm-symbol"),
    ...station(318, 160, signed(after.h), "hₜ"),
    text(122, 36, `× forget ${f.toFixed(2)} = ${signed(after.kept)}`, "clm-label"),
    text(194, 104, `× input ${i.toFixed(2)}`, "clm-label clm-end"),
    text(194, 120, `= ${signed(after.added)}`, "clm-label clm-end"),
    text(306, 104, "× output", "clm-label clm-end"),
    text(306, 120, `${o.toFixed(2)}`, "clm-label clm-end"),
    text(168, 182, `candidate ${signed(after.proposal)}`, "clm-label clm-start"),
  ];
}

const PARTS = { gru: gruParts, lstm: lstmParts };

export class Diagram {
  constructor(cell) {
    this.parts = PARTS[cell];
    const viewBox = `0 0 ${UNIT_SIZE.width} ${UNIT_SIZE.height}`;
    this.element = svg("svg", { class: "clm-drawing clm-diagram", role: "img", viewBox });
  }

  /** One step of a unit: its gates, its states before and after, and what the letter adds. */
  draw(gates, before, after, x, label) {
    this.element.setAttribute("aria-label", label);
    this.element.replaceChildren(...this.parts(gates, before, after, x));
  }
}
