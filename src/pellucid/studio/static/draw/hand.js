// What the pointer and the keyboard do in the picture of the network: read, point out, open, walk.

import { number } from "../core/format.js";
import { neighbour } from "../core/layout.js";
import { mapIndex } from "../core/network.js";
import { t } from "../core/words.js";
import { showTip } from "./over.js";
import { openLink, openUnit } from "./unit.js";

export class Hand {
  /** view: the picture, with its layout, links and groups of units, which may change. */
  constructor(app, view) {
    this.app = app;
    this.view = view;
    this.emphasised = null;
    this.marked = null;
    this.listen();
  }

  listen() {
    this.view.inner.addEventListener("pointermove", (event) => this.hover(event));
    this.view.inner.addEventListener("pointerleave", () => this.leave());
    this.view.inner.addEventListener("click", (event) => this.click(event));
    this.view.units.addEventListener("keydown", (event) => this.pressed(event));
    this.view.units.addEventListener("focusin", ({ target }) => {
      if (target.dataset?.layer === undefined) return;
      this.move([Number(target.dataset.layer), Number(target.dataset.unit)], false);
      this.showUnit(target, true);
    });
    this.view.units.addEventListener("focusout", () => this.leave());
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
    this.view.inner.style.setProperty("cursor", link ? "pointer" : "");
    showTip(link ? this.linkText(link) : null, event.clientX, event.clientY);
  }

  leave() {
    this.markLink(null);
    this.emphasise(null);
    showTip(null);
  }

  linkText({ layer, from, to, index }) {
    const name = layer === 0 ? (this.view.inputNames()[from] ?? `x${from + 1}`) : t("short_unit", { layer, unit: from + 1 });
    const end = layer + 1 === this.app.shapes.layers.length ? this.view.outputName(to) : t("short_unit", { layer: layer + 1, unit: to + 1 });
    return `${name} → ${end}\nW${layer + 1}[${from}, ${to}] = ${number(this.view.weights[layer][index], 4)}\n${t("click_to_edit")}`;
  }

  showUnit(made, focused, event = null) {
    const [layer, unit] = [Number(made.dataset.layer), Number(made.dataset.unit)];
    this.markLink(null);
    this.emphasise([layer, unit]);
    const lines = [this.view.describe(layer, unit)];
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
    this.view.links.classList.toggle("some", Boolean(unit));
    for (const made of this.view.linkPool ?? []) {
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
    if (!this.view.linkPool?.length) return null;
    const box = this.view.inner.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    let distance = 6;
    for (const made of this.view.linkPool) {
      const d = Math.abs(this.heightAt(made, px) - py);
      if (d < distance) {
        distance = d;
        best = made;
      }
    }
    return best;
  }

  heightAt({ layer, from, to }, px) {
    const [a, b] = [this.view.layout.columns[layer], this.view.layout.columns[layer + 1]];
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
    if (layer > 0) openUnit(this.app, layer, unit, this.view.describe(layer, unit), made.getBoundingClientRect(), this);
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
      this.move(neighbour(this.view.sizes, Number(made.dataset.layer), Number(made.dataset.unit), event.key));
    } else if (event.key === "+" || event.key === "-") {
      this.app.addUnits(Number(made.dataset.layer) - 1, event.key === "+" ? 1 : -1);
    }
  }

  move([layer, unit], focus = true) {
    const next = this.view.groups[layer]?.[unit];
    if (!next) return;
    this.view.groups[this.view.focus[0]]?.[this.view.focus[1]]?.setAttribute("tabindex", "-1");
    this.view.focus = [layer, unit];
    next.setAttribute("tabindex", "0");
    if (focus) next.focus();
  }
}
