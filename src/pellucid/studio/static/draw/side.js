// The side: data, training, lessons, one at a time.

import { fill, h } from "./dom.js";
import { tabs } from "./fields.js";
import { makeData } from "./data.js";
import { makeTours } from "./tours.js";
import { makeTraining } from "./training.js";
import { foldable } from "./folds.js";

export function makeSide(app, page) {
  const tours = makeTours(app, page);
  const panels = { data: h("div.side-panel", {}, makeData(app)), training: h("div.side-panel", {}, makeTraining(app)), lessons: h("div.side-panel", {}, tours.element) };
  const bar = tabs({ label: "side", className: "choice.wide", test: "side", entries: [["data", "data_tab", panels.data], ["training", "training_tab", panels.training], ["lessons", "lessons_tab", panels.lessons]] });
  bar.element.classList.add("side-tabs");
  const place = document.getElementById("side");
  fill(place, bar.element, Object.values(panels));
  const fold = foldable(place, "data_tab_fold");
  bar.show("data", false);
  app.on("state", () => place.classList.add("ready"));
  return {
    show(name) {
      fold.open();
      bar.show(name);
      bar.buttons.get(name).focus();
    },
  };
}
