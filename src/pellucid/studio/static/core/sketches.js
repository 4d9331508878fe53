// Small pictures of the data sets, for choosing among them: a few points each. Knows no screen.

/** Points [[x, y, class], ...] in the square from -1 to 1 that look like a data set of that kind; the same every time. */
export function sketch(kind) {
  return (SKETCHES[kind] ?? SKETCHES.table)();
}

/** Numbers from 0 to 1 that look random and never change (Lehmer's generator). */
export function lehmer(seed) {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

const many = (n, make) => Array.from({ length: n }, (_, i) => make(i));
const SKETCHES = {
  moons: () => many(36, (i) => {
    const at = (Math.PI * ((i >> 1) + 0.5)) / 18;
    return i % 2 ? [0.28 - 0.6 * Math.cos(at), 0.62 * Math.sin(at) * -1 + 0.22, 1] : [-0.28 + 0.6 * Math.cos(at), 0.62 * Math.sin(at) - 0.22, 0];
  }),
  circles: () => many(40, (i) => {
    const at = (2 * Math.PI * i) / 20;
    const r = i % 2 ? 0.36 : 0.8;
    return [r * Math.cos(at), r * Math.sin(at), i % 2];
  }),
  xor: () => {
    const random = lehmer(7);
    return many(44, () => {
      const [x, y] = [1.7 * random() - 0.85, 1.7 * random() - 0.85];
      return [x + 0.08 * Math.sign(x), y + 0.08 * Math.sign(y), x * y > 0 ? 0 : 1];
    });
  },
  spiral: () => many(54, (i) => {
    const share = (Math.floor(i / 3) + 1) / 18;
    const at = 3.6 * share + (2 * Math.PI * (i % 3)) / 3;
    return [0.92 * share * Math.sin(at), 0.92 * share * Math.cos(at), i % 3];
  }),
  blobs: () => {
    const random = lehmer(11);
    const centres = [[-0.5, 0.45], [0.55, 0.35], [0, -0.5]];
    return many(42, (i) => [centres[i % 3][0] + 0.5 * (random() + random() - 1), centres[i % 3][1] + 0.5 * (random() + random() - 1), i % 3]);
  },
  microchips: () => {
    const random = lehmer(5);
    return many(52, () => {
      const [x, y] = [1.8 * random() - 0.9, 1.8 * random() - 0.9];
      return [x, y, Math.hypot(x + 0.1, y - 0.05) < 0.55 + 0.12 * random() ? 1 : 0];
    });
  },
  plane: () => many(49, (i) => {
    const [x, y] = [((i % 7) - 3) / 3.6, (Math.floor(i / 7) - 3) / 3.6];
    return [x, y, "value", (x + y) / 1.7];
  }),
  waves: () => many(64, (i) => {
    const [x, y] = [((i % 8) - 3.5) / 4.1, (Math.floor(i / 8) - 3.5) / 4.1];
    return [x, y, "value", Math.sin(3.4 * x) * Math.cos(3 * y)];
  }),
  drawn: () => [[-0.6, -0.3, 0], [-0.35, 0.1, 0], [-0.55, 0.4, 0], [-0.1, -0.5, 0], [0.3, 0.35, 1], [0.55, 0, 1], [0.6, 0.55, 1], [0.15, 0.6, 1]],
  iris: () => clouds([[-0.62, -0.5], [0.15, 0.05], [0.55, 0.45]], 0.34, 3),
  wine: () => clouds([[-0.5, 0.4], [0.05, -0.45], [0.6, 0.3]], 0.46, 13),
  "breast-cancer": () => clouds([[-0.35, -0.15], [0.45, 0.2]], 0.6, 17),
  table: () => clouds([[-0.4, 0], [0.4, 0.1]], 0.5, 19),
};

function clouds(centres, spread, seed) {
  const random = lehmer(seed);
  return many(42, (i) => {
    const k = i % centres.length;
    return [centres[k][0] + spread * (random() + random() - 1), centres[k][1] + spread * (random() + random() - 1), k];
  });
}

/** A handwritten three of 8 x 8 numbers from 0 to 16, drawn for this picture. */
export const THREE = [
  0, 2, 11, 15, 14, 5, 0, 0, 0, 8, 12, 4, 9, 15, 1, 0, 0, 0, 0, 0, 7, 14, 0, 0, 0, 0, 2, 10, 15, 6, 0, 0, 0, 0, 1, 7, 13, 14, 2, 0, 0, 0, 0,
  0, 1, 14, 8, 0, 0, 9, 6, 2, 6, 16, 6, 0, 0, 3, 13, 16, 14, 7, 0, 0,
];
