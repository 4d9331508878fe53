// Canvases: as sharp as the screen, and heat maps painted from bytes.

/** Make a canvas as large as its place on the page, in the screen's own pixels. Gives its context, or null if unseen. */
export function fit(canvas, width = canvas.clientWidth, height = canvas.clientHeight) {
  if (width < 1 || height < 1) return null;
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const [w, hgt] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== hgt) {
    canvas.width = w;
    canvas.height = hgt;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

const scratch = new Map(); // size -> [canvas, ImageData, Uint32Array]

/** A small picture of `side` x `side` (or width x height) pixels, painted by a function of the index, to be drawn. */
export function picture(width, height, colourAt) {
  const key = `${width}x${height}`;
  if (!scratch.has(key)) {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const image = new ImageData(width, height);
    scratch.set(key, [canvas, image, new Uint32Array(image.data.buffer)]);
  }
  const [canvas, image, pixels] = scratch.get(key);
  for (let i = 0; i < pixels.length; i++) pixels[i] = colourAt(i);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** A path around a shape of class k, about r pixels wide, centred at (x, y). */
export function shape(context, kind, x, y, r) {
  context.beginPath();
  const points = SHAPES[kind];
  if (!points) {
    context.arc(x, y, r, 0, 2 * Math.PI);
    return;
  }
  points.forEach(([px, py], i) => context[i ? "lineTo" : "moveTo"](x + px * r, y + py * r));
  context.closePath();
}

const star = Array.from({ length: 10 }, (_, i) => {
  const at = (Math.PI * i) / 5 - Math.PI / 2;
  const r = i % 2 ? 0.55 : 1.35;
  return [r * Math.cos(at), r * Math.sin(at)];
});
const cross = (a, b) => [[-a, -b], [-b, -b], [-b, -a], [b, -a], [b, -b], [a, -b], [a, b], [b, b], [b, a], [-b, a], [-b, b], [-a, b]];
const turned = (points) => points.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2]);
const SHAPES = {
  square: [[-0.88, -0.88], [0.88, -0.88], [0.88, 0.88], [-0.88, 0.88]],
  triangle: [[0, -1.15], [1.05, 0.8], [-1.05, 0.8]],
  down: [[0, 1.15], [1.05, -0.8], [-1.05, -0.8]],
  diamond: [[0, -1.25], [1.05, 0], [0, 1.25], [-1.05, 0]],
  plus: cross(1.2, 0.42),
  cross: turned(cross(1.2, 0.42)),
  star,
  left: [[-1.15, 0], [0.8, -1.05], [0.8, 1.05]],
  right: [[1.15, 0], [-0.8, -1.05], [-0.8, 1.05]],
  pentagon: Array.from({ length: 5 }, (_, i) => [1.1 * Math.sin((2 * Math.PI * i) / 5), -1.1 * Math.cos((2 * Math.PI * i) / 5)]),
};
