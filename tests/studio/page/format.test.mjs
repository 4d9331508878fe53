import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, fixed, grouped, number, parse, percent, pretty, shorten } from "../../../src/pellucid/studio/static/core/format.js";

test("numbers have a few significant digits and a real minus", () => {
  const cases = [[0, "0"], [0.012345, "0.0123"], [12.345, "12.3"], [-1.5, "−1.5"], [1234.5, "1,235"], [1e-7, "1e−7"], [1.23456e9, "1.23e9"], [NaN, "NaN"], [Infinity, "∞"], [-Infinity, "−∞"], [null, "–"], [undefined, "–"], [0.1 + 0.2, "0.3"]];
  for (const [value, text] of cases) assert.equal(number(value), text);
});

test("fixed numbers keep their places, and do not show a small one as zero", () => {
  assert.equal(fixed(0.5, 3), "0.500");
  assert.equal(fixed(-0.5, 2), "−0.50");
  assert.equal(fixed(1e-9, 3), "1e−9");
  assert.equal(fixed(0, 3), "0.000");
  assert.equal(fixed(null), "–");
  assert.equal(fixed(NaN), "NaN");
});

test("integers in groups, shares with their sign, sizes in bytes", () => {
  assert.deepEqual([0, 999, 1000, 1234567, -4321].map(grouped), ["0", "999", "1,000", "1,234,567", "−4,321"]);
  assert.equal(percent(0.975), "97.5\u00a0%");
  assert.equal(percent(null), "–");
  assert.deepEqual([12, 1500, 52428800].map(bytes), ["12 B", "1.5 kB", "52.4 MB"]);
});

test("what is typed is read as it is meant, and nothing else is", () => {
  for (const [text, value] of [["0.5", 0.5], [" 1e-3 ", 0.001], ["−2", -2], ["0,5", 0.5], [".5", 0.5], ["+3", 3]]) assert.equal(parse(text), value);
  for (const text of ["", "abc", "1e999", "0x10", "1 2e", "--1", "NaN", "Infinity", "1,234,5"]) assert.equal(parse(text), null);
});

test("what is written can be read again", () => {
  for (let k = -8; k < 9; k++) {
    for (const digit of [1, 2.5, -7.25]) {
      const value = digit * 10 ** k;
      assert.ok(Math.abs(parse(number(value, 4).replaceAll(",", "")) - value) <= Math.abs(value) * 1e-3, String(value));
    }
  }
});

test("long names keep their beginning and end, whole signs only", () => {
  assert.equal(shorten("short"), "short");
  assert.equal([...shorten("mean concave points of the worst nucleus", 20)].length <= 20, true);
  assert.match(shorten("mean concave points of the worst nucleus", 20), /^mean.*….*cleus$/);
  assert.equal(shorten("𝒳".repeat(9), 4), "𝒳𝒳…𝒳");
});

test("transforms are written as in a book, and columns of a file stay as they are", () => {
  assert.deepEqual(["x1", "x1^2", "x1 x2", "x1x2", "sin(x2)", "sinx1"].map(pretty), ["x₁", "x₁²", "x₁x₂", "x₁x₂", "sin x₂", "sin x₁"]);
  assert.deepEqual(["max1", "x10", "price"].map(pretty), ["max1", "x10", "price"]);
});
