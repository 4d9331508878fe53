// Lessons: guided tours with their text beside the page, which they set up step by step.

import { languageNow, t } from "../core/words.js";
import { fill, h, icon } from "./dom.js";
import { button, iconButton } from "./fields.js";
import { notice } from "./over.js";

const PLACES = {
  network: ["#stage"], boundary: ["#outcome"], curves: ["#dock", "curves"], data: ["#side"], training: ["#bar"], inside: ["#dock", "inside"],
  findings: ["#dock", "findings"], check: ["#dock", "inside"], histograms: ["#dock", "histograms"], rewind: ["#time"], digits: ["#outcome"],
  compare: ["#dock", "compare"], take: ["#dock", "take"], confusion: ["#dock", "confusion"],
};

export function makeTours(app, page) {
  const element = h("div.tours", { "data-test": "tours" });
  const tours = {};
  let now = null; // {tour, step}
  let reached = false;

  async function load() {
    const lang = languageNow();
    tours[lang] ??= await fetch(`tours/${lang}.json`).then((answer) => answer.json());
    return tours[lang].tours;
  }
  async function list() {
    now = null;
    light([]);
    let all;
    try {
      all = await load();
    } catch {
      fill(element, h("p.empty", { t: "no_lessons" }));
      return;
    }
    fill(element, h("p.soft", { t: "lessons_about" }), h("ol.lessons", {}, all.map((tour, k) => h("li", {}, h("button.lesson", { type: "button", "data-test": `tour-${tour.name}`, on: { click: () => go(tour.name, 0) } },
      h("span.lesson-number", {}, String(k + 1)), h("span", {}, h("strong", {}, tour.title), h("span.small.soft", {}, tour.about)))))));
  }
  async function go(name, step, setUp = true) {
    const tour = (await load()).find((one) => one.name === name);
    if (!tour) {
      list();
      return;
    }
    now = { name, step, tour };
    reached = false;
    draw();
    const part = tour.steps[step];
    for (const [, tab] of part.look.map((look) => PLACES[look] ?? [])) if (tab) page.show(tab, false);
    light(part.look);
    if (!setUp) return;
    if (part.set) await app.change(part.set);
    for (const message of part.do ?? []) await app.ask(message);
    if ((part.do ?? []).some((message) => message.type === "play") && document.hidden) notice(t("running_now"));
  }
  function draw() {
    const { tour, step } = now;
    const part = tour.steps[step];
    const last = step === tour.steps.length - 1;
    const next = last ? button("finish", list, { main: true, test: "tour-finish" }) : button("next", () => go(tour.name, step + 1), { main: true, test: "tour-next" });
    next.classList.toggle("waiting", Boolean(part.until) && !reached);
    const back = button("back_step", () => go(tour.name, step - 1), { test: "tour-back" });
    back.disabled = step === 0;
    const heading = h("h2", { tabindex: "-1" }, part.title);
    fill(element, h("div.tour-head", {}, h("button.tiny", { type: "button", hint: "leave_lesson", "data-test": "tour-leave", on: { click: list } }, icon("close")), h("span.small.soft", {}, tour.title)),
      h("div.progress", { role: "img", label: ["step_of_tour", { step: step + 1, all: tour.steps.length }] }, tour.steps.map((_, k) => h(k <= step ? "i.done" : "i"))),
      heading, part.text.map((paragraph) => h("p", {}, paragraph)),
      part.until ? h("p.until", { "data-test": "tour-until" }, reached ? "✓ " : "", untilText(part.until)) : null,
      h("div.row.tour-row", {}, back, iconButton("reset", "set_up_again", () => go(tour.name, step), ".quiet"), next));
    element.parentElement.scrollTop = 0;
    if (element.contains(document.activeElement) || document.activeElement === document.body) heading.focus({ preventScroll: true });
  }
  function light(looks) {
    for (const lit of document.querySelectorAll(".looked-at")) lit.classList.remove("looked-at");
    for (const look of looks) document.querySelector(PLACES[look]?.[0] ?? "#none")?.classList.add("looked-at");
  }
  app.on("frame", () => {
    const until = now?.tour.steps[now.step]?.until;
    if (!until || reached) return;
    if (!met(until, app)) return;
    reached = true;
    draw();
  });
  app.on("words", () => (now ? go(now.name, now.step, false) : app.options && list()));
  app.on("welcome", () => !now && list());
  return { element, list, leave: () => light([]) };
}

function met(until, app) {
  if (until.epoch !== undefined) return app.status.epoch >= until.epoch;
  if (until.accuracy !== undefined) return (app.frame.accuracy ?? 0) >= until.accuracy;
  if (until.loss !== undefined) return app.frame.loss <= until.loss;
  return true;
}

function untilText(until) {
  if (until.epoch !== undefined) return t("until_epoch", { n: until.epoch });
  if (until.accuracy !== undefined) return t("until_accuracy", { share: `${Math.round(100 * until.accuracy)} %` });
  return t("until_loss", { n: until.loss ?? "" });
}
