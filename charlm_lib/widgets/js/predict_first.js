// PredictFirst: the reader commits to a guess, then sees the answer.

import {
  Model,
  bits,
  indexOfMax,
  randomNumbers,
  readParameters,
  readText,
  softmax,
  writeOn,
} from "./model/network.js";
import {
  button,
  distributionBars,
  field,
  freshId,
  guarded,
  make,
  percent,
  visible,
} from "./page/dom.js";

/** A group of choices, one of which the reader takes. */
function choiceGroup(choices, onchange) {
  const name = freshId("choice");
  const group = make("fieldset", { className: "clm-choices" });
  group.append(make("legend", { className: "clm-hidden" }, "Your guess"));
  choices.forEach((text, value) => {
    const input = make("input", { type: "radio", name, value, id: freshId("field") });
    input.addEventListener("change", () => onchange(value));
    group.append(make("label", { for: input.id }, input, text));
  });
  return group;
}

const paragraph = (...content) => make("p", {}, ...content);

/**
 * Each kind of question, as { ask, reveal, more }: `ask(commit)` returns the elements that ask,
 * and calls `commit(guess)` as the guess takes shape (undefined: none yet); `reveal(guess)` returns
 * the elements that answer; `more()` moves to another round and says whether there is one.
 */
const kinds = {
  choice(spec) {
    return {
      ask: (commit) => [choiceGroup(spec.choices, (value) => commit(spec.choices[value]))],
      reveal: (guess) => [
        paragraph(
          guess === spec.answer ? "✓ Yes: " : "✗ No: ",
          make("strong", {}, spec.answer),
          ".",
        ),
      ],
      more: () => false,
    };
  },

  number({ low, high, answer, digits, log }) {
    const input = make("input", { type: "number", min: low, max: high, step: "any" });
    const place = (x) => {
      const share = log ? Math.log(x / low) / Math.log(high / low) : (x - low) / (high - low);
      return Math.max(0, Math.min(1, share));
    };
    const mark = (x, text, yours, other) => {
      const left = place(x) > 0.75 || (place(x) > 0.25 && x < other); // text away from the other
      const flip = left ? " clm-flip" : "";
      const element = make("span", { className: (yours ? "clm-yours" : "") + flip }, text);
      element.style.left = `${100 * place(x)}%`;
      return element;
    };
    const end = (x) => {
      const element = make("small", {}, String(x));
      element.style.left = `${100 * place(x)}%`;
      return element;
    };
    return {
      ask: (commit) => {
        input.addEventListener("input", () =>
          commit(input.value !== "" && input.checkValidity() ? Number(input.value) : undefined),
        );
        return [
          make(
            "div",
            { className: "clm-row" },
            field(`Your guess, from ${low} to ${high}`, input, "clm-short"),
          ),
        ];
      },
      reveal: (guess) => {
        const shown = answer.toFixed(digits);
        const scale = make("div", { className: "clm-scale", "aria-hidden": "true" });
        scale.append(mark(guess, `you: ${guess}`, true, answer));
        scale.append(mark(answer, `it is ${shown}`, false, guess));
        scale.append(end(low), end(high));
        return [paragraph("It is ", make("strong", {}, shown), `. You said ${guess}.`), scale];
      },
      more: () => false,
    };
  },

  /** Shannon's game: guess the next character of a text, again and again. */
  next({ text, start }, [model]) {
    const { tokens } = model.about;
    const reading = readText(text, tokens);
    const score = { rounds: 0, reader: 0, model: 0 };
    let at = start;
    const input = make("input", { type: "text", autocomplete: "off", spellcheck: false });
    input.autocapitalize = "none";
    return {
      ask: (commit) => {
        const known = reading.slice(0, at);
        input.value = "";
        input.disabled = false;
        input.oninput = () => {
          // The last character typed counts, so that another key changes the guess.
          const typed = readText(Array.from(input.value).slice(-1).join(""), tokens)[0];
          input.value = typed ? typed.shown : "";
          commit(typed?.known ? typed.shown : undefined);
        };
        const shown = known.map((c) => c.shown).join("");
        return [
          make("div", { className: "clm-text" }, shown, make("strong", {}, "▁")),
          make(
            "div",
            { className: "clm-row" },
            field("Next character (the space counts)", input, "clm-short clm-wide"),
          ),
        ];
      },
      reveal: (guess) => {
        const state = model.zeroState();
        const prefix = reading.slice(0, at).map((c) => c.token);
        let logits;
        for (const token of prefix) logits = model.step(token, state);
        const p = softmax(logits);
        const best = indexOfMax(p);
        const next = reading[at].token;
        const right = guess === tokens[next];
        score.rounds += 1;
        score.reader += right;
        score.model += best === next;
        const yours = `, and your “${visible(guess)}” ${percent(p[tokens.indexOf(guess)])}`;
        return [
          paragraph(
            right ? "✓ You were right" : "✗ You were not right",
            `: the text goes on with “${visible(tokens[next])}”. The model gave it `,
            `${percent(p[next])} (${bits(p[next]).toFixed(1)} bits of surprise)`,
            right ? "." : `${yours}.`,
          ),
          distributionBars(p, tokens, next),
          paragraph(
            `So far, of ${score.rounds}: you ${score.reader}, the model's first choice ${score.model}.`,
          ),
        ];
      },
      more: () => (at += 1) < reading.length,
    };
  },

  /** Which of the models wrote this? */
  model({ prefix, temperature, length, seed }, models) {
    const uniform = randomNumbers(seed);
    const score = { rounds: 0, right: 0 };
    let writer = models[Math.floor(uniform() * models.length)];
    let round = 0;
    const names = models.map((model) => model.about.name);
    return {
      ask: (commit) => {
        const { tokens } = writer.about;
        const ids = readText(prefix, tokens).map((c) => c.token);
        const writing = writeOn(writer, ids, temperature, seed + round);
        let text = "";
        for (let i = 0; i < length; i++) text += tokens[writing.next().value.token];
        return [
          make("div", { className: "clm-text" }, make("b", {}, prefix), text),
          choiceGroup(names, (value) => commit(names[value])),
        ];
      },
      reveal: (guess) => {
        const { name } = writer.about;
        score.rounds += 1;
        score.right += guess === name;
        return [
          paragraph(guess === name ? "✓ Yes: " : "✗ No: ", make("strong", {}, name), " wrote it."),
          paragraph(`So far: ${score.right} right out of ${score.rounds}.`),
        ];
      },
      more: () => {
        round += 1;
        writer = models[Math.floor(uniform() * models.length)];
        return true;
      },
    };
  },
};

