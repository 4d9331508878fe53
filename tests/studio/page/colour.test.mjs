import assert from "node:assert/strict";
import { test } from "node:test";
import { CLASSES, classColour, classRamps, classShape, contrast, css, inkOn, mix, pixel, place, rgb, scale, STOPS, strength, unpack } from "../../../src/pellucid/studio/static/core/colour.js";

const light = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

test("a mixture begins and ends with its colours, and a pixel holds what was put in", () => {
  for (const [a, b] of [["#0072b2", "#d55e00"], ["#000000", "#ffffff"]]) {
    assert.deepEqual(mix(rgb(a), rgb(b), 0), rgb(a));
    assert.deepEqual(mix(rgb(a), rgb(b), 1), rgb(b));
  }
  assert.deepEqual(unpack(pixel([12, 200, 255])), [12, 200, 255]);
  assert.equal(css([1, 2, 3]), "rgb(1 2 3)");
});

test("the scale is blue for less, paper for zero, orange for more, and as strong on both sides", () => {
  for (const theme of ["light", "dark"]) {
    const table = scale(theme);
    assert.equal(table.length, 256);
    const [less, none, more] = [table[20], table[128], table[235]].map(unpack);
    assert.ok(less[2] > less[0] + 60, `blue: ${less}`);
    assert.ok(more[0] > more[2] + 60, `orange: ${more}`);
    assert.ok(Math.max(...none) - Math.min(...none) < 24, `grey: ${none}`);
    // Seen in grey, both ends stand off the middle the same way: a size can be read without any colour.
    const away = (c) => light(c) - light(none);
    assert.ok(Math.sign(away(less)) === Math.sign(away(more)) && Math.abs(away(less)) > 40 && Math.abs(away(more)) > 40);
  }
});

test("a value's place is symmetric, stays within the table, and is the middle for what is not finite", () => {
  assert.equal(place(0, 1), 128);
  assert.equal(place(1, 1) + place(-1, 1), 255);
  assert.equal(place(99, 1), 255);
  assert.equal(place(-99, 1), 0);
  assert.equal(place(NaN, 1), 128);
  assert.equal(place(3, 0), 128);
});

test("a guess has no strength and certainty all of it, for any number of classes", () => {
  for (let classes = 2; classes <= 10; classes++) {
    assert.equal(strength(1 / classes, classes), 0);
    assert.equal(strength(1, classes), 63);
    assert.equal(strength(0, classes), 0);
  }
});

test("every class has its own colour and shape, and a ramp from pale to full", () => {
  for (const theme of ["light", "dark"]) {
    assert.equal(new Set(CLASSES[theme]).size, 8);
    const ramps = classRamps(3, theme);
    assert.equal(ramps.length, 3 * 64);
    const paper = rgb(STOPS[theme][2]);
    for (let k = 0; k < 3; k++) {
      const [pale, full] = [unpack(ramps[k * 64]), unpack(ramps[k * 64 + 63])];
      assert.ok(contrast(paper, full) > contrast(paper, pale));
    }
  }
  assert.equal(new Set(Array.from({ length: 8 }, (_, k) => classShape(k))).size, 8);
  assert.equal(classColour(9, "light"), classColour(1, "light"));
});

test("ink on any colour of the scale is legible (WCAG AA)", () => {
  for (const theme of ["light", "dark"]) {
    for (const value of scale(theme)) assert.ok(contrast(inkOn(unpack(value)), unpack(value)) >= 4.5);
  }
  assert.ok(Math.abs(contrast([0, 0, 0], [255, 255, 255]) - 21) < 1e-9);
});
