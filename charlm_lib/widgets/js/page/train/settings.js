// The settings of TrainInThePage: what is trained, how, and where.

import { OPTIMIZERS } from "../../learning/optimizers.js";
import { CELLS } from "../../model/cells/cells.js";
import { checkbox, row, select, slider } from "../controls.js";
import { save } from "../traits.js";

const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.5, 1, 2, 3, 4, 6, 10, 20, 50];
const SCALES = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 1.5, 2, 3];
const PLACES = [
  ["page", "this page"],
  ["kernel", "JAX in the kernel"],
];
const SIZES = ["cell", "layers", "hiddens", "num_steps", "scale"];
const TRAITS = [...SIZES, "optimizer", "learning_rate", "clip"];
export const SETTING_EVENTS = TRAITS.map((trait) => `change:${trait}`);

/**
 * The settings of the next run.
 * @returns {import("../../learning/learner.js").Settings}
 */
export function settingsOf(widget) {
  return {
    cell: widget.get("cell"),
    layers: widget.get("layers"),
    hiddens: widget.get("hiddens"),
    optimizer: widget.get("optimizer") ?? "sgd", // an older notebook has none
    learningRate: widget.get("learning_rate"),
    clip: widget.get("clip"),
    numSteps: widget.get("num_steps"),
    seed: widget.get("seed"),
    scale: widget.get("scale") ?? 1, // an older notebook has none
  };
}

function choices(...values) {
  return values.map((value) => [String(value), String(value)]);
}

/** What a table offers, by key and name. */
function named(table) {
  return Object.entries(table).map(([key, { name }]) => [key, name]);
}

/** The controls of the settings. */
export class SettingsControls {
  /** @param {() => void} moved called when the reader chooses another place to train in */
  constructor(widget, moved) {
    this.widget = widget;
    this.bound = 1; // what clipping, once turned on, clips to
    const saveNumber = (trait) => (value) => save(widget, trait, Number(value));
    this.cell = select("Cell", named(CELLS), "", (value) => save(widget, "cell", value));
    this.layers = select("Layers", choices(1, 2, 3), "", saveNumber("layers"));
    this.hiddens = select("Units per layer", choices(8, 16, 32, 64), "", saveNumber("hiddens"));
    this.steps = select("Window", choices(8, 16, 32, 64), "", saveNumber("num_steps"));
    this.optimizer = select("Optimizer", named(OPTIMIZERS), "", (value) => this.optimize(value));
    this.rate = stepsSlider(widget, "Learning rate", RATES, "learning_rate");
    this.scale = stepsSlider(widget, "Starting scale", SCALES, "scale");
    this.clip = checkbox("", true, (on) => save(widget, "clip", on ? this.bound : 0));
    this.where = select("Engine", PLACES, "page", moved);
    this.where.element.hidden = true;
    const size = [this.cell, this.layers, this.hiddens, this.steps];
    const shown = [...size, this.scale, this.optimizer, this.rate, this.where];
    this.element = row(...shown.map((control) => control.element));
  }

  /** Another optimizer begins at a learning rate of its own. */
  optimize(optimizer) {
    save(this.widget, "optimizer", optimizer);
    save(this.widget, "learning_rate", OPTIMIZERS[optimizer].rate);
  }

  get isKernelChosen() {
    return this.where.input.value === "kernel";
  }

  /** Offers the kernel, once it has answered. */
  offerKernel() {
    this.where.element.hidden = false;
  }

  /** Shows the traits as they are. */
  show() {
    const { widget } = this;
    this.cell.input.value = widget.get("cell");
    this.layers.input.value = String(widget.get("layers"));
    this.hiddens.input.value = String(widget.get("hiddens"));
    this.steps.input.value = String(widget.get("num_steps"));
    this.optimizer.input.value = settingsOf(widget).optimizer;
    this.rate.set(RATES.indexOf(widget.get("learning_rate")));
    this.scale.set(SCALES.indexOf(settingsOf(widget).scale));
    this.clip.input.checked = widget.get("clip") > 0;
    this.bound = widget.get("clip") || this.bound;
    this.clip.element.lastChild.textContent = ` clip gradients to length ${this.bound}`;
  }
}

/** A slider over numbers at uneven distances. */
function stepsSlider(widget, label, values, trait) {
  return slider({
    ...{ label, min: 0, max: values.length - 1, step: 1, value: 0 },
    show: (i) => String(values[i]),
    oninput: (i) => save(widget, trait, values[i]),
  });
}
