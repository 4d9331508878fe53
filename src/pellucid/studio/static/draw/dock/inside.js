// Inside: one row on its way forward, to the loss, back, and into the update, an operation at a time.

import { css, inkOn, mix, place, rgb, scale, STOPS, unpack } from "../../core/colour.js";
import { number } from "../../core/format.js";
import { partOf, sizesOf } from "../../core/network.js";
import { t } from "../../core/words.js";
import { cellsOf, factors, linesOf, madeOf, SECTIONS } from "../../core/walk.js";
import { fill, formula, h, theme } from "../dom.js";
import { button, iconButton, typed } from "../fields.js";
import { tipFor } from "../over.js";
import { checkTable } from "./check.js";

const PACE = 1500; // milliseconds an operation is shown while walking by itself
const LINES = 12;

export function makeInside(app) {
  let inside = null;
  let at = 0;
  let timer = null;
  let checked = null;
  const row = typed({ key: "row", low: 0, whole: true, test: "inside-row", change: (v) => app.select(v, partOfRow(app, v)) });
  const about = h("p.small.soft.about", { "data-test": "inside-about" });
  const back = iconButton("back", "previous_operation", () => show(at - 1));
  const next = iconButton("next", "next_operation", () => show(at + 1));
  back.dataset.test = "inside-back";
  next.dataset.test = "inside-next";
  const walk = button("walk", () => (timer ? stop() : start()), { pictured: "play", test: "inside-walk" });
  const check = button("check_gradients", () => runCheck(), { test: "check" });
  const again = button("trace_again", () => ask(), { pictured: "reset", quiet: true, test: "inside-again" });
  const list = h("div.operations", { role: "listbox", label: "operations", tabindex: "0", "data-test": "operations" });
  const detail = h("div.detail", { "data-test": "operation", "aria-live": "polite", tabindex: "0" });
  const head = h("div.inside-head", {}, row.element, h("div.row", {}, back, next, walk, again, check), about);
  const body = h("div.inside-body", {}, list, detail);
  const empty = h("div.empty", {}, h("strong", { t: "inside_empty" }), h("p", { t: "inside_empty_do" }), h("div.row.middle", {}, button("take_first", () => first(), { main: true, test: "inside-first" }), button("check_gradients", () => runCheck(), { test: "check-empty" })));
  const element = h("div.pane.inside-pane", {}, head, body, empty);
  head.hidden = body.hidden = true;

  async function ask() {
    if (!app.selected) return;
    const answer = await app.ask({ type: "inside", ...app.selected });
    if (!answer) return;
    const before = inside?.entries[at]?.name;
    inside = answer;
    checked = null;
    row.set(answer.row);
    draw();
    show(Math.max(0, inside.entries.findIndex((entry) => entry.name === before && entry.section === inside.entries[at]?.section)), false);
  }
  function first() {
    const rows = app.data?.arrays.row.data;
    if (rows?.length) app.select(rows[0], partOfRow(app, rows[0]));
  }
  function draw() {
    const some = Boolean(inside || checked);
    empty.hidden = some;
    head.hidden = body.hidden = !some;
    if (!inside) return;
    const x = inside.x.slice(0, 4).map((v) => number(v)).join(", ");
    about.textContent = t("inside_about", { x: inside.x.length > 4 ? `${x}, …` : x, y: String(inside.label ?? number(inside.y)), step: inside.step, rows: inside.rows.length ?? inside.rows, loss: number(inside.loss, 4) });
    const groups = SECTIONS.map((section) => [section, inside.entries.map((entry, k) => [entry, k]).filter(([entry]) => entry.section === section)]).filter(([, entries]) => entries.length);
    fill(list, groups.map(([section, entries]) => h("div", { role: "group", label: `section.${section}` }, h("h3", { t: `section.${section}` }), entries.map(([entry, k]) => operation(entry, k)))));
  }
  function operation(entry, k) {
    const made = h("div.operation", { role: "option", id: `operation-${k}`, "aria-selected": "false", "data-name": entry.name, on: { click: () => show(k) } }, h("span.operation-number.num", {}, entry.number ? String(entry.number) : ""), h("span", {}, symbol(entry.name)));
    return made;
  }
  function show(k, scroll = true) {
    if (!inside) return;
    at = Math.max(0, Math.min(inside.entries.length - 1, k));
    checked = null;
    if (k >= inside.entries.length) stop();
    for (const made of list.querySelectorAll(".operation")) made.setAttribute("aria-selected", String(made.id === `operation-${at}`));
    list.setAttribute("aria-activedescendant", `operation-${at}`);
    const chosen = list.querySelector('[aria-selected="true"]');
    if (chosen && scroll !== null) keepInSight(list, chosen);
    back.disabled = at === 0;
    next.disabled = at === inside.entries.length - 1;
    drawDetail(inside.entries[at]);
    if (!element.hidden) app.light(partOf(inside.entries[at], sizesOf(app.shapes).length));
  }
  function drawDetail(entry) {
    const lines = linesOf(inside, entry);
    const notes = (entry.notes ?? []).map((note) => h("p.small.soft", {}, note.sentence ? note.text : formula(note.mathml)));
    fill(detail, h("div.formula", {}, formula(entry.mathml)), notes, h("p.small.soft.num", {}, t(entry.of_row ? "shape_of_row" : "shape_of", { shape: `(${entry.shape.join(", ")})` })),
      valueTable(entry, lines), lines.length ? arithmetic(entry, lines) : null, entry.cut ? h("p.small.soft", { t: "cut" }) : null);
    detail.scrollTop = 0;
  }
  function arithmetic(entry, lines) {
    const title = inside.titles?.[entry.name];
    return h("div.arithmetic", {}, h("h3", { t: "with_numbers" }), title && title !== entry.formula ? h("p.small.soft", {}, title) : null, lines.slice(0, LINES).map(lineOf), lines.length > LINES ? h("p.small.soft", {}, t("and_more", { n: lines.length - LINES })) : null);
  }
  function start() {
    if (at >= inside.entries.length - 1) show(0);
    timer = setInterval(() => (at >= inside.entries.length - 1 ? stop() : show(at + 1)), PACE);
    walk.setAttribute("aria-pressed", "true");
  }
  function stop() {
    clearInterval(timer);
    timer = null;
    walk.setAttribute("aria-pressed", "false");
  }
  async function runCheck() {
    stop();
    fill(detail, h("p.empty", { t: "checking" }));
    head.hidden = body.hidden = false;
    empty.hidden = true;
    const answer = await app.ask({ type: "check" });
    checked = answer;
    list.classList.toggle("nothing", !inside);
    if (answer) fill(detail, checkTable(answer));
    else if (inside) show(at);
    else draw();
  }
  list.addEventListener("keydown", (event) => {
    const move = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    show(at + move);
  });
  app.on("selected", () => {
    list.classList.remove("nothing");
    if (app.selected && !element.hidden) ask();
    else inside = app.selected ? inside : null;
  });
  let stale = 0;
  app.on("state", () => {
    if (inside && app.runNumber !== stale) {
      stale = app.runNumber;
      stop();
      inside = null;
      app.light(null);
      draw();
      if (!element.hidden && app.selected && app.selected.row < app.about.rows.train + app.about.rows.validation) ask();
    }
    stale = app.runNumber;
  });
  app.on("words look", () => inside && (draw(), checked || show(at, null)));
  return {
    element,
    draw() {
      if (app.selected && (!inside || inside.row !== app.selected.row || inside.step !== app.status.step)) ask();
      else if (inside && !checked) show(at, null);
    },
    leave() {
      stop();
      app.light(null);
    },
    runCheck,
  };
}

