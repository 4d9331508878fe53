// From strokes on a pad to an image like those that the network learnt from. Knows no screen.

/**
 * Ink (Uint8Array, side * side, 0 or 1) as width * height numbers from 0 to `max`.
 *
 * As the digits of the UCI data set were made (Alpaydin and Kaynak, 1998): the drawing is cut out, brought to full
 * height in a square, and each number counts the dark dots of a block.
 */
export function asImage(ink, side, { width, height, max }) {
  const box = bounds(ink, side);
  const image = new Array(width * height).fill(0);
  if (!box) return image;
  const block = 4;
  const [w, h] = [width * block, height * block];
  const scale = Math.min((h - 0) / box.height, (w - 2) / box.width);
  const left = (w - box.width * scale) / 2;
  const top = (h - box.height * scale) / 2;
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const sx = Math.floor((x + 0.5 - left) / scale) + box.x;
      const sy = Math.floor((y + 0.5 - top) / scale) + box.y;
      if (sx < box.x || sy < box.y || sx >= box.x + box.width || sy >= box.y + box.height) continue;
      if (ink[sy * side + sx]) image[Math.floor(y / block) * width + Math.floor(x / block)] += max / (block * block);
    }
  }
  return image;
}

function bounds(ink, side) {
  let [left, top, right, bottom] = [side, side, -1, -1];
  for (let i = 0; i < ink.length; i++) {
    if (!ink[i]) continue;
    const [x, y] = [i % side, Math.floor(i / side)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** Ink a stroke of a round brush from one place to another. */
export function stroke(ink, side, [x0, y0], [x1, y1], radius) {
  const steps = Math.max(1, Math.ceil(Math.hypot(x1 - x0, y1 - y0)));
  for (let k = 0; k <= steps; k++) {
    const [cx, cy] = [x0 + ((x1 - x0) * k) / steps, y0 + ((y1 - y0) * k) / steps];
    for (let y = Math.max(0, Math.floor(cy - radius)); y <= Math.min(side - 1, Math.ceil(cy + radius)); y++) {
      for (let x = Math.max(0, Math.floor(cx - radius)); x <= Math.min(side - 1, Math.ceil(cx + radius)); x++) {
        if (Math.hypot(x - cx, y - cy) <= radius) ink[y * side + x] = 1;
      }
    }
  }
}
