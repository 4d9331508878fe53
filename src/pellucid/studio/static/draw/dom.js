// Making elements. Texts that depend on the language carry their key, so that a switch of language finds them again.

import { t } from "../core/words.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element: h("button.main", {t: "play", on: {click}}, child, ...). Children are nodes, texts, or lists of them.
 * t, label, hint, placeholder: keys of words for its text, aria-label, title (and aria-label), placeholder.
 */
export function h(name, given = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const made = tag === "svg" || given.svg ? document.createElementNS(SVG, tag) : document.createElement(tag || "div");
  if (classes.length) made.setAttribute("class", classes.join(" "));
  for (const [key, value] of Object.entries(given)) give(made, key, value);
  put(made, children);
  return made;
}

export const s = (name, given = {}, ...children) => h(name, { svg: true, ...given }, ...children);

function give(made, key, value) {
  if (value === undefined || value === null || value === false || key === "svg") return;
  if (key === "on") for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
  else if (WORDS[key]) word(made, key, value);
  else if (key === "style") for (const [name, v] of Object.entries(value)) made.style.setProperty(name, v);
  else if (["value", "checked", "disabled", "hidden", "selected", "open", "tabIndex"].includes(key)) made[key] = value;
  else made.setAttribute(key, value === true ? "" : value);
}

const WORDS = {
  t: (made, text) => (made.textContent = text),
  label: (made, text) => made.setAttribute("aria-label", text),
  hint: (made, text) => {
    made.title = text;
    made.setAttribute("aria-label", text);
  },
  placeholder: (made, text) => made.setAttribute("placeholder", text),
};

/** Give an element a word that follows the language: kind "t", "label", "hint" or "placeholder"; key or [key, values]. */
export function word(made, kind, wanted) {
  const [key, values] = Array.isArray(wanted) ? wanted : [wanted];
  made.setAttribute(`data-${kind}`, values ? JSON.stringify([key, values]) : key);
  WORDS[kind](made, t(key, values));
}

/** Write all words below an element again, after a switch of language. */
export function translate(root) {
  for (const kind of Object.keys(WORDS)) {
    for (const made of root.querySelectorAll(`[data-${kind}]`)) {
      const wanted = made.getAttribute(`data-${kind}`);
      const [key, values] = wanted.startsWith("[") ? JSON.parse(wanted) : [wanted];
      WORDS[kind](made, t(key, values));
    }
  }
}

export function put(made, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    made.append(child);
  }
}

/** Replace what is in an element. */
export function fill(made, ...children) {
  made.replaceChildren();
  put(made, children);
  return made;
}

const ICONS = {
  play: ["M8 5.5v13l11-6.5z", "full"],
  pause: ["M8 6v12M16 6v12", "wide"],
  step: ["M7 6v12l8-6zM18 6v12"],
  epoch: ["M4 6v12l7-6zM12 6v12l7-6zM21 6v12"],
  reset: ["M5 12a7 7 0 1 0 2.2-5.1M5 4v4.5h4.5"],
  dice: ["M5 5h14v14H5zM9 9h.01M15 9h.01M12 12h.01M9 15h.01M15 15h.01"],
  help: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.6 9.3a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.2.9-1.2 1.9M12 16.8h.01"],
  sun: ["M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v1.5M12 19.5V21M4.2 4.2l1.4 1.4M18.4 18.4l1.4 1.4M3 12h1.5M19.5 12H21M4.2 19.8l1.4-1.4M18.4 5.6l1.4-1.4"],
  moon: ["M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5z"],
  plus: ["M12 6v12M6 12h12"],
  minus: ["M6 12h12"],
  close: ["M7 7l10 10M17 7L7 17"],
  link: ["M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7l-1.2 1.2M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2"],
  pin: ["M9 4h6l-1 6 3 3v2H7v-2l3-3zM12 15v5"],
  rewind: ["M19 6v12l-7-6zM12 6v12l-7-6z"],
  live: ["M5 6v12l7-6zM12 6v12l7-6z"],
  download: ["M12 4v10M8 10.5l4 4 4-4M5 19h14"],
  upload: ["M12 15V5M8 8.5l4-4 4 4M5 19h14"],
  pencil: ["M5 19l1-4L16.5 4.5l3 3L9 18z"],
  mute: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM6 6l12 12"],
  next: ["M9 6l6 6-6 6"],
  back: ["M15 6l-6 6 6 6"],
};

export function icon(name) {
  const [path, kind] = ICONS[name];
  const drawn = s("path", { d: path, class: kind === "full" ? "full" : undefined });
  if (kind === "wide") drawn.setAttribute("stroke-width", "3.4");
  return s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, drawn);
}

// MathML that the server sends is text; only these elements and attributes of it become part of the page.
const MATHS = new Set("math mrow mi mn mo mtext mspace msub msup msubsup munder mover munderover mfrac msqrt mtable mtr mtd mstyle mpadded".split(" "));
const KEPT = new Set("mathvariant accent stretchy form lspace rspace movablelimits width class display separator".split(" "));
const MATHML = "http://www.w3.org/1998/Math/MathML";

/** A formula from its MathML; `names` gets every identifier's element: [[text, element], ...]. */
export function formula(markup, names = []) {
  const read = new DOMParser().parseFromString(`<math>${markup}</math>`, "text/html").querySelector("math");
  const made = document.createElementNS(MATHML, "math");
  if (read) copy(read, made, names);
  return made;
}

function copy(from, to, names) {
  for (const child of from.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) to.append(child.textContent);
    else if (child.nodeType === Node.ELEMENT_NODE) {
      const name = child.localName.toLowerCase();
      if (!MATHS.has(name)) continue;
      if (name === "math") {
        copy(child, to, names);
        continue;
      }
      const made = document.createElementNS(MATHML, name);
      for (const { name: key, value } of child.attributes) if (KEPT.has(key)) made.setAttribute(key, value);
      copy(child, made, names);
      to.append(made);
      if (name === "mi" || name === "msub" || name === "msubsup") names.push([made.textContent, made]);
    }
  }
}

export const theme = () => document.documentElement.dataset.theme;
/** A colour of the style sheet, as the browser knows it now. */
export const paint = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
