import assert from "node:assert/strict";
import { test } from "node:test";
import { axis, columnsOf, logTicks, nearest, outline, span, ticks, wholeTicks } from "../../../src/pellucid/studio/static/core/history.js";

test("rows of an array by name", () => {
  const array = { data: new Float32Array([1, 2, 3, 0.5, 0.4, 0.3]), shape: [2, 3], header: ["epoch", "loss"] };
  const { epoch, loss } = columnsOf(array);
  assert.deepEqual([...epoch], [1, 2, 3]);
  assert.ok(Math.abs(loss[2] - 0.3) < 1e-6);
  assert.deepEqual(columnsOf(undefined), {});
});

test("the nearest point is the nearest", () => {
  const step = [1, 4, 9, 20];
  for (let wanted = -3; wanted < 30; wanted++) {
    const found = nearest(step, wanted);
    assert.equal(Math.abs(step[found] - wanted), Math.min(...step.map((s) => Math.abs(s - wanted))));
  }
  assert.equal(nearest([], 3), -1);
});

test("an outline keeps every peak and every end, and is short", () => {
  const x = Array.from({ length: 20_000 }, (_, i) => i);
  const y = x.map((i) => Math.sin(i / 50));
  y[12_345] = 9;
  y[777] = -9;
  const points = outline(x, y, 800);
  assert.ok(points.length <= 810);
  assert.ok(points.some(([, v]) => v === 9) && points.some(([, v]) => v === -9));
  assert.equal(points[0][0], 0);
  assert.equal(points.at(-1)[0], 19_999);
  for (let i = 1; i < points.length; i++) assert.ok(points[i][0] >= points[i - 1][0]);
  assert.deepEqual(outline([1, 2, 3], [1, NaN, null]), [[1, 1]]);
});

test("a span is finite whatever it is of", () => {
  assert.deepEqual(span([[1, 3], [2, null, NaN, Infinity]]), [1, 3]);
  assert.deepEqual(span([]), [0, 1]);
  const [low, high] = span([[2, 2]]);
  assert.ok(low < 2 && high > 2);
  const [a, b] = span([[0, -1, 0.01, 10]], true);
  assert.ok(a > 0 && a <= 0.01 && b >= 10);
  assert.deepEqual(span([[-1]], true), [0.1, 1]);
});

test("marks of an axis are round and within it", () => {
  for (const [low, high] of [[0, 1], [0, 0.037], [-3, 1700], [0.2, 0.21], [1e6, 9e6]]) {
    const found = ticks(low, high, 5);
    assert.ok(found.length >= 2 && found.length <= 12, `${low} ${high}: ${found}`);
    for (const v of found) assert.ok(v >= low - 1e-9 && v <= high + 1e-9);
  }
  assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(3, 3), [3]);
  assert.deepEqual(logTicks(0.001, 10), [0.001, 0.01, 0.1, 1, 10]);
  assert.ok(logTicks(0.1, 0.5).length >= 2);
  assert.ok(logTicks(1e-12, 1).length <= 9);
});

test("an axis goes from one end to the other, logarithmic or not", () => {
  const linear = axis(0, 10, 100, 200);
  assert.deepEqual([linear(0), linear(5), linear(10)], [100, 150, 200]);
  const log = axis(0.01, 100, 0, 100, true);
  assert.ok(Math.abs(log(1) - 50) < 1e-9);
  assert.equal(axis(3, 3, 7, 9)(3), 7);
});

test("epochs are whole, from none on", () => {
  assert.deepEqual(wholeTicks(0, 1), [0, 1]);
  assert.deepEqual(wholeTicks(0, 2, 8), [0, 1, 2]);
  assert.deepEqual(wholeTicks(0, 100, 5), [0, 20, 40, 60, 80, 100]);
  for (let high = 1; high < 60; high++) assert.ok(wholeTicks(0, high, 9).every(Number.isInteger) && wholeTicks(0, high, 9).length >= 2);
});
