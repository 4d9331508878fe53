// How it is trained: optimizer, rate and schedule, batch, penalties, when to stop, seed. Everything may change while it runs.

import { number } from "../core/format.js";
import { known, named, t } from "../core/words.js";
import { offerBatches, setOptimizer, setRate } from "./bar.js";
import { fill, h } from "./dom.js";
import { button, select, slider, typed } from "./fields.js";

const PENALTIES = [0, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1];

export function makeTraining(app) {
  const optimizer = select({ key: "optimizer", test: "training-optimizer", change: (name) => setOptimizer(app, name) });
  const rate = slider({ key: "learning_rate", low: 1e-4, high: 10, log: true, test: "training-rate", change: (v) => setRate(app, v) });
  const constants = h("div.pair");
  const schedule = select({ key: "schedule", test: "schedule", change: (name) => app.changeTraining({ schedule: { name } }) });
  const scheduleConstants = h("div.pair");
  const batch = select({ key: "batch", test: "training-batch", change: (v) => app.changeTraining({ batch_size: v }) });
  const epochs = typed({ key: "stop_at", low: 1, high: 1e6, whole: true, test: "stop-at", change: (v) => app.changeTraining({ epochs: v }) });
  const penalty = (key) => select({ key, test: key, entries: PENALTIES.map((v) => [v, v ? number(v) : t("none")]), change: (v) => app.changeTraining({ [key]: v }) });
  const [l2, l1] = [penalty("l2"), penalty("l1")];
  const clip = typed({ key: "clip", low: 1e-9, high: 1e9, empty: true, test: "clip", change: (v) => app.changeTraining({ clip_norm: v }) });
  const loss = select({ key: "loss_function", test: "loss-function", change: (v) => app.change({ network: { loss: v } }, true) });
  const init = select({ key: "output_init", test: "output-init", change: (v) => app.change({ network: { output_init: v } }) });
  const engine = select({ key: "engine", test: "engine", change: (v) => app.changeTraining({ engine: v }) });
  const seed = typed({ key: "seed", low: 0, high: 2 ** 31, whole: true, test: "seed", change: (v) => app.change({ seed: v }) });
  const again = h("div.row", {}, button("reset_same", app.reset, { pictured: "reset", test: "reset-same" }), button("new_seed", app.reseed, { pictured: "dice", test: "new-seed" }));
  const lossText = h("p.small.soft", { "data-test": "loss-text" });
  const element = h("div.blocks", {},
    h("section.block", {}, h("h3", { t: "how_it_steps" }), optimizer.element, rate.element, constants, schedule.element, scheduleConstants),
    h("section.block", {}, h("div.pair", {}, batch.element, epochs.element), h("div.pair", {}, l2.element, l1.element), clip.element),
    h("section.block", {}, h("h3", { t: "loss_name" }), loss.element, lossText),
    h("section.block", {}, h("h3", { t: "begin" }), h("div.pair", {}, seed.element, init.element), again, engine.element));

  let drawn = "";
  app.on("welcome", () => (drawn = ""));
  app.on("state words", () => {
    if (!app.state) return;
    const { options, state } = app;
    const { training, network } = state;
    const key = `${training.optimizer.name} ${training.schedule.name} ${app.shapes.task} ${document.documentElement.lang}`;
    if (key !== drawn) {
      drawn = key;
      optimizer.offer(Object.keys(options.optimizers).map((name) => [name, named("optimizer", name)]));
      schedule.offer(Object.keys(options.schedules).map((name) => [name, named("schedule", name)]));
      loss.offer([[null, { t: "automatic" }], ...options.losses[app.shapes.task].map((name) => [name, named("losses", name)])]);
      init.offer([[null, { t: "automatic" }], ...options.initializers.map((name) => [name, named("init", name)])]);
      engine.offer(options.engines.map((name) => [name, named("engines", name)]));
    }
    constantsOf(app, "optimizer", constants, options.optimizers, ["learning_rate"]);
    constantsOf(app, "schedule", scheduleConstants, options.schedules, []);
    optimizer.set(training.optimizer.name);
    rate.set(Math.max(1e-4, training.optimizer.learning_rate));
    schedule.set(training.schedule.name);
    offerBatches(batch, app);
    epochs.set(training.epochs);
    l2.set(training.l2);
    l1.set(training.l1);
    clip.set(training.clip_norm);
    loss.set(network.loss);
    init.set(network.output_init);
    engine.set(training.engine);
    seed.set(state.seed);
    lossText.textContent = lossInWords(app);
  });
  return element;
}

/** Which loss it is that is shown. */
export function lossInWords(app) {
  const { l1, l2 } = app.state.training;
  return t(l1 || l2 ? "loss_mean_penalty" : "loss_mean", { name: named("losses", app.about.loss.name) });
}

/** Fields for what an optimizer or a schedule has beside its rate; kept while they are the same, so that focus stays. */
function constantsOf(app, part, place, offered, without) {
  const now = app.state.training[part];
  const names = Object.keys(offered[now.name] ?? {}).filter((name) => !without.includes(name));
  const key = `${now.name}${names.join()}`;
  if (place.dataset.key !== key) {
    place.dataset.key = key;
    place.fields = names.map((name) => {
      const about = offered[now.name][name];
      const change = (v) => app.changeTraining({ [part]: { ...app.intended.training[part], [name]: v } });
      if (typeof about.default === "boolean") return [name, select({ key: constantKey(name), entries: [[false, { t: "no" }], [true, { t: "yes" }]], change })];
      return [name, typed({ key: constantKey(name), low: about.low ?? -Infinity, high: about.high ?? Infinity, whole: about.whole ?? false, test: `constant-${name}`, change })];
    });
    fill(place, place.fields.map(([, field]) => field.element));
    place.hidden = !names.length;
  }
  for (const [name, field] of place.fields) field.set(now[name] ?? offered[now.name][name].default);
}

const constantKey = (name) => known("constant", name);
