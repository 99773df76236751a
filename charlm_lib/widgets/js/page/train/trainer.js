// TrainInThePage's parts together: settings, runs, and what is shown of them.

import { Comparison } from "../../learning/comparison.js";
import { SHORTEST_OWN_TEXT } from "../../learning/own_text.js";
import { vocabularyOf } from "../../model/text.js";
import { row } from "../controls.js";
import { make } from "../dom.js";
import { oncePerFrame } from "../frame.js";
import { RunButtons } from "./buttons.js";
import { ownTextField } from "./own_text_field.js";
import { RunReport } from "./report.js";
import { SettingsControls, settingsOf } from "./settings.js";

/** The text that travels with the widget. */
function shippedCorpus(widget) {
  const text = widget.get("text");
  if (text.length < SHORTEST_OWN_TEXT) throw new Error("Its text is missing from this page.");
  return { text, tokens: vocabularyOf(text) };
}

export class TrainerInThePage {
  /**
   * @param {object} widget
   * @param {HTMLElement} el the widget's place
   */
  constructor(widget, el) {
    this.widget = widget;
    this.el = el;
    this.shipped = this.corpus = shippedCorpus(widget);
    this.device = ""; // the kernel's, once it has answered
    this.comparison = new Comparison();
    const bound = widget.get("clip") || 1;
    this.settings = new SettingsControls(widget, bound, () => this.replaceIfFresh());
    this.buttons = this.makeButtons();
    this.report = new RunReport(bound);
    this.frame = oncePerFrame(() => this.showNow());
    this.element = this.arrange();
    this.comparison.add(settingsOf(widget), this.corpus);
  }

  arrange() {
    return make(
      "section",
      { className: "clm clm-train", "aria-label": "Train in the page" },
      this.settings.element,
      row(...this.buttons.elements, this.settings.clip.element),
      ownTextField(this.shipped, (corpus) => this.learnFrom(corpus)),
      ...this.report.elements,
    );
  }

  makeButtons() {
    return new RunButtons({
      toggle: () => (this.current.running ? this.pause() : this.train()),
      step: () => {
        this.begin();
        this.current.step();
      },
      reset: () => {
        this.comparison.replace(settingsOf(this.widget), this.corpus);
        this.show();
      },
      keep: () => {
        this.comparison.keep(settingsOf(this.widget), this.corpus);
        this.show();
      },
    });
  }

  get current() {
    return this.comparison.current;
  }

  learnFrom(corpus) {
    this.corpus = corpus;
    this.replaceIfFresh();
  }

  /** New settings act at once on a run that has not begun. */
  replaceIfFresh() {
    const { updates, running } = this.current;
    if (!updates && !running) this.comparison.replace(settingsOf(this.widget), this.corpus);
    this.show();
  }

  /** The kernel knows only the text that the widget came with. */
  begin() {
    const isForKernel = this.settings.isKernelChosen && this.current.text === this.shipped.text;
    this.current.begin(isForKernel ? "kernel" : "worker", this.widget, () => this.show());
  }

  train() {
    this.begin();
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
    this.buttons.show(this.current);
    this.report.show(this.comparison, {
      isForNext: this.current.updates > 0 && this.isChanged(),
      device: this.device,
      width: this.el.clientWidth,
    });
  }

  /** Whether the current run has other settings than the next one would have. */
  isChanged() {
    const { settings, text } = this.current;
    const next = settingsOf(this.widget);
    return JSON.stringify(settings) !== JSON.stringify(next) || text !== this.corpus.text;
  }

  stop() {
    this.comparison.stop();
    this.frame.cancel();
  }
}
