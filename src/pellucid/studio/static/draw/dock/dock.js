// The dock: tabs with everything that is said about the run.

import { fill, h } from "../dom.js";
import { tabs } from "../fields.js";
import { foldable } from "../folds.js";
import { makeCompare } from "./compare.js";
import { makeConfusion } from "./confusion.js";
import { makeCurves } from "./curves.js";
import { makeFindings } from "./findings.js";
import { makeHistograms } from "./histograms.js";
import { makeInside } from "./inside.js";
import { makeTake } from "./take.js";

export function makeDock(app, page) {
  const made = {
    curves: makeCurves(app), histograms: makeHistograms(app), confusion: makeConfusion(app), inside: makeInside(app),
    findings: makeFindings(app), compare: makeCompare(app), take: makeTake(app, page),
  };
  const entries = Object.entries(made).map(([name, panel]) => [name, name === "take" ? "take_away" : name, panel.element]);
  let now = "curves";
  const bar = tabs({ label: "dock", test: "tab", entries, changed: (name) => changed(name) });
  const place = document.getElementById("dock");
  fill(place, bar.element, entries.map(([, , panel]) => panel));
  const fold = foldable(place, "dock_fold");
  const count = h("span.count", { hidden: true, "data-test": "findings-count" });
  bar.buttons.get("findings").append(count);

  function changed(name) {
    if (now !== name) made[now].leave?.();
    now = name;
    place.parentElement.dataset.dock = name;
    app.watch({ histograms: name === "histograms", confusion: name === "confusion" });
    made[name].draw();
  }
  const counted = () => {
    const n = app.findings?.findings.length ?? 0;
    count.hidden = !n;
    count.textContent = String(n);
  };
  app.on("findings counted state", counted);
  bar.show("curves", false);
  return {
    show(name, focus = false) {
      fold.open();
      bar.show(name);
      if (focus) bar.buttons.get(name).focus();
      else if (place.getBoundingClientRect().top > innerHeight - 60) place.scrollIntoView({ block: "start" });
    },
    pin() {
      this.show("compare");
      made.compare.pinRun();
    },
  };
}
