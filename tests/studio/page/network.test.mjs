import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAt, likeliest, mapIndex, nearestPoint, partOf, places, reaches, sizesOf, TRANSFORMS, weightsOf, pointSizes } from "../../../src/pellucid/studio/static/core/network.js";
import { asImage, stroke } from "../../../src/pellucid/studio/static/core/pad.js";
import { lehmer, sketch, THREE } from "../../../src/pellucid/studio/static/core/sketches.js";
import { cellsOf, factors, lineAt, linesOf, madeOf } from "../../../src/pellucid/studio/static/core/walk.js";

const SHAPES = { inputs: ["x1", "x2"], layers: [{ units: 3, W: [2, 3] }, { units: 2, W: [3, 2] }], outputs: 2 };
const array = (data, shape) => ({ data: Float32Array.from(data), shape });

test("sizes, weights and the numbers of units", () => {
  assert.deepEqual(sizesOf(SHAPES), [2, 3, 2]);
  assert.equal(mapIndex(SHAPES, 1, 2), 2);
  assert.equal(mapIndex(SHAPES, 2, 1), 4);
  const frame = { arrays: { W1: array(Array(6).fill(1), [2, 3]), W2: array(Array(6).fill(2), [3, 2]) } };
  assert.equal(weightsOf(frame, SHAPES).length, 2);
  // A frame of the network before the present one fits no more.
  assert.equal(weightsOf({ arrays: { ...frame.arrays, W1: array([1, 2], [2, 1]) } }, SHAPES), null);
  assert.equal(weightsOf(null, SHAPES), null);
});

test("a unit's bytes are coloured by their value, the same in a whole layer", () => {
  const most = reaches(SHAPES, { low: [-1, 0, -0.5, 0, 0.2], high: [1, 0.5, 0.5, 0.4, 0.8] });
  assert.deepEqual(most, [1, 0.8]);
  const table = places(-1, 1, 1);
  assert.equal(table[0], 0);
  assert.equal(table[255], 255);
  const positive = places(0, 0.5, 1);
  assert.equal(positive[0], 128);
  assert.ok(positive[255] > 185 && positive[255] < 195);
  assert.ok(places(null, null, 1).every((v) => v === 128));
});

test("the likeliest class of a cell, and the cell under a point", () => {
  const boundary = Float32Array.from([0.2, 0.5, 0.7, 0.1, 0.1, 0.4]); // three classes, two cells
  assert.deepEqual(likeliest(boundary, 3, 2, 0)[0], 1);
  assert.deepEqual(likeliest(boundary, 3, 2, 1)[0], 0);
  const view = { low: [-1, 0], high: [1, 10] };
  assert.equal(cellAt(view, 4, -1, 10), 0);
  assert.equal(cellAt(view, 4, 0.99, 0.01), 15);
  assert.equal(cellAt(view, 4, 2, 5), -1);
  assert.equal(cellAt(view, 4, NaN, 5), -1);
});

test("the nearest point within reach", () => {
  const points = [[0, 0], [10, 0], [11, 0]];
  assert.equal(nearestPoint(3, (i) => points[i], 10.4, 0), 1);
  assert.equal(nearestPoint(3, (i) => points[i], 100, 100), -1);
});

test("each operation has its part of the picture", () => {
  const part = (name, kind, layer = null) => partOf({ name, kind, layer }, 4);
  assert.deepEqual(part("X", "given"), { column: 0 });
  assert.deepEqual(part("z1", "affine", 1), { links: 0, column: 1 });
  assert.deepEqual(part("a2", "activation", 2), { column: 2 });
  assert.deepEqual(part("loss", "loss"), { column: 3 });
  assert.deepEqual(part("dW2", "gradient", 2), { links: 1, column: 2 });
  assert.deepEqual(part("W1", "update", 1), { links: 0, column: 1 });
  assert.deepEqual(part("delta1", "gradient"), { column: 1 });
});

test("transforms stay within the scale", () => {
  for (const f of Object.values(TRANSFORMS)) {
    for (let i = 0; i <= 20; i++) for (let j = 0; j <= 20; j++) assert.ok(Math.abs(f(i / 10 - 1, j / 10 - 1)) <= 1 + 1e-12);
  }
});

