// The heat maps of the network's picture: what every unit answers, painted on one canvas between links and frames.

import { classColour, css, mix, pixel, rgb, scale, STOPS } from "../core/colour.js";
import { mapIndex, places, reaches } from "../core/network.js";
import { fit } from "./canvas.js";
import { h, theme } from "./dom.js";

export class Maps {
  /** view: {layout, sizes, width, height} of the picture, which may change. */
  constructor(app, view) {
    this.app = app;
    this.view = view;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.sketches = {};
    this.dress();
  }

  /** Take the colours of the present theme. */
  dress() {
    this.table = scale(theme());
    this.ramps = {};
  }

  draw(weights) {
    const { layout, sizes, width, height } = this.view;
    const context = fit(this.canvas, width, height);
    if (!context) return;
    context.imageSmoothingQuality = "high";
    this.drawInputs(context);
    const { app } = this;
    const maps = app.frame?.arrays.maps;
    const { shapes } = app;
    const count = shapes.layers.reduce((sum, layer) => sum + layer.units, 0);
    if (!maps || maps.shape[0] !== count || app.frame.units.low.length !== count) return;
    const side = maps.shape[1];
    const most = reaches(shapes, app.frame.units);
    const lookup = new Uint8Array(256);
    for (let layer = 1; layer < sizes.length; layer++) {
      const column = layout.columns[layer];
      const output = layer === shapes.layers.length && shapes.task === "classes";
      for (let unit = 0; unit < column.units.length; unit++) {
        if (layer === 1 && app.about.image && weights && !output) {
          this.drawWeightImage(context, weights[0], unit, column);
          continue;
        }
        const k = mapIndex(shapes, layer, unit);
        places(app.frame.units.low[k], app.frame.units.high[k], most[layer - 1], lookup);
        const table = output ? this.ramp(unit) : this.table;
        const start = k * side * side;
        this.tile(context, side, side, column, column.units[unit], (i) => table[lookup[maps.data[start + i]]]);
      }
    }
  }

  /** From paper to a class's colour, over the upper half of the scale: probabilities are never below zero. */
  ramp(unit) {
    if (!this.ramps[unit]) {
      const [paper, colour] = [rgb(STOPS[theme()][2]), rgb(classColour(unit, theme()))];
      this.ramps[unit] = Uint32Array.from({ length: 256 }, (_, i) => pixel(mix(paper, colour, Math.max(0, (i - 128) / 127))));
    }
    return this.ramps[unit];
  }

  drawInputs(context) {
    const { sticky, about } = this.app;
    const column = this.view.layout.columns[0];
    if (about.image) {
      this.drawRow(context, column, about.image);
      return;
    }
    const maps = sticky.inputs;
    if (!maps || maps.shape[0] !== column.units.length) return;
    const side = maps.shape[1];
    const lookup = new Uint8Array(256);
    const { low = [], high = [] } = maps.header ?? {};
    column.units.forEach((place, k) => {
      const most = Math.max(Math.abs(low[k] ?? 0), Math.abs(high[k] ?? 0), 1e-9);
      // An input that is held at its mean says nothing here, whatever its size.
      const still = high[k] - low[k] <= 1e-6 * most;
      places(low[k], high[k], still ? Infinity : most, lookup);
      const start = k * side * side;
      this.tile(context, side, side, column, place, (i) => this.table[lookup[maps.data[start + i]]]);
    });
  }

  /** The pixels of the chosen image, or an empty frame that says where an image goes in. */
  drawRow(context, column, image) {
    const first = column.units[0];
    const [w, hgt] = [column.tile * image.width, column.tile * image.height];
    const x = this.app.image;
    const [paper, ink] = [rgb(STOPS[theme()][2]), theme() === "dark" ? [230, 233, 238] : [31, 37, 43]];
    const steps = Array.from({ length: 17 }, (_, i) => pixel(mix(paper, ink, i / 16)));
    context.save();
    context.imageSmoothingEnabled = false;
    const shown = (i) => steps[Math.max(0, Math.min(16, Math.round((16 * (x ? x[i] : 0)) / image.max)))];
    this.blit(context, image.width, image.height, first.x, first.y, w, hgt, shown);
    context.restore();
    context.strokeStyle = css(mix(paper, ink, 0.35));
    context.strokeRect(first.x - 0.5, first.y - 0.5, w + 1, hgt + 1);
  }

  drawWeightImage(context, W, unit, column) {
    const { image } = this.app.about;
    const units = this.app.shapes.layers[0].units;
    let most = 1e-9;
    for (let i = 0; i < image.width * image.height; i++) most = Math.max(most, Math.abs(W[i * units + unit]));
    const colour = (i) => this.table[Math.max(0, Math.min(255, Math.round(127.5 + (127.5 * W[i * units + unit]) / most)))];
    context.imageSmoothingEnabled = false;
    this.tile(context, image.width, image.height, column, column.units[unit], colour);
    context.imageSmoothingEnabled = true;
  }

  tile(context, width, height, column, place, colour) {
    const size = column.tile;
    if (size < 16) {
      this.blit(context, width, height, place.x, place.y, size, size, colour);
      return;
    }
    context.save();
    context.beginPath();
    context.roundRect(place.x, place.y, size, size, radius(size));
    context.clip();
    this.blit(context, width, height, place.x, place.y, size, size, colour);
    context.restore();
  }

  blit(context, width, height, x, y, w, hgt, colour) {
    const key = `${width}x${height}`;
    if (!this.sketches[key]) {
      const canvas = h("canvas", { width, height });
      const image = new ImageData(width, height);
      this.sketches[key] = { canvas, image, pixels: new Uint32Array(image.data.buffer), context: canvas.getContext("2d") };
    }
    const made = this.sketches[key];
    for (let i = 0; i < made.pixels.length; i++) made.pixels[i] = colour(i);
    made.context.putImageData(made.image, 0, 0);
    context.drawImage(made.canvas, x, y, w, hgt);
  }
}

export const radius = (tile) => (tile < 12 ? 1 : Math.min(8, tile * 0.18));
