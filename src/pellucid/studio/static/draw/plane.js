// The plane: what the network answers everywhere, and the points on it.

import { classColour, classRamps, classShape, css, place, scale, strength } from "../core/colour.js";
import { fixed, number, percent } from "../core/format.js";
import { axis } from "../core/history.js";
import { cellAt, likeliest, nearestPoint, pointSizes } from "../core/network.js";
import { t } from "../core/words.js";
import { fit, picture, shape } from "./canvas.js";
import { h, paint, theme } from "./dom.js";
import { showTip } from "./over.js";

export class PlaneView {
  constructor(app, page) {
    this.app = app;
    this.page = page;
    this.back = h("canvas", { "aria-hidden": "true" });
    this.front = h("canvas.pick", { role: "img", tabindex: "0", label: "plane_label", "data-test": "plane" });
    this.element = h("div.plane", {}, this.back, this.front);
    this.values = false;
    app.on("frame", () => this.draw()).on("data look", () => this.redraw()).on("selected", () => this.drawPoints());
    new ResizeObserver(() => this.redraw()).observe(this.element);
    this.front.addEventListener("pointermove", (event) => this.hover(event));
    this.front.addEventListener("pointerleave", () => showTip(null));
    this.front.addEventListener("click", (event) => this.click(event));
    this.front.addEventListener("keydown", (event) => this.pressed(event));
  }

  redraw() {
    this.ramps = null;
    this.draw();
    this.drawPoints();
  }

  get size() {
    return this.element.clientWidth;
  }

  draw() {
    const { app } = this;
    const context = fit(this.back);
    if (!context) return;
    if (this.values) {
      this.drawValues(context);
      return;
    }
    const boundary = app.frame?.arrays.boundary;
    if (!boundary || !app.data) return;
    const [count, g] = boundary.shape;
    const cells = g * g;
    const classes = app.data.classes;
    if (classes && classes !== count) return;
    context.imageSmoothingQuality = "high";
    const colour = classes ? this.classColours(boundary.data, classes, cells) : this.valueColours(boundary.data);
    context.drawImage(picture(g, g, colour), 0, 0, this.size, this.size);
    if (!classes) this.drawContours(context, boundary.data, g);
  }

  classColours(cells, classes, count) {
    if (this.ramps?.key !== `${classes}${theme()}`) this.ramps = { key: `${classes}${theme()}`, table: classRamps(classes, theme()) };
    const { table } = this.ramps;
    return (i) => {
      const [k, p] = likeliest(cells, classes, count, i);
      return table[k * 64 + strength(p, classes)];
    };
  }

  /** The middle of the values that were measured is white, so that both halves can be told apart. */
  valueColours(cells) {
    const table = scale(theme());
    const [low, high] = this.app.data.values;
    const [middle, half] = [(low + high) / 2, (high - low) / 2 || 1];
    return (i) => table[place(cells[i] - middle, half)];
  }

