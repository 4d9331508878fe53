// How weights, activations and gradients are spread in each layer, and how large an update is beside the weights.

import { classColour } from "../../core/colour.js";
import { number } from "../../core/format.js";
import { t } from "../../core/words.js";
import { fit } from "../canvas.js";
import { fill, h, paint, theme } from "../dom.js";
import { tipFor } from "../over.js";

const KINDS = [["W", "weights", 0], ["a", "activations", 4], ["g", "gradients", 1]];

export function makeHistograms(app) {
  const table = h("div.histograms", { "data-test": "histograms" });
  const empty = h("p.empty", {}, h("strong", { t: "histograms_empty" }), h("span", { t: "histograms_empty_do" }));
  const element = h("div.pane", {}, table, empty);
  let built = "";
  function build(count) {
    const key = `${count}${document.documentElement.lang}`;
    if (key === built) return;
    built = key;
    const head = [h("span"), ...KINDS.map(([, name]) => h("h3", { t: name })), h("h3", { t: "update_ratio", title: t("update_ratio_why") })];
    const rows = Array.from({ length: count }, (_, k) => [
      h("span.layer-name", {}, layerName(app, k)), ...KINDS.map(([kind]) => cell(app, kind, k)), ratioCell(app, k),
    ]);
    fill(table, head, rows);
  }
  function draw() {
    if (element.hidden || !app.shapes) return;
    const some = Boolean(app.sticky.histograms);
    empty.hidden = some;
    table.hidden = !some;
    if (!some) return;
    build(app.shapes.layers.length);
    for (const canvas of table.querySelectorAll("canvas")) canvas.paint();
    for (const made of table.querySelectorAll(".ratio")) made.paint();
  }
  app.on("frame state words look", draw);
  return { element, draw };
}

const layerName = (app, k) => (k + 1 === app.shapes.layers.length ? t("output_layer") : t("layer_n", { n: k + 1 }));

function cell(app, kind, layer) {
  const canvas = h("canvas", { role: "img", tabindex: "0" });
  const range = h("span.range.num");
  const shares = () => app.sticky[`hist_${kind}`]?.data.subarray(32 * layer, 32 * layer + 32);
  const ends = () => app.sticky.histograms?.[kind]?.[layer] ?? [0, 0];
  canvas.paint = () => {
    const context = fit(canvas);
    const data = shares();
    const [low, high] = ends();
    fill(range, h("span", {}, number(low, 2)), h("span", {}, number(high, 2)));
    canvas.setAttribute("aria-label", t("histogram_label", { low: number(low), high: number(high) }));
    if (!context || !data) return;
    const [w, hgt] = [canvas.clientWidth, canvas.clientHeight];
    const most = Math.max(...data, 1e-9);
    context.fillStyle = classColour(KINDS.find(([k]) => k === kind)[2], theme());
    const wide = w / 32;
    for (let i = 0; i < 32; i++) {
      if (!(data[i] > 0)) continue;
      const tall = Math.max(1, (data[i] / most) * (hgt - 2));
      context.fillRect(i * wide + 0.5, hgt - tall, Math.max(1, wide - 1), tall);
    }
    context.fillStyle = paint("line");
    context.fillRect(0, hgt - 1, w, 1);
    if (low < 0 && high > 0) {
      context.fillStyle = paint("edge");
      context.fillRect(Math.round((-low / (high - low)) * w), 0, 1, hgt);
    }
  };
  tipFor(canvas, () => {
    const [low, high] = ends();
    const data = shares() ?? [];
    let best = 0;
    for (let i = 1; i < data.length; i++) if (data[i] > data[best]) best = i;
    return t("histogram_tip", { low: number(low), high: number(high), peak: number(low + ((best + 0.5) / 32) * (high - low)) });
  });
  return h("div.histogram", {}, canvas, range);
}

/** Update-to-weight ratio on a scale of powers of ten; about 1/1000 is healthy (Karpathy's rule of thumb). */
function ratioCell(app, layer) {
  const bar = h("i");
  const value = h("span.num");
  const made = h("div.ratio", {}, h("div.ratio-track", {}, bar), value);
  made.paint = () => {
    const ratio = app.frame?.update_ratio?.[layer];
    value.textContent = number(ratio, 2);
    const share = ratio > 0 ? Math.max(0, Math.min(1, (Math.log10(ratio) + 6) / 6)) : 0;
    bar.style.setProperty("left", `${100 * share}%`);
    bar.hidden = !(ratio > 0);
  };
  tipFor(made, () => t("update_ratio_why"));
  return made;
}
