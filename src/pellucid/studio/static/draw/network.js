// The network: links in SVG below, heat maps on a canvas, units in SVG above, the layers' names over all of it.

import { classColour } from "../core/colour.js";
import { grouped, pretty, shorten } from "../core/format.js";
import { linkWidth, MOST_LINKS, path, reach, strongest, tiles } from "../core/layout.js";
import { sizesOf, weightsOf } from "../core/network.js";
import { t } from "../core/words.js";
import { fill, h, s, theme } from "./dom.js";
import { Hand } from "./hand.js";
import { drawHeads } from "./heads.js";
import { Maps, radius } from "./maps.js";

const EDGE = 12; // pixels above and below the tiles

export class NetworkView {
  constructor(app, page) {
    this.app = app;
    this.page = page;
    this.links = s("svg", { "aria-hidden": "true" });
    this.links.setAttribute("class", "links");
    this.maps = new Maps(app, this);
    this.units = s("svg", { role: "group", label: "network_group" });
    this.units.setAttribute("class", "units");
    this.heads = h("div.heads");
    this.names = h("div.names", { "aria-hidden": "true" });
    this.note = h("p.note.small.soft", { "data-test": "network-note" });
    this.inner = h("div.inner", {}, this.links, this.maps.canvas, this.names, this.units);
    this.box = h("div.picture", { "data-test": "network" }, h("div.scroll", {}, this.heads, this.inner));
    fill(page.stage, this.box, this.note);
    this.focus = [1, 0];
    this.dirty = true;
    this.lit = null;
    app.on("state look words data", () => this.mark()).on("frame image", () => this.draw()).on("lit", (part) => this.light(part));
    new ResizeObserver(() => this.mark()).observe(this.box);
    this.hand = new Hand(app, this);
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
    this.maps.dress();
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
    this.maps.draw(weights);
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
    this.hand.showEmphasis();
    this.light(this.lit);
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
}
