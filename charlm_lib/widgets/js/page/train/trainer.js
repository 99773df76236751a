// TrainInThePage's parts together: settings, runs, and what is shown of them.

import { Comparison } from "../../learning/comparison.js";
import { SHORTEST_OWN_TEXT, firstWords } from "../../learning/own_text.js";
import { vocabularyOf } from "../../model/text.js";
import { row } from "../controls.js";
import { make } from "../dom.js";
import { oncePerFrame } from "../frame.js";
import { RunButtons } from "./buttons.js";
import { OwnTextField } from "./own_text_field.js";
import { RunReport } from "./report.js";
import { SettingsControls, settingsOf } from "./settings.js";

const FOR_THE_NEXT =
  "These settings are for the next run: “New run” keeps this curve, “Reset” replaces it. " +
  "Learning rate and clipping alone would act at once.";
const NOT_IN_KERNEL = "The kernel knows only the widget's text: yours is learned in this page.";

/** The text that travels with the widget. */
function shippedCorpus(widget) {
  const text = widget.get("text");
  if (text.length < SHORTEST_OWN_TEXT) throw new Error("Its text is missing from this page.");
  const title = widget.get("title") || `the text ${firstWords(text)}`;
  return { text, tokens: vocabularyOf(text), title };
}

export class TrainerInThePage {
  /**
   * @param {object} widget
   * @param {HTMLElement} el the widget's place
   * @param {import("../traits.js").Memory} [memory]
   */
  constructor(widget, el, memory) {
    this.widget = widget;
    this.el = el;
    this.shipped = shippedCorpus(widget);
    this.own = new OwnTextField(this.shipped, memory, () => this.replaceIfFresh());
    this.device = ""; // the kernel's, once it has answered
    this.comparison = new Comparison();
    this.settings = new SettingsControls(widget, () => this.replaceIfFresh());
    this.buttons = this.makeButtons();
    const prefix = widget.get("prefix");
    this.report = new RunReport((run) => this.remove(run), prefix, () => this.show());
    this.frame = oncePerFrame(() => this.showNow());
    this.element = this.arrange();
    this.comparison.add(settingsOf(widget), this.own.corpus ?? this.shipped);
  }

  arrange() {
    return make(
      "section",
      { className: "clm clm-train", "aria-label": "Train in the page" },
      this.settings.element,
      row(...this.buttons.elements, this.settings.clip.element),
      this.buttons.reason.element,
      this.own.element,
      ...this.report.elements,
    );
  }

  makeButtons() {
    return new RunButtons({
      toggle: () => (this.current.running ? this.pause() : this.train()),
      step: () => {
        this.begin();
        this.tune();
        this.current.step();
      },
      reset: () => {
        this.comparison.replace(settingsOf(this.widget), this.own.corpus);
        this.show();
      },
      keep: () => {
        this.comparison.keep(settingsOf(this.widget), this.own.corpus);
        this.show();
      },
    });
  }

  get current() {
    return this.comparison.current;
  }

  remove(run) {
    this.comparison.remove(run);
    this.buttons.focus(); // the button that had the focus is gone
    this.show();
  }

  /** New settings act at once on a run that has not begun. */
  replaceIfFresh() {
    const { corpus } = this.own;
    if (corpus && !this.current.hasBegun) this.comparison.replace(settingsOf(this.widget), corpus);
    this.show();
  }

  /** Whether a run on a text would be computed by the kernel, which knows only the shipped one. */
  isForKernel(text) {
    return this.settings.isKernelChosen && text === this.shipped.text;
  }

  begin() {
    const place = this.isForKernel(this.current.text) ? "kernel" : "worker";
    this.current.begin(place, this.widget, () => this.show());
  }

  train() {
    this.begin();
    this.tune();
    this.current.run();
    this.show();
  }

  pause() {
    this.current.pause();
    this.show();
  }

  /** Shows the traits as they are, and trains accordingly. */
  followTraits() {
    this.settings.show();
    this.replaceIfFresh();
    if (this.current.running) this.tune();
  }

  /** Hands another learning rate or clipping to the current run, if nothing else is changed. */
  tune() {
    const { learningRate, clip } = settingsOf(this.widget);
    if (!this.isChanged()) this.current.tune({ learningRate, clip });
  }

  /** A message of the kernel: that it is there, or what it computed. */
  receive(content, buffers) {
    if (content.type === "hello") {
      this.device = content.device;
      this.settings.offerKernel();
      this.show();
    } else if (content.type === "updated") this.comparison.receive(content, buffers);
  }

  show() {
    this.frame.request();
  }

  showNow() {
    this.buttons.show(this.comparison, this.complaint);
    const hint = this.current.hasBegun && this.isChanged() ? FOR_THE_NEXT : this.placeHint();
    const { bound } = this.settings;
    const around = { hint, bound, device: this.device, width: this.el.clientWidth };
    this.report.show(this.comparison, around);
  }

  /** Why nothing is trained, in words; "": it can be. */
  get complaint() {
    const { complaint } = this.own;
    return complaint && `${complaint} Empty the field to train on ${this.shipped.title}.`;
  }

  placeHint() {
    const isOwn = this.own.corpus !== this.shipped;
    return isOwn && this.settings.isKernelChosen ? NOT_IN_KERNEL : "";
  }

  /** Whether more than learning rate and clipping would be different in the next run. */
  isChanged() {
    const { settings, text, placeName } = this.current;
    const { learningRate, clip } = settings;
    const next = { ...settingsOf(this.widget), learningRate, clip };
    if (JSON.stringify(settings) !== JSON.stringify(next)) return true;
    if (this.own.corpus && text !== this.own.corpus.text) return true;
    return (placeName === "kernel") !== this.isForKernel(text);
  }

  stop() {
    this.comparison.stop();
    this.report.film.stop();
    this.frame.cancel();
  }
}