test("a drawing becomes an image of the right size, in the middle, however small or large it is drawn", () => {
  const about = { width: 8, height: 8, max: 16 };
  const images = [1, 2, 3].map((scale) => {
    const ink = new Uint8Array(64 * 64);
    stroke(ink, 64, [8 * scale, 4 * scale], [8 * scale, 16 * scale], 1.2 * scale);
    return asImage(ink, 64, about);
  });
  for (const image of images) {
    assert.equal(image.length, 64);
    assert.ok(Math.max(...image) <= 16 && Math.min(...image) >= 0);
    const columns = Array.from({ length: 8 }, (_, x) => Array.from({ length: 8 }, (_, y) => image[8 * y + x]).reduce((a, b) => a + b));
    assert.ok(columns[3] + columns[4] > 0.6 * columns.reduce((a, b) => a + b), String(columns));
    for (let y = 1; y < 7; y++) assert.ok(image[8 * y + 3] + image[8 * y + 4] > 8);
  }
  assert.deepEqual(asImage(new Uint8Array(64 * 64), 64, about), Array(64).fill(0));
});

test("sketches of the data sets are the same every time and within their square", () => {
  for (const kind of ["moons", "circles", "xor", "spiral", "blobs", "microchips", "plane", "waves", "iris", "wine", "breast-cancer", "drawn", "unknown"]) {
    const points = sketch(kind);
    assert.deepEqual(points, sketch(kind));
    assert.ok(points.length >= 8);
    for (const [x, y] of points) assert.ok(Math.abs(x) <= 1.05 && Math.abs(y) <= 1.05, kind);
  }
  assert.equal(THREE.length, 64);
  const random = lehmer(3);
  for (let k = 0; k < 100; k++) assert.ok(random() > 0 && random() < 1 + 1e-12);
});

const INSIDE = {
  lines: [
    { quantity: "z1", name: "z1[0]", value: 0.9, terms: [[0.5, 1.2], [2, 0.1]], plus: 0.1, text: "z1[0] = 0.5·1.2 + 2·0.1 + 0.1 = 0.9" },
    { quantity: "z1", name: "z1[1]", value: 2, terms: [[1, 2]], plus: 0, text: "z1[1] = 2" },
    { quantity: "dW1", name: "dW1[0]", value: [0.1, 0.2], terms: null, text: "dW1[0] = X · δ1 = (0.1, 0.2)" },
    { quantity: "losses", name: "losses", value: 0.3, terms: null, text: "losses = 0.3" },
  ],
};

test("a number says what it was made of", () => {
  const z = { name: "z1", section: "forward", of_row: true, formula: "z1 = X W1 + b1" };
  const lines = linesOf(INSIDE, z);
  assert.equal(lines.length, 2);
  assert.equal(lineAt(lines, [1]).name, "z1[1]");
  assert.deepEqual(madeOf(z, lines, [0], "0.9"), ["z1[0] = 0.9", INSIDE.lines[0].text]);
  const dW = { name: "dW1", section: "backward", of_row: false, formula: "dW1 = ..." };
  assert.equal(madeOf(dW, linesOf(INSIDE, dW), [0, 1], "0.2")[1], INSIDE.lines[2].text);
  assert.deepEqual(madeOf({ name: "X", section: "given", formula: "X" }, [], [0], "1"), ["X[0] = 1"]);
  assert.equal(lineAt(linesOf(INSIDE, { name: "losses" }), []).name, "losses");
});

test("the factors of a term have names", () => {
  assert.deepEqual(factors(INSIDE.lines[1], 0), ["X[0]", "W1[0, 1]"]);
  assert.deepEqual(factors({ quantity: "z3", name: "z3[2]" }, 4), ["a2[4]", "W3[4, 2]"]);
  assert.deepEqual(factors({ quantity: "da1", name: "da1[5]" }, 2), ["delta2[2]", "W2[5, 2]"]);
});

test("values of any shape become rows of cells", () => {
  assert.deepEqual(cellsOf(3).rows, [[{ value: 3, index: [] }]]);
  assert.deepEqual(cellsOf([1, 2]).rows[0].map((c) => c.index), [[0], [1]]);
  const large = cellsOf(Array.from({ length: 20 }, () => Array(30).fill(0)), 14);
  assert.equal(large.rows.length, 14);
  assert.equal(large.rows[0].length, 14);
  assert.equal(large.more, true);
});

test("points of a crowd are small, and none looks hollow that is solid", () => {
  for (const count of [10, 300, 500]) {
    const { r, rim, hollow } = pointSizes(count);
    assert.ok(rim > 0 && rim < r / 3, "a rim is thinner than the point");
    assert.ok(hollow / 2 < r / 2, "a hollow point has an inside");
  }
  assert.equal(pointSizes(1797).rim, 0);
  assert.ok(pointSizes(1797).r < pointSizes(100).r);
});
