// The plot of StudyExplorer: perplexity against depth, a point per network or per run.

import { drawPlot } from "../plot.js";
import { svg } from "../svg.js";
import { JUDGES, cellName } from "./words.js";

const KEYS = ["A", "B", "C"]; // of the cells
const SIZE = 4; // half a point's width

/**
 * @typedef {import("../../model/study.js").Run} Run
 * @typedef {import("../../model/study.js").Place} Place
 * @typedef {{cell: string, key: string, place: Place, loss: number, chosen: Run|undefined}} Point
 *   chosen: the run; undefined: the mean of all
 */

const meanLoss = (runs, judge) => runs.reduce((sum, run) => sum + run[judge], 0) / runs.length;

/** All points of a view, cell by cell, by depth. @returns {Point[]} */
export function pointsOf(study, view) {
  const points = [];
  for (const [cell, places] of study.shown(view)) {
    const key = KEYS[study.cells.indexOf(cell) % KEYS.length];
    for (const place of places) {
      const { runs } = place;
      const about = { cell, key, place };
      if (!view.each) points.push({ ...about, loss: meanLoss(runs, view.judge) });
      else points.push(...runs.map((run) => ({ ...about, chosen: run, loss: run[view.judge] })));
    }
  }
  return points;
}

function lineOf(cell, places, key, judge) {
  const point = ({ layers, runs }) => [layers, Math.exp(meanLoss(runs, judge))];
  return { name: cellName(cell), className: `clm-series-${key}`, points: places.map(point) };
}

/** A dot for the first cell, a box for the second, a triangle for the third. */
function mark({ key, place, loss }, index, { X, Y }, isHere) {
  const [x, y] = [X(place.layers), Y(Math.exp(loss))];
  const className = `clm-point clm-series-${key}${isHere ? " clm-here" : ""}`;
  const names = { class: className, "data-at": index };
  if (key === "A") return svg("circle", { cx: x, cy: y, r: SIZE + 1, ...names });
  if (key === "C") {
    const [left, right, top, bottom] = [x - SIZE - 1, x + SIZE + 1, y - SIZE - 1, y + SIZE];
    return svg("polygon", { points: `${left},${bottom} ${right},${bottom} ${x},${top}`, ...names });
  }
  return svg("rect", { x: x - SIZE, y: y - SIZE, width: 2 * SIZE, height: 2 * SIZE, ...names });
}

/** From the lowest to the highest run of a network. */
function spread({ key, place: { layers, runs } }, judge, { X, Y }) {
  const ends = runs.map((run) => Y(Math.exp(run[judge])));
  const [x, y1, y2] = [X(layers), Math.min(...ends), Math.max(...ends)];
  const className = `clm-series clm-spread clm-series-${key}`;
  return svg("line", { x1: x, x2: x, y1, y2, class: className });
}

/**
 * @param {SVGElement} element
 * @param {Point[]} points
 * @param {number} here index of the visited point
 * @returns {[number, number][]} where the points are
 */
export function drawDepths(element, study, view, points, here, width) {
  const shown = study.shown(view);
  const lines = [...shown].map(([cell, places]) =>
    lineOf(cell, places, KEYS[study.cells.indexOf(cell) % KEYS.length], view.judge),
  );
  const runs = [...shown.values()].flat().flatMap((place) => place.runs);
  const levels = runs.map((run) => Math.exp(run[view.judge]));
  const depths = study.depths;
  const places = drawPlot(element, lines, {
    label: `Perplexity on ${JUDGES[view.judge]} against the number of layers.`,
    width,
    height: 270,
    x: { low: depths[0] - 0.25, high: depths.at(-1) + 0.25, ticks: depths, title: "layers" },
    y: {
      low: Math.min(...levels) / 1.02,
      high: Math.max(...levels) * 1.02,
      isLog: true,
      title: `perplexity on ${JUDGES[view.judge]}`,
    },
  });
  element.append(
    ...(view.each ? [] : points.map((point) => spread(point, view.judge, places))),
    ...points.map((point, i) => mark(point, i, places, i === here)),
  );
  return points.map(({ place, loss }) => [places.X(place.layers), places.Y(Math.exp(loss))]);
}
