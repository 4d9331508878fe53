// Where everything in the picture of a network stands: columns of tiles, and the links between them. Knows no screen.

export const LARGEST = 50; // pixels of a tile
export const SMALLEST = 5;
const SINGLE = 18; // a layer is a single column as long as its tiles are not smaller
const SEVERAL = 32; // the largest tile of layers that need several columns
export const MOST_LINKS = 700; // that are drawn at once; more is a grey felt, and slow
const PITCH = 82; // pixels that the name of a layer needs with its buttons
export const NARROW = 58; // and without
const BETWEEN = 32; // at least so many between two layers, for the links to be seen
const AIRY = 0.09; // of the width, so many are better

const gapOf = (tile) => Math.max(1, Math.round(tile * 0.22));
const tall = (count, tile) => count * (tile + gapOf(tile)) - gapOf(tile);

/** The largest tile, not above `most`, with which so many fit into a single column; null where it would be too small. */
function single(count, height, most) {
  for (let tile = most; tile >= SINGLE; tile--) if (tall(count, tile) <= height) return tile;
  return null;
}

/** Columns and rows of a layer. `named`: its units have names beside them, so it is a single column if it can be. */
function shape(count, height, tile, named) {
  const own = named ? (single(count, height, tile) ?? tile) : tile;
  const gap = gapOf(own);
  const fit = Math.max(1, Math.floor((height + gap) / (own + gap)));
  const columns = Math.ceil(count / fit);
  return { columns, rows: Math.ceil(count / columns), tile: own, gap };
}

function pixels(image, height, tile) {
  const size = Math.max(2, Math.min(tile, 14, Math.floor(height / image.height)));
  return { columns: image.width, rows: image.height, tile: size, gap: 0, image: true };
}

const across = (s) => s.columns * (s.tile + s.gap) - s.gap;

/**
 * Tiles of a network.
 *
 * sizes: units in each column, inputs first, outputs last. width, height: of the picture in pixels.
 * image: {width, height} where the inputs are the pixels of an image, which then stand as they do in it.
 * Gives {width, tile, pitch, columns: [{x, width, tile, units: [{x, y}]}]}, x and y of the upper left corner of each tile.
 * The picture is wider than asked for where the names of many layers need it.
 */
export function tiles(sizes, width, height, image = null) {
  const last = sizes.length - 1;
  const hidden = sizes.slice(1, last);
  const pitch = sizes.length > 8 || width < 400 ? NARROW : PITCH;
  const needed = Math.max(width, pitch * sizes.length);
  const roomy = single(Math.max(1, ...hidden), height, LARGEST);
  const made = (tile) => {
    const shapes = sizes.map((count, k) => (k === 0 && image ? pixels(image, height, tile) : shape(count, height, tile, k === 0 || k === last)));
    const widths = shapes.map(across);
    const between = (needed - total(widths, pitch * 0.5)) / Math.max(1, last);
    return { shapes, widths, between, tile };
  };
  for (const least of [Math.max(BETWEEN, AIRY * width), BETWEEN]) {
    for (let tile = roomy ?? SEVERAL; tile >= SINGLE; tile--) if (made(tile).between >= least) return placed(sizes, made(tile), pitch, needed, height);
  }
  for (let tile = SINGLE; tile >= SMALLEST; tile--) {
    if (made(tile).between >= BETWEEN || tile === SMALLEST) return placed(sizes, made(tile), pitch, needed, height);
  }
  return null;
}

const total = (widths, least) => widths.reduce((sum, w) => sum + Math.max(w, least), 0);

function placed(sizes, { shapes, widths, tile }, pitch, width, height) {
  const least = pitch * 0.5;
  const free = width - total(widths, least);
  const between = sizes.length > 1 ? free / (sizes.length - 1) : 0;
  let at = sizes.length > 1 ? 0 : free / 2;
  const columns = sizes.map((count, k) => {
    const slot = Math.max(widths[k], least);
    const x = Math.round(at + (slot - widths[k]) / 2);
    at += slot + between;
    return column(count, shapes[k], x, widths[k], height);
  });
  return { width, height, tile, pitch: width / sizes.length, columns };
}

function column(count, s, x, width, height) {
  const pitch = s.tile + s.gap;
  const high = s.rows * pitch - s.gap;
  const top = Math.max(0, (height - high) / 2);
  const units = Array.from({ length: count }, (_, i) => {
    const [across, down] = s.image ? [i % s.columns, Math.floor(i / s.columns)] : [Math.floor(i / s.rows), i % s.rows];
    return { x: x + across * pitch, y: Math.round(top + down * pitch) };
  });
  return { x, width, tile: s.tile, top, height: high, rows: s.rows, single: s.columns === 1, units };
}

/** The path of a link between two tiles, as SVG writes it. */
export function path(columns, layer, from, to) {
  const a = columns[layer];
  const b = columns[layer + 1];
  const x0 = a.units[from].x + a.tile;
  const y0 = a.units[from].y + a.tile / 2;
  const x1 = b.units[to].x;
  const y1 = b.units[to].y + b.tile / 2;
  const bend = Math.max(12, (b.x - (a.x + a.width)) * 0.5);
  return `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`;
}

/**
 * Which links to draw: all, or where there are too many the strongest of each layer.
 *
 * weights: a Float32Array (fan_in * units, row by row) for each layer. Gives [[indices of W], ...].
 */
export function strongest(weights, most = MOST_LINKS) {
  const count = weights.reduce((sum, W) => sum + W.length, 0);
  if (count <= most) return weights.map((W) => Array.from(W, (_, i) => i));
  const share = Math.floor(most / weights.length);
  return weights.map((W) => {
    const all = Array.from(W, (_, i) => i);
    if (W.length <= share) return all;
    return all.sort((a, b) => Math.abs(W[b]) - Math.abs(W[a]) || a - b).slice(0, share).sort((a, b) => a - b);
  });
}

/** How wide a link is drawn, from its share of the largest weight: its area, not its length, tells the size. */
export function linkWidth(weight, largest, tile = LARGEST) {
  const most = Math.max(1.4, Math.min(6, tile * 0.16));
  const share = largest > 0 ? Math.min(1, Math.abs(weight) / largest) : 0;
  return 0.5 + (most - 0.5) * Math.sqrt(share);
}

/** The largest size among weights, for the scale of widths; one wild weight does not make all the others thin. */
export function reach(weights) {
  let sum = 0;
  let count = 0;
  let largest = 0;
  for (const W of weights) {
    for (const w of W) {
      if (!Number.isFinite(w)) continue;
      const size = Math.abs(w);
      sum += size;
      count += 1;
      if (size > largest) largest = size;
    }
  }
  return count ? Math.max(Math.min(largest, (4 * sum) / count), 1e-9) : 1;
}

/** The unit that an arrow key leads to from (layer, unit); layer 0 are the inputs. */
export function neighbour(sizes, layer, unit, key) {
  if (key === "ArrowUp") return [layer, Math.max(0, unit - 1)];
  if (key === "ArrowDown") return [layer, Math.min(sizes[layer] - 1, unit + 1)];
  const next = layer + (key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0);
  if (next < 0 || next >= sizes.length || next === layer) return [layer, unit];
  const share = sizes[layer] > 1 ? unit / (sizes[layer] - 1) : 0.5;
  return [next, Math.round(share * (sizes[next] - 1))];
}
