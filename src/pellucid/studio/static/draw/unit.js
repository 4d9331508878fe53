// The cards of a unit and of a link: their numbers, to be read and to be changed.

import { number, pretty } from "../core/format.js";
import { t } from "../core/words.js";
import { h } from "./dom.js";
import { toggle, typed } from "./fields.js";
import { openCard } from "./over.js";

const short = (value) => Number(value.toPrecision(6));

/** A unit: bias, weights that come in, silence. */
export function openUnit(app, layer, unit, title, box, view) {
  const { shapes, frame } = app;
  const [W, b] = [frame?.arrays[`W${layer}`], frame?.arrays[`b${layer}`]];
  const parts = [h("header", {}, h("h2", {}, title))];
  const fields = [];
  if (b) {
    const bias = typed({ key: ["bias_of", { name: `b${layer}[${unit}]` }], test: "bias", change: (value) => app.ask({ type: "edit", name: `b${layer}`, index: [unit], value }) });
    bias.set(short(b.data[unit]));
    fields.push([bias, (f) => f.arrays[`b${layer}`]?.data[unit]]);
    parts.push(bias.element);
  }
  if (layer < shapes.layers.length) {
    const silent = toggle({ key: "silence", test: "silence", change: (on) => app.ask({ type: "silence", layer, unit, on }) });
    silent.set((frame?.silenced ?? []).some(([l, u]) => l === layer && u === unit));
    parts.push(silent.element, h("p.small.soft", { t: "silence_why" }));
  }
  if (W) parts.push(incoming(app, layer, unit, W, fields));
  else parts.push(h("p.small.soft", { t: "too_many_weights" }));
  const card = openCard(box, title, parts);
  const listening = () => {
    if (!card.matches(":popover-open")) return;
    for (const [field, read] of fields) {
      const value = app.frame ? read(app.frame) : undefined;
      if (value !== undefined && document.activeElement !== field.input) field.set(short(value));
    }
  };
  app.on("frame", listening);
  card.onclosed = () => {
    app.listeners.get("frame").delete(listening);
    view?.emphasise(null);
  };
}

function incoming(app, layer, unit, W, fields) {
  const [fanIn, units] = W.shape;
  const order = Array.from({ length: fanIn }, (_, i) => i);
  const shown = order.slice(0, 64);
  const rows = shown.map((i) => {
    const name = layer === 1 ? pretty(app.shapes.inputs[i]) : t("short_unit", { layer: layer - 1, unit: i + 1 });
    const field = typed({ hint: ["weight_from", { name }], test: `weight-${i}`, change: (value) => app.ask({ type: "edit", name: `W${layer}`, index: [i, unit], value }) });
    field.set(short(W.data[i * units + unit]));
    fields.push([field, (f) => f.arrays[`W${layer}`]?.data[i * units + unit]]);
    return h("div.weight", {}, h("span.small.soft", { title: `W${layer}[${i}, ${unit}]` }, h("bdi", {}, String(name))), field.element);
  });
  return h("div", {}, h("p.name", { t: "incoming" }), h("div.weights", {}, rows));
}

/** A link: its weight. */
export function openLink(app, { layer, from, to }, text, box) {
  const name = `W${layer + 1}`;
  const W = app.frame.arrays[name];
  const [ends] = text.split("\n");
  const field = typed({ key: ["weight_named", { name: `${name}[${from}, ${to}]` }], test: "link-weight", change: (value) => app.ask({ type: "edit", name, index: [from, to], value }) });
  field.set(short(W.data[from * W.shape[1] + to]));
  openCard(box, ends, h("header", {}, h("h2", {}, ends)), field.element, h("p.small.soft", {}, t("weight_hint", { value: number(W.data[from * W.shape[1] + to], 4) })));
}
