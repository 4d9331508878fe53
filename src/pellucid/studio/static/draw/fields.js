// Fields: sliders, numbers, choices, switches, each with its name above it. `set` shows a value without reporting it.

import { number, parse } from "../core/format.js";
import { h, icon, word } from "./dom.js";

let count = 0;
export const fresh = (prefix) => `${prefix}-${++count}`;

/** A slider from low to high; `log` for those that span powers of ten. Reports while it is moved. */
export function slider({ key, name, low, high, step, log = false, whole = false, show = (v) => number(v), change, test }) {
  const to = log ? Math.log10 : (v) => v;
  const from = log ? (v) => Number((10 ** v).toPrecision(2)) : (v) => v;
  const output = h("output.value");
  const grain = whole && !log ? (step ?? 1) : log ? (to(high) - to(low)) / 100 : (step ?? nice((high - low) / 100));
  const input = h("input", {
    type: "range", min: to(low), max: to(high), step: grain, "data-test": test, on: { input: () => moved() },
  });
  const title = h("span.name", key ? { t: key } : {}, key ? null : name);
  const element = h("label.field", {}, h("span.line", {}, title, output), input);
  const value = () => {
    const v = from(Number(input.value));
    return whole ? Math.round(v) : Number(v.toPrecision(6));
  };
  const paint = () => {
    const [a, b] = [Number(input.min), Number(input.max)];
    input.style.setProperty("--share", `${b > a ? (100 * (Number(input.value) - a)) / (b - a) : 0}%`);
    output.textContent = show(value());
    input.setAttribute("aria-valuetext", output.textContent);
  };
  const moved = () => {
    paint();
    change(value());
  };
  const set = (v) => {
    if (v === undefined || v === null) return;
    input.value = to(v);
    paint();
    output.textContent = show(v);
  };
  return { element, input, set };
}

const nice = (raw) => {
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].find((m) => m * power >= raw * 0.999) * power;
};

/** A number that is typed; arrow keys go to the next of 1, 2, 5, 10, ... or by one. `empty`: null where it is left empty. */
export function typed({ key, hint, low = -Infinity, high = Infinity, whole = false, empty = false, scale = false, list, change, test, placeholder }) {
  const id = list ? fresh("list") : null;
  const input = h("input", {
    type: "text", inputmode: whole ? "numeric" : "decimal", autocomplete: "off", spellcheck: "false", "data-test": test, list: id, placeholder,
    on: { change: () => commit(), keydown: (event) => pressed(event) },
  });
  if (hint) word(input, "label", hint);
  const element = h("label.field", {}, key ? h("span.name", { t: key }) : null, input, list ? options(id, list) : null);
  let last = null;
  const fits = (v) => v !== null && v >= low && v <= high && (!whole || Number.isInteger(v));
  const commit = () => {
    const v = parse(input.value);
    const nothing = empty && input.value.trim() === "";
    const ok = nothing || fits(v);
    input.setAttribute("aria-invalid", String(!ok));
    if (!ok) return;
    if (v === last && !nothing) {
      set(last);
      return;
    }
    last = nothing ? null : v;
    change(last);
  };
  const pressed = (event) => {
    if (event.key === "Escape") {
      set(last, true);
      return;
    }
    const up = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    const v = parse(input.value);
    if (!up || list || v === null) return;
    event.preventDefault();
    const next = scale ? stepped(v, up) : whole ? v + up : Number((v + up * nice(Math.max(Math.abs(v), 0.1) / 10)).toPrecision(6));
    input.value = String(Math.max(low, Math.min(high, next)));
    commit();
  };
  const set = (v, force = false) => {
    last = v;
    if (document.activeElement === input && !force && parse(input.value) !== last && input.getAttribute("aria-invalid") === "true") return;
    input.value = v === null || v === undefined ? "" : String(v);
    input.setAttribute("aria-invalid", "false");
  };
  return { element, input, set };
}

function stepped(v, up) {
  if (v <= 0) return up > 0 ? 1e-4 : 0;
  const power = 10 ** Math.floor(Math.log10(v) + 1e-9);
  const marks = [0.5, 1, 2, 5, 10, 20].map((m) => Number((m * power).toPrecision(3)));
  return up > 0 ? marks.find((m) => m > v * 1.001) : marks.findLast((m) => m < v * 0.999);
}

