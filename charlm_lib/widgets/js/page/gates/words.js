// What GateToTurn says: how long a gate keeps, what is left of a number, where gates stand.

import { GATED, halfLife } from "../../model/gates.js";
import { percent } from "../words.js";
import { signed } from "./diagram.js";

const FAR = 0.2; // between a unit's mean gate and the reader's

/** A number of steps, said as exactly as it matters. */
function stepsInWords(steps, one) {
  if (steps < 1) return `less than one ${one}`;
  const number = steps < 10 ? Number(steps.toFixed(1)) : Math.round(steps);
  return `${number.toLocaleString("en")} ${one}${number === 1 ? "" : "s"}`;
}

/** How long a gate that stands at `keep` keeps half of a number. */
export function halfLifeInWords(keep, one = "step") {
  if (keep >= 1) return "keeps it for ever";
  if (keep <= 0) return "keeps nothing";
  return `keeps half of it for ${stepsInWords(halfLife(keep), one)}`;
}

/** Both units at the end: by the gate alone, and with the road through the proposal. */
export function verdictOnGates(cell, gates, lastShare, plainShare, steps) {
  const { gates: names, keeps } = GATED[cell];
  const keep = gates[keeps];
  const article = keeps === "z" ? "An" : "A";
  return (
    `${article} ${names[keeps]} gate at ${keep.toFixed(2)} ${halfLifeInWords(keep)}: alone it ` +
    `leaves ${shareInWords(keep ** steps)} after ${steps} steps. With the way back through tanh, ` +
    `${shareInWords(lastShare)} of the difference is left; the tanh unit has ` +
    `${shareInWords(plainShare)}.`
  );
}

/** A share in percent; what is driven apart is more than all, what is turned over has a minus. */
export function shareInWords(share) {
  return share < 0 ? `−${percent(-share)}` : percent(share);
}

/** One step of the picture. */
export function stepOfUnit(cell, step, after, x) {
  const { carries } = GATED[cell];
  return (
    `Step ${step}: it keeps ${signed(after.kept)} and adds ${signed(after.added)}, which makes ` +
    `${carries} ${signed(after[carries])}. The letter added ${signed(x)} inside tanh.`
  );
}

/** A unit in a list: where its gates stand on average. */
export function unitInList({ layer, unit, means }, cell) {
  const gates = Object.entries(GATED[cell].gates).map(
    ([gate, name]) => `${name} ${means[gate].toFixed(2)}`,
  );
  return `layer ${layer}, unit ${unit}: ${gates.join(", ")}`;
}

/** How well one of the trained units fits, and how long it keeps. */
export function unitInDetail({ layer, unit, keep, means }, cell, letters, gates) {
  const { keeps, gates: names } = GATED[cell];
  const isFar = Math.abs(means[keeps] - gates[keeps]) > FAR;
  const fit = isFar ? ` Its ${names[keeps]} gate is far from yours.` : "";
  return (
    `Unit ${unit} of layer ${layer}, from the trained weights.${fit} The product of its ` +
    `${names[keeps]} gate over these ${letters} letters is ${shortShare(keep ** letters)}: ` +
    `on average it ${halfLifeInWords(keep, "letter")}.`
  );
}

function shortShare(share) {
  if (share >= 0.001) return String(Number(share.toPrecision(2)));
  return share.toExponential(0).replace("-", "−");
}
