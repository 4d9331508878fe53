// The line of time: the loss so far as a quiet picture, and a handle that goes back to any step of the run.

import { grouped } from "../core/format.js";
import { columnsOf, outline, span } from "../core/history.js";
import { t } from "../core/words.js";
import { fit } from "./canvas.js";
import { fill, h, paint } from "./dom.js";
import { button, iconButton } from "./fields.js";

export function makeTime(app, page) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const input = h("input", { type: "range", min: 0, max: 0, step: 1, label: "rewind", "data-test": "scrubber" });
  const where = h("span.num.small.soft", { "data-test": "where" });
  const live = button("live", () => app.seek(app.status.end), { quiet: true, test: "live" });
  const start = iconButton("rewind", "start", () => app.seek(app.status.first), ".quiet");
  start.dataset.test = "start";
  const element = h("div.timeline", { role: "group", label: "time_group" }, start, h("div.track", {}, canvas, input), h("div.where", {}, where, live));
  fill(page.time, element);
  let dragging = false;
  input.addEventListener("input", () => {
    dragging = true;
    app.seek(Number(input.value), false);
    say(Number(input.value));
  });
  input.addEventListener("change", () => {
    dragging = false;
    app.seek(Number(input.value), true);
  });
  const say = (step) => {
    where.textContent = app.status.end > 0 ? t("step_of", { step: grouped(step), end: grouped(app.status.end) }) : t("no_steps");
    input.setAttribute("aria-valuetext", where.textContent);
  };
  const draw = () => {
    const { first, end, step } = app.status;
    input.min = first;
    input.max = Math.max(end, first + 1);
    input.disabled = end <= first;
    if (!dragging) {
      input.value = step;
      say(step);
    }
    live.style.setProperty("visibility", step < end ? "visible" : "hidden");
    start.disabled = step <= first;
    picture();
  };
  let painted = 0;
  const picture = () => {
    const now = performance.now();
    if (app.status.playing && now - painted < 90) return;
    painted = now;
    const context = fit(canvas);
    const { epoch: x, loss: y } = columnsOf(app.sticky.history);
    if (!context || !y || !app.about) return;
    const [low, high] = span([y], y.every((v) => v > 0));
    const log = y.every((v) => v > 0) && high / low > 20;
    const f = log ? Math.log : (v) => v;
    const [w, hgt] = [canvas.clientWidth, canvas.clientHeight];
    const end = Math.max(app.status.end / app.about.steps_per_epoch, 1e-9);
    const points = outline(x, y, 400).map(([e, v]) => [Math.min(1, e / end) * w, hgt - 3 - ((f(v) - f(low)) / (f(high) - f(low) || 1)) * (hgt - 8)]);
    if (!points.length) return;
    if (points.length === 1) points.unshift([0, points[0][1]]); // one epoch: a level line to it
    context.beginPath();
    context.moveTo(0, hgt);
    context.lineTo(0, points[0][1]);
    for (const [px, py] of points) context.lineTo(px, py);
    context.lineTo(points.at(-1)[0], hgt);
    context.closePath();
    context.fillStyle = paint("accent");
    context.globalAlpha = 0.16;
    context.fill();
    context.globalAlpha = 0.8;
    context.strokeStyle = paint("accent");
    context.lineWidth = 1.25;
    context.beginPath();
    points.forEach(([px, py], k) => context[k ? "lineTo" : "moveTo"](px, py));
    context.stroke();
    context.globalAlpha = 1;
  };
  app.on("frame status state words look", draw);
  new ResizeObserver(draw).observe(canvas);
}
