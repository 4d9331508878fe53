// The help: every key, exactly as it is matched.

import { KEYS } from "../core/keys.js";
import { h } from "./dom.js";
import { openDialog } from "./over.js";

export function showHelp() {
  if (document.querySelector("dialog[open]")) return;
  const keys = KEYS.map(([key, action]) => h("div.key", {}, h("dt", {}, key.split("+").map((one, k) => [k ? " + " : "", h("kbd", {}, one)])), h("dd", { t: `key.${action}` })));
  const more = ["help_network", "help_plane", "help_links"].map((key) => h("li", { t: key }));
  openDialog("help", h("p.soft", { t: "help_about" }), h("dl.keys", {}, keys), h("ul.hints", {}, more));
}
