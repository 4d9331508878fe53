// Words in English and Chinese. Knows no screen.

import { EN } from "../texts/en.js";
import { ZH } from "../texts/zh.js";

export const TABLES = { en: EN, zh: ZH };
let language = "en";

export const languageNow = () => language;
export function speak(wanted) {
  language = TABLES[wanted] ? wanted : "en";
}

/** The text of a key in the present language, {name} replaced by values.name. */
export function t(key, values = {}) {
  const text = TABLES[language][key] ?? EN[key];
  if (text === undefined) throw new Error(`no text for ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** A text if there is one, else what is given: names of data sets, activations and the like that may be new. */
export const named = (prefix, name) => (EN[`${prefix}.${name}`] === undefined ? name : t(`${prefix}.${name}`));

/** The key of such a text, for elements that follow the language. */
export const known = (prefix, name) => (EN[`${prefix}.${name}`] === undefined ? ["as_is", { text: name }] : `${prefix}.${name}`);

/** The language to begin with, from what was chosen before and what the browser prefers. */
export function preferred(stored, wanted = []) {
  if (TABLES[stored]) return stored;
  return wanted.some((name) => name.toLowerCase().startsWith("zh")) && !(wanted[0] ?? "").toLowerCase().startsWith("en") ? "zh" : "en";
}
