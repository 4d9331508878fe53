// Findings: what diagnose says of the run, each with its reason, its evidence, and a button that applies the fix.

import { t } from "../../core/words.js";
import { fill, h } from "../dom.js";
import { button } from "../fields.js";
import { notice } from "../over.js";

export function makeFindings(app) {
  const headline = h("p.headline", { "data-test": "headline" });
  const list = h("ol.findings", { "data-test": "findings" });
  const ask = button("look_now", () => look(), { test: "look-now" });
  const element = h("div.pane", {}, h("div.row.apart", {}, headline, ask), list);
  async function look() {
    const answer = await app.ask({ type: "findings" });
    if (answer) app.findings = answer;
    draw();
    app.emit("counted");
  }
  function draw() {
    if (element.hidden) return;
    const { findings } = app;
    headline.textContent = findings ? findings.headline : t("findings_empty");
    const key = JSON.stringify([findings?.findings, document.documentElement.lang]);
    if (key === list.dataset.key) return;
    list.dataset.key = key;
    if (!findings?.findings.length) {
      fill(list, h("li.empty", {}, h("strong", { t: findings ? "findings_none" : "findings_wait" }), h("span", { t: findings ? "findings_none_do" : "findings_wait_do" })));
      return;
    }
    fill(list, findings.findings.map((finding) => one(finding, app, look)));
  }
  app.on("findings state words", draw);
  return { element, draw: () => (app.findings ? draw() : look()) };
}

function one(finding, app, look) {
  const fix = finding.apply
    ? h("button.button.main", { type: "button", "data-test": `apply-${finding.kind}`, on: { click: () => apply(finding, app, look) } }, finding.apply.text)
    : null;
  const part = (key, text) => (text ? [h("dt", { t: key }), h("dd", {}, text)] : null);
  return h(`li.finding.weight-${finding.weight}`, { "data-kind": finding.kind }, h("div.finding-head", {}, h("span.weight-mark", { "aria-hidden": "true" }), h("h3", {}, finding.what)),
    h("dl", {}, part("why", finding.why), part("evidence", finding.evidence), part("fix", finding.fix)), fix);
}

async function apply(finding, app, look) {
  const answer = await app.ask({ type: "apply", kind: finding.kind });
  if (!answer) return;
  notice(t("applied", { text: finding.apply.text }));
  app.findings = null;
  look();
}
