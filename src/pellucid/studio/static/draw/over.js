// What lies over the page for a moment: notices, a tip at the pointer, cards beside what was clicked.

import { fill, h, icon } from "./dom.js";

/** A notice in the corner, read out by screen readers; errors stay until they are closed. */
export function notice(text, bad = false, seconds = bad ? 0 : 4) {
  const place = document.getElementById("notices");
  for (const old of place.children) if (old.dataset.text === text) old.remove();
  const close = h("button.tiny", { type: "button", hint: "close", on: { click: () => made.remove() } }, icon("close"));
  const made = h(`div.notice${bad ? ".bad" : ""}`, { "data-text": text, "data-test": bad ? "trouble" : "notice" }, h("p", {}, text), close);
  place.append(made);
  while (place.children.length > 3) place.firstElementChild.remove();
  if (seconds) setTimeout(() => made.remove(), 1000 * seconds);
  return made;
}

let tip = null;

/** Show a tip near (x, y) of the window; null hides it. */
export function showTip(text, x = 0, y = 0) {
  if (!tip) document.body.append((tip = h("div.tip", { "data-test": "tip" })));
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  const [w, hgt] = [tip.offsetWidth, tip.offsetHeight];
  const left = x + 14 + w > innerWidth - 4 ? Math.max(4, x - w - 12) : x + 14;
  const top = y + 16 + hgt > innerHeight - 4 ? Math.max(4, y - hgt - 12) : y + 16;
  tip.style.setProperty("transform", `translate(${Math.round(left)}px, ${Math.round(top)}px)`);
}

/** Show a tip while the pointer or the focus is on an element; `text` gives it then. */
export function tipFor(element, text) {
  const at = (event) => showTip(text(), event.clientX, event.clientY);
  element.addEventListener("pointermove", at);
  element.addEventListener("pointerleave", () => showTip(null));
  element.addEventListener("focus", () => {
    if (!element.matches(":focus-visible")) return;
    const box = element.getBoundingClientRect();
    showTip(text(), box.left, box.bottom - 8);
  });
  element.addEventListener("blur", () => showTip(null));
}

let card = null;
let opener = null;

/** A card beside a place of the window ({left, right, top, bottom}); closed by Escape or a click elsewhere. */
export function openCard(box, label, ...children) {
  showTip(null);
  if (!card) {
    card = h("div.card", { popover: "auto", role: "dialog", "data-test": "card" });
    card.addEventListener("toggle", (event) => {
      if (event.newState === "closed") {
        card.onclosed?.();
        if (card.contains(document.activeElement) || document.activeElement === document.body) opener?.focus?.();
      }
    });
    document.body.append(card);
  }
  if (card.matches(":popover-open")) card.hidePopover();
  opener = document.activeElement;
  card.onclosed = null;
  card.setAttribute("aria-label", label);
  fill(card, children);
  card.showPopover();
  placeCard(box);
  card.querySelector("input, select, button")?.focus({ preventScroll: true });
  return card;
}

function placeCard(box) {
  const [w, hgt] = [card.offsetWidth, card.offsetHeight];
  const right = box.right + 10;
  const left = right + w < innerWidth - 6 ? right : Math.max(6, Math.min(box.left - w - 10, innerWidth - w - 6));
  const below = left < 6 + 1 && innerWidth < 480;
  const top = below ? box.bottom + 8 : (box.top + box.bottom) / 2 - hgt / 2;
  card.style.setProperty("left", `${Math.max(6, left)}px`);
  const bar = innerWidth > 900 ? 64 : 6; // the bar at the top stays in sight
  card.style.setProperty("top", `${Math.max(6, Math.min(Math.max(top, bar), innerHeight - hgt - 6))}px`);
}

export const cardOpen = () => Boolean(card?.matches(":popover-open"));
export function closeCard() {
  if (cardOpen()) card.hidePopover();
}

/** A dialog in the middle of the page; gives the dialog element, already shown. */
export function openDialog(titleKey, ...children) {
  closeCard();
  const close = h("button.tiny", { type: "button", hint: "close", on: { click: () => made.close() } }, icon("close"));
  const id = `dialog-${titleKey}`;
  const made = h("dialog", { "aria-labelledby": id, "data-test": "dialog" }, h("div.inner", {}, h("header", {}, h("h2", { id, t: titleKey }), close), children));
  made.addEventListener("close", () => made.remove());
  made.addEventListener("click", (event) => event.target === made && made.close());
  document.body.append(made);
  made.showModal();
  return made;
}
