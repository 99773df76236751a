// The sheet of HiddenStateViewer: a model's layers over the characters of a text.

import { bits, softmax } from "../model/network.js";
import { make, visible } from "./dom.js";
import { paintHeat } from "./draw.js";

/** What can be shown of a layer. */
export const VIEWS = { h: "hidden state", r: "reset gate", z: "update gate", n: "new state" };

/** What the model did at every character of a text. */
export function trace(model, reading) {
  const { layers, hiddens: H, tokens } = model.about;
  const state = model.zeroState();
  return reading.map(({ token, shown }, t) => {
    const probabilities = softmax(model.step(token, state));
    const values = { h: state.slice() };
    if (model.gates.length) {
      ["r", "z", "n"].forEach((gate, k) => {
        values[gate] = new Float64Array(layers * H);
        for (let l = 0; l < layers; l++) {
          const from = (4 * l + k) * H;
          values[gate].set(model.gates.subarray(from, from + H), l * H);
        }
      });
    }
    const guess = probabilities.indexOf(Math.max(...probabilities));
    const next = reading[t + 1]?.token ?? -1;
    return {
      shown,
      values,
      probabilities,
      guess,
      next,
      right: guess === next,
      token: tokens[guess],
    };
  });
}

/** One row of cells, one per character, with its name at the left. */
function sheetRow(name, cells, className) {
  const row = make("div", { className: `clm-line ${className}` });
  row.append(make("span", { className: "clm-name" }, name), cells);
  return row;
}

/**
 * Fills the sheet: what the model reads at the bottom, layer upon layer, its guesses on top.
 * @param {HTMLElement} sheet
 * @param {ReturnType<typeof trace>} steps
 * @param {import("../model/network.js").Description} about
 * @param {keyof typeof VIEWS} view
 */
export function fillSheet(sheet, steps, { layers, hiddens: H }, view) {
  sheet.style.setProperty("--clm-columns", steps.length);
  sheet.style.setProperty("--clm-row", `${Math.max(1, Math.min(5, Math.floor(192 / H)))}px`);
  const cells = (content) => {
    const line = make("div", { className: "clm-cells" });
    line.append(...steps.map(content));
    return line;
  };
  const guesses = cells(({ token, right }) => {
    const className = right ? "clm-right" : "";
    return make("span", { className }, visible(token));
  });
  const surprises = cells(({ probabilities, next }) => {
    const bar = make("i", {});
    const amount = next < 0 ? 0 : bits(probabilities[next]);
    bar.style.height = `${Math.min(100, (100 * amount) / 8)}%`;
    return make("span", {}, bar);
  });
  sheet.append(sheetRow("guess", guesses, ""), sheetRow("surprise", surprises, "clm-surprises"));
  for (let l = layers; l >= 1; l--) {
    const canvas = make("canvas", { className: "clm-heat", role: "img" });
    canvas.setAttribute("aria-label", `${VIEWS[view]} of layer ${l}: ${H} units, one row each`);
    canvas.layer = l;
    const mark = make("div", { className: "clm-mark", hidden: true });
    const holder = make("div", { className: "clm-heat-holder" }, canvas, mark);
    holder.style.setProperty("--clm-rows", H);
    sheet.append(sheetRow(`layer ${l}`, holder, ""));
    paintHeat(canvas, steps.length, H, (t, j) => steps[t].values[view][(l - 1) * H + j]);
  }
  const characters = cells(({ shown }) => make("span", {}, visible(shown)));
  sheet.append(sheetRow("reads", characters, "clm-reads"));
  sheet.append(make("div", { className: "clm-column" }));
}
