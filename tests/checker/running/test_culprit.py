"""The line of a learner's code that changes a parameter, and entries that are overwritten."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nets import check, gradients, loss, start, told

from pellucid.checker import check_my_network
from pellucid.checker.running.culprit import MOST_LINES, line_that_changes


def here() -> int:
    """The line of the caller."""
    return sys._getframe(1).f_lineno


def test_the_line_is_found_wherever_it_is() -> None:
    box: dict[str, int] = {}

    def outer() -> None:
        before = 1
        inner(before)
        box["after"] = len(box)

    def inner(value: int) -> None:
        box["at"] = here()
        box["there"] = value

    place = line_that_changes(outer, lambda: "there" in box)
    assert place is not None
    assert (place.name, place.line, place.text) == (Path(__file__).name, box["at"] + 1, 'box["there"] = value')


def test_a_line_that_calls_others_before_it_changes_something() -> None:
    box: dict[str, int] = {}

    def two() -> int:
        return 2

    def outer() -> None:
        box["line"] = here() + 1
        box["there"] = two() + two()
        assert box

    place = line_that_changes(outer, lambda: "there" in box)
    assert place is not None
    assert place.line == box["line"]


def test_nothing_is_found_where_nothing_happens_or_it_takes_too_long() -> None:
    def long() -> None:
        for i in range(MOST_LINES):
            assert i >= 0

    traced = sys.gettrace()
    assert line_that_changes(long, lambda: False) is None
    assert line_that_changes(lambda: 1 / 0, lambda: False) is None
    assert sys.gettrace() is traced


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.5, "b1 is the number 0.5 instead of an array of shape (4,)"),
        (np.float64(0.25), "b1 is the number 0.25 instead"),
        (np.zeros((2, 4)), "b1 has shape (2, 4) instead of (4,)"),
        (None, "b1 is None instead of an array of shape (4,)"),
        ("text", "b1 is 'text' instead"),
    ],
)
@pytest.mark.parametrize("where", ["loss", "gradients"])
def test_an_entry_that_is_overwritten(value: Any, said: str, where: str) -> None:
    def first(params: Any) -> Any:
        made = loss(params)
        if where == "loss":
            params["b1"] = value
        return made

    def second(params: Any) -> Any:
        made = gradients(params)
        if where == "gradients":
            params["b1"] = value
        return made

    params = start()
    array = params["b1"]
    report = check_my_network(first, second, params)
    assert told(report) == [("b1", "overwritten")]
    evidence = report.findings[0].evidence
    assert said in evidence
    assert f"It happens in {Path(__file__).name}, line " in evidence
    assert evidence.endswith('params["b1"] = value')
    assert params["b1"] is array
    np.testing.assert_array_equal(array, start()["b1"])


def test_an_entry_that_is_taken_out() -> None:
    def popping(params: Any) -> Any:
        made = gradients(params)
        params.pop("b2", None)
        return made

    params = start()
    report = check(gradients=popping, params=params)
    assert told(report) == [("b2", "overwritten")]
    assert "b2 is no longer there" in report.findings[0].evidence
    assert params.keys() == start().keys()


def test_a_list_entry_that_is_a_number_after_the_loss() -> None:
    def first(p: Any) -> Any:
        p[1] = 0.5
        return np.mean((p[0] + p[1]) ** 2)

    def second(p: Any) -> Any:
        d = 2 * (p[0] + p[1]) / 3
        return [d, d.sum()]

    report = check_my_network(first, second, [np.arange(3.0), np.zeros(1)], lang="zh")
    assert (report.findings[0].parameter, report.findings[0].kind) == ("params[1]", "overwritten")
    assert "变成了一个数 0.5" in report.findings[0].evidence
    assert report.findings[0].evidence.endswith("p[1] = 0.5")


def test_a_parameter_changed_before_its_gradient_is_taken_is_one_finding() -> None:
    lam = 0.1

    def penalised(params: Any) -> Any:
        return loss(params) + lam / 2 * np.sum(params["W1"] ** 2)

    def shrinking(params: Any) -> Any:
        params["W1"] *= 0.99
        made = gradients(params)
        made["W1"] = made["W1"] + lam * params["W1"]
        return made

    report = check_my_network(penalised, shrinking, start())
    assert told(report) == [("W1", "changed_in_place")]
    assert report.findings[0].evidence.endswith('params["W1"] *= 0.99')