const options = (id, list) => h("datalist", { id }, list.map((v) => h("option", { value: String(v) })));

/** A list to choose from: entries [[value, text or {t: key}], ...]. */
export function select({ key, hint, entries = [], change, test }) {
  const input = h("select", { "data-test": test, on: { change: () => change(JSON.parse(input.value)) } });
  if (hint) word(input, "label", hint);
  const element = h("label.field", {}, key ? h("span.name", { t: key }) : null, input);
  const offer = (list) => {
    const now = input.value;
    input.replaceChildren(...list.map(([v, text]) => h("option", { value: JSON.stringify(v), ...(typeof text === "object" ? text : {}) }, typeof text === "object" ? null : text)));
    if ([...input.options].some((o) => o.value === now)) input.value = now;
  };
  offer(entries);
  const set = (v) => {
    const wanted = JSON.stringify(v);
    if (![...input.options].some((o) => o.value === wanted)) input.append(h("option", { value: wanted }, typeof v === "number" ? number(v) : String(v)));
    input.value = wanted;
  };
  return { element, input, set, offer };
}

export function toggle({ key, change, test }) {
  const input = h("input", { type: "checkbox", role: "switch", "data-test": test, on: { change: () => change(input.checked) } });
  const element = h("label.switch", {}, input, h("span", { t: key }));
  return { element, input, set: (on) => (input.checked = on) };
}

/** Two or more words of which one holds. */
export function choice({ label, entries, change, wide = false, test }) {
  const buttons = entries.map(([value, key]) => h("button", { type: "button", t: key, "data-test": test && `${test}-${value}`, on: { click: () => pick(value) } }));
  const element = h(wide ? "div.choice.wide" : "div.choice", { role: "group", label }, buttons);
  const set = (value) => entries.forEach(([v], k) => buttons[k].setAttribute("aria-pressed", String(v === value)));
  const pick = (value) => {
    set(value);
    change(value);
  };
  const offer = (shown) => entries.forEach(([v], k) => (buttons[k].hidden = !shown[v]));
  return { element, set, offer };
}

/** A button with a picture; `hint` is its name for those who do not see it. */
export function iconButton(name, hint, click, more = "") {
  return h(`button.button.icon${more}`, { type: "button", hint, on: { click } }, icon(name));
}

export function button(key, click, { pictured, main = false, test, quiet = false } = {}) {
  const kind = main ? ".main" : quiet ? ".quiet" : "";
  return h(`button.button${kind}`, { type: "button", "data-test": test, on: { click } }, pictured ? icon(pictured) : null, h("span", { t: key }));
}

/** Tabs: entries [[name, key, panel], ...]. Arrow keys go from one to the next. */
export function tabs({ label, entries, className = "tabs", changed, test }) {
  let now = entries[0][0];
  const buttons = new Map(
    entries.map(([name, key, panel]) => {
      const id = fresh("tab");
      panel.id ||= fresh("panel");
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", id);
      panel.tabIndex = 0;
      const made = h("button", { type: "button", role: "tab", id, "aria-controls": panel.id, "data-test": `${test}-${name}`, on: { click: () => show(name), keydown } }, h("span", { t: key }));
      return [name, made];
    }),
  );
  const element = h(`div.${className}`, { role: "tablist", label }, [...buttons.values()]);
  function keydown(event) {
    const names = entries.map(([name]) => name);
    const at = names.indexOf(now);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(names[(to + names.length) % names.length]);
    buttons.get(now).focus();
  }
  function show(name, report = true) {
    now = name;
    for (const [key, , panel] of entries) {
      const on = key === name;
      panel.hidden = !on;
      buttons.get(key).setAttribute("aria-selected", String(on));
      buttons.get(key).tabIndex = on ? 0 : -1;
    }
    const made = buttons.get(name);
    made.parentElement.scrollWidth > made.parentElement.clientWidth && made.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (report) changed?.(name);
  }
  return { element, show, buttons, get now() { return now; } };
}