function render({ model: widget, el }) {
  return guarded(el, () => {
    const spec = widget.get("spec");
    const models = widget
      .get("models")
      .map((about) => new Model(about, readParameters(about, widget.get("weights"))));
    const kind = kinds[spec.kind](spec, models);
    let guess;

    const asking = make("div");
    const answer = make("div", { className: "clm-answer", role: "status", hidden: true });
    const go = button("Commit to my guess", () => reveal(), {
      className: "clm-button clm-primary",
    });
    const next = button("Another one", () => ask(), { hidden: true });
    const actions = make("div", { className: "clm-row" }, go, next);
    const root = make(
      "section",
      { className: "clm clm-predict", "aria-label": `Predict first: ${spec.question}` },
      make("p", { className: "clm-question" }, spec.question),
      asking,
      actions,
      answer,
    );
    root.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
      event.preventDefault(); // or the same key would press the button that gets the focus
      if (!go.hidden && !go.disabled) reveal();
    });

    const ask = () => {
      const again = document.activeElement === next;
      guess = undefined;
      go.hidden = false;
      go.disabled = true;
      next.hidden = answer.hidden = true;
      const commit = (value) => {
        guess = value;
        go.disabled = value === undefined;
      };
      asking.replaceChildren(...kind.ask(commit));
      if (again) asking.querySelector("input").focus();
    };
    const reveal = () => {
      widget.set("guess", String(guess));
      widget.save_changes();
      answer.hidden = false;
      answer.replaceChildren(...kind.reveal(guess));
      if (spec.explanation) answer.append(paragraph(spec.explanation));
      for (const input of asking.querySelectorAll("input")) input.disabled = true;
      go.hidden = true;
      next.hidden = !kind.more();
      if (!next.hidden) next.focus({ preventScroll: true });
    };
    ask();
    el.replaceChildren(root);
    return () => {};
  });
}

export default { render };
