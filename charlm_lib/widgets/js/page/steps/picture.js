// The picture of StepThrough: the network unrolled over a text, filling moment by moment.

import { arrow } from "../arrow.js";
import { svg } from "../svg.js";
import { percent, visible } from "../words.js";

const WIDE_SHAPE = { width: 720, left: 62, right: 8, box: 84, pitch: 150 };
const NARROW_SHAPE = { width: 350, left: 24, right: 4, box: 52, pitch: 100 };
const BARS = { top: 6, height: 46, count: 3 };
const FIRST_ROW = 94; // the upper edge of the top layer's boxes
const GAP = 34; // between rows
const LETTER = 46; // from the lowest box to the middle of a letter
const PART = 8; // between an LSTM's memory and its state
// Which arrows the quantities use, by their keys.
const GATE_KEYS = ["r", "z", "forget", "input", "candidate", "output"];
const UP = ["x", "n", "o", "above", ...GATE_KEYS];
const SIDE = ["s", "q", "later", ...GATE_KEYS];
const STRAIGHT = ["memory", "memoryLater"];

/** @typedef {import("./pass.js").Pass} Pass */

export class Picture {
  /** @param {(t: number, l: number) => void} pick called with the box that is clicked */
  constructor(pick) {
    this.element = svg("svg", { class: "clm-drawing clm-unrolled", role: "img" });
    this.element.addEventListener("click", ({ target }) => {
      const box = target.closest("[data-t]");
      if (box) pick(Number(box.dataset.t), Number(box.dataset.l));
    });
  }

  /**
   * @param {Pass} pass
   * @param {number} at the number of the present moment
   */
  draw(pass, at, label, isNarrow) {
    const plan = planOf(pass, isNarrow);
    this.element.setAttribute("viewBox", `0 0 ${plan.width} ${plan.height}`);
    this.element.setAttribute("aria-label", label);
    const parts = [...rowNames(plan, pass, isNarrow)];
    pass.read.forEach((_, t) => parts.push(...column(pass, at, plan, t)));
    this.element.replaceChildren(...parts);
  }
}

/** Where everything lies. */
function planOf({ steps, model }, isNarrow) {
  const shape = isNarrow ? NARROW_SHAPE : WIDE_SHAPE;
  const { layers, hiddens } = model.about;
  const pitch = Math.min(shape.pitch, (shape.width - shape.left - shape.right) / steps.length);
  const parts = model.cell.states.length;
  const columns = Math.ceil(Math.sqrt(2 * hiddens * parts));
  const box = Math.min(shape.box, pitch - (isNarrow ? 9 : 16));
  const partHigh = (box / columns) * Math.ceil(hiddens / columns);
  const partPitch = partHigh + PART;
  const high = parts * partPitch - PART;
  const boxTop = (l) => FIRST_ROW + (layers - 1 - l) * (high + GAP);
  const letter = boxTop(0) + high + LETTER;
  return {
    ...{ ...shape, pitch, columns, box, high, letter, layers, boxTop, parts, partPitch },
    height: letter + 8,
    X: (t) => shape.left + (t + 0.5) * pitch, // the middle of a column
    boxMiddle: (l) => boxTop(l) + high / 2,
    partMiddle: (l, part) => boxTop(l) + part * partPitch + partHigh / 2,
  };
}

function rowNames({ letter, layers, boxMiddle, left }, { isBackward }, isNarrow) {
  const x = isNarrow ? 10 : left - 14;
  const name = (y, long, short) =>
    svg("text", { x, y: y + 4, class: "clm-row-name" }, isNarrow ? short : long);
  const rows = Array.from({ length: layers }, (_, l) =>
    name(boxMiddle(l), `layer ${l + 1}`, `${l + 1}`),
  );
  const above = isBackward ? "loss" : "next";
  return [...rows, name(letter - 5, "reads", ""), name(BARS.top + BARS.height / 2, above, "")];
}

/** One step: its letter, its boxes, its output, and the arrows between them. */
function column(pass, at, plan, t) {
  const now = pass.moments[at];
  const parts = [readLetter(plan, pass.read[t].shown, t, now)];
  for (let l = 0; l < plan.layers; l++) {
    parts.push(upArrow(pass, at, plan, t, l), ...sideArrows(pass, at, plan, t, l));
    parts.push(drawnBox(pass, at, plan, t, l));
  }
  parts.push(upArrow(pass, at, plan, t, plan.layers), ...output(pass, at, plan, t));
  return parts;
}

function readLetter({ X, letter }, shown, t, now) {
  const className = `clm-letter${now.t === t ? " clm-now" : ""}`;
  return svg("text", { x: X(t), y: letter, class: className }, visible(shown));
}

