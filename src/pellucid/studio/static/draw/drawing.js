// Points drawn by hand: choose a class, click or drag; with the keyboard, move the cross and press Enter.

import { classColour, classShape, css, place, scale, unpack } from "../core/colour.js";
import { grouped, number } from "../core/format.js";
import { lehmer } from "../core/sketches.js";
import { t } from "../core/words.js";
import { fit, shape } from "./canvas.js";
import { fill, h, paint, theme } from "./dom.js";
import { button, choice, slider } from "./fields.js";
import { openDialog } from "./over.js";

const REACH = 1; // the sheet shows x1 and x2 from -1 to 1
const APART = 0.045; // at least so far from the last one while the pointer is dragged

export function drawPoints(app) {
  const before = app.state.data.kind === "drawn" ? app.state.data : null;
  const points = (before?.points ?? []).map((point) => [...point]);
  let values = before?.values ?? false;
  let brush = 0;
  let height = 1;
  let erase = false;
  let cross = null;
  const random = lehmer(23);
  const most = app.options.limits.points;

  const canvas = h("canvas.sheet", { tabindex: "0", role: "application", label: "sheet_label", "data-test": "sheet" });
  const count = h("output.small.soft", { "data-test": "drawn-count" });
  const brushes = h("div.chips", { role: "group", label: "brush" });
  const level = slider({ key: "value_drawn", low: -1, high: 1, step: 0.1, test: "drawn-value", change: (v) => (height = v) });
  const kind = choice({ label: "task", entries: [[false, "task.classes"], [true, "task.values"]], test: "drawn-task", change: (v) => {
    values = v;
    points.length = 0;
    paintAll();
  } });
  kind.set(values);
  level.set(height);

  function paintBrushes() {
    const names = values ? [] : Array.from({ length: 8 }, (_, k) => k);
    fill(brushes, names.map((k) => brushChip(k)), h("button.chip", { type: "button", t: "eraser", "aria-pressed": String(erase), "data-test": "eraser", on: { click: () => pick(null) } }));
    level.element.hidden = !values;
    for (const one of brushes.querySelectorAll("canvas")) one.paint();
  }
  function brushChip(k) {
    const mark = h("canvas", { "aria-hidden": "true" });
    mark.paint = () => {
      const context = fit(mark, 14, 14);
      if (!context) return;
      shape(context, classShape(k), 7, 7, 5);
      context.fillStyle = classColour(k, theme());
      context.fill();
    };
    return h("button.chip.brush", { type: "button", "aria-pressed": String(!erase && brush === k), "aria-label": t("class_n", { n: k }), "data-test": `brush-${k}`, on: { click: () => pick(k) } }, mark, String(k));
  }
  function pick(k) {
    erase = k === null ? !erase : false;
    if (k !== null) brush = k;
    paintBrushes();
  }
  function paintAll() {
    paintBrushes();
    count.textContent = t("drawn_count", { n: grouped(points.length), most: grouped(most) });
    use.disabled = points.length < 4;
    const context = fit(canvas);
    if (!context) return;
    const size = canvas.clientWidth;
    context.strokeStyle = paint("line");
    context.beginPath();
    for (let k = 1; k < 4; k++) {
      context.moveTo((size * k) / 4, 0);
      context.lineTo((size * k) / 4, size);
      context.moveTo(0, (size * k) / 4);
      context.lineTo(size, (size * k) / 4);
    }
    context.stroke();
    const table = scale(theme());
    for (const [x, y, k] of points) {
      shape(context, values ? "circle" : classShape(k), ((x + REACH) / 2) * size, ((REACH - y) / 2) * size, 4.5);
      context.fillStyle = values ? css(unpack(table[place(k, 1)])) : classColour(k, theme());
      context.strokeStyle = values ? paint("edge") : paint("paper");
      context.fill();
      context.stroke();
    }
    if (cross) {
      const [cx, cy] = [((cross[0] + REACH) / 2) * size, ((REACH - cross[1]) / 2) * size];
      context.strokeStyle = paint("ink");
      context.strokeRect(cx - 7, cy - 7, 14, 14);
    }
    if (!points.length) {
      context.fillStyle = paint("soft");
      context.textAlign = "center";
      context.font = `14px ${getComputedStyle(document.body).fontFamily}`;
      context.fillText(t("sheet_empty"), size / 2, size / 2);
    }
  }
  function put([x, y]) {
    if (erase) {
      for (let i = points.length - 1; i >= 0; i--) if (Math.hypot(points[i][0] - x, points[i][1] - y) < 0.07) points.splice(i, 1);
    } else if (points.length < most) points.push([short(x), short(y), values ? short(height) : brush]);
    paintAll();
  }
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * 2 - 1, 1 - ((event.clientY - box.top) / box.height) * 2];
  };
  let last = null;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    cross = null;
    last = at(event);
    put(last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const next = at(event);
    if (Math.hypot(next[0] - last[0], next[1] - last[1]) < APART) return;
    last = next;
    put(erase ? next : next.map((v) => Math.max(-1, Math.min(1, v + 0.05 * (random() - 0.5)))));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (last = null));
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (move) {
      const [x, y] = cross ?? [0, 0];
      cross = [Math.max(-1, Math.min(1, x + move[0] * 0.05)), Math.max(-1, Math.min(1, y + move[1] * 0.05))];
      canvas.setAttribute("aria-label", `${number(cross[0])}, ${number(cross[1])}`);
    } else if (event.key === "Enter" || event.key === " ") put(cross ?? [0, 0]);
    else if (/^[0-7]$/.test(event.key) && !values) pick(Number(event.key));
    else return;
    event.preventDefault();
    event.stopPropagation();
    paintAll();
  });
  const use = button("use_points", async () => {
    const data = { kind: "drawn", points, values };
    made.close();
    await app.change({ data });
  }, { main: true, test: "use-points" });
  const undo = button("undo", () => {
    points.pop();
    paintAll();
  });
  const clear = button("clear", () => {
    points.length = 0;
    paintAll();
  }, { test: "drawn-clear" });
  const made = openDialog("draw_points", h("div.drawing", {}, canvas, h("div.drawing-side", {}, kind.element, brushes, level.element, h("p.small.soft", { t: "drawing_hint" }), count, h("div.row", {}, undo, clear), use)));
  paintAll();
  canvas.focus();
}

const short = (v) => Math.round(v * 1000) / 1000;
