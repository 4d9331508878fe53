// On a narrow screen each panel has a heading that folds it; on a wide one the heading is not there.

import { h } from "./dom.js";
import { fresh } from "./fields.js";

export function foldable(place, key, folded = false) {
  place.id ||= fresh("panel");
  const heading = h("button.fold-heading", { type: "button", t: key, "aria-expanded": "true", "aria-controls": place.id, "data-test": `fold-${place.id}`, on: { click: () => set(!place.classList.contains("folded")) } });
  place.prepend(heading);
  const set = (on) => {
    place.classList.toggle("folded", on);
    heading.setAttribute("aria-expanded", String(!on));
  };
  set(folded);
  return { open: () => set(false) };
}
