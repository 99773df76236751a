// The equation of each quantity of StepThrough, as the chapters write it; by the quantity's key.

import { equation, symbol } from "../equation.js";

const X = () => symbol("X", "t");
const old = () => symbol("H", "t−1");
const W = (name, above = "") => symbol("W", name, above);
const b = (name) => symbol("b", name);
const slope = (of = "H") => symbol(`∂L/∂${of}`, "t");
const C = (below = "t") => symbol("C", below);
const G = () => symbol("G", "t");

const gate = (letter, name, squash = "σ") => [
  ...[symbol(letter, "t"), ` = ${squash}( `, X(), " ", W(`x${name}`), " + "],
  ...[old(), " ", W(`h${name}`), " + ", b(name), " )"],
];

const EQUATIONS = {
  x: () => [X(), " ", W("xh")],
  s: () => [old(), " ", W("hh")],
  a: () => [symbol("A", "t"), " = ", X(), " ", W("xh"), " + ", old(), " ", W("hh"), " + ", b("h")],
  r: () => gate("R", "r"),
  z: () => gate("Z", "z"),
  forget: () => gate("F", "f"),
  input: () => gate("I", "i"),
  candidate: () => gate("G", "g", "tanh"),
  memory: () => [
    ...[C(), " = ", symbol("F", "t"), " ⊙ ", C("t−1"), " + ", symbol("I", "t"), " ⊙ ", G()],
  ],
  output: () => gate("O", "o"),
  q: () => [old(), " ", W("hn"), " + ", b("hn")],
  n: () => [
    ...[symbol("N", "t"), " = tanh( ", X(), " ", W("xn"), " + ", b("xn")],
    ...[" + ", symbol("R", "t"), " ⊙ (", old(), " ", W("hn"), " + ", b("hn"), ") )"],
  ],
  o: () => [symbol("O", "t"), " = ", symbol("H", "t"), " ", W("hq"), " + ", b("q")],
  p: () => ["softmax( ", symbol("O", "t"), " )"],
  e: () => [symbol("∂L/∂O", "T"), " = softmax( ", symbol("O", "T"), " ) − ", symbol("Y", "T")],
  g: () => [slope(), " = from above + from later"],
  memoryLater: () => [slope("C"), " of the next step ⊙ ", symbol("F", "t+1")],
  memoryWhole: () => [
    ...[slope("C"), " = from later + ", slope(), " ⊙ ", symbol("O", "t")],
    ...[" ⊙ (1 − tanh²( ", C(), " ))"],
  ],
  d: () => [symbol("D", "t"), " = ", slope(), " ⊙ (1 − ", symbol("H", "t", "2"), ")"],
};

const HIDDEN = {
  tanh: () => [symbol("H", "t"), " = tanh( ", symbol("A", "t"), " )"],
  gru: () => [
    ...[symbol("H", "t"), " = (1 − ", symbol("Z", "t"), ") ⊙ ", symbol("N", "t")],
    ...[" + ", symbol("Z", "t"), " ⊙ ", old()],
  ],
  lstm: () => [symbol("H", "t"), " = ", symbol("O", "t"), " ⊙ tanh( ", C(), " )"],
};

const FROM_GATES = () => ["the gates' gradients of the layer above, through their ", W("x", "⊤")];

const ABOVE = {
  tanh: () => [symbol("D", "t"), " ", W("xh", "⊤"), " of the layer above"],
  gru: FROM_GATES,
  lstm: FROM_GATES,
};

const LATER = {
  tanh: () => [symbol("D", "t+1"), " ", W("hh", "⊤")],
  gru: () => [
    ...[slope(), " of the next step ⊙ ", symbol("Z", "t+1")],
    ...[" + its gates' gradients, through their ", W("h", "⊤")],
  ],
  lstm: () => ["the next step's gates' gradients, through their ", W("h", "⊤")],
};

/** The equation of the quantity `key` in a model's layer `l`. @returns {HTMLElement} */
export function equationOf(key, { cell, layers }, l) {
  const own = { h: HIDDEN, later: LATER }[key]?.[cell] ?? EQUATIONS[key];
  if (key !== "above") return equation(...own());
  return l < layers - 1
    ? equation(...ABOVE[cell]())
    : equation(symbol("∂L/∂O", "t"), " ", W("hq", "⊤"));
}
