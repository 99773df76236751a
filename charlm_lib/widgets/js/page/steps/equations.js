// The equation of each quantity of StepThrough, as the chapters write it; by the quantity's key.

import { equation, symbol } from "../equation.js";

const X = () => symbol("X", "t");
const old = () => symbol("H", "t−1");
const W = (name, above = "") => symbol("W", name, above);
const b = (name) => symbol("b", name);
const slope = () => symbol("∂L/∂H", "t");

const gate = (letter, name) => [
  ...[symbol(letter, "t"), " = σ( ", X(), " ", W(`x${name}`), " + "],
  ...[old(), " ", W(`h${name}`), " + ", b(name), " )"],
];

const EQUATIONS = {
  x: () => [X(), " ", W("xh")],
  s: () => [old(), " ", W("hh")],
  a: () => [symbol("A", "t"), " = ", X(), " ", W("xh"), " + ", old(), " ", W("hh"), " + ", b("h")],
  r: () => gate("R", "r"),
  z: () => gate("Z", "z"),
  q: () => [old(), " ", W("hn"), " + ", b("hn")],
  n: () => [
    ...[symbol("N", "t"), " = tanh( ", X(), " ", W("xn"), " + ", b("xn")],
    ...[" + ", symbol("R", "t"), " ⊙ (", old(), " ", W("hn"), " + ", b("hn"), ") )"],
  ],
  o: () => [symbol("O", "t"), " = ", symbol("H", "t"), " ", W("hq"), " + ", b("q")],
  p: () => ["softmax( ", symbol("O", "t"), " )"],
  e: () => [symbol("∂L/∂O", "T"), " = softmax( ", symbol("O", "T"), " ) − ", symbol("Y", "T")],
  later: () => [symbol("D", "t+1"), " ", W("hh", "⊤")],
  g: () => [slope(), " = from above + from later"],
  d: () => [symbol("D", "t"), " = ", slope(), " ⊙ (1 − ", symbol("H", "t", "2"), ")"],
};

const HIDDEN = {
  tanh: () => [symbol("H", "t"), " = tanh( ", symbol("A", "t"), " )"],
  gru: () => [
    ...[symbol("H", "t"), " = (1 − ", symbol("Z", "t"), ") ⊙ ", symbol("N", "t")],
    ...[" + ", symbol("Z", "t"), " ⊙ ", old()],
  ],
};

const ABOVE = {
  tanh: () => [symbol("D", "t"), " ", W("xh", "⊤"), " of the layer above"],
  gru: () => ["the gates' gradients of the layer above, through their ", W("x", "⊤")],
};

const LATER_GRU = () => [
  ...[slope(), " of the next step ⊙ ", symbol("Z", "t+1")],
  ...[" + its gates' gradients, through their ", W("h", "⊤")],
];

/** The equation of the quantity `key` in a model's layer `l`. @returns {HTMLElement} */
export function equationOf(key, { cell, layers }, l) {
  if (key === "h") return equation(...HIDDEN[cell]());
  if (key === "later" && cell === "gru") return equation(...LATER_GRU());
  if (key !== "above") return equation(...EQUATIONS[key]());
  return l < layers - 1
    ? equation(...ABOVE[cell]())
    : equation(symbol("∂L/∂O", "t"), " ", W("hq", "⊤"));
}
