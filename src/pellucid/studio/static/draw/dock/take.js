// Take away: everything there is to keep of a run.

import { t } from "../../core/words.js";
import { fill, h, icon } from "../dom.js";
import { notice } from "../over.js";
import { pagePicture } from "../picture.js";

const KINDS = [
  ["script.py", "take_script"], ["model.json", "take_json"], ["model.safetensors", "take_safetensors"], ["model.onnx", "take_onnx"],
  ["report.html", "take_report"], ["history.csv", "take_history"],
];

export function makeTake(app, page) {
  const list = h("div.takes", { "data-test": "takes" });
  const element = h("div.pane", {}, list);
  const entry = (key, pictured, click, test) => h("button.take", { type: "button", "data-test": test, on: { click } }, icon(pictured), h("span", {}, h("strong", { t: key }), h("span.small.soft", { t: `${key}_about` })));
  function draw() {
    if (!app.options || list.children.length) return;
    const offered = KINDS.filter(([kind]) => app.options.take.includes(kind));
    fill(list, offered.map(([kind, key]) => entry(key, "download", () => take(app, kind), `take-${kind}`)), entry("take_link", "link", page.copyLink, "take-link"), entry("take_png", "download", () => savePicture(app, page), "take-png"));
  }
  app.on("welcome", draw);
  return { element, draw };
}

async function take(app, kind) {
  try {
    const answer = await fetch(`take/${app.run}/${kind}`);
    if (!answer.ok) {
      notice((await answer.json()).error, true);
      return;
    }
    save(await answer.blob(), `pellucid-${kind}`.replace("pellucid-history", "history"));
    notice(t("saved", { name: kind }));
  } catch {
    notice(t("take_failed"), true);
  }
}

function savePicture(app, page) {
  pagePicture(app, page).toBlob((blob) => {
    save(blob, "pellucid.png");
    notice(t("saved", { name: "pellucid.png" }));
  });
}

function save(blob, name) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
