// The curves of a run: which of their points to draw, and the axes to draw them on. Knows no screen.

/** The rows of a history array by name: {epoch: [...], loss: [...], ...}; empty where there is none. */
export function columnsOf(array, names = array?.header) {
  const found = {};
  if (!array || !names) return found;
  const length = array.shape[1];
  names.forEach((name, k) => (found[name] = array.data.subarray(k * length, (k + 1) * length)));
  return found;
}

/** The index of the point nearest to a step, or -1. */
export function nearest(step, wanted) {
  if (step.length === 0) return -1;
  let low = 0;
  let high = step.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (step[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && wanted - step[low - 1] <= step[low] - wanted ? low - 1 : low;
}

/** At most so many points that look the same: the lowest and the highest of each stretch. [[x, y], ...] */
export function outline(x, y, most = 800) {
  const points = [];
  for (let i = 0; i < x.length; i++) if (y[i] !== null && Number.isFinite(y[i])) points.push([x[i], y[i]]);
  if (points.length <= most) return points;
  const size = Math.ceil((2 * points.length) / most);
  const kept = [points[0]];
  for (let at = 0; at < points.length; at += size) {
    const piece = points.slice(at, at + size);
    const by = [...piece].sort((a, b) => a[1] - b[1]);
    kept.push(...[by[0], by.at(-1)].sort((a, b) => a[0] - b[0]));
  }
  kept.push(points.at(-1));
  return kept;
}

/** The span of several columns, with a little air; positive values only where the axis is logarithmic. */
export function span(columns, log = false) {
  let low = Infinity;
  let high = -Infinity;
  for (const column of columns) {
    for (const v of column) {
      if (v === null || !Number.isFinite(v) || (log && v <= 0)) continue;
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  if (low > high) return log ? [0.1, 1] : [0, 1];
  if (log) return low === high ? [low / 2, high * 2] : [low / 1.1, high * 1.1];
  if (low === high) return [low - 0.5, high + 0.5];
  return [low, high];
}

/** Round numbers that divide a span, about so many. */
export function ticks(low, high, about = 5) {
  const raw = (high - low) / Math.max(1, about);
  if (!(raw > 0) || !Number.isFinite(raw)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const unit = [1, 2, 5, 10].find((u) => u * power >= raw * 0.999) * power;
  const found = [];
  for (let k = Math.ceil(low / unit - 1e-9); k * unit <= high + unit * 1e-9; k++) found.push(k === 0 ? 0 : Number((k * unit).toPrecision(12)));
  return found;
}

/** Ticks of what is counted: whole numbers only. */
export function wholeTicks(low, high, about = 5) {
  return ticks(low, high, Math.max(1, Math.min(about, Math.floor(high - low)))).filter(Number.isInteger);
}

/** Powers of ten within a span, with 2 and 5 between them where the span is short. */
export function logTicks(low, high) {
  const found = [];
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const many = Math.log10(high / low);
  const every = Math.max(1, Math.ceil((to - from) / 6));
  for (let e = from; e <= to; e++) {
    for (const m of many < 1.6 ? [1, 2, 5] : [1]) {
      const v = m * 10 ** e;
      if (v >= low * 0.999 && v <= high * 1.001 && (many < 1.6 || (e - from) % every === 0)) found.push(Number(v.toPrecision(6)));
    }
  }
  return found;
}

/** A function from values to pixels. */
export function axis(low, high, from, to, log = false) {
  const f = log ? Math.log : (v) => v;
  const [a, b] = [f(low), f(high)];
  const wide = b - a || 1;
  return (v) => from + ((f(v) - a) / wide) * (to - from);
}
