// The gradient check as a table: backpropagation beside differences, parameter by parameter.

import { number } from "../../core/format.js";
import { t } from "../../core/words.js";
import { h } from "../dom.js";

export function checkTable(check) {
  const head = ["parameter_name", "shape", "analytic", "numerical", "relative_error", "verdict"].map((key) => h("th", { scope: "col", t: key }));
  const rows = check.rows.map((row) => h("tr", {}, h("th", { scope: "row" }, row.name), h("td.num", {}, `(${row.shape.join(", ")})`), h("td.num", {}, number(row.analytic, 6)), h("td.num", {}, number(row.numerical, 6)),
    h("td.num", {}, number(row.error, 2)), h("td", {}, h(row.ok ? "span.good" : "span.bad", {}, row.ok ? "✓ " : "✗ ", t(row.ok ? "agrees" : "disagrees")))));
  const verdict = check.ok ? t("check_ok", { n: check.sample }) : (check.verdict ?? t("check_bad"));
  return h("div.check", { "data-test": "check-table" }, h("p", {}, h("strong", {}, verdict)), h("p.small.soft", {}, t("check_how", { tolerance: number(check.tolerance, 2) })),
    h("div.scrolling", {}, h("table.plain", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows))));
}
