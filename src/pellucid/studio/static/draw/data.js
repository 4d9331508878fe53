// The data: which set, how noisy, which features, how much is held out; own files and points drawn by hand.

import { classColour, classShape, css, pixel, place, scale, unpack } from "../core/colour.js";
import { bytes, grouped, number, percent, pretty } from "../core/format.js";
import { TRANSFORMS } from "../core/network.js";
import { sketch, THREE } from "../core/sketches.js";
import { known, t } from "../core/words.js";
import { fit, picture, shape } from "./canvas.js";
import { fill, h, icon, theme } from "./dom.js";
import { drawPoints } from "./drawing.js";
import { button, slider, toggle } from "./fields.js";
import { chooseFile, openTable } from "./upload.js";

export function makeData(app) {
  const sets = h("div.sets", { role: "group", label: "data_sets" });
  const parameters = h("div.parameters");
  const features = h("div.chips.features", { role: "group", label: "features" });
  const featureBlock = h("section.block", {}, h("h3", { t: "features" }), features);
  const validation = slider({ key: "validation", low: 0, high: 0.5, step: 0.05, show: (v) => percent(v, 0), test: "validation", change: (v) => app.change({ validation: v }) });
  const standardize = toggle({ key: "standardize", test: "standardize", change: (on) => app.change({ standardize: on }) });
  const facts = h("p.small.soft", { "data-test": "facts" });
  const notes = h("ul.notes.small.soft");
  const element = h("div.blocks", {}, h("section.block", {}, h("h3", { t: "data" }), sets, parameters), featureBlock, h("section.block", {}, validation.element, standardize.element, facts, notes));

  let built = "";
  const fields = new Map();
  function drawSets() {
    const kinds = Object.keys(app.options.data);
    fill(sets, kinds.map((kind) => setButton(kind, app)));
    for (const canvas of sets.querySelectorAll("canvas")) canvas.paint();
    choose();
  }
  function choose() {
    for (const made of sets.children) made.setAttribute("aria-pressed", String(made.dataset.kind === app.state.data.kind));
  }
  function drawParameters() {
    const { kind } = app.state.data;
    const offered = app.options.data[kind]?.parameters ?? {};
    const key = `${kind}${JSON.stringify(Object.keys(offered))}${document.documentElement.lang}`;
    if (key !== built) {
      built = key;
      fields.clear();
      fill(parameters, Object.entries(offered).filter(([name]) => name !== "seed").map(([name, about]) => parameter(name, about)), extras(kind, offered));
    }
    for (const [name, field] of fields) field.set(app.state.data[name]);
  }
  function parameter(name, { low, high, whole, log }) {
    const change = (v) => app.change({ data: { ...app.intended.data, [name]: v } });
    const field = slider({ key: known("parameter", name), low, high, whole, log: log ?? name === "n", test: `data-${name}`, show: (v) => (whole ? grouped(v) : number(v)), change });
    fields.set(name, field);
    return field.element;
  }
  function extras(kind, offered) {
    const made = [];
    if ("seed" in offered) made.push(button("new_points", () => app.change({ data: { ...app.intended.data, seed: (app.intended.data.seed ?? 0) + 1 } }), { pictured: "dice", test: "new-points" }));
    if (kind === "csv") made.push(button("choose_columns", () => openTable(app), { test: "choose-columns" }), button("another_file", () => chooseFile(app), { pictured: "upload" }));
    if (kind === "drawn") made.push(button("draw_points", () => drawPoints(app), { pictured: "pencil", test: "draw-more" }));
    return made.length ? h("div.row", {}, made) : null;
  }
  function drawFeatures() {
    const on = app.state.features;
    featureBlock.hidden = !on;
    if (!on) return;
    fill(features, app.options.features.map((name) => featureChip(name, on, app)));
    for (const canvas of features.querySelectorAll("canvas")) canvas.paint();
  }
  function drawFacts() {
    const { rows, notes: said, shapes } = app.about;
    facts.textContent = t("rows_fact", { train: grouped(rows.train), validation: grouped(rows.validation), features: shapes.features.length });
    fill(notes, app.state.data.kind === "csv" && app.file ? h("li", {}, `${app.file.name}, ${bytes(app.file.bytes ?? 0)}`) : null, said.map((text) => h("li", {}, text)));
  }
  app.on("welcome", () => (built = ""));
  app.on("state words", () => {
    if (!app.state) return;
    if (!sets.children.length) drawSets();
    choose();
    drawParameters();
    drawFeatures();
    validation.set(app.state.validation);
    standardize.set(app.state.standardize);
    drawFacts();
  });
  app.on("look", () => {
    if (!app.state) return;
    drawSets();
    drawFeatures();
  });
  return element;
}

function setButton(kind, app) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  canvas.paint = () => paintSet(canvas, kind);
  const picture = kind === "csv" ? h("span.glyph", {}, icon("upload")) : canvas;
  return h("button.set", { type: "button", "data-kind": kind, "data-test": `set-${kind}`, on: { click: () => pick(kind, app) } }, picture, h("span", { t: known("data", kind) }));
}

function pick(kind, app) {
  if (kind === "csv" && !app.offered && !app.file) chooseFile(app);
  else if (kind === "csv") openTable(app);
  else if (kind === "drawn") drawPoints(app);
  else if (kind !== app.state.data.kind) {
    const wide = app.options.data[kind].features > 2;
    app.change({ data: { kind }, ...(wide ? { view: { kind: "components" } } : {}) });
  }
}

function paintSet(canvas, kind) {
  const context = fit(canvas, 56, 40);
  if (!context) return;
  if (kind === "digits") {
    const dark = theme() === "dark";
    const grey = (v) => pixel(dark ? [32 + 12 * v, 38 + 12 * v, 46 + 11 * v] : [247 - 13 * v, 248 - 13 * v, 249 - 13 * v]);
    context.imageSmoothingEnabled = false;
    context.drawImage(picture(8, 8, (i) => grey(THREE[i])), 11, 3, 34, 34);
    return;
  }
  const table = scale(theme());
  for (const [x, y, k, v] of sketch(kind)) {
    const value = k === "value";
    shape(context, value ? "square" : classShape(k), 28 + 25 * x, 20 - 18 * y, value ? 2 : 1.9);
    context.fillStyle = value ? css(unpack(table[place(v, 1)])) : classColour(k, theme());
    context.fill();
  }
}

function featureChip(name, on, app) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  canvas.paint = () => {
    const context = fit(canvas, 22, 22);
    if (!context) return;
    const table = scale(theme());
    const f = TRANSFORMS[name];
    const value = (i) => f(((i % 16) - 7.5) / 7.5, (7.5 - Math.floor(i / 16)) / 7.5);
    context.drawImage(picture(16, 16, (i) => table[place(value(i), 1)]), 0, 0, 22, 22);
  };
  const pressed = on.includes(name);
  const click = () => {
    const next = pressed ? on.filter((one) => one !== name) : app.options.features.filter((one) => one === name || on.includes(one));
    if (next.length) app.change({ features: next }, true);
  };
  return h("button.feature", { type: "button", "aria-pressed": String(pressed), "data-test": `feature-${name}`, on: { click } }, canvas, pretty(name));
}
