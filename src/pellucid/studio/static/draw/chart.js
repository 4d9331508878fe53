// Charts of curves, on canvas: axes with round numbers, lines, and a cross-hair that reads the values.

import { number } from "../core/format.js";
import { axis, logTicks, nearest, outline, span, wholeTicks, ticks } from "../core/history.js";
import { fit } from "./canvas.js";
import { h, paint } from "./dom.js";
import { showTip } from "./over.js";

const LEFT = 46;
const BOTTOM = 20;
const TOP = 8;
const RIGHT = 10;

/**
 * A chart. lines(): [{name, x, y, colour, dash, width}], asked for at every drawing. low(least): where the axis begins. Gives {element, draw}.
 */
export function makeChart({ label, lines, log = () => false, low = null, high = null, format = number, test, unit = () => "" }) {
  const canvas = h("canvas", { role: "img", label, tabindex: "0", "data-test": test });
  const element = h("div.chart", {}, canvas);
  let shown = null;
  let at = null;

  function draw() {
    const context = fit(canvas);
    if (!context) return;
    const [w, hgt] = [canvas.clientWidth, canvas.clientHeight];
    const drawn = lines().filter((line) => line.x.length);
    const isLog = log() && drawn.some((line) => line.y.some((v) => v > 0));
    const [x0, x1] = [0, drawn.reduce((most, line) => Math.max(most, line.x.at(-1)), 1)]; // epochs, from the untrained network on
    let [y0, y1] = span(drawn.map((line) => line.y), isLog);
    if (!isLog) [y0, y1] = [low ? low(y0) : Math.min(y0, 0), high ?? y1 + 0.04 * (y1 - Math.min(y0, 0))];
    const toX = axis(Math.min(x0, x1 - 1e-9), x1, LEFT, w - RIGHT);
    const toY = axis(y0, y1, hgt - BOTTOM, TOP, isLog);
    shown = { drawn, toX, toY, x0, x1, w, hgt };
    grid(context, shown, isLog ? logTicks(y0, y1) : ticks(y0, y1, Math.max(2, (hgt - 30) / 40)), format);
    context.save();
    context.beginPath();
    context.rect(LEFT, 0, w - LEFT, hgt - BOTTOM + 2);
    context.clip();
    for (const line of drawn) stroke(context, line, toX, toY, isLog);
    context.restore();
    if (at !== null) hair(context);
  }
  function hair(context) {
    const { drawn, toX, toY, hgt } = shown;
    if (!drawn.length) return;
    context.strokeStyle = paint("edge");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(toX(at), TOP);
    context.lineTo(toX(at), hgt - BOTTOM);
    context.stroke();
    for (const line of drawn) {
      const i = nearest(line.x, at);
      if (!Number.isFinite(line.y[i])) continue;
      context.beginPath();
      context.arc(toX(line.x[i]), toY(line.y[i]), 3.5, 0, 2 * Math.PI);
      context.fillStyle = line.colour;
      context.fill();
    }
  }
  function read(clientX, clientY) {
    if (!shown?.drawn.length) return;
    const box = canvas.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (clientX - box.left - LEFT) / (shown.w - LEFT - RIGHT)));
    at = shown.x0 + share * (shown.x1 - shown.x0);
    const first = shown.drawn[0];
    at = first.x[nearest(first.x, at)];
    draw();
    showTip([`${unit()} ${number(at, 5)}`, ...shown.drawn.map((line) => `${line.name}  ${format(line.y[nearest(line.x, at)])}`)].join("\n"), clientX, clientY);
  }
  canvas.addEventListener("pointermove", (event) => read(event.clientX, event.clientY));
  const leave = () => {
    at = null;
    showTip(null);
    draw();
  };
  canvas.addEventListener("pointerleave", leave);
  canvas.addEventListener("blur", leave);
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move || !shown?.drawn.length) return;
    event.preventDefault();
    event.stopPropagation();
    const { x } = shown.drawn[0];
    const i = Math.max(0, Math.min(x.length - 1, (at === null ? (move > 0 ? -1 : x.length) : nearest(x, at)) + move));
    const box = canvas.getBoundingClientRect();
    read(box.left + shown.toX(x[i]), box.top + 20);
  });
  new ResizeObserver(draw).observe(canvas);
  return { element, draw };
}

function grid(context, { toX, toY, x0, x1, w, hgt }, marks, format) {
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.fillStyle = paint("soft");
  context.strokeStyle = paint("line");
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const v of marks) {
    const y = Math.round(toY(v)) + 0.5;
    context.beginPath();
    context.moveTo(LEFT, y);
    context.lineTo(w - RIGHT, y);
    context.stroke();
    context.fillText(format(v), LEFT - 6, y);
  }
  context.beginPath();
  context.moveTo(LEFT, hgt - BOTTOM + 0.5);
  context.lineTo(w - RIGHT, hgt - BOTTOM + 0.5);
  context.stroke();
  context.textBaseline = "alphabetic";
  for (const v of wholeTicks(x0, x1, Math.max(2, (w - 60) / 90))) {
    const x = toX(v);
    context.textAlign = x > w - 24 ? "right" : "center";
    context.fillText(number(v, 5), Math.min(x, w - 2), hgt - 4);
  }
}

function stroke(context, { x, y, colour, dash = [], width = 1.8, alpha = 1 }, toX, toY, isLog) {
  const points = outline(x, isLog ? y.map((v) => (v > 0 ? v : null)) : y);
  context.beginPath();
  points.forEach(([px, py], k) => context[k ? "lineTo" : "moveTo"](toX(px), toY(py)));
  context.strokeStyle = colour;
  context.globalAlpha = alpha;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.setLineDash(dash);
  context.stroke();
  if (points.length === 1) {
    context.beginPath();
    context.arc(toX(points[0][0]), toY(points[0][1]), 2.5, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}
