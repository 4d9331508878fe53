// Own data: a file is chosen or dropped, read by the server, and its target column chosen here.

import { bytes, grouped, shorten } from "../core/format.js";
import { t } from "../core/words.js";
import { h } from "./dom.js";
import { button, select } from "./fields.js";
import { notice, openDialog } from "./over.js";

export function chooseFile(app) {
  const input = h("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv" });
  input.addEventListener("change", () => input.files[0] && upload(app, input.files[0]));
  input.click();
}

/** Let files be dropped anywhere on the page. */
export function acceptDrops(app) {
  const veil = h("div.veil", { hidden: true }, h("p", { t: "drop_here" }));
  document.body.append(veil);
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  window.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    veil.hidden = false;
  });
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) veil.hidden = true;
  });
  window.addEventListener("drop", (event) => {
    veil.hidden = true;
    if (!carries(event)) return;
    event.preventDefault();
    const file = event.dataTransfer.files[0];
    if (file) upload(app, file);
  });
}

async function upload(app, file) {
  if (file.size > app.options.limits.upload) {
    notice(t("too_large", { name: file.name, size: bytes(file.size) }), true);
    return;
  }
  const wait = notice(t("reading", { name: file.name }), false, 0);
  try {
    const answer = await fetch(`upload/${app.run}`, { method: "POST", body: file, headers: { "X-File-Name": encodeURIComponent(file.name) } });
    const read = await answer.json();
    if (!answer.ok) notice(read.error, true);
    else {
      app.offered = read;
      openTable(app);
    }
  } catch {
    notice(t("upload_failed"), true);
  } finally {
    wait.remove();
  }
}

/** Which column is the target, and what it is; then train on it. */
export function openTable(app) {
  const file = app.offered ?? app.file;
  if (!file) {
    chooseFile(app);
    return;
  }
  const now = app.state.data.kind === "csv" ? app.state.data : { target: null, task: "auto", drop: [] };
  const names = file.columns.map((column) => column.name);
  const texts = new Set(file.columns.filter((column) => column.kind === "text").map((column) => column.name));
  const chosen = { target: now.target ?? file.suggested ?? names.at(-1), task: now.task ?? "auto", drop: new Set(now.drop ?? []) };
  const target = select({ key: "target", test: "target", entries: names.map((name) => [name, shorten(name, 40)]), change: (v) => {
    chosen.target = v;
    mark();
  } });
  const task = select({ key: "task", test: "task", entries: ["auto", "classes", "values"].map((v) => [v, { t: `task.${v}` }]), change: (v) => (chosen.task = v) });
  target.set(chosen.target);
  task.set(chosen.task);
  const rows = file.columns.map((column) => {
    const use = h("input", { type: "checkbox", "aria-label": t("use_column", { name: column.name }) });
    use.addEventListener("change", () => (use.checked ? chosen.drop.delete(column.name) : chosen.drop.add(column.name)));
    return h("tr", { "data-name": column.name }, h("td", {}, use), h("th", { scope: "row", title: column.name }, h("bdi", {}, shorten(column.name, 36))), h("td", { t: `kind.${column.kind}` }), h("td.num", {}, grouped(column.distinct)),
      h("td.soft", {}, h("bdi", {}, shorten(column.examples.join(", "), 42))));
  });
  const head = h("tr", {}, ["column_use", "column_name", "column_kind", "column_distinct", "column_examples"].map((key) => h("th", { scope: "col", t: key })));
  const go = button("train_on_it", async () => {
    made.close();
    const drop = names.filter((name) => name !== chosen.target && (texts.has(name) || chosen.drop.has(name)));
    await app.learnFrom({ kind: "csv", target: chosen.target, task: chosen.task, drop });
  }, { main: true, test: "use-table" });
  /** The target is no feature, and neither is a text: both cannot be ticked. */
  const mark = () => rows.forEach((row) => {
    const { name } = row.dataset;
    const use = row.querySelector("input");
    row.classList.toggle("target", name === chosen.target);
    use.disabled = name === chosen.target || texts.has(name);
    use.checked = !use.disabled && !chosen.drop.has(name);
    row.title = name === chosen.target ? "" : texts.has(name) ? t("text_column") : "";
    row.classList.toggle("unused", texts.has(name) && name !== chosen.target);
  });
  const about = h("p.soft", {}, t("file_about", { name: file.name, rows: grouped(file.rows), columns: file.columns.length }));
  const told = texts.size ? h("p.small.soft", { t: "text_column" }) : null;
  const made = openDialog("own_data", about, h("div.pair", {}, target.element, task.element), h("div.scrolling", { tabindex: "0" }, h("table.columns", {}, h("thead", {}, head), h("tbody", {}, rows))), told, h("div.row.end", {}, button("another_file", () => {
    made.close();
    chooseFile(app);
  }, { pictured: "upload" }), go));
  mark();
}
