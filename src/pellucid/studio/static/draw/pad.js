// A pad to draw an image on, and what the network thinks of it while it is drawn.

import { percent } from "../core/format.js";
import { asImage, stroke } from "../core/pad.js";
import { fit } from "./canvas.js";
import { fill, h } from "./dom.js";
import { button } from "./fields.js";

const SIDE = 64; // dots of the pad
const BRUSH = 5; // as thick as the strokes of the digits that were learnt

export function makePad(app) {
  const ink = new Uint8Array(SIDE * SIDE);
  const canvas = h("canvas", { tabindex: "0", role: "img", label: "pad_label", "data-test": "pad" });
  const bars = h("div.bars", { "data-test": "pad-bars", role: "img" });
  const clear = button("clear", () => wipe(), { quiet: true, test: "pad-clear" });
  const hint = h("p.small.soft", { t: "pad_hint" });
  const element = h("div", { hidden: true }, h("div.pad", {}, h("div", {}, canvas, clear), h("div", {}, hint, bars)));
  let last = null;
  let asking = false;
  let again = false;

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    stroke(ink, SIDE, last, last, BRUSH);
    changed();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const next = place(event);
    stroke(ink, SIDE, last, next, BRUSH);
    last = next;
    changed();
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (last = null));

  function draw() {
    const context = fit(canvas);
    if (!context) return;
    const size = canvas.clientWidth / SIDE;
    context.fillStyle = "#1f252b";
    for (let i = 0; i < ink.length; i++) if (ink[i]) context.fillRect((i % SIDE) * size, Math.floor(i / SIDE) * size, size + 0.6, size + 0.6);
  }
  function changed() {
    draw();
    predict();
  }
  function wipe() {
    ink.fill(0);
    fill(bars);
    hint.hidden = false;
    draw();
  }
  async function predict() {
    again = asking;
    if (asking || !app.about?.image || !ink.some(Boolean)) return;
    asking = true;
    app.useImage(asImage(ink, SIDE, app.about.image));
    const answer = await app.ask({ type: "predict", x: app.image });
    asking = false;
    if (answer) show(answer.outputs);
    if (again) predict();
  }
  function show(outputs) {
    hint.hidden = true;
    const best = outputs.indexOf(Math.max(...outputs));
    const labels = app.shapes.labels ?? outputs.map((_, k) => k);
    const rows = outputs.map((p, k) => {
      const bar = h("i");
      bar.style.setProperty("width", `${100 * p}%`);
      return h(k === best ? "div.bar.best" : "div.bar", {}, h("span", {}, String(labels[k])), h("span.fill", {}, bar), h("span", {}, percent(p, 0)));
    });
    bars.setAttribute("aria-label", `${labels[best]} ${percent(outputs[best])}`);
    fill(bars, rows);
  }
  let step = -1;
  app.on("frame", () => {
    if (element.hidden || app.status.step === step || !ink.some(Boolean)) return;
    step = app.status.step;
    predict();
  });
  app.on("look state", draw);
  return {
    element,
    show(on) {
      if (element.hidden !== on) return;
      element.hidden = !on;
      if (on) draw();
      else if (!app.about?.image) wipe();
    },
  };
}
