import assert from "node:assert/strict";
import { test } from "node:test";
import { linkWidth, MOST_LINKS, neighbour, path, reach, strongest, tiles } from "../../../src/pellucid/studio/static/core/layout.js";

const NETWORKS = [[2, 3], [2, 1, 1], [2, 8, 8, 3], [64, 32, 10], [30, 2], [7, 64, 64, 64, 64, 64, 64, 64, 64, 2], [2, 64, 1], [13, 1, 64, 3]];
const PAGES = [[700, 400], [300, 260], [1300, 620]];

test("no two tiles overlap, all are within the picture, and columns stand from left to right", () => {
  for (const sizes of NETWORKS) {
    for (const [width, height] of PAGES) {
      const image = sizes[0] === 64 ? { width: 8, height: 8 } : null;
      const made = tiles(sizes, width, height, image);
      assert.ok(made.width >= width);
      const name = `${sizes} in ${width} x ${height}`;
      let edge = -1;
      made.columns.forEach((column, k) => {
        assert.equal(column.units.length, sizes[k]);
        assert.ok(column.x > edge, name);
        edge = column.x + column.width;
        const places = new Set(column.units.map(({ x, y }) => `${x} ${y}`));
        assert.equal(places.size, sizes[k], name);
        for (const { x, y } of column.units) {
          assert.ok(x >= column.x && x + column.tile <= edge + 0.5, name);
          assert.ok(y >= 0 && y + column.tile <= height + 1, `${name}: ${y} + ${column.tile}`);
          for (const other of column.units) {
            if (other.x === x && other.y !== y) assert.ok(Math.abs(other.y - y) >= column.tile - 0.5, name);
          }
        }
      });
      assert.ok(edge <= made.width + 0.5, name);
    }
  }
});

test("few units have large tiles; many still have some that can be seen", () => {
  assert.equal(tiles([2, 3, 2], 700, 400).tile, 50);
  assert.ok(tiles([2, ...Array(8).fill(64), 3], 700, 400).tile >= 9);
});

test("the pixels of an image stand as they do in it", () => {
  const { columns } = tiles([64, 10], 700, 400, { width: 8, height: 8 });
  const [first, second, ninth] = [columns[0].units[0], columns[0].units[1], columns[0].units[8]];
  assert.equal(second.y, first.y);
  assert.equal(ninth.x, first.x);
  assert.ok(second.x > first.x && ninth.y > first.y);
});

test("a link goes from the right edge of one tile to the left edge of another", () => {
  const { columns } = tiles([2, 2], 400, 300);
  const numbers = path(columns, 0, 1, 0).match(/-?[\d.]+/g).map(Number);
  assert.equal(numbers[0], columns[0].units[1].x + columns[0].tile);
  assert.equal(numbers.at(-2), columns[1].units[0].x);
});

test("of too many links the strongest are drawn, of few all", () => {
  assert.deepEqual(strongest([new Float32Array([1, -2, 0])]), [[0, 1, 2]]);
  const W = Float32Array.from({ length: 4096 }, (_, i) => Math.sin(i));
  const [chosen] = strongest([W], 100);
  assert.equal(chosen.length, 100);
  const least = Math.min(...chosen.map((i) => Math.abs(W[i])));
  const others = Array.from(W, (w, i) => (chosen.includes(i) ? 0 : Math.abs(w)));
  assert.ok(Math.max(...others) <= least);
  assert.ok(strongest(Array(8).fill(W)).flat().length <= MOST_LINKS);
});

test("a link grows with its weight, within bounds, and one wild weight does not hide the others", () => {
  assert.ok(linkWidth(0.1, 1) < linkWidth(0.5, 1) && linkWidth(0.5, 1) < linkWidth(1, 1));
  assert.equal(linkWidth(50, 1), linkWidth(1, 1));
  assert.equal(linkWidth(-1, 1), linkWidth(1, 1));
  assert.ok(linkWidth(0, 1) > 0);
  const weights = [new Float32Array([1, 1, 1, 1, 1, 1, 1, 1, 1, 1000])];
  assert.ok(reach(weights) < 1000);
  assert.equal(reach([new Float32Array([NaN, 2, Infinity])]), 2);
  assert.ok(reach([new Float32Array([0])]) > 0);
});

test("arrow keys go through the network and stop at its ends", () => {
  const sizes = [2, 8, 3];
  assert.deepEqual(neighbour(sizes, 1, 0, "ArrowUp"), [1, 0]);
  assert.deepEqual(neighbour(sizes, 1, 7, "ArrowDown"), [1, 7]);
  assert.deepEqual(neighbour(sizes, 1, 7, "ArrowRight"), [2, 2]);
  assert.deepEqual(neighbour(sizes, 2, 0, "ArrowRight"), [2, 0]);
  assert.deepEqual(neighbour(sizes, 1, 0, "ArrowLeft"), [0, 0]);
});
