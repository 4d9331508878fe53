// What stands over each layer: its activation and units, with buttons to change them, and a card with everything else.

import { named, t } from "../core/words.js";
import { fill, h, icon } from "./dom.js";
import { button, select, slider } from "./fields.js";
import { closeCard, openCard } from "./over.js";

/** Write the heads of all columns anew. */
export function drawHeads(place, app, layout, width) {
  const hidden = app.state.network.layers;
  const focused = document.activeElement?.dataset?.head;
  place.style.setProperty("width", `${width}px`);
  const heads = layout.columns.map((column, k) => {
    const last = k === layout.columns.length - 1;
    const made = k === 0 ? inputs(app) : last ? outputs(app) : layer(app, k - 1, hidden[k - 1]);
    made.style.setProperty("left", `${column.x + column.width / 2}px`);
    return made;
  });
  const most = hidden.length >= app.options.limits.layers;
  const [a, b] = layout.columns.slice(-2);
  const add = h("button.add-layer", { type: "button", hint: "add_layer", disabled: most, "data-test": "add-layer", "data-head": "add", on: { click: () => app.addLayer() } }, icon("plus"));
  add.style.setProperty("left", `${(a.x + a.width + b.x) / 2}px`);
  fill(place, heads, add);
  if (focused) place.querySelector(`[data-head="${focused}"]`)?.focus({ preventScroll: true });
}

function inputs(app) {
  const count = app.shapes.inputs.length;
  return h("div.head", {}, h("span.head-name", { t: "inputs" }), h("span.head-units.num", {}, String(count)));
}

function outputs(app) {
  const { shapes } = app;
  const layer = shapes.layers.at(-1);
  return h("div.head", {}, h("span.head-name", { title: t("outputs") }, layer.activation), h("span.head-units.num", {}, String(layer.units)));
}

function layer(app, at, { units, activation, dropout }) {
  const limits = app.options.limits;
  const change = (count) => app.addUnits(at, count);
  const name = h("button.head-name", { type: "button", "data-test": `layer-${at + 1}`, "data-head": `name-${at}`, "aria-haspopup": "dialog", on: { click: (event) => openLayer(app, at, event.currentTarget) } },
    activation, dropout ? h("span.dropped", { title: t("dropout") }, ` ${Math.round(100 * dropout)}%`) : null);
  name.setAttribute("aria-label", t("layer_settings", { n: at + 1, activation }));
  const tiny = (pictured, key, count, off) => h("button.tiny", { type: "button", hint: [key, { n: at + 1 }], disabled: off, "data-test": `${key}-${at + 1}`, "data-head": `${key}-${at}`, on: { click: () => change(count) } }, icon(pictured));
  return h("div.head", { role: "group", label: ["layer_n", { n: at + 1 }] }, name,
    h("span.head-units", {}, tiny("minus", "remove_unit_of", -1, units <= 1), h("span.num", { "data-test": `units-${at + 1}` }, String(units)), tiny("plus", "add_unit_of", 1, units >= limits.units)));
}

/** The card of a layer: activation, units, dropout, initial weights, remove. */
export function openLayer(app, at, anchor) {
  const layer = app.state.network.layers[at];
  const activation = select({ key: "activation", test: "activation", entries: app.options.activations.map((name) => [name, name]), change: (v) => app.changeLayer(at, { activation: v }) });
  const units = slider({ key: "units", low: 1, high: app.options.limits.units, step: 1, whole: true, test: "units", show: String, change: (v) => app.changeLayer(at, { units: v }) });
  const dropout = slider({ key: "dropout", low: 0, high: 0.9, step: 0.05, test: "dropout", show: (v) => `${Math.round(100 * v)} %`, change: (v) => app.changeLayer(at, { dropout: v }) });
  const inits = [[null, { t: "automatic" }], ...app.options.initializers.map((name) => [name, named("init", name)])];
  const init = select({ key: "initializer", test: "initializer", entries: inits, change: (v) => app.changeLayer(at, { init: v }) });
  const remove = button("remove_layer", () => {
    closeCard();
    app.removeLayer(at);
  }, { test: "remove-layer" });
  activation.set(layer.activation);
  units.set(layer.units);
  dropout.set(layer.dropout);
  init.set(layer.init);
  openCard(anchor.getBoundingClientRect(), t("layer_n", { n: at + 1 }), h("header", {}, h("h2", { t: ["layer_n", { n: at + 1 }] })), activation.element, units.element, dropout.element, init.element, remove);
}