/** A box with a cell for each unit: full if positive, a small square in it if negative. */
function drawnBox(pass, at, plan, t, l) {
  const { X, box, high, columns, boxTop, partPitch } = plan;
  const [left, top, side] = [X(t) - box / 2, boxTop(l), box / columns];
  const now = pass.moments[at];
  const isNow = now.t === t && now.l === l;
  const group = svg("g", { class: `clm-box${isNow ? " clm-now" : ""}`, "data-t": t, "data-l": l });
  const frame = { x: left - 2.5, y: top - 2.5, width: box + 5, height: high + 5, rx: 4 };
  group.append(svg("rect", { ...frame, class: "clm-frame" }));
  if (!pass.isDone(t, l, at)) return group;
  const { full } = pass;
  const inBox = pass.inBox(t, l);
  inBox.forEach((values, part) => {
    values.forEach((value, j) => {
      const amount = Math.min(1, Math.abs(value) / full);
      const x = left + (j % columns) * side;
      const y = top + part * partPitch + Math.floor(j / columns) * side;
      group.append(cell(x, y, side, value < 0, amount));
    });
  });
  if (pass.isBackward) group.append(lengthBelow(inBox, X(t) + 6, top + high + 17));
  return group;
}

function cell(x, y, side, isNegative, amount) {
  const inset = isNegative ? side * 0.24 : 0.3;
  const place = { x: x + inset, y: y + inset, width: side - 2 * inset, height: side - 2 * inset };
  const className = isNegative ? "clm-minus" : "clm-plus";
  return svg("rect", { ...place, class: className, "fill-opacity": amount.toFixed(3) });
}

/** How long the gradient of a state is, below its box. */
function lengthBelow(inBox, x, y) {
  return svg("text", { x, y, class: "clm-length" }, shortLength(Math.hypot(...inBox.at(-1))));
}

function shortLength(length) {
  if (length === 0) return "0";
  return length < 0.001 ? length.toExponential(0).replace("-", "−") : length.toPrecision(2);
}

/** The arrow into row `l` from below, or backward the one out of it; the output is a row too. */
function upArrow(pass, at, plan, t, l) {
  const { X, letter, layers, boxTop, high } = plan;
  const below = l === 0 ? letter - 17 : boxTop(l - 1) - 4;
  const above = l === layers ? BARS.top + BARS.height + 18 : boxTop(l) + high + 4;
  const { isBackward } = pass;
  const className = linkClass(pass, at, t, isBackward ? l - 1 : l, UP);
  const [from, to] = isBackward ? [above, below] : [below, above];
  return arrow(X(t), from, X(t), to, className);
}

/** The arrows from the step before, or backward those to it: an LSTM has one for its memory. */
function sideArrows(pass, at, plan, t, l) {
  const { X, pitch, box, partMiddle, parts } = plan;
  const right = X(t) - box / 2 - 3;
  const left = t === 0 ? right - Math.min(14, pitch - box - 8) : X(t - 1) + box / 2 + 3;
  const [from, to] = pass.isBackward ? [right, left] : [left, right];
  return Array.from({ length: parts }, (_, part) => {
    const y = partMiddle(l, part);
    const keys = part < parts - 1 ? STRAIGHT : SIDE;
    return arrow(from, y, to, y, linkClass(pass, at, pass.isBackward ? t - 1 : t, l, keys));
  });
}

/** Marks the arrow that is used now: by one of the quantities `keys` of layer `l` at step `t`. */
function linkClass(pass, at, t, l, keys) {
  const now = pass.moments[at];
  const isUsed = now.t === t && now.l === l && keys.includes(pass.keyAt(at));
  return isUsed ? "clm-link clm-active" : "clm-link";
}

/** The likeliest next characters as bars, or backward the one that should have come. */
function output(pass, at, plan, t) {
  const x = plan.X(t);
  if (pass.isBackward) return t === pass.steps.length - 1 ? lossAt(pass, x) : [];
  if (!pass.isDone(t, plan.layers, at)) return [];
  const width = Math.min(22, (0.86 * plan.pitch) / BARS.count);
  return bars(pass.steps[t].probabilities, pass.model.about.tokens, x, width);
}

function bars(probabilities, tokens, middle, width) {
  const best = Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a]);
  return best.slice(0, BARS.count).flatMap((token, i) => {
    const x = middle + (i - BARS.count / 2) * width;
    const high = Math.max(1, probabilities[token] * BARS.height);
    const place = { x: x + 1.5, y: BARS.top + BARS.height - high, width: width - 3, height: high };
    const name = { x: x + width / 2, y: BARS.top + BARS.height + 13, class: "clm-guess" };
    return [
      svg("rect", { ...place, rx: 1.5, class: i ? "clm-chance" : "clm-chance clm-best" }),
      svg("text", name, visible(tokens[token])),
    ];
  });
}

function lossAt({ steps, next }, x) {
  const p = steps[steps.length - 1].probabilities[next.token];
  const should = `“${visible(next.shown)}” came`;
  return [
    svg("text", { x, y: BARS.top + 20, class: "clm-guess" }, should),
    svg("text", { x, y: BARS.top + 38, class: "clm-guess" }, `${percent(p)}`),
  ];
}
