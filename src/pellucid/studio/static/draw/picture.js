// The network and its outcome as one picture to keep.

import { classColour } from "../core/colour.js";
import { fixed, grouped, percent } from "../core/format.js";
import { linkWidth, path, reach } from "../core/layout.js";
import { named, t } from "../core/words.js";
import { h, paint, theme } from "./dom.js";

const MARGIN = 28;
const SCALE = 2;

/** A canvas with the network at the left, the plane at the right, and what was trained below. */
export function pagePicture(app, { network, plane }) {
  const side = Math.min(network.height - 20, 420);
  const [width, height] = [network.width + side + 3 * MARGIN, network.height + 2 * MARGIN + 34];
  const canvas = h("canvas", { width: width * SCALE, height: height * SCALE });
  const context = canvas.getContext("2d");
  context.scale(SCALE, SCALE);
  context.fillStyle = paint("ground");
  context.fillRect(0, 0, width, height);
  context.save();
  context.translate(MARGIN, MARGIN);
  drawLinks(context, network);
  context.drawImage(network.maps.canvas, 0, 0, network.width, network.height);
  context.restore();
  const [x, y] = [network.width + 2 * MARGIN, MARGIN + (network.height - side) / 2];
  context.drawImage(plane.back, x, y, side, side);
  context.drawImage(plane.front, x, y, side, side);
  context.fillStyle = paint("ink");
  context.font = `600 15px ${getComputedStyle(document.body).fontFamily}`;
  context.fillText(caption(app), MARGIN, height - MARGIN);
  return canvas;
}

function drawLinks(context, network) {
  const most = reach(network.weights ?? []);
  const faint = network.linkPool.length > 250 ? 0.07 : 0.16;
  context.lineCap = "round";
  for (const { layer, index, from, to } of network.linkPool) {
    const w = network.weights[layer][index];
    context.strokeStyle = classColour(w < 0 ? 0 : 1, theme());
    context.globalAlpha = faint + (0.9 - faint) * Math.min(1, Math.abs(w) / most);
    context.lineWidth = linkWidth(w, most, network.layout.tile);
    context.stroke(new Path2D(path(network.layout.columns, layer, from, to)));
  }
  context.globalAlpha = 1;
}

function caption(app) {
  const { frame, shapes, state, status } = app;
  const sizes = [shapes.inputs.length, ...shapes.layers.map((layer) => layer.units)].join("–");
  const parts = [named("data", state.data.kind), sizes, t("at_epoch", { n: grouped(status.epoch) }), `${t("loss")} ${fixed(frame?.loss, 4)}`];
  if (frame?.accuracy !== null && frame?.accuracy !== undefined) parts.push(`${t("accuracy")} ${percent(frame.accuracy)}`);
  return parts.join("  ·  ");
}
