"""The report: for people in two languages, as a table, in a notebook, and for programs."""

from __future__ import annotations

import dataclasses
import re
import string
import tomllib
import unicodedata
from importlib import resources
from typing import Any

import numpy as np
import pytest
from nets import X, check, forward, gradients, y
from scenarios import WRONG, wrong

from pellucid.checker import CheckReport, Finding, check_my_network, kinds


def catalogue(lang: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("pellucid.checker").joinpath("texts", f"{lang}.toml").read_text("utf-8"))


def test_both_languages_say_the_same_things() -> None:
    en, zh = catalogue("en"), catalogue("zh")
    assert en.keys() == zh.keys()
    for part in ("words", "notes"):
        assert en[part].keys() == zh[part].keys()
    assert en["kinds"].keys() == zh["kinds"].keys()
    for kind in en["kinds"]:
        assert en["kinds"][kind].keys() == zh["kinds"][kind].keys(), kind
        assert {"title", "what", "evidence", "fix"} <= en["kinds"][kind].keys(), kind


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_chinese_texts_are_chinese_and_ask_for_nothing_that_english_ones_do_not() -> None:
    en, zh = catalogue("en")["kinds"], catalogue("zh")["kinds"]
    for kind in en:
        for key, text in zh[kind].items():
            assert re.search(r"[\u4e00-\u9fff]", text), (kind, key)
            allowed = fields(en[kind][key]) | {"axis"}
            assert fields(text) <= allowed, (kind, key)


def test_there_are_at_least_fifteen_kinds_and_no_two_titles_alike() -> None:
    for lang in ("en", "zh"):
        assert len(kinds(lang)) >= 15
        assert len(set(kinds(lang).values())) == len(kinds(lang))


ZEROS = "{key: np.zeros_like(p) for key, p in params.items()}"  # code that stands in a fix, and no value to fill in

# Kinds whose evidence may be that something is the same or not the same, without a number.
WITHOUT_NUMBERS = ("step_changes_nothing", "aliased", "update_twice", "changed_in_place")


@pytest.mark.parametrize("name", WRONG)
def test_every_finding_is_told_in_full(name: str) -> None:
    lang = "en" if list(WRONG).index(name) % 2 else "zh"
    learnt = wrong(name, 11)
    more = {key: getattr(learnt, key) for key in ("forward", "step", "X", "y")}
    report = check_my_network(learnt.loss, learnt.gradients, learnt.params, lang=lang, **more)
    assert report.findings
    for finding in report.findings:
        for text in (finding.what, finding.evidence, finding.fix.replace(ZEROS, "")):
            assert text.strip()
            assert not re.search(r"[{}]|\?(?=\W|$)", text), "a value was not filled in"
        assert "\n" not in finding.evidence
        assert re.search(r"[=(\[]", finding.fix), "a fix has a line of code"
        assert re.search(r"\d", finding.evidence) or finding.kind in WITHOUT_NUMBERS, finding
        assert finding.parameter in str(report)


def test_findings_are_frozen() -> None:
    finding = Finding("W1", "transposed", "what", "evidence", "fix")
    with pytest.raises(dataclasses.FrozenInstanceError):
        finding.kind = "other"  # type: ignore[misc]


def wrong_report(lang: str = "en") -> CheckReport:
    return check(gradients=lambda p: gradients(p) | {"b1": -gradients(p)["b1"]}, forward=forward, X=X, y=y, lang=lang)


def test_the_text_fits_a_terminal() -> None:
    def columns(line: str) -> int:
        return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)

    for lang in ("en", "zh"):
        text = str(wrong_report(lang))
        assert max(map(columns, text.splitlines())) <= 90
        assert "b1" in text
        assert "[wrong_sign]" in text
    english, chinese = str(wrong_report()), str(wrong_report("zh"))
    assert "One mistake found." in english
    assert "WRONG" in english
    assert "发现一处错误" in chinese
    assert "符号反了" in chinese


