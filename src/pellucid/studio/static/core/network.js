// A network as its messages describe it: sizes, parameters, names, and what a unit's bytes mean. Knows no screen.

/** Units of each column: inputs, hidden layers, outputs. */
export const sizesOf = (shapes) => [shapes.inputs.length, ...shapes.layers.map((layer) => layer.units)];

/** The weights of a frame, a typed array for each layer; null where the frame has none. */
export function weightsOf(frame, shapes) {
  const found = shapes.layers.map((_, k) => frame?.arrays[`W${k + 1}`]);
  return found.every((W, k) => W && W.shape[0] === shapes.layers[k].W[0] && W.shape[1] === shapes.layers[k].W[1])
    ? found.map((W) => W.data)
    : null;
}

/** The number of a unit among all units that have maps: layer 1 first. */
export function mapIndex(shapes, layer, unit) {
  let before = 0;
  for (let k = 1; k < layer; k++) before += shapes.layers[k - 1].units;
  return before + unit;
}

/** The largest size of an activation in each layer: the reach of its colours. */
export function reaches(shapes, units) {
  let at = 0;
  return shapes.layers.map((layer) => {
    let reach = 1e-9;
    for (let i = 0; i < layer.units; i++, at++) {
      const [low, high] = [units.low[at], units.high[at]];
      if (Number.isFinite(low) && low !== null) reach = Math.max(reach, Math.abs(low), Math.abs(high));
    }
    return reach;
  });
}

/** For each byte of a unit's map its place, 0 to 255, in the two-sided scale. */
export function places(low, high, reach, into = new Uint8Array(256)) {
  const [a, b] = [low ?? 0, high ?? 0];
  for (let byte = 0; byte < 256; byte++) {
    const v = a + ((b - a) * byte) / 255;
    into[byte] = Math.max(0, Math.min(255, Math.round(127.5 + (127.5 * v) / reach)));
  }
  return into;
}

/** Where the part of an operation stands in the picture: {column} or {links} or both, from its name and layer. */
export function partOf(entry, columns) {
  const last = columns - 1;
  const numbered = /^(?:d|delta|v_|m_|s_)?[A-Za-z]*?(\d+)$/.exec(entry.name);
  const k = entry.layer ?? (numbered ? Number(numbered[1]) : null);
  if (/^d?W\d+$/.test(entry.name) || entry.kind === "update") return k === null ? {} : { links: k - 1, column: k };
  if (entry.name === "X") return { column: 0 };
  if (k === null) return { column: last };
  return entry.kind === "affine" ? { links: k - 1, column: k } : { column: k };
}

/** The most likely class of a cell and its probability, from (K, g, g). */
export function likeliest(boundary, classes, cells, i) {
  let best = 0;
  let p = boundary[i];
  for (let k = 1; k < classes; k++) {
    const q = boundary[k * cells + i];
    if (q > p) {
      p = q;
      best = k;
    }
  }
  return [best, p];
}

/** The cell of a grid of g x g under the point (x, y) of a plane from low to high; row 0 is at the top. */
export function cellAt(view, g, x, y) {
  const across = (x - view.low[0]) / (view.high[0] - view.low[0]);
  const down = (view.high[1] - y) / (view.high[1] - view.low[1]);
  if (!(across >= 0 && across <= 1 && down >= 0 && down <= 1)) return -1;
  return Math.min(g - 1, Math.floor(down * g)) * g + Math.min(g - 1, Math.floor(across * g));
}

/** The points within so many pixels of (px, py), nearest first; `at` gives the pixels of point i. */
export function nearestPoint(count, at, px, py, most = 10) {
  let best = -1;
  let distance = most;
  for (let i = 0; i < count; i++) {
    const [x, y] = at(i);
    const d = Math.hypot(x - px, y - py);
    if (d < distance) {
      distance = d;
      best = i;
    }
  }
  return best;
}

/** The transforms of two features, as the sidebar shows them: values on a grid of side x side over [-1, 1]^2. */
export const TRANSFORMS = {
  x1: (a) => a,
  x2: (_, b) => b,
  "x1^2": (a) => 2 * a * a - 1,
  "x2^2": (_, b) => 2 * b * b - 1,
  x1x2: (a, b) => a * b,
  sinx1: (a) => Math.sin(Math.PI * a),
  sinx2: (_, b) => Math.sin(Math.PI * b),
};

/** Of so many points: radius, rim of paper around a solid one (none where they are crowded), stroke of a hollow one. */
export function pointSizes(count) {
  const r = count > 900 ? 2 : count > 400 ? 2.6 : 3.4;
  return { r, rim: count > 500 ? 0 : 0.22 * r, hollow: 0.45 * r };
}
