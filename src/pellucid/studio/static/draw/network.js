// The network: links in SVG below, heat maps on a canvas, units in SVG above, the layers' names over all of it.

import { classColour, css, mix, pixel, rgb, scale, STOPS } from "../core/colour.js";
import { grouped, number, pretty, shorten } from "../core/format.js";
import { linkWidth, MOST_LINKS, neighbour, path, reach, strongest, tiles } from "../core/layout.js";
import { mapIndex, places, reaches, sizesOf, weightsOf } from "../core/network.js";
import { t } from "../core/words.js";
import { fit } from "./canvas.js";
import { fill, h, s, theme } from "./dom.js";
import { drawHeads } from "./heads.js";
import { showTip } from "./over.js";
import { openLink, openUnit } from "./unit.js";

const EDGE = 12; // pixels above and below the tiles

export class NetworkView {
  constructor(app, page) {
    this.app = app;
    this.page = page;
    this.links = s("svg", { "aria-hidden": "true" });
    this.links.setAttribute("class", "links");
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.units = s("svg", { role: "group", label: "network_group" });
    this.units.setAttribute("class", "units");
    this.heads = h("div.heads");
    this.names = h("div.names", { "aria-hidden": "true" });
    this.note = h("p.note.small.soft", { "data-test": "network-note" });
    this.inner = h("div.inner", {}, this.links, this.canvas, this.names, this.units);
    this.box = h("div.picture", { "data-test": "network" }, h("div.scroll", {}, this.heads, this.inner));
    fill(page.stage, this.box, this.note);
    this.focus = [1, 0];
    this.dirty = true;
    this.lit = null;
    app.on("state look words data", () => this.mark()).on("frame image", () => this.draw()).on("lit", (part) => this.light(part));
    new ResizeObserver(() => this.mark()).observe(this.box);
    this.listen();
  }

  mark() {
    if (this.dirty === "soon") return;
    this.dirty = "soon";
    requestAnimationFrame(() => {
      this.dirty = true;
      this.draw();
    });
  }

  /** Lay everything out anew: the network or the size of the page has changed. */
  build() {
    const { shapes } = this.app;
    const wide = this.box.clientWidth >= 560;
    this.margins = this.marginsFor(shapes, wide);
    this.sizes = sizesOf(shapes);
    const room = Math.max(this.box.clientHeight - this.heads.offsetHeight, wide ? 180 : 260);
    const [left, right] = this.margins;
    this.layout = tiles(this.sizes, this.box.clientWidth - left - right, room - 2 * EDGE, this.app.about.image);
    this.width = this.layout.width + left + right;
    this.height = room;
    for (const column of this.layout.columns) {
      column.x += left;
      for (const unit of column.units) {
        unit.x += left;
        unit.y += EDGE;
      }
    }
    this.inner.style.setProperty("width", `${this.width}px`);
    this.inner.style.setProperty("height", `${this.height}px`);
    for (const svg of [this.links, this.units]) {
      svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
      svg.setAttribute("width", this.width);
      svg.setAttribute("height", this.height);
    }
    this.table = scale(theme());
    this.buildUnits();
    this.buildNames();
    this.linkPool = [];
    this.links.replaceChildren();
    this.chosen = null;
    this.heads.classList.toggle("narrow", this.layout.pitch < 72);
    drawHeads(this.heads, this.app, this.layout, this.width);
    this.buildNote();
    this.light(this.lit);
  }

  marginsFor(shapes, wide) {
    const longest = (names) => Math.max(0, ...names.map((name) => [...name].reduce((sum, c) => sum + (c > "⺀" ? 2 : 1), 0)));
    const most = wide ? 96 : 62;
    const named = !this.app.about.image && shapes.inputs.length <= 16;
    const left = !named ? 14 : Math.min(most, 14 + 7 * longest(this.inputNames()));
    const right = Math.min(most, 30 + 7 * longest((shapes.labels ?? [shapes.target ?? "y"]).map(String)));
    return [Math.max(22, left), Math.max(26, right)];
  }

  inputNames() {
    return this.app.shapes.inputs.map((name) => pretty(name));
  }

