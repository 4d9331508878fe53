"""Networks written out: right ones are left alone, also where they saturate; mistakes in single lines are named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from written import DEEP, LOGISTIC, MISTAKES, OBJECT, SOFTMAX, SUMS, run

from pellucid.checker import CheckReport, check_my_network

BASES = [SOFTMAX, DEEP, SUMS, LOGISTIC, OBJECT]


def checked(names: dict[str, Any]) -> CheckReport:
    return check_my_network(names["loss"], names["gradients"], names["params"])


@pytest.mark.parametrize("program", BASES)
def test_right_networks(program: str) -> None:
    for seed in range(5):
        report = checked(run(program, [], seed))
        assert report.ok, report


@pytest.fixture(scope="module")
def results() -> list[tuple[str, set[str], CheckReport]]:
    return [(str(changes), kinds, checked(run(program, changes, 1234))) for program, changes, kinds in MISTAKES]


def test_every_mistake_is_caught(results: list[tuple[str, set[str], CheckReport]]) -> None:
    assert [changes for changes, _, report in results if report.ok] == []


def test_nineteen_in_twenty_are_named(results: list[tuple[str, set[str], CheckReport]]) -> None:
    others = [(changes, str(report)) for changes, kinds, report in results if report.findings[0].kind not in kinds]
    assert len(others) <= 0.05 * len(results), others


def test_each_is_one_finding(results: list[tuple[str, set[str], CheckReport]]) -> None:
    assert [changes for changes, _, report in results if len(report.findings) > 1] == []


def test_no_wrong_gradient_is_called_ok(results: list[tuple[str, set[str], CheckReport]]) -> None:
    for changes, _, report in results:
        for row in report.parameters:
            assert row.verdict != "ok" or row.error < 1e-3, (changes, row)


# Ways to write the loss, and how large the last weights are: probabilities reach 0 and 1 in most of them.
LOSSES = [
    (DEEP, "size=(1,4))*.6", "size=(1,4))*{}", []),
    (DEEP, "size=(1,4))*.6", "size=(1,4))*{}", [("np.log(A3)", "np.log(A3+1e-10)"), ("1-A3))", "1-A3+1e-10))")]),
    (
        DEEP,
        "size=(1,4))*.6",
        "size=(1,4))*{}",
        [("    return -1/m", "    A3=np.clip(A3,1e-7,1-1e-7)\n    return -1/m")],
    ),
    (LOGISTIC, "size=4)*.5", "size=4)*{}", []),
    (SOFTMAX, "size=(H,C))*.4", "size=(H,C))*{}", []),
    (SOFTMAX, "size=(H,C))*.4", "size=(H,C))*{}", [("np.log(P[range(N),t])", "np.log(P[range(N),t]+1e-8)")]),
]


@pytest.mark.parametrize(("program", "old", "new", "changes"), LOSSES)
def test_right_networks_that_saturate(program: str, old: str, new: str, changes: list[tuple[str, str]]) -> None:
    finite = 0
    for size in (3, 6, 12, 18):
        for seed in range(3):
            names = run(program, [(old, new.format(size)), *changes], 50 + seed)
            with np.errstate(all="ignore"):
                loss = names["loss"](names["params"])
            if np.isfinite(loss):
                finite += 1
                report = checked(names)
                assert report.ok, (size, seed, loss, str(report))
    assert finite >= 5


def test_logistic_regression_that_has_learnt_all_it_can() -> None:
    """Its penalty has to be told from what log(1 - p) loses where p is nearly 1."""
    for size in (6, 9):
        names = run(LOGISTIC, [("size=4)*.5", f"size=4)*{size}")], 5)
        report = checked(names)
        assert report.ok, (size, str(report))
