// TrainInThePage: a small recurrent model learns in the reader's browser.

import { drawing } from "./page/curves.js";
import { button, checkbox, field, guarded, make, select, slider } from "./page/dom.js";
import { serveWorker } from "./learning/places.js";
import { LONGEST_TEXT, SHORTEST_TEXT, judgeText, vocabularyOf } from "./model/text.js";
import { Run, drawRuns, explain, number, runLine } from "./page/runs.js";

const NAMES = ["A", "B", "C"];
const RATES = [0.03, 0.1, 0.2, 0.5, 1, 2, 3, 4, 6, 10, 20, 50];
const KEYS = ["cell", "layers", "hiddens", "learning_rate", "clip", "num_steps"];

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  serveWorker(self);
}

function render({ model, el }) {
  return guarded(el, () => {
    const shipped = model.get("text");
    const shippedTokens = vocabularyOf(shipped);
    if (shipped.length < SHORTEST_TEXT) throw new Error("Its text is missing from this page.");
    let corpus = { text: shipped, tokens: shippedTokens };
    const bound = model.get("clip") || 1; // what clipping, once turned on, clips to
    let kernel = ""; // the kernel's device, once it has answered
    let runs = [];

    const save = (key, value) => {
      model.set(key, value);
      model.save_changes();
    };
    const settings = () => ({
      cell: model.get("cell"),
      layers: model.get("layers"),
      hiddens: model.get("hiddens"),
      learningRate: model.get("learning_rate"),
      clip: model.get("clip"),
      numSteps: model.get("num_steps"),
      seed: model.get("seed"),
    });
    const current = () => runs[runs.length - 1];

    // Controls
    const choices = (...values) => values.map((value) => [String(value), String(value)]);
    const cell = select(
      "Cell",
      [
        ["tanh", "tanh"],
        ["gru", "GRU"],
      ],
      model.get("cell"),
      (value) => save("cell", value),
    );
    const layers = select("Layers", choices(1, 2, 3), "", (value) => save("layers", Number(value)));
    const hiddens = select("Units per layer", choices(8, 16, 32, 64), "", (value) =>
      save("hiddens", Number(value)),
    );
    const steps = select("Window", choices(8, 16, 32, 64), "", (value) =>
      save("num_steps", Number(value)),
    );
    const rate = slider({
      label: "Learning rate",
      min: 0,
      max: RATES.length - 1,
      step: 1,
      value: 0,
      show: (i) => String(RATES[i]),
      oninput: (i) => save("learning_rate", RATES[i]),
    });
    const clip = checkbox(`clip gradients to length ${bound}`, true, (on) =>
      save("clip", on ? bound : 0),
    );
    const where = select(
      "Engine",
      [
        ["page", "this page"],
        ["kernel", "JAX in the kernel"],
      ],
      "page",
      () => replaceIfFresh(),
    );
    where.element.hidden = true;

    const go = button("Train", () => (current().running ? pause() : train()), {
      className: "clm-button clm-primary",
    });
    const one = button("One update", () => {
      begin();
      current().step();
    });
    const reset = button("Reset", () => {
      runs.pop().stop();
      addRun();
    });
    const keep = button("New run", () => {
      pause();
      if (runs.length === NAMES.length) runs.shift().stop();
      addRun();
    });
    keep.title = "Keeps the curves so far, to compare; at most three";

    const area = make("textarea", { rows: 4, spellcheck: false });
    area.placeholder = "Paste a text of a few thousand letters.";
    const verdict = make("p", { className: "clm-note", role: "status" });
    area.addEventListener("input", () => {
      if (area.value.length > LONGEST_TEXT + 1) area.value = area.value.slice(0, LONGEST_TEXT + 1);
      const judged = area.value.trim()
        ? judgeText(area.value)
        : { text: shipped, tokens: shippedTokens };
      verdict.textContent = judged.complaint ?? judged.note ?? "";
      if (judged.complaint) return;
      corpus = judged;
      replaceIfFresh();
    });
    const own = make(
      "details",
      { className: "clm-own" },
      make("summary", {}, "Train on your own text"),
      field("Your text (it never leaves this page)", area),
      verdict,
    );

    // What is shown
    const plot = drawing("Perplexity of the runs over updates, on a logarithmic axis");
    const norms = drawing("Length of the gradient before clipping over updates, logarithmic");
    const status = make("p", { className: "clm-status" });
    const hint = make("p", { className: "clm-note" });
    const problem = make("div", { role: "alert", className: "clm-problem" });
    const list = make("ul", { className: "clm-runs" });
    const sample = make("div", { className: "clm-text clm-sample" });
    el.replaceChildren(
      make(
        "section",
        { className: "clm clm-train", "aria-label": "Train in the page" },
        make(
          "div",
          { className: "clm-row" },
          cell.element,
          layers.element,
          hiddens.element,
          steps.element,
          rate.element,
          where.element,
        ),
        make("div", { className: "clm-row" }, go, one, reset, keep, clip.element),
        own,
        hint,
        status,
        problem,
        make("div", { className: "clm-plots" }, plot, norms),
        list,
        make("p", { className: "clm-note" }, "What it writes now, at temperature 0.7:"),
        sample,
      ),
    );

    // Runs
    const addRun = () => {
      const used = runs.map((run) => run.name);
      const name = NAMES.find((letter) => !used.includes(letter));
      runs.push(new Run(name, settings(), corpus));
      show();
    };

    /** New settings act at once on a run that has not begun. */
    const replaceIfFresh = () => {
      if (current() && !current().updates && !current().running) {
        runs.pop().stop();
        addRun();
      } else show();
    };

    const begin = () => {
      const kernelChosen = where.input.value === "kernel" && current().text === shipped;
      current().begin(kernelChosen ? "kernel" : "worker", model, show);
    };
    const train = () => {
      begin();
      current().run();
      show();
    };
    const pause = () => {
      current().pause();
      show();
    };

    let due = 0;
    const show = () => {
      due ||= requestAnimationFrame(() => {
        due = 0;
        showNow();
      });
    };
    const showNow = () => {
      const run = current();
      const { running } = run;
      const last = run.points[run.points.length - 1];
      go.textContent = running ? "Pause" : run.updates ? "Go on" : "Train";
      go.disabled = one.disabled = Boolean(run.problem);
      one.disabled ||= running;
      keep.disabled = !run.updates;
      where.element.hidden = !kernel;
      const changed =
        run.updates > 0 &&
        (JSON.stringify(run.settings) !== JSON.stringify(settings()) || run.text !== corpus.text);
      hint.textContent = changed
        ? "These settings are for the next run: “New run” keeps this curve, “Reset” replaces it."
        : "";
      const engine = {
        worker: "a Worker of this page",
        slices: "this page",
        kernel: `JAX (${kernel})`,
      };
      status.textContent = run.updates
        ? `Update ${run.updates}, ${(run.updates / run.seconds).toFixed(0)} a second in ` +
          `${engine[run.place]}. Perplexity: training ${number(last?.train)}, ` +
          `validation ${number(last?.validation)}. Gradient: ${number(last?.norm)}.`
        : `Not trained yet: it guesses among ${run.tokens.length} tokens.`;
      problem.replaceChildren(...(run.problem ? [make("p", {}, explain(run))] : []));
      sample.textContent = run.sample || "…";
      list.replaceChildren(...runs.map(runLine));
      drawRuns(plot, norms, runs, bound, el.clientWidth < 560);
    };
    const showSettings = () => {
      cell.input.value = model.get("cell");
      layers.input.value = String(model.get("layers"));
      hiddens.input.value = String(model.get("hiddens"));
      steps.input.value = String(model.get("num_steps"));
      rate.set(RATES.indexOf(model.get("learning_rate")));
      clip.input.checked = model.get("clip") > 0;
      replaceIfFresh();
    };
    const onMessage = (content, buffers) => {
      if (content.type === "hello") {
        kernel = content.device;
        show();
      } else if (content.type === "updated") {
        for (const run of runs) if (run.place === "kernel") run.engine.receive(content, buffers);
      }
    };
    const resized = new ResizeObserver(show);
    resized.observe(el);
    for (const key of KEYS) model.on(`change:${key}`, showSettings);
    model.on("msg:custom", onMessage);
    addRun();
    showSettings();
    model.send({ type: "hello" });
    return () => {
      for (const run of runs) run.stop();
      for (const key of KEYS) model.off(`change:${key}`, showSettings);
      model.off("msg:custom", onMessage);
      resized.disconnect();
      cancelAnimationFrame(due);
    };
  });
}

export default { render };