function keepInSight(list, chosen) {
  const [top, bottom] = [chosen.offsetTop - list.offsetTop, chosen.offsetTop - list.offsetTop + chosen.offsetHeight];
  if (top < list.scrollTop + 24) list.scrollTop = top - 24;
  else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight + 40;
}

function partOfRow(app, wanted) {
  const { row, part } = app.data?.arrays ?? {};
  const i = row ? row.data.indexOf(wanted) : -1;
  return i >= 0 && part.data[i] ? "validation" : "train";
}

/** z1 as z with an index, delta1 as δ with one. */
function symbol(name) {
  const found = /^(d?)([A-Za-z_]+?)(\d*)$/.exec(name);
  if (!found) return name;
  const letter = found[2] === "elta" && found[1] ? "δ" : `${found[1]}${found[2]}`.replace(/^delta$/, "δ");
  return [h("i", {}, letter), found[3] ? h("sub", {}, found[3]) : null];
}

/** The numbers of an entry, coloured by the two-sided scale; each says what it was made of. */
function valueTable(entry, lines) {
  const { rows, more } = cellsOf(entry.value);
  let reach = 1e-12;
  for (const row of rows) for (const { value } of row) if (Number.isFinite(value)) reach = Math.max(reach, Math.abs(value));
  const table = scale(theme());
  const paper = rgb(STOPS[theme()][2]);
  const body = rows.map((row) => h("tr", {}, row.map(({ value, index }) => {
    const made = h("td.num", { tabindex: rows.length * row.length <= 40 ? "0" : "-1" }, number(value));
    const colour = mix(paper, unpack(table[place(value ?? 0, reach)]), 0.75);
    made.style.setProperty("background", css(colour));
    made.style.setProperty("color", css(inkOn(colour)));
    tipFor(made, () => madeOf(entry, lines, index, number(value, 6)).join("\n"));
    return made;
  })));
  return h("div.scrolling", {}, h("table.values", { "data-test": "values" }, h("tbody", {}, body)), more ? h("p.small.soft", { t: "more_numbers" }) : null);
}

/** One number of the row with everything that it was made of; each factor says which it is. */
function lineOf(line) {
  const tail = [];
  if (line.terms) {
    line.terms.forEach(([a, b], i) => {
      const [first, second] = factors(line, i);
      const term = h("span.term", { tabindex: "0" }, `${signed(a)}·${signed(b)}`);
      tipFor(term, () => `${first} = ${number(a, 5)}\n${second} = ${number(b, 5)}\n${t("product")} ${number(a * b, 5)}`);
      tail.push(i ? " + " : "", term);
    });
    if (line.plus !== null && line.plus !== undefined) tail.push(" + ", h("span.term", {}, signed(line.plus)));
    const values = [line.value].flat(3);
    const shown = values.length > 1 ? `(${values.map((v) => number(v)).join(", ")})` : number(values[0], 5);
    return h("p.line", {}, h("b", {}, line.name), " = ", tail, " = ", h("b.num", {}, shown));
  }
  const [name, ...rest] = line.text.split(" = ");
  const made = h("p.line", { tabindex: "0" }, h("b", {}, name), rest.length ? ` = ${rest.join(" = ")}` : "");
  const numbers = Object.entries(line.numbers ?? {});
  if (numbers.length) tipFor(made, () => numbers.map(([key, value]) => `${key} = ${Array.isArray(value) ? `(${value.flat(2).slice(0, 8).map((v) => number(v)).join(", ")})` : number(value, 5)}`).join("\n"));
  return made;
}

const signed = (v) => (v < 0 ? `(${number(v)})` : number(v));
