// Compare: a run is pinned, and the next is drawn over it; what differs between them is said.

import { fixed, grouped, percent } from "../../core/format.js";
import { columnsOf } from "../../core/history.js";
import { differences } from "../../core/state.js";
import { named, t } from "../../core/words.js";
import { makeChart } from "../chart.js";
import { fill, h } from "../dom.js";
import { button } from "../fields.js";
import { notice } from "../over.js";
import { lines } from "./curves.js";

export function makeCompare(app) {
  const name = h("input", { type: "text", maxlength: 40, label: "name_of_run", placeholder: "name_of_run", "data-test": "pin-name" });
  const pin = button("pin", () => pinRun(), { pictured: "pin", main: true, test: "pin" });
  const unpin = button("unpin", async () => {
    await app.ask({ type: "unpin" });
    app.pinned = null;
    delete app.sticky.pinned;
    app.emit("pinned");
  }, { test: "unpin" });
  const start = h("p", { "data-test": "same-start" });
  const table = h("div.scrolling");
  const chart = makeChart({ label: "loss_chart", lines: () => lines(app, "loss", "validation_loss"), test: "compare-chart", unit: () => t("epoch_name") });
  const empty = h("p.empty", {}, h("strong", { t: "compare_empty" }), h("span", { t: "compare_empty_do" }));
  const content = h("div.compare", {}, h("div", {}, start, table), h("figure.curve", {}, chart.element));
  const element = h("div.pane", {}, h("div.row", {}, h("div.pin-name", {}, name), pin, unpin), content, empty);

  async function pinRun() {
    const called = name.value.trim() || t("pinned_default", { n: app.runNumber ?? 1 });
    const answer = await app.ask({ type: "pin", name: called });
    if (!answer) return;
    app.pinned = { name: called, ...answer, same_start: true, state: structuredClone(app.state), parameters: app.shapes.parameters };
    notice(t("pinned_now", { name: called }));
    app.emit("pinned");
  }
  function draw() {
    if (element.hidden) return;
    const { pinned } = app;
    empty.hidden = Boolean(pinned);
    content.hidden = unpin.hidden = !pinned;
    if (!pinned) return;
    start.textContent = t(pinned.same_start ? "same_start" : "other_start");
    start.className = pinned.same_start ? "good" : "warm";
    fill(table, tableOf(app, pinned));
    chart.draw();
  }
  let drawn = 0;
  app.on("state", () => {
    const told = app.about.pinned;
    if (!told) app.pinned = null;
    else app.pinned = { ...(app.pinned ?? {}), ...told };
    draw();
  });
  app.on("pinned words look", draw).on("frame", () => {
    if (app.status.playing && performance.now() - drawn < 200) return;
    drawn = performance.now();
    draw();
  });
  return { element, draw, pinRun };
}

function tableOf(app, pinned) {
  const before = columnsOf(app.sticky.pinned, app.sticky.pinned?.header ?? app.sticky.historyNames);
  const now = columnsOf(app.sticky.history);
  const last = (columns, key) => columns[key]?.at(-1);
  const row = (key, show, column) => {
    const [a, b] = [last(before, column), last(now, column)];
    return a === undefined && b === undefined ? null : h("tr", {}, h("th", { scope: "row", t: key }), h("td.num", {}, show(a)), h("td.num", {}, show(b)));
  };
  const share = (v) => (v === undefined ? "–" : percent(v));
  const number = (v) => (v === undefined ? "–" : fixed(v, 4));
  const changed = pinned.state ? differences(pinned.state, app.state).filter(([path]) => !path.startsWith("view")) : [];
  return h("table.plain", { "data-test": "compare-table" }, h("thead", {}, h("tr", {}, h("th"), h("th", { scope: "col" }, h("bdi", {}, pinned.name)), h("th", { scope: "col", t: "now" }))), h("tbody", {}, row("epochs_run", (v) => (v === undefined ? "–" : grouped(v)), "epoch"), row("loss_train", number, "loss"), row("loss_held", number, "validation_loss"), row("accuracy_train", share, "accuracy"), row("accuracy_held", share, "validation_accuracy"),
    changed.slice(0, 10).map(([path, a, b]) => h("tr.changed", {}, h("th", { scope: "row" }, pathName(path)), h("td", {}, written(a)), h("td", {}, written(b))))));
}

const pathName = (path) => named("path", path.replaceAll(".", "_")).replace(/^(training|network|data)\./, "");

function written(v) {
  if (v === null || v === undefined) return "–";
  if (Array.isArray(v)) return v.map((one) => (one?.units ? `${one.units} ${one.activation}${one.dropout ? ` ${Math.round(100 * one.dropout)}%` : ""}` : String(one))).join(", ").slice(0, 80) || "–";
  return typeof v === "object" ? (v.name ?? v.kind ?? JSON.stringify(v)) : String(v);
}
