// Loss and accuracy by epoch, of the rows trained on and of those held out, over those of a pinned run.

import { classColour } from "../../core/colour.js";
import { fixed, percent } from "../../core/format.js";
import { columnsOf } from "../../core/history.js";
import { t } from "../../core/words.js";
import { makeChart } from "../chart.js";
import { fill, h, paint, theme } from "../dom.js";
import { choice } from "../fields.js";
import { lossInWords } from "../training.js";

const DASH = [5, 4];

export function makeCurves(app) {
  let log = false;
  const scale = choice({ label: "scale", entries: [["linear", "linear"], ["log", "log_scale"]], test: "scale", change: (v) => {
    log = v === "log";
    draw(true);
  } });
  scale.set("linear");
  const of = (name, held) => () => lines(app, name, held);
  const loss = makeChart({ label: "loss_chart", lines: of("loss", "validation_loss"), log: () => log, test: "loss-chart", unit: () => t("epoch_name") });
  const accuracy = makeChart({ label: "accuracy_chart", lines: of("accuracy", "validation_accuracy"), high: 1.005, low: (least) => Math.max(0, Math.min(0.9, Math.floor(10 * least - 0.5) / 10)), format: (v) => percent(v, 0), test: "accuracy-chart", unit: () => t("epoch_name") });
  const lossText = h("span.small.soft");
  const legend = h("ul.legend", { "data-test": "curves-legend" });
  const empty = h("p.empty", {}, h("strong", { t: "curves_empty" }), h("span", { t: "curves_empty_do" }));
  const right = h("figure.curve", {}, h("figcaption", {}, h("h3", { t: "accuracy" })), accuracy.element);
  const charts = h("div.curves", {}, h("figure.curve", {}, h("figcaption", {}, h("h3", { t: "loss" }), lossText, scale.element), loss.element), right);
  const element = h("div.pane", {}, charts, legend, empty);
  let drawn = 0;
  function draw(now = false) {
    if (element.hidden || !app.about) return;
    const time = performance.now();
    if (!now && app.status.playing && time - drawn < 60) return;
    drawn = time;
    const some = (app.sticky.history?.shape[1] ?? 0) > 0;
    empty.hidden = some;
    charts.hidden = legend.hidden = !some;
    if (!some) return;
    right.hidden = app.shapes.task !== "classes";
    lossText.textContent = lossInWords(app);
    drawLegend();
    loss.draw();
    if (!right.hidden) accuracy.draw();
  }
  function drawLegend() {
    const held = app.about.rows.validation;
    const { frame } = app;
    const entry = (key, kind, values) => h("li", {}, h(`i.stroke.${kind}`), h("span", { t: key }), h("b.num", {}, values));
    const classes = app.shapes.task === "classes";
    const both = (a, b) => (classes ? `${fixed(a, 4)} · ${percent(b)}` : fixed(a, 4));
    fill(legend, entry("train_rows", "train", both(frame?.loss, frame?.accuracy)), held ? entry("held_rows", "held", both(frame?.validation_loss, frame?.validation_accuracy)) : null,
      app.sticky.pinned && app.pinned ? h("li", {}, h("i.stroke.pinned"), h("bdi", {}, app.pinned.name)) : null);
  }
  app.on("frame", () => draw()).on("state words look", () => draw(true));
  return { element, draw: () => draw(true) };
}

/** The lines of a chart: the pinned run first, so that the present one lies over it. */
export function lines(app, name, held) {
  const made = [];
  const add = (array, key, of, style) => {
    const columns = columnsOf(array, array?.header ?? app.sticky.historyNames);
    if (columns[key]?.some(Number.isFinite)) made.push({ name: of, x: Array.from(columns.epoch), y: Array.from(columns[key]), ...style });
  };
  if (app.pinned) {
    const colour = paint("edge");
    add(app.sticky.pinned, name, t("pinned_train"), { colour, width: 1.4 });
    add(app.sticky.pinned, held, t("pinned_held"), { colour, width: 1.4, dash: DASH });
  }
  add(app.sticky.history, name, t("train_short"), { colour: classColour(0, theme()) });
  add(app.sticky.history, held, t("validation_short"), { colour: classColour(1, theme()), dash: DASH });
  // The present run comes first where values are read.
  return app.pinned ? [...made].sort((a, b) => (a.colour === paint("edge")) - (b.colour === paint("edge"))) : made;
}
