// PredictFirst: the reader commits to a guess, then sees the answer.

import { guarded } from "./page/failure.js";
import { ChoiceQuestion } from "./page/predict/choice.js";
import { CurveQuestion } from "./page/predict/curve.js";
import { NextCharacterQuestion } from "./page/predict/next_character.js";
import { NumberQuestion } from "./page/predict/number.js";
import { Rounds } from "./page/predict/rounds.js";
import { WhichModelQuestion } from "./page/predict/which_model.js";
import { modelsOf, save } from "./page/traits.js";

const QUESTIONS = {
  choice: ChoiceQuestion,
  curve: CurveQuestion,
  number: NumberQuestion,
  next: NextCharacterQuestion,
  model: WhichModelQuestion,
};

function start(widget, el, memory) {
  const spec = widget.get("spec");
  const question = new QUESTIONS[spec.kind](spec, modelsOf(widget), memory);
  const rounds = new Rounds(question, spec, (guess) => save(widget, "guess", String(guess)));
  rounds.ask();
  el.replaceChildren(rounds.element);
  return () => {};
}

function render({ model: widget, el, memory }) {
  return guarded(el, () => start(widget, el, memory));
}

export default { render };