  drawContours(context, cells, g) {
    const [low, high] = this.app.data.values;
    context.lineWidth = 1;
    for (let k = 1; k < 8; k++) {
      const level = low + ((high - low) * k) / 8;
      context.strokeStyle = paint("ink");
      context.globalAlpha = k === 4 ? 0.55 : 0.2;
      context.beginPath();
      contour(cells, g, level, this.size / g, context);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  /** Predicted against true values: what is right lies on the line. */
  drawValues(context) {
    const { data, sticky, frame } = this.app;
    const answers = frame?.arrays.answers ?? sticky.answers;
    if (!data || !answers) return;
    const { low, high } = this.valueSpan(answers.data);
    const to = axis(low, high, 12, this.size - 12);
    context.fillStyle = paint("well");
    context.fillRect(0, 0, this.size, this.size);
    context.strokeStyle = paint("edge");
    context.beginPath();
    context.moveTo(to(low), this.size - to(low));
    context.lineTo(to(high), this.size - to(high));
    context.stroke();
    for (let i = 0; i < answers.data.length; i++) {
      context.beginPath();
      context.arc(to(data.arrays.y.data[i]), this.size - to(answers.data[i]), 3, 0, 2 * Math.PI);
      context.fillStyle = classColour(data.arrays.part.data[i] ? 1 : 0, theme());
      context.globalAlpha = 0.8;
      context.fill();
    }
    context.globalAlpha = 1;
  }

  valueSpan(answers) {
    let [low, high] = this.app.data.values;
    for (const v of answers) if (Number.isFinite(v)) [low, high] = [Math.min(low, Math.max(v, 2 * low - high)), Math.max(high, Math.min(v, 2 * high - low))];
    return { low, high };
  }

  at = (i) => {
    const { view, arrays } = this.app.data;
    const [x, y] = [arrays.points.data[2 * i], arrays.points.data[2 * i + 1]];
    return [((x - view.low[0]) / (view.high[0] - view.low[0])) * this.size, ((view.high[1] - y) / (view.high[1] - view.low[1])) * this.size];
  };

  drawPoints() {
    const context = fit(this.front);
    const { data, selected } = this.app;
    if (!context || !data || this.values) return;
    const count = data.arrays.points.shape[0];
    const { r, rim, hollow } = pointSizes(count);
    // Between a point and a ground of its own colour there is a rim of paper, thin and translucent, so that small points keep theirs.
    const paper = theme() === "dark" ? "rgb(15 18 22 / .6)" : "rgb(255 255 255 / .8)";
    const { y, part, row } = data.arrays;
    const table = data.classes ? null : scale(theme());
    for (let i = 0; i < count; i++) {
      const [px, py] = this.at(i);
      shape(context, data.classes ? classShape(y.data[i]) : "circle", px, py, r);
      const colour = data.classes ? classColour(y.data[i], theme()) : this.valueColour(table, y.data[i]);
      if (part.data[i] === 1) {
        this.line(context, paper, hollow + 2 * rim);
        this.line(context, colour, hollow);
      } else {
        this.line(context, paper, 2 * rim);
        context.fillStyle = colour;
        context.fill();
      }
      if (selected?.row === row.data[i]) this.ring(context, px, py);
    }
  }

  line(context, colour, width) {
    if (!(width > 0)) return;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }

  valueColour(table, v) {
    const [low, high] = this.app.data.values;
    const value = table[place(v - (low + high) / 2, (high - low) / 2 || 1)];
    return css([value & 255, (value >> 8) & 255, (value >> 16) & 255]);
  }

  ring(context, x, y) {
    for (const [width, colour] of [[5, theme() === "dark" ? "#0f1216" : "#ffffff"], [2, paint("ink")]]) {
      context.beginPath();
      context.arc(x, y, 9, 0, 2 * Math.PI);
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.stroke();
    }
  }

  place(event) {
    const box = this.front.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  pointAt(event, most) {
    if (!this.app.data || this.values) return -1;
    const [px, py] = this.place(event);
    return nearestPoint(this.app.data.arrays.points.shape[0], this.at, px, py, most);
  }

  hover(event) {
    const i = this.pointAt(event, 8);
    const text = i >= 0 ? this.pointText(i) : this.planeText(event);
    showTip(text, event.clientX, event.clientY);
  }

  pointText(i) {
    const { arrays, classes } = this.app.data;
    const labels = this.app.shapes.labels;
    const name = (k) => (classes ? String(labels?.[k] ?? k) : number(k));
    const lines = [t(arrays.part.data[i] ? "held_row" : "train_row", { row: arrays.row.data[i] }), t("is_value", { value: name(arrays.y.data[i]) })];
    const answer = this.app.frame?.arrays.answers?.data[i] ?? this.app.sticky.answers?.data[i];
    if (answer !== undefined) lines.push(t("answer_value", { value: name(answer) }));
    return [...lines, t("click_to_walk")].join("\n");
  }

  planeText(event) {
    const boundary = this.app.frame?.arrays.boundary;
    const { data, shapes } = this.app;
    if (!boundary || !data || this.values) return null;
    const [px, py] = this.place(event);
    const { view, classes } = data;
    const x = view.low[0] + (px / this.size) * (view.high[0] - view.low[0]);
    const y = view.high[1] - (py / this.size) * (view.high[1] - view.low[1]);
    const g = boundary.shape[1];
    const cell = cellAt(view, g, x, y);
    if (cell < 0) return null;
    const lines = [`${view.names[0]} = ${number(x)}`, `${view.names[1]} = ${number(y)}`];
    if (!classes) return [...lines, `${shapes.target ?? "y"} = ${number(boundary.data[cell])}`].join("\n");
    const all = Array.from({ length: classes }, (_, k) => [boundary.data[k * g * g + cell], k]).sort((a, b) => b[0] - a[0]);
    return [...lines, ...all.slice(0, 4).map(([p, k]) => `${shapes.labels?.[k] ?? k}  ${percent(p)}`)].join("\n");
  }

  click(event) {
    const i = this.pointAt(event, 14);
    if (i < 0) return;
    this.choose(i);
  }

  choose(i) {
    const { row, part } = this.app.data.arrays;
    this.app.select(row.data[i], part.data[i] ? "validation" : "train");
    this.page.show("inside");
  }

  /** Arrow keys go from point to point, Enter walks through the chosen one. */
  pressed(event) {
    const { data, selected } = this.app;
    if (!data || this.values) return;
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const rows = Array.from(data.arrays.row.data);
    const now = selected ? rows.indexOf(selected.row) : -1;
    if (step) {
      event.preventDefault();
      event.stopPropagation();
      const i = (now + step + rows.length) % rows.length;
      this.app.select(rows[i], data.arrays.part.data[i] ? "validation" : "train");
      const box = this.front.getBoundingClientRect();
      const [px, py] = this.at(i);
      showTip(this.pointText(i), box.left + px, box.top + py);
      this.front.setAttribute("aria-label", this.pointText(i));
    } else if (event.key === "Enter" && now >= 0) this.choose(now);
  }

  scores() {
    const { frame } = this.app;
    const one = (v) => (v === null || v === undefined ? "–" : percent(v));
    return { loss: [fixed(frame?.loss, 4), fixed(frame?.validation_loss, 4)], accuracy: [one(frame?.accuracy), one(frame?.validation_accuracy)] };
  }
}

/** Lines of equal value through a grid, as segments of a path (marching squares; Lorensen and Cline's, in the plane). */
function contour(cells, g, level, size, context) {
  const at = (x, y) => cells[y * g + x] - level;
  for (let y = 0; y < g - 1; y++) {
    for (let x = 0; x < g - 1; x++) {
      const corners = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)];
      const found = [];
      for (let k = 0; k < 4; k++) {
        const [a, b] = [corners[k], corners[(k + 1) % 4]];
        if (a < 0 === b < 0) continue;
        const share = a / (a - b);
        const [[x0, y0], [x1, y1]] = [CORNERS[k], CORNERS[(k + 1) % 4]];
        found.push([x + 0.5 + x0 + (x1 - x0) * share, y + 0.5 + y0 + (y1 - y0) * share]);
      }
      for (let k = 0; k + 1 < found.length; k += 2) {
        context.moveTo(found[k][0] * size, found[k][1] * size);
        context.lineTo(found[k + 1][0] * size, found[k + 1][1] * size);
      }
    }
  }
}
const CORNERS = [[0, 0], [1, 0], [1, 1], [0, 1]];
