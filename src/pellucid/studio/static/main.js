// The page, put together: the run's memory, the panels that draw it, the keyboard, the address.

import { App } from "./core/app.js";
import { actionOf, belongsTo } from "./core/keys.js";
import { decode, encode, needsOwnData } from "./core/state.js";
import { languageNow, preferred, speak, t } from "./core/words.js";
import { makeBar } from "./draw/bar.js";
import { makeDock } from "./draw/dock/dock.js";
import { translate } from "./draw/dom.js";
import { showHelp } from "./draw/help.js";
import { NetworkView } from "./draw/network.js";
import { makeOutcome } from "./draw/outcome.js";
import { cardOpen, notice, showTip } from "./draw/over.js";
import { makeSide } from "./draw/side.js";
import { makeTime } from "./draw/time.js";
import { acceptDrops } from "./draw/upload.js";
import { keep, kept } from "./draw/memory.js";

const root = document.documentElement;
const byId = (id) => document.getElementById(id);

/** Where a run is kept while the page is reloaded; another address in between means another run. */
async function beginning() {
  const stored = JSON.parse(sessionStorage.getItem("pellucid-run") ?? "null");
  // Browsers copy this store into a duplicated tab, which must not take the run away from the first.
  const before = stored && (await heldHere(stored.run)) ? stored : null;
  const state = decode(location.hash);
  if (before && (before.hash === location.hash || !state)) return { run: before.run, state };
  return { run: null, state: state && needsOwnData(state) ? { ...state, data: undefined } : state, lacks: state && needsOwnData(state) };
}

/** Whether this tab holds a run: no other does. A page that is being reloaded may need a moment to let go of it. */
function heldHere(run) {
  if (!navigator.locks || !run) return Promise.resolve(true); // not offered where a page is not trusted (--host)
  return new Promise((resolve) => {
    const hold = () => {
      resolve(true);
      return new Promise(() => {}); // as long as this page lives
    };
    navigator.locks.request(`pellucid-run-${run}`, { signal: AbortSignal.timeout(800) }, hold).catch(() => resolve(false));
  });
}

const first = await beginning();
const socket = new URL("live", location.href);
socket.protocol = location.protocol.replace("http", "ws");
socket.hash = socket.search = "";
const app = new App({ address: socket.href, first, schedule: (draw) => requestAnimationFrame(draw) });

const page = {
  stage: byId("stage"), outcome: byId("outcome"), time: byId("time"),
  show: (name, focus) => dock.show(name, focus),
  help: () => showHelp(),
  switchTheme: () => wear(root.dataset.theme === "dark" ? "light" : "dark", true),
  switchLanguage: () => talk(languageNow() === "zh" ? "en" : "zh", true),
  copyLink,
};

function wear(theme, remember = false) {
  root.dataset.theme = theme;
  if (remember) keep("theme", theme);
  app.emit("look");
}

function talk(language, remember = false) {
  speak(language);
  root.lang = language;
  if (remember) keep("language", language);
  translate(document);
  app.emit("words");
}

async function copyLink() {
  const address = location.href;
  try {
    await navigator.clipboard.writeText(address);
    notice(t(needsOwnData(app.state) ? "link_copied_own" : "link_copied"));
  } catch {
    notice(address, false, 12);
  }
}

const dark = matchMedia("(prefers-color-scheme: dark)");
speak(preferred(kept("language"), navigator.languages));
root.lang = languageNow();
root.dataset.theme = kept("theme") ?? (dark.matches ? "dark" : "light");
dark.addEventListener("change", () => kept("theme") || wear(dark.matches ? "dark" : "light"));

makeBar(app, page);
const side = makeSide(app, page);
page.network = new NetworkView(app, page);
page.plane = makeOutcome(app, page);
makeTime(app, page);
const dock = makeDock(app, page);
acceptDrops(app);
translate(document);
app.emit("words");
app.emit("look");

// The address always says how to come back to this run.
let byAddress = false;
app.on("state", (worth) => {
  const hash = `#${encode(app.state)}`;
  if (hash !== location.hash) history[worth && !byAddress ? "pushState" : "replaceState"](null, "", hash);
  byAddress = false;
  sessionStorage.setItem("pellucid-run", JSON.stringify({ run: app.run, hash: location.hash }));
});
window.addEventListener("popstate", () => {
  const state = decode(location.hash);
  if (!state || !app.state || `#${encode(app.state)}` === location.hash) return;
  if (needsOwnData(state)) delete state.data;
  byAddress = true;
  app.change(state);
});
let held = first.run;
app.on("welcome", () => {
  if (app.run !== held) heldHere(app.run);
  held = app.run;
});
if (first.lacks) app.on("welcome", () => notice(t("link_without_data"), true));

app.on("trouble", (text) => notice(text, true));
app.on("link", (text) => notice(`${t("bad_link")}\n${text ?? ""}`.trim(), true));
let stopped = null;
app.on("status", () => {
  if (app.status.stopped === "diverged" && app.status.text && app.status.text !== stopped) notice(app.status.text, true);
  stopped = app.status.stopped === "diverged" ? app.status.text : null;
});
let lost = null;
app.on("connection", (state, reason) => {
  if (state === "open") {
    lost?.remove();
    if (lost) notice(t("back_again"));
    lost = null;
  } else if (!lost || state === "closed") {
    lost?.remove();
    lost = notice(t(`gone.${reason}`), true);
  }
  root.dataset.connection = state;
});

// The keyboard.
const layers = () => app.state?.network.layers ?? [];
const unitLayer = () => Math.max(0, Math.min(layers().length, page.network.focus[0]) - 1);
const ACTIONS = {
  play: () => app.toggle(), step: () => app.step(), epoch: () => app.epoch(), reset: () => app.reset(), reseed: () => app.reseed(),
  back: () => app.seek(app.status.step - 1), forward: () => (app.status.step < app.status.end ? app.seek(app.status.step + 1) : app.step()),
  start: () => app.seek(app.status.first), live: () => app.seek(app.status.end),
  add_layer: () => app.addLayer(), remove_layer: () => app.removeLayer(), add_unit: () => app.addUnits(unitLayer(), 1), remove_unit: () => app.addUnits(unitLayer(), -1),
  data: () => side.show("data"), training: () => side.show("training"), lessons: () => side.show("lessons"),
  pin: () => dock.pin(), copy_link: copyLink, theme: page.switchTheme, language: page.switchLanguage, help: page.help,
};
for (const name of ["curves", "histograms", "confusion", "inside", "findings", "compare", "take"]) ACTIONS[name] = () => dock.show(name, true);

window.addEventListener("keydown", (event) => {
  if (event.key === "Escape") showTip(null);
  if (event.defaultPrevented || document.querySelector("dialog[open]") || cardOpen() || !app.state) return;
  const { tagName, type } = event.target;
  if (belongsTo(tagName?.toUpperCase(), type, event.target.getAttribute?.("role"), event.key)) return;
  const action = actionOf(event);
  if (!action) return;
  event.preventDefault();
  ACTIONS[action]();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  page.stage.focus();
});

app.start();
