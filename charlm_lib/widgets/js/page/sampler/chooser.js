// Which of several models TextSampler shows.

import { checkbox } from "../controls.js";
import { folded, make } from "../dom.js";
import { save } from "../traits.js";

const SIDE_BY_SIDE = 2; // models that need no choice

export class Chooser {
  constructor(widget) {
    this.widget = widget;
    this.models = widget.get("models");
    const boxes = this.models.map(({ name }, i) =>
      checkbox(name, this.isShown(i), (on) => this.choose(i, on)),
    );
    const legend = make("legend", { className: "clm-hidden" }, "Models");
    const choices = make("fieldset", { className: "clm-choices" }, legend);
    choices.append(...boxes.map((box) => box.element));
    this.element = widget.get("opening") ? folded("More models", choices) : choices;
    // A widget that was saved before there was a choice shows all.
    this.element.hidden = this.models.length <= SIDE_BY_SIDE || !widget.get("shown");
  }

  isShown(i) {
    return this.widget.get("shown")?.includes(i) ?? true;
  }

  choose(i, isOn) {
    const shown = this.models.map((_, k) => k).filter((k) => (k === i ? isOn : this.isShown(k)));
    save(this.widget, "shown", shown);
  }
}