  buildUnits() {
    const { shapes } = this.app;
    this.groups = this.layout.columns.map((column, layer) =>
      column.units.map((place, unit) => {
        if (layer === 0 && this.app.about.image) return null;
        const frame = s("rect", { x: place.x, y: place.y, width: column.tile, height: column.tile, rx: radius(column.tile) });
        frame.setAttribute("class", "frame");
        const made = s("g", { role: "button", tabindex: "-1", "data-layer": layer, "data-unit": unit, "data-test": `unit-${layer}-${unit}` }, frame);
        made.setAttribute("class", "unit");
        if (layer === shapes.layers.length) made.classList.add("output");
        made.setAttribute("aria-label", this.describe(layer, unit));
        return made;
      }),
    );
    const focused = this.units.contains(document.activeElement);
    this.units.replaceChildren(...this.groups.flat().filter(Boolean));
    this.focus = this.groups[this.focus[0]]?.[this.focus[1]] ? this.focus : [this.sizes.length > 2 ? 1 : this.sizes.length - 1, 0];
    const first = this.groups[this.focus[0]]?.[this.focus[1]];
    first?.setAttribute("tabindex", "0");
    if (focused) first?.focus({ preventScroll: true });
    this.frames = null;
  }

  describe(layer, unit) {
    const { shapes } = this.app;
    if (layer === 0) return t("input_unit", { name: this.inputNames()[unit] });
    if (layer === shapes.layers.length) return t("output_unit", { name: this.outputName(unit) });
    return t("hidden_unit", { layer, unit: unit + 1, activation: shapes.layers[layer - 1].activation });
  }

  outputName(unit) {
    const { shapes } = this.app;
    return shapes.labels ? String(shapes.labels[unit]) : (shapes.target ?? "y");
  }

  buildNames() {
    const { shapes } = this.app;
    const [first, last] = [this.layout.columns[0], this.layout.columns.at(-1)];
    const named = [];
    const label = (text, place, tile, side, colour) => {
      const made = h(`span.unit-name.${side}`, {}, colour ? h("i.swatch", { style: { background: colour } }) : null, h("bdi", { title: text }, shorten(text, 16)));
      made.style.setProperty("top", `${place.y + tile / 2}px`);
      made.style.setProperty(side === "left" ? "right" : "left", side === "left" ? `${this.width - place.x + 7}px` : `${place.x + tile + 8}px`);
      return made;
    };
    if (first.tile >= 11 && first.single && !this.app.about.image) {
      const names = this.inputNames();
      first.units.forEach((place, i) => place.x === first.x && named.push(label(names[i], place, first.tile, "left")));
    }
    if (last.tile >= 11) {
      const edge = Math.max(...last.units.map((place) => place.x));
      const classes = shapes.task === "classes";
      last.units.forEach((place, i) => place.x === edge && named.push(label(this.outputName(i), place, last.tile, "right", classes ? classColour(i, theme()) : null)));
    }
    fill(this.names, named);
  }

  /** How many links are drawn: fewer where they all come out of one image. */
  get most() {
    return this.app.about.image ? MOST_LINKS / 2 : MOST_LINKS;
  }

  buildNote() {
    const { shapes } = this.app;
    const links = shapes.layers.reduce((sum, layer) => sum + layer.W[0] * layer.W[1], 0);
    const parts = [t("network_note", { sizes: this.sizes.join(" – "), parameters: grouped(shapes.parameters) })];
    const share = Math.floor(this.most / shapes.layers.length);
    const drawn = shapes.layers.reduce((sum, layer) => sum + Math.min(share, layer.W[0] * layer.W[1]), 0);
    if (links > this.most) parts.push(t("strongest_links", { all: grouped(links), some: grouped(drawn) }));
    this.note.textContent = parts.join("  ·  ");
  }

  draw() {
    const { app } = this;
    if (!app.shapes || this.box.clientWidth === 0) return;
    if (this.dirty) {
      this.dirty = false;
      this.build();
    }
    const weights = weightsOf(app.frame, app.shapes);
    if (weights) this.drawLinks(weights);
    this.drawMaps(weights);
    this.drawSilenced();
  }

  drawLinks(weights) {
    const now = performance.now();
    const many = weights.reduce((sum, W) => sum + W.length, 0) > this.most;
    if (!this.chosen || (many && now - this.chosenAt > 600)) {
      this.chosen = strongest(weights, this.most).flatMap((indices, layer) => indices.map((index) => [layer, index]));
      this.chosenAt = now;
      this.place(this.chosen);
    }
    const most = reach(weights);
    const tile = this.layout.tile;
    const faint = this.chosen.length > 250 ? 0.07 : 0.16;
    for (let k = 0; k < this.chosen.length; k++) {
      const [layer, index] = this.chosen[k];
      const w = weights[layer][index];
      const share = Math.min(1, Math.abs(w) / most);
      const made = this.linkPool[k];
      const less = w < 0;
      if (made.less !== less) {
        made.less = less;
        made.element.classList.toggle("less", less);
        made.element.classList.toggle("more", !less);
      }
      const width = linkWidth(w, most, tile).toFixed(1);
      if (made.width !== width) made.element.setAttribute("stroke-width", (made.width = width));
      const shown = (faint + (0.9 - faint) * share).toFixed(2);
      if (made.shown !== shown) made.element.setAttribute("stroke-opacity", (made.shown = shown));
    }
    this.weights = weights;
  }

