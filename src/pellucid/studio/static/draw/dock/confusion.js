// Which classes are taken for which: true class by row, answer by column.

import { css, mix, rgb, STOPS, inkOn } from "../../core/colour.js";
import { grouped, percent, shorten } from "../../core/format.js";
import { t } from "../../core/words.js";
import { fill, h, theme } from "../dom.js";
import { choice } from "../fields.js";

export function makeConfusion(app) {
  let part = 0;
  const which = choice({ label: "rows", entries: [[0, "train_rows"], [1, "held_rows"]], test: "confusion", change: (v) => {
    part = v;
    draw();
  } });
  which.set(0);
  const place = h("div.scrolling");
  const summary = h("p.soft", { "data-test": "confusion-summary" });
  const empty = h("p.empty", {}, h("strong", { t: "confusion_empty" }), h("span", { t: "confusion_empty_do" }));
  const content = h("div.confusion", {}, place, h("div.confusion-side", {}, which.element, summary));
  const element = h("div.pane", {}, content, empty);
  let drawn = 0;
  function draw() {
    if (element.hidden || !app.shapes) return;
    const table = app.sticky.confusion;
    const some = app.shapes.task === "classes" && table;
    empty.hidden = Boolean(some);
    content.hidden = !some;
    if (!some) return;
    const held = app.about.rows.validation;
    which.element.hidden = !held;
    if (!held) part = 0;
    const size = table.shape[1];
    const counts = table.data.subarray(part * size * size, (part + 1) * size * size);
    fill(place, matrix(counts, size, labels(app, size)));
    summary.textContent = inWords(counts, size, labels(app, size));
  }
  app.on("frame", () => {
    const now = performance.now();
    if (app.status.playing && now - drawn < 250) return;
    drawn = now;
    draw();
  });
  app.on("state words look", draw);
  return { element, draw };
}

const labels = (app, size) => Array.from({ length: size }, (_, k) => String(app.shapes.labels?.[k] ?? k));

function matrix(counts, size, names) {
  const long = Math.max(...names.map((name) => name.length));
  const head = h("tr", {}, h("th.corner", { t: "true_by_answer" }), names.map((name) => h("th", { scope: "col", title: name }, h("bdi", {}, shorten(name, 14)))), h("th", { scope: "col", t: "found" }));
  const rows = names.map((name, i) => {
    const own = counts.subarray(i * size, (i + 1) * size);
    const sum = own.reduce((a, b) => a + b, 0);
    const cells = Array.from(own, (count, j) => {
      const share = sum ? count / sum : 0;
      const colour = mix(rgb(STOPS[theme()][2]), rgb(STOPS[theme()][i === j ? 1 : 3]), count ? 0.08 + 0.92 * share : 0);
      const made = h("td", { title: t("confusion_cell", { count, name, answer: names[j] }) }, grouped(count));
      made.style.setProperty("background", css(colour));
      made.style.setProperty("color", css(inkOn(colour)));
      if (!count) made.classList.add("none");
      return made;
    });
    return h("tr", {}, h("th", { scope: "row", title: name }, h("bdi", {}, shorten(name, 20))), cells, h("td.found", {}, sum ? percent(own[i] / sum, 0) : "–"));
  });
  return h(long > 4 ? "table.matrix.words" : "table.matrix", { "data-test": "matrix" }, h("caption.unseen", { t: "confusion" }), h("thead", {}, head), h("tbody", {}, rows));
}

function inWords(counts, size, names) {
  let [right, all, most, from, to] = [0, 0, 0, 0, 0];
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const count = counts[i * size + j];
      all += count;
      if (i === j) right += count;
      else if (count > most) [most, from, to] = [count, i, j];
    }
  }
  const said = t("right_of", { right: grouped(right), all: grouped(all) });
  return most ? `${said} ${t("most_confused", { name: names[from], answer: names[to], count: grouped(most) })}` : said;
}
