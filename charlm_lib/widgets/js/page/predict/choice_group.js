// A group of choices, one of which the reader takes.

import { freshId, make } from "../dom.js";

/** @param {(choice: string) => void} commit called with the choice that the reader takes */
export function choiceGroup(choices, commit) {
  const name = freshId("choice");
  const group = make("fieldset", { className: "clm-choices" });
  group.append(make("legend", { className: "clm-hidden" }, "Your guess"));
  choices.forEach((choice, value) => {
    const input = make("input", { type: "radio", name, value, id: freshId("field") });
    input.addEventListener("change", () => commit(choice));
    group.append(make("label", { for: input.id }, input, choice));
  });
  return group;
}