  place(chosen) {
    const units = this.app.shapes.layers.map((layer) => layer.units);
    chosen.forEach(([layer, index], k) => {
      const made = (this.linkPool[k] ??= { element: s("path.link"), less: null, width: "", shown: "" });
      const [from, to] = [Math.floor(index / units[layer]), index % units[layer]];
      Object.assign(made, { layer, index, from, to });
      made.element.setAttribute("d", path(this.layout.columns, layer, from, to));
      made.element.setAttribute("data-link", `${layer + 1}-${from}-${to}`);
      if (!made.element.parentNode) this.links.append(made.element);
    });
    for (const made of this.linkPool.splice(chosen.length)) made.element.remove();
    this.showEmphasis();
    this.light(this.lit);
  }

  drawMaps(weights) {
    const context = fit(this.canvas, this.width, this.height);
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
    for (let layer = 1; layer < this.sizes.length; layer++) {
      const column = this.layout.columns[layer];
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
    this.ramps ??= {};
    const key = `${theme()}${unit}`;
    if (!this.ramps[key]) {
      const [paper, colour] = [rgb(STOPS[theme()][2]), rgb(classColour(unit, theme()))];
      this.ramps[key] = Uint32Array.from({ length: 256 }, (_, i) => pixel(mix(paper, colour, Math.max(0, (i - 128) / 127))));
    }
    return this.ramps[key];
  }

  drawInputs(context) {
    const { sticky, about } = this.app;
    const column = this.layout.columns[0];
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
    this.sketches ??= {};
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

  drawSilenced() {
    const silent = new Set((this.app.frame?.silenced ?? []).map(([layer, unit]) => `${layer}-${unit}`));
    const key = [...silent].join();
    if (key === this.frames) return;
    this.frames = key;
    for (const made of this.groups.flat()) {
      if (!made) continue;
      const on = silent.has(`${made.dataset.layer}-${made.dataset.unit}`);
      made.classList.toggle("silent", on);
      made.querySelector(".cross")?.remove();
      if (on) {
        const { x, y, tile } = this.placeOf(made);
        const cross = s("path", { d: `M${x + 2} ${y + 2}l${tile - 4} ${tile - 4}` });
        cross.setAttribute("class", "cross");
        made.append(cross);
      }
    }
  }

  placeOf(made) {
    const column = this.layout.columns[made.dataset.layer];
    return { ...column.units[made.dataset.unit], tile: column.tile };
  }

  /** Light the part that an operation stands for; the rest steps back. */
  light(part) {
    this.lit = part;
    this.inner.classList.toggle("dimmed", Boolean(part));
    for (const made of this.groups?.flat() ?? []) made?.classList.toggle("lit", part?.column === Number(made.dataset.layer));
    for (const made of this.linkPool ?? []) made.element.classList.toggle("lit", part?.links === made.layer);
  }

  // What the pointer and the keyboard do.

  listen() {
    this.inner.addEventListener("pointermove", (event) => this.hover(event));
    this.inner.addEventListener("pointerleave", () => this.leave());
    this.inner.addEventListener("click", (event) => this.click(event));
    this.units.addEventListener("keydown", (event) => this.pressed(event));
    this.units.addEventListener("focusin", ({ target }) => {
      if (target.dataset?.layer === undefined) return;
      this.move([Number(target.dataset.layer), Number(target.dataset.unit)], false);
      this.showUnit(target, true);
    });
    this.units.addEventListener("focusout", () => this.leave());
  }

  hover(event) {
    const unit = event.target.closest?.(".unit");
    if (unit) {
      this.showUnit(unit, false, event);
      return;
    }
    const link = this.linkAt(event);
    this.markLink(link);
    this.emphasise(null);
    this.inner.style.setProperty("cursor", link ? "pointer" : "");
    showTip(link ? this.linkText(link) : null, event.clientX, event.clientY);
  }

  leave() {
    this.markLink(null);
    this.emphasise(null);
    showTip(null);
  }

  linkText({ layer, from, to, index }) {
    const name = layer === 0 ? (this.inputNames()[from] ?? `x${from + 1}`) : t("short_unit", { layer, unit: from + 1 });
    const end = layer + 1 === this.app.shapes.layers.length ? this.outputName(to) : t("short_unit", { layer: layer + 1, unit: to + 1 });
    return `${name} → ${end}\nW${layer + 1}[${from}, ${to}] = ${number(this.weights[layer][index], 4)}\n${t("click_to_edit")}`;
  }

  showUnit(made, focused, event = null) {
    const [layer, unit] = [Number(made.dataset.layer), Number(made.dataset.unit)];
    this.markLink(null);
    this.emphasise([layer, unit]);
    const lines = [this.describe(layer, unit)];
    const b = layer > 0 ? this.app.frame?.arrays[`b${layer}`] : null;
    if (b) lines.push(`b${layer}[${unit}] = ${number(b.data[unit], 4)}`);
    const k = layer > 0 ? mapIndex(this.app.shapes, layer, unit) : -1;
    const units = this.app.frame?.units;
    if (k >= 0 && units?.low[k] !== undefined) lines.push(t("unit_range", { low: number(units.low[k]), high: number(units.high[k]) }));
    if (layer > 0) lines.push(t("click_to_edit"));
    const box = made.getBoundingClientRect();
    showTip(lines.join("\n"), event ? event.clientX : box.right, event ? event.clientY : box.bottom);
    if (focused && !made.matches(":focus-visible")) showTip(null);
  }

  /** Show the links of one unit, the others step back. */
  emphasise(unit) {
    if (unit?.join() === this.emphasised?.join()) return;
    this.emphasised = unit;
    this.showEmphasis();
  }

  showEmphasis() {
    const unit = this.emphasised;
    this.links.classList.toggle("some", Boolean(unit));
    for (const made of this.linkPool ?? []) {
      const own = unit && ((made.layer === unit[0] - 1 && made.to === unit[1]) || (made.layer === unit[0] && made.from === unit[1]));
      made.element.classList.toggle("own", Boolean(own));
    }
  }

  markLink(link) {
    if (this.marked === link) return;
    this.marked?.element.classList.remove("hovered");
    this.marked = link;
    link?.element.classList.add("hovered");
  }

  /** The link under the pointer, within a few pixels. Links bend from left to right only, so each has one y for an x. */
  linkAt(event) {
    if (!this.linkPool?.length) return null;
    const box = this.inner.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    let distance = 6;
    for (const made of this.linkPool) {
      const d = Math.abs(this.heightAt(made, px) - py);
      if (d < distance) {
        distance = d;
        best = made;
      }
    }
    return best;
  }

  heightAt({ layer, from, to }, px) {
    const [a, b] = [this.layout.columns[layer], this.layout.columns[layer + 1]];
    const [x0, x1] = [a.units[from].x + a.tile, b.units[to].x];
    if (px < x0 || px > x1) return Infinity;
    const bend = Math.max(12, (b.x - (a.x + a.width)) * 0.5);
    const bezier = (u, p0, p1, p2, p3) => (1 - u) ** 3 * p0 + 3 * (1 - u) ** 2 * u * p1 + 3 * (1 - u) * u * u * p2 + u ** 3 * p3;
    let [low, high] = [0, 1];
    for (let k = 0; k < 14; k++) {
      const middle = (low + high) / 2;
      if (bezier(middle, x0, x0 + bend, x1 - bend, x1) < px) low = middle;
      else high = middle;
    }
    const [y0, y1] = [a.units[from].y + a.tile / 2, b.units[to].y + b.tile / 2];
    return bezier(low, y0, y0, y1, y1);
  }

  click(event) {
    const unit = event.target.closest?.(".unit");
    if (unit) {
      this.open(unit);
      return;
    }
    const link = this.linkAt(event);
    if (link) openLink(this.app, link, this.linkText(link), { left: event.clientX, right: event.clientX, top: event.clientY, bottom: event.clientY });
  }

  open(made) {
    const [layer, unit] = [Number(made.dataset.layer), Number(made.dataset.unit)];
    this.move([layer, unit], false);
    if (layer > 0) openUnit(this.app, layer, unit, this.describe(layer, unit), made.getBoundingClientRect(), this);
  }

  pressed(event) {
    const made = event.target.closest?.(".unit");
    if (!made) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      this.open(made);
    } else if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      event.stopPropagation();
      this.move(neighbour(this.sizes, Number(made.dataset.layer), Number(made.dataset.unit), event.key));
    } else if (event.key === "+" || event.key === "-") {
      this.app.addUnits(Number(made.dataset.layer) - 1, event.key === "+" ? 1 : -1);
    }
  }

  move([layer, unit], focus = true) {
    const next = this.groups[layer]?.[unit];
    if (!next) return;
    this.groups[this.focus[0]]?.[this.focus[1]]?.setAttribute("tabindex", "-1");
    this.focus = [layer, unit];
    next.setAttribute("tabindex", "0");
    if (focus) next.focus();
  }
}

const radius = (tile) => (tile < 12 ? 1 : Math.min(8, tile * 0.18));