def test_columns_of_the_table_stand_under_each_other() -> None:
    def columns(text: str) -> int:
        return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)

    for lang in ("en", "zh"):
        report = wrong_report(lang)
        header, *rows = str(report).split("\n\n")[1].splitlines()
        assert len(rows) == 4
        places = {columns(row[: row.index("(")]) for row in rows}
        assert places == {columns(header[: header.index(report.rows()[0][1])])}


def test_a_right_network_is_told_so() -> None:
    report = check()
    assert report.ok
    assert str(report).startswith("No mistake found: 4 parameters, 26 gradients compared")
    assert "ok" in report.rows()[1]


def test_html_is_safe_and_has_no_script() -> None:
    def strange(params: Any) -> Any:
        return {"W<script>": -2 * params["W<script>"]}

    report = check_my_network(lambda p: (p["W<script>"] ** 2).sum(), strange, {"W<script>": np.arange(1.0, 4.0)})
    html = report._repr_html_()
    assert "<script" not in html
    assert "W&lt;script&gt;" in html
    assert "wrong_sign" in html
    assert html.count("<table>") == 1
    assert "<li>" not in check()._repr_html_()


def test_programs_read_the_same() -> None:
    report = wrong_report()
    (finding,) = report.findings
    assert (finding.parameter, finding.kind) == ("b1", "wrong_sign")
    row = {row.name: row for row in report.parameters}["b1"]
    assert (row.shape, row.verdict, row.compared, row.left_out) == ((4,), "wrong", 4, 0)
    assert row.yours == pytest.approx(-row.numerical)
    assert row.error == pytest.approx(2.0)
    assert all(other.error < 1e-3 for other in report.parameters if other.name != "b1")
    assert wrong_report("zh") == dataclasses.replace(wrong_report("zh"))
    assert [f.kind for f in wrong_report("zh").findings] == ["wrong_sign"]


def test_a_transposed_gradient_of_another_shape_is_not_said_to_agree() -> None:
    square = np.random.default_rng(1).normal(size=(4, 4))
    for lang, luck in (("en", "luck"), ("zh", "碰巧")):
        made = check(gradients=lambda params: {**gradients(params), "W1": gradients(params)["W1"].T}, lang=lang)
        assert [finding.kind for finding in made.findings] == ["transposed"]
        assert luck not in made.findings[0].what
        turned = check_my_network(
            lambda params: np.sum((square @ params[0]) ** 2) + np.sum(params[0][0]),
            lambda params: [(2 * square.T @ square @ params[0] + np.eye(4)[:1].T).T],
            [np.random.default_rng(2).normal(size=(4, 4))],
            lang=lang,
        )
        assert [finding.kind for finding in turned.findings] == ["transposed"]
        assert luck in turned.findings[0].what


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_wrong_update_leaves_right_gradients_right(lang: str) -> None:
    made = check(step=lambda params, grads: {key: params[key] + 0.1 * grads[key] for key in params}, lang=lang)
    assert [finding.kind for finding in made.findings] == ["step_uphill"]
    assert not made.ok
    assert {row.verdict for row in made.parameters} == {"ok"}
    last = made.rows()[-1]
    assert (last[0], last[-1]) == ("step()", "WRONG" if lang == "en" else "错误")
    assert "step()" in str(made)
    assert "step()" in made._repr_html_()
    right = check(step=lambda params, grads: {key: params[key] - 0.1 * grads[key] for key in params}, lang=lang)
    assert right.ok
    assert len(right.rows()) == 5


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_key_in_other_letters_is_noted(lang: str) -> None:
    def renamed(params: Any) -> Any:
        made = gradients(params)
        return {"W1": made["W1"], "B1": made["b1"], "dW2": made["W2"], "b2": made["b2"]}

    made = check(gradients=renamed, lang=lang)
    assert made.ok
    assert ["B1" in note for note in made.notes] == [True], made.notes
    assert check(lang=lang).notes == ()


def test_the_representation_is_short() -> None:
    assert repr(check()) == "<CheckReport ok=True, 4 parameters, findings: []>"
    made = check(gradients=lambda params: {**gradients(params), "b1": -gradients(params)["b1"]})
    assert repr(made) == "<CheckReport ok=False, 4 parameters, findings: [b1: wrong_sign]>"
