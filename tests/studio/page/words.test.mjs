import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { actionOf, belongsTo, KEYS } from "../../../src/pellucid/studio/static/core/keys.js";
import { known, named, preferred, speak, t, TABLES } from "../../../src/pellucid/studio/static/core/words.js";

const STATIC = fileURLToPath(new URL("../../../src/pellucid/studio/static/", import.meta.url));

const places = (text) => [...text.matchAll(/\{\w+\}/g)].map(([found]) => found).sort();

test("both languages have the same texts with the same places for numbers", () => {
  assert.deepEqual(Object.keys(TABLES.zh).sort(), Object.keys(TABLES.en).sort());
  for (const [key, text] of Object.entries(TABLES.en)) assert.deepEqual(places(TABLES.zh[key]), places(text), key);
});

test("Chinese is Chinese: no text was left in English but names and signs", () => {
  const left = Object.entries(TABLES.zh).filter(([key, text]) => text === TABLES.en[key] && !/^(as_is|optimizer|losses|init|constant|language)/.test(key));
  assert.deepEqual(left, []);
});

test("every text that the page asks for is there, and none is there for nothing", () => {
  const files = readdirSync(STATIC, { recursive: true }).filter((name) => name.endsWith(".js") && !name.startsWith("texts"));
  const source = files.map((name) => readFileSync(STATIC + name, "utf8")).join("\n");
  const asked = [...source.matchAll(/\b(?:t|key|label|hint|placeholder): \[?"([\w.-]+)"/g), ...source.matchAll(/\bt\("([\w.-]+)"/g), ...source.matchAll(/\b(?:button|openDialog|part|row)\("([\w.-]+)"/g)].map(([, key]) => key);
  assert.ok(asked.length > 150);
  assert.deepEqual([...new Set(asked.filter((key) => TABLES.en[key] === undefined))], []);
  const families = /^(data|parameter|optimizer|schedule|constant|losses|init|engines|section|task|kind|key|path|gone|take_\w+)\b/;
  const unused = Object.keys(TABLES.en).filter((key) => !families.test(key) && !source.includes(`"${key}"`) && !source.includes(`.${key}`));
  assert.deepEqual(unused, []);
});

test("texts are filled in, and what has no text is shown as it is", () => {
  speak("en");
  assert.equal(t("at_step", { n: "1,234" }), "step 1,234");
  assert.equal(named("optimizer", "adam"), "Adam");
  assert.equal(named("optimizer", "lion"), "lion");
  assert.deepEqual(known("data", "tides"), ["as_is", { text: "tides" }]);
  speak("zh");
  assert.equal(t("at_step", { n: 3 }), "第 3 步");
  speak("xx");
  assert.equal(t("play"), "Play");
  assert.throws(() => t("no such key"));
});

test("the language follows what was chosen, then the browser", () => {
  assert.equal(preferred("zh", ["en"]), "zh");
  assert.equal(preferred(null, ["zh-CN", "en"]), "zh");
  assert.equal(preferred(null, ["en-GB", "zh"]), "en");
  assert.equal(preferred("nonsense", []), "en");
});

test("every key of the help does what it says, and each only one thing", () => {
  assert.equal(new Set(KEYS.map(([key]) => key.toLowerCase())).size, KEYS.length);
  for (const [key, action] of KEYS) {
    const shiftKey = key.startsWith("Shift+") || key === "?";
    const pressed = key === "Space" ? " " : key.replace("Shift+", "");
    assert.equal(actionOf({ key: shiftKey ? pressed.toUpperCase() : pressed.toLowerCase(), shiftKey, ctrlKey: false, altKey: false, metaKey: false }), action);
    assert.ok(TABLES.en[`key.${action}`], action);
  }
  const plain = { shiftKey: false, ctrlKey: false, altKey: false, metaKey: false };
  assert.equal(actionOf({ ...plain, key: "s", ctrlKey: true }), null);
  assert.equal(actionOf({ ...plain, key: "S", shiftKey: true }), null);
  assert.equal(actionOf({ ...plain, key: "Tab" }), null);
});

test("fields keep what is typed into them", () => {
  assert.equal(belongsTo("INPUT", "text", null, "s"), true);
  assert.equal(belongsTo("INPUT", "range", null, "s"), false);
  assert.equal(belongsTo("INPUT", "range", null, "ArrowLeft"), true);
  assert.equal(belongsTo("INPUT", "checkbox", null, " "), true);
  assert.equal(belongsTo("BUTTON", "button", null, " "), true);
  assert.equal(belongsTo("BUTTON", "button", null, "s"), false);
  assert.equal(belongsTo("g", undefined, "button", " "), true);
  assert.equal(belongsTo("BODY", undefined, null, " "), false);
});
