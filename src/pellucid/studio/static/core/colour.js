// Colours: the house's palette, a two-sided scale and what is mixed from them. Knows no screen: numbers in, numbers out.

// After Okabe and Ito (2008), told apart with every common kind of colour blindness; lighter on a dark ground.
export const CLASSES = {
  light: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#4d4d4d", "#882255"],
  dark: ["#3d9bd6", "#f07a2b", "#23b58c", "#d98bb8", "#e9a820", "#6cc0ee", "#a8adb4", "#c9609a"],
};
// From less to more, through the middle: blue, paper, orange.
export const STOPS = {
  light: ["#00507f", "#2f8fc6", "#f7f8f9", "#ea8a3f", "#a84600"],
  dark: ["#8fd0ff", "#2b86c0", "#20262e", "#d86a1e", "#ffc08a"],
};
// Eleven shapes and eight colours share no divisor: the first 88 classes all look different.
export const SHAPES = ["circle", "square", "triangle", "diamond", "down", "plus", "cross", "star", "left", "right", "pentagon"];

export function rgb(hex) {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

const toLinear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const fromLinear = (c) => (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055);

// Oklab (Ottosson, 2020): equal steps in it look equal, so a mixture has no muddy middle.
function oklab([r8, g8, b8]) {
  const [r, g, b] = [r8, g8, b8].map((c) => toLinear(c / 255));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab([L, a, b]) {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((c) => Math.round(255 * Math.min(1, Math.max(0, fromLinear(c)))));
}

/** Two colours mixed, share 0 giving the first: [r, g, b] each. */
export function mix(first, second, share) {
  const a = oklab(first);
  const b = oklab(second);
  return fromOklab(a.map((v, k) => v + (b[k] - v) * share));
}

/** The colour of class k as "#rrggbb", the same in every picture. */
export const classColour = (k, theme) => CLASSES[theme][k % CLASSES[theme].length];
export const classShape = (k) => SHAPES[k % SHAPES.length];

/** The two-sided scale as 256 packed pixels, from -1 (blue) over 0 (paper) to 1 (orange). */
export function scale(theme) {
  const stops = STOPS[theme].map(rgb);
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const k = Math.min(stops.length - 2, Math.floor(at));
    table[i] = pixel(mix(stops[k], stops[k + 1], at - k));
  }
  return table;
}

/** A colour as a little-endian pixel of ImageData. */
export const pixel = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
export const unpack = (value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255];
export const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;

/** The place of a value in the scale: 0 to 255, 128 for zero, as wide on both sides. */
export function place(value, reach) {
  if (!Number.isFinite(value)) return 128;
  const at = reach > 0 ? value / reach : 0;
  return Math.max(0, Math.min(255, Math.round(127.5 + 127.5 * at)));
}

/** For every class 64 pixels from paper to its colour: [k * 64 + strength]. */
export function classRamps(classes, theme) {
  const paper = rgb(STOPS[theme][2]);
  const table = new Uint32Array(classes * 64);
  for (let k = 0; k < classes; k++) {
    const colour = rgb(classColour(k, theme));
    for (let i = 0; i < 64; i++) table[k * 64 + i] = pixel(mix(paper, colour, 0.08 + (0.62 * i) / 63));
  }
  return table;
}

/** How sure a probability is, from 0 (as good as guessing among so many classes) to 63 (certain). */
export function strength(probability, classes) {
  const guess = 1 / classes;
  return Math.max(0, Math.min(63, Math.round((63 * (probability - guess)) / (1 - guess))));
}

/** Contrast of two colours, 1 to 21 (WCAG 2.2). */
export function contrast(first, second) {
  const light = (c) => {
    const [r, g, b] = c.map((v) => toLinear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [a, b] = [light(first), light(second)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Ink that is legible on a colour: dark or light. */
export function inkOn(colour) {
  const [dark, bright] = [[0, 0, 0], [255, 255, 255]]; // only pure black and white together reach 4.5 on every grey
  return contrast(colour, dark) >= contrast(colour, bright) ? dark : bright;
}
