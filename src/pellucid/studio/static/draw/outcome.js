// The outcome: the plane with its legend, the scores, which two features are shown, and a pad for images.

import { classColour, classShape } from "../core/colour.js";
import { number, percent, pretty, shorten } from "../core/format.js";
import { t } from "../core/words.js";
import { fit, shape } from "./canvas.js";
import { fill, h, theme } from "./dom.js";
import { choice, select } from "./fields.js";
import { makePad } from "./pad.js";
import { PlaneView } from "./plane.js";

const COMPONENTS = ["component_1", "component_2"];

export function makeOutcome(app, page) {
  const plane = new PlaneView(app, page);
  const kind = choice({ label: "outcome_kind", entries: [["surface", "surface"], ["values", "predicted_true"], ["pad", "pad_title"]], test: "outcome", change: (v) => show(v) });
  let shown = "surface";
  function show(v) {
    shown = v;
    kind.set(v);
    plane.values = v === "values";
    pad.show(v === "pad");
    for (const part of [box, ends, legend]) part.hidden = v === "pad";
    plane.redraw();
    axes();
  }
  const axisX = select({ hint: "axis_x", test: "axis-x", change: (v) => app.change({ view: viewOf(v, app, "x") }) });
  const axisY = select({ hint: "axis_y", test: "axis-y", change: (v) => app.change({ view: viewOf(v, app, "y") }) });
  const choose = h("div.pair", {}, axisX.element, axisY.element);
  const title = h("h2", { t: "outcome" });
  const head = h("div.outcome-head", {}, title, kind.element);
  const ends = h("div.axes", { "data-test": "axes" });
  const legend = h("ul.legend", { "data-test": "legend" });
  const scores = h("table.scores", { "data-test": "scores" });
  const pad = makePad(app);
  const box = h("div.plane-box", {}, plane.element);
  fill(page.outcome, head, box, pad.element, ends, legend, scores, choose);

  function axes() {
    const { data, shapes } = app;
    if (!data) return;
    const { view } = data;
    const share = view.kind === "components" ? view.explained : null;
    const name = (k) => (share ? t(COMPONENTS[k]) : pretty(view.names[k]));
    const hint = (k) => (share ? t("explained", { first: percent(share[0], 0), second: percent(share[1], 0) }) : view.names[k]);
    const span = (k, arrow) => h("span", { title: hint(k) }, `${arrow} `, h("b", {}, shorten(name(k), 22)), ` ${number(view.low[k])} … ${number(view.high[k])}`);
    if (plane.values) fill(ends, h("span", { t: "true_value" }), h("span", { t: "up_predicted" }));
    else fill(ends, span(0, "→"), span(1, "↑"));
    drawLegend(legend, app);
    const { image } = app.about;
    kind.element.hidden = data.task === "classes" && !image;
    kind.offer({ surface: true, values: data.task !== "classes", pad: Boolean(image) });
    const wide = shapes.features.length > 2 && shown !== "pad";
    choose.hidden = !wide;
    if (wide) offerAxes(app, axisX, axisY);
  }
  const drawScores = () => {
    const { loss, accuracy } = plane.scores();
    const rows = [["loss", loss], ...(app.shapes?.task === "classes" ? [["accuracy", accuracy]] : [])];
    const held = app.about?.rows.validation;
    scores.dataset.step = app.frame?.step ?? "";
    fill(scores, h("thead", {}, h("tr", {}, h("th"), h("th", { scope: "col", t: "train_short" }), held ? h("th", { scope: "col", t: "validation_short" }) : null)),
      h("tbody", {}, rows.map(([key, [a, b]]) => h("tr", {}, h("th", { scope: "row", t: key }), h("td", { "data-test": `${key}-train` }, a), held ? h("td", { "data-test": `${key}-validation` }, b) : null))));
  };
  kind.set("surface");
  let drawn = 0;
  app.on("frame", () => {
    const now = performance.now();
    if (app.status.playing && now - drawn < 120) return;
    drawn = now;
    drawScores();
  });
  app.on("state data look words", () => {
    if ((app.data?.task === "classes" && shown === "values") || (app.about && !app.about.image && shown === "pad")) show("surface");
    axes();
    drawScores();
  });
  return plane;
}

function drawLegend(legend, app) {
  const { data, shapes } = app;
  const held = app.about.rows.validation;
  const entries = data.classes
    ? Array.from({ length: data.classes }, (_, k) => h("li", {}, mark(k, true), h("bdi", {}, shorten(String(shapes.labels?.[k] ?? k), 26))))
    : [h("li", {}, h("span", {}, `${t("low_high", { low: number(data.values[0]), high: number(data.values[1]) })}`))];
  if (held) entries.push(h("li", {}, mark(0, false), h("span", { t: "hollow_held" })));
  fill(legend, entries);
  for (const canvas of legend.querySelectorAll("canvas")) canvas.paint();
}

function mark(k, solid) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  canvas.paint = () => {
    const context = fit(canvas, 12, 12);
    if (!context) return;
    shape(context, solid ? classShape(k) : "circle", 6, 6, 4.2);
    context.fillStyle = context.strokeStyle = solid ? classColour(k, theme()) : getComputedStyle(canvas).color;
    context.lineWidth = 1.5;
    if (solid) context.fill();
    else context.stroke();
  };
  return canvas;
}

function offerAxes(app, axisX, axisY) {
  const names = app.shapes.features.map((name, k) => [k, shorten(name, 30)]);
  const { view } = app.state;
  const share = app.data.view.explained;
  const component = (k) => ["components", share ? `${t(COMPONENTS[k])} (${percent(share[k], 0)})` : { t: COMPONENTS[k] }];
  axisX.offer([component(0), ...names]);
  axisY.offer([component(1), ...names]);
  axisX.set(view?.kind === "features" ? view.x : "components");
  axisY.set(view?.kind === "features" ? view.y : "components");
}

function viewOf(v, app, axis) {
  if (v === "components") return { kind: "components" };
  const now = app.state.view?.kind === "features" ? app.state.view : { x: 0, y: 1 };
  const view = { kind: "features", x: now.x, y: now.y, [axis]: v };
  if (view.x === view.y) view[axis === "x" ? "y" : "x"] = v === 0 ? 1 : 0;
  return view;
}
