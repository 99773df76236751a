// WhatDidItLookAt's parts together: a text, a chosen letter, and what models make of it.

import { Influence } from "../../model/influence.js";
import { readText } from "../../model/text.js";
import { field, row, select } from "../controls.js";
import { make } from "../dom.js";
import { oncePerFrame } from "../frame.js";
import { clearPlot, drawPlot } from "../plot.js";
import { echoReading, emptyEcho } from "../reading.js";
import { Remark, cutToLength } from "../remark.js";
import { inPortions } from "../slices.js";
import { svg } from "../svg.js";
import { save } from "../traits.js";
import { spoken } from "../words.js";
import { LookPanel } from "./panel.js";
import { MEASURES, legend, panelAloud, reachInWords } from "./words.js";

const LONGEST = 120; // characters
const KEYS = ["A", "B"];
const SIDES = ["left", "right"]; // traits: which model stands where
const NARROW = 560; // pixels
const LEAST_SHOWN = 1e-12; // nats
const TOO_SHORT = "Type at least two characters that the models know.";

export class LookView {
  /**
   * @param {object} widget
   * @param {import("../../model/network.js").Model[]} models
   */
  constructor(widget, models) {
    this.widget = widget;
    this.models = models;
    this.at = widget.get("place");
    this.measure = "bySwap";
    this.letters = [];
    /** @type {Influence[]} */
    this.found = [];
    this.stopWork = () => {};
    this.frame = oncePerFrame(() => this.draw());
    this.text = make("textarea", { rows: 2, spellcheck: false });
    this.tooLong = new Remark(this.text);
    this.text.addEventListener("input", () => this.type());
    this.echo = emptyEcho();
    this.measures = select("Letters glow by", Object.entries(MEASURES), this.measure, (measure) => {
      this.measure = measure;
      this.redraw();
    });
    const names = models.map(({ about }) => about.name);
    this.panels = KEYS.slice(0, models.length).map(
      (key, i) =>
        new LookPanel(
          key,
          names,
          (model) => save(widget, SIDES[i], model),
          (place, byKey) => this.visit(place, byKey),
        ),
    );
    this.legend = make("p", { className: "clm-legend" });
    this.plot = svg("svg", { class: "clm-plot", role: "img" });
    this.reach = make("p", { className: "clm-note", role: "status" });
    this.aloud = make("p", { className: "clm-hidden", "aria-live": "polite" });
    this.body = make(
      "div",
      {},
      make("div", { className: "clm-look-panels" }, ...this.panels.map((p) => p.element)),
      this.legend,
      this.plot,
      this.reach,
    );
    this.element = this.arrange();
  }

  arrange() {
    const text = field("Your text", this.text, "clm-wide");
    return make(
      "section",
      { className: "clm clm-look", "aria-label": "What did it look at?" },
      text,
      this.tooLong.element,
      this.echo,
      row(this.measures.element),
      this.body,
      this.aloud,
    );
  }

  /** The letter just typed is the chosen one. */
  type() {
    cutToLength(this.text, LONGEST, this.tooLong);
    this.at = -1;
    save(this.widget, "text", this.text.value);
  }

  /** Everything again: another text or another model. */
  read() {
    const { widget, text, models } = this;
    this.stopWork();
    if (text.value !== widget.get("text")) text.value = widget.get("text");
    const reading = readText(widget.get("text"), models[0].about.tokens);
    echoReading(reading, this.echo);
    const known = reading.filter((c) => c.known).slice(0, LONGEST);
    this.letters = known.map((c) => c.shown);
    this.found = [];
    this.isCurveDrawn = false;
    this.body.hidden = known.length < 2;
    this.reach.textContent = "";
    clearPlot(this.plot, "Mean influence against distance: nothing to draw yet.");
    if (known.length < 2) this.echo.textContent ||= TOO_SHORT;
    else this.begin(known.map((c) => c.token));
  }

  begin(tokens) {
    const { models, panels, letters, widget } = this;
    if (this.at < 0 || this.at >= tokens.length) this.at = tokens.length - 1;
    const shares = widget.get("shares");
    panels.forEach((panel, i) => {
      const index = Math.min(widget.get(SIDES[i]), models.length - 1);
      this.found[i] = new Influence(models[index], tokens, shares);
      panel.read(index, models[index].about.name, letters);
    });
    this.stopWork = inPortions(this.work(), (isDone) => isDone && this.frame.request());
    this.draw();
  }

  *work() {
    for (const influence of this.found) yield* influence.work();
  }

  /** The curve too. */
  redraw() {
    this.isCurveDrawn = false;
    this.frame.request();
  }

  visit(place, byKey) {
    this.at = place;
    this.draw();
    if (byKey) this.aloud.textContent = this.inWords();
  }

  rows() {
    return this.found.map((influence) => influence[this.measure](this.at));
  }

  inWords() {
    const { letters, at, found } = this;
    const told = this.rows().map((values, i) =>
      panelAloud(KEYS[i], letters, at, found[i].logP[at], values),
    );
    return `${spoken(letters[at])}. ${at ? told.join(" ") : "The first letter."}`;
  }

  draw() {
    const { found, panels, letters, at } = this;
    if (!found.length) return;
    const rows = this.rows();
    const sizes = rows.flatMap((values) => Array.from(values ?? [], Math.abs));
    const full = Math.max(0, ...sizes);
    panels.forEach((panel, i) => panel.show(found[i], letters, at, rows[i], full));
    this.legend.textContent = legend(full);
    if (!this.isCurveDrawn && found.every((influence) => influence.isDone)) this.drawMeans();
  }

  /** The curve of the mean over the text, and what it says in words. */
  drawMeans() {
    const { found, measure, element } = this;
    this.isCurveDrawn = true;
    const means = found.map((influence) => Array.from(influence.meanByDistance(measure)));
    const words = means.map((mean, i) => reachInWords(KEYS[i], mean, found[i].agreement()));
    this.reach.textContent = words.join(" ");
    const lines = means.map((mean, i) => ({
      name: KEYS[i],
      className: `clm-series-${KEYS[i]}`,
      points: mean.map((y, k) => [k + 1, y]).filter(([, y]) => y > LEAST_SHOWN),
    }));
    const sizes = lines.flatMap(({ points }) => points.map(([, y]) => y));
    if (!sizes.length) return;
    const last = Math.max(2, means[0].length);
    drawPlot(this.plot, lines, {
      label: `Mean influence against distance, on a logarithmic axis. ${words.join(" ")}`,
      width: element.clientWidth < NARROW ? 350 : 720,
      height: 240,
      x: { low: 1, high: last, title: "letters back" },
      y: {
        low: Math.min(...sizes) / 1.2,
        high: Math.max(...sizes) * 1.2,
        isLog: true,
        title: "mean influence over the text, in nats",
      },
    });
  }

  stop() {
    this.stopWork();
    this.frame.cancel();
  }
}
