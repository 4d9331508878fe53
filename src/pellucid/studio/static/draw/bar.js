// The bar at the top: play and its kin, the counter, what is changed most often, and the page's own switches.

import { grouped, number } from "../core/format.js";
import { named } from "../core/words.js";
import { fill, h, icon, s, word } from "./dom.js";
import { iconButton, select, typed } from "./fields.js";

export const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const SPEEDS = [[null, { t: "speed.full" }], ...[1000, 100, 20, 5, 1].map((v) => [v, { t: ["speed.steps", { n: grouped(v) }] }])];

export function makeBar(app, page) {
  const play = h("button.play", { type: "button", hint: "play", "data-test": "play", on: { click: () => app.toggle() } }, icon("play"));
  const transport = h("div.transport", { role: "group", label: "transport" },
    tested("reset", iconButton("reset", "reset", app.reset, ".quiet")), play,
    tested("step", iconButton("step", "step", () => app.step(), ".quiet")), tested("epoch", iconButton("epoch", "epoch", () => app.epoch(), ".quiet")));
  const epoch = h("output", { "data-test": "epoch-counter", "aria-live": "off" }, "0");
  const step = h("span.name", { "data-test": "step-counter" });
  const counter = h("div.counter", {}, h("span.line", {}, h("span.name", { t: "epoch_name" }), epoch), step);

  const rate = typed({ key: "learning_rate", low: 0, high: 100, scale: true, test: "rate", change: (v) => setRate(app, v) });
  const optimizer = select({ key: "optimizer", test: "optimizer", change: (name) => setOptimizer(app, name) });
  const batch = select({ key: "batch", test: "batch", change: (v) => app.changeTraining({ batch_size: v }) });
  batch.element.classList.add("short", "spare");
  const speed = select({ key: "speed", entries: SPEEDS, test: "speed", change: (v) => app.setSpeed(v) });
  const fields = h("div.bar-fields", {}, rate.element, optimizer.element, batch.element, speed.element);

  const dot = h("span.dot");
  const how = h("span", { "data-test": "connection" });
  const state = h("div.state", { role: "status" }, dot, how);
  const theme = iconButton("moon", "theme", page.switchTheme, ".quiet");
  const language = h("button.button.quiet", { type: "button", hint: "language", lang: "zh", "data-test": "language", on: { click: page.switchLanguage } }, "中文");
  const help = iconButton("help", "help", page.help, ".quiet");
  const end = h("div.bar-end", {}, state, language, tested("theme", theme), tested("help", help));
  fill(document.getElementById("bar"), brand(), transport, counter, fields, end);

  const drawPlay = () => {
    const on = app.status.playing;
    if (play.dataset.on === String(on)) return;
    play.dataset.on = String(on);
    fill(play, icon(on ? "pause" : "play"));
    word(play, "hint", on ? "pause" : "play");
  };
  const drawCounter = () => {
    drawPlay();
    if (speed.input !== document.activeElement) speed.set(app.speed);
    epoch.textContent = grouped(app.status.epoch ?? 0);
    word(step, "t", ["at_step", { n: grouped(app.status.step) }]);
  };
  let said = 0;
  const drawState = (force = true) => {
    const now = performance.now();
    if (!force && now - said < 400) return;
    said = now;
    const [kind, text] = stateOf(app);
    dot.className = `dot ${kind}`;
    word(how, "t", text);
  };
  app.on("frame status", drawCounter).on("status connection", () => drawState()).on("busy", () => setTimeout(drawState, app.changing ? 300 : 0)).on("frame", () => drawState(false));
  app.on("welcome", () => optimizer.offer(Object.keys(app.options.optimizers).map((name) => [name, named("optimizer", name)])));
  app.on("state", () => {
    const { training } = app.state;
    rate.set(training.optimizer.learning_rate);
    optimizer.set(training.optimizer.name);
    offerBatches(batch, app);
    drawCounter();
  });
  app.on("look", () => fill(theme, icon(document.documentElement.dataset.theme === "dark" ? "sun" : "moon")));
  app.on("words", () => {
    language.textContent = document.documentElement.lang === "zh" ? "EN" : "中文";
    language.lang = document.documentElement.lang === "zh" ? "en" : "zh";
    drawState();
  });
  return { speed };
}

const tested = (name, element) => {
  element.dataset.test = name;
  return element;
};

function brand() {
  const mark = s("svg", { viewBox: "0 0 32 32", "aria-hidden": "true" },
    s("rect", { width: 32, height: 32, rx: 8, fill: "#10405f" }),
    s("path", { d: "M8 10 24 8M8 10 24 24M8 22 24 8M8 22 24 24", stroke: "#8fc8ee", "stroke-width": 1.6 }),
    s("circle", { cx: 8, cy: 10, r: 3.4, fill: "#56b4e9" }), s("circle", { cx: 8, cy: 22, r: 3.4, fill: "#f7f8f9" }),
    s("circle", { cx: 24, cy: 8, r: 3.4, fill: "#f7f8f9" }), s("circle", { cx: 24, cy: 24, r: 3.4, fill: "#f07a2b" }));
  return h("h1.brand", {}, mark, h("span", {}, "Pellucid ", h("span", {}, "studio")));
}

/** What the connection and the run are doing: [class of the dot, key of the words]. */
function stateOf(app) {
  const connection = app.connection.state;
  if (connection === "new") return ["busy", "connecting"];
  if (connection === "broken") return ["off", "broken"];
  if (connection === "closed") return ["off", "closed"];
  if (app.status.waiting === "compiling") return ["busy", "compiling"];
  if (app.changing || app.status.waiting) return ["busy", "working"];
  if (app.status.playing) return ["on", ["running", { n: number(app.frame?.steps_per_second ?? 0, 2) }]];
  const stopped = { epochs: "finished", diverged: "diverged" }[app.status.stopped];
  return [app.status.stopped === "diverged" ? "off" : "on", stopped ?? "ready"];
}

export function setRate(app, v) {
  app.changeTraining({ optimizer: { ...app.intended.training.optimizer, learning_rate: v } });
}

export function setOptimizer(app, name) {
  const { learning_rate } = app.intended.training.optimizer;
  app.changeTraining({ optimizer: { name, learning_rate } });
}

export function offerBatches(field, app) {
  const rows = app.about.rows.train;
  const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].filter((v) => v < rows);
  field.offer([[null, { t: "all_rows" }], ...sizes.map((v) => [v, String(v)])]);
  field.set(app.state.training.batch_size);
}
