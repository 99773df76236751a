// The numbers of one layer at one step, a row for each quantity, to be visited one by one.

import { svg } from "../svg.js";
import { visible } from "../words.js";
import { rowInWords } from "./words.js";

const WIDE_SHEET = { width: 720, left: 74, row: 28, label: 0 };
const NARROW_SHEET = { width: 350, left: 0, row: 40, label: 16 };
const LARGEST = 20; // pixels of a cell
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export class Numbers {
  /** @param {(row: number, unit: number, byKey: boolean) => void} visit */
  constructor(visit) {
    this.rows = 0; // that are computed
    this.count = 0; // numbers in a row
    this.place = [0, 0];
    const attributes = { class: "clm-drawing clm-numbers", tabindex: 0, role: "group" };
    const label = "The numbers of this moment. Arrow keys visit them.";
    this.element = svg("svg", { ...attributes, "aria-label": label });
    const point = ({ target }) => {
      const { row, unit } = target.dataset;
      if (unit) visit(Number(row), Number(unit), false);
    };
    this.element.addEventListener("pointermove", point);
    this.element.addEventListener("click", point);
    this.element.addEventListener("keydown", (event) => {
      const move = MOVES[event.key];
      if (!move || !this.count) return;
      event.preventDefault();
      visit(...this.after(move), true);
    });
  }

  after([down, right]) {
    const [row, unit] = this.place;
    const within = (value, count) => Math.max(0, Math.min(count - 1, value));
    return [within(row + down, this.rows), within(unit + right, this.count)];
  }

  /**
   * @param {import("../../model/terms/term.js").Quantity[]} quantities
   * @param {number} done how many of them are computed
   * @param {string[]} names of the numbers in a row; none: they are units
   */
  draw(quantities, done, [row, unit], names, isNarrow) {
    const sheet = isNarrow ? NARROW_SHEET : WIDE_SHEET;
    const count = quantities[0].values.length;
    const side = Math.min(LARGEST, (sheet.width - sheet.left - 4) / count);
    this.place = [row, unit];
    [this.rows, this.count] = [done, count];
    const height = quantities.length * sheet.row + (names.length ? 16 : 2);
    this.element.setAttribute("viewBox", `0 0 ${sheet.width} ${height}`);
    const plan = { ...sheet, side, row: sheet.row, height };
    this.element.replaceChildren(
      ...quantities.flatMap((quantity, i) => drawnRow(quantity, i, i < done, plan)),
      ...names.map((name, j) => nameBelow(name, j, plan)),
      chosen(row, unit, plan),
    );
  }
}

const topOf = (i, { row, label, side }) => i * row + label + (row - label - side) / 2;

function drawnRow({ key, squash, values }, i, isDone, plan) {
  const { left, side, label } = plan;
  const top = topOf(i, plan);
  const x = label ? 2 : left - 10;
  const y = label ? i * plan.row + 12 : top + side / 2 + 4;
  const className = label ? "clm-row-above" : "clm-row-name";
  const name = svg("text", { x, y, class: className }, rowInWords(key));
  const full = squash ? 1 : Math.max(...values.map(Math.abs), 1e-300);
  const cells = values.map((value, j) => {
    const area = { x: left + j * side + 1, y: top, width: side, height: side };
    const group = svg("g");
    const place = { "data-row": i, "data-unit": isDone ? j : "" };
    group.append(svg("rect", { ...area, ...place, class: "clm-slot" }));
    if (isDone) group.prepend(filling(area, value / full));
    return group;
  });
  return [name, ...cells];
}

/** Full and warm if positive, a small cool square if negative. */
function filling({ x, y, width }, amount) {
  const inset = amount < 0 ? width * 0.24 : 0;
  const place = { x: x + inset, y: y + inset, width: width - 2 * inset, height: width - 2 * inset };
  const opacity = Math.min(1, Math.abs(amount)).toFixed(3);
  const className = amount < 0 ? "clm-minus" : "clm-plus";
  return svg("rect", { ...place, class: className, "fill-opacity": opacity });
}

function nameBelow(name, j, { left, side, height }) {
  const place = { x: left + (j + 0.5) * side + 1, y: height - 4, class: "clm-guess" };
  return svg("text", place, visible(name));
}

function chosen(row, unit, plan) {
  const { left, side } = plan;
  const place = { x: left + unit * side + 1, y: topOf(row, plan), width: side, height: side };
  return svg("rect", { ...place, class: "clm-cursor" });
}
