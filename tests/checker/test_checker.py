"""The bars: every wrong network is caught, nine in ten are named rightly, and no right one is suspected."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pytest
from awkward import Awkward
from learners import Learnt
from scenarios import WRONG, right, wrong

from pellucid.checker import CheckReport, check_my_network, kinds

# None of these seeds was looked at while the checker was made.
SEEDS = range(770_000, 770_002)
NIGHTLY_SEEDS = range(780_000, 780_015)
# What cannot be seen from loss and gradients alone.
NEEDS = {
    "update": ("step",),
    "outputs": ("forward", "X", "y"),
}


class Tried(NamedTuple):
    name: str
    seed: int
    learnt: Learnt
    report: CheckReport

    @property
    def caught(self) -> bool:
        return not self.report.ok

    @property
    def named(self) -> bool:
        """The first finding is of the right kind and at the right place."""
        first = self.report.findings[:1]
        return any(f.kind in self.learnt.kinds and f.parameter in self.learnt.culprits for f in first)

    def __str__(self) -> str:
        found = [(f.parameter, f.kind) for f in self.report.findings]
        return f"{self.name} {self.seed}: {self.learnt.kinds} at {self.learnt.culprits}, told {found}"


def given(learnt: Learnt, name: str, seed: int) -> dict[str, Any]:
    """By turns loss and gradients alone, with the data, with everything; and what the mistake needs to be seen at all."""  # noqa: E501
    turns = [(), ("X", "y"), ("forward", "step", "X", "y")]
    needed = next((needs for start, needs in NEEDS.items() if name.startswith(start)), ())
    return {key: getattr(learnt, key) for key in {*turns[seed % 3], *needed}}


def tried(seeds: range) -> list[Tried]:
    found = []
    for name in WRONG:
        for seed in seeds:
            # Another number for every mistake, so that each is seen with every kind of knowledge.
            learnt = wrong(name, seed)
            more = given(learnt, name, seed + len(name))
            found.append(
                Tried(name, seed, learnt, check_my_network(learnt.loss, learnt.gradients, learnt.params, **more))
            )
    return found


@pytest.fixture(scope="module")
def results() -> list[Tried]:
    return tried(SEEDS)


def shortfall(results: list[Tried]) -> str:
    return "\n".join(str(one) for one in results if not (one.caught and one.named))


def test_every_wrong_network_is_caught(results: list[Tried]) -> None:
    assert all(one.caught for one in results), shortfall(results)


def test_nine_in_ten_are_named_and_placed_rightly(results: list[Tried]) -> None:
    named = sum(one.named for one in results)
    assert named >= 0.9 * len(results), shortfall(results)


def test_the_root_is_told_once(results: list[Tried]) -> None:
    alone = sum(len(one.report.findings) == 1 for one in results)
    assert alone >= 0.9 * len(results), Counter(one.name for one in results if len(one.report.findings) > 1)


def test_at_least_fifteen_kinds_were_tried(results: list[Tried]) -> None:
    expected = {kind for one in results for kind in one.learnt.kinds}
    assert len(expected) >= 15
    assert expected <= set(kinds())


def test_networks_of_every_make_were_tried(results: list[Tried]) -> None:
    designs = [one.learnt.extra["design"] for one in results]
    for attribute, wanted in {
        "container": {"dict", "list", "pairs", "lists"},
        "layout": {"rows", "turned", "columns"},
        "mean": {True, False},
        "dtype": {"float64", "float32"},
        "depth": {1, 2, 3},
        "hidden": {"sigmoid", "tanh", "relu", "softplus"},
        "output": {"softmax", "sigmoid", "identity"},
    }.items():
        assert {getattr(design, attribute) for design in designs} >= wanted, attribute
    assert {design.l2 > 0 for design in designs} == {True, False}


def test_the_table_marks_the_wrong_parameters(results: list[Tried]) -> None:
    for one in results:
        marked = {row.name for row in one.report.parameters if row.verdict == "wrong"}
        for finding in one.report.findings if one.report.parameters else ():
            names = {finding.parameter, *finding.also} & {row.name for row in one.report.parameters}
            if finding.kind in ("update_twice", "step_changes_nothing", "step_uphill"):
                assert not names & marked, str(one)  # the gradients are right: the update has a line of its own
                assert one.report.rows()[-1] == ["step()", *[""] * 6, "WRONG"]
            else:
                assert names <= marked, str(one)
                assert one.report.rows()[-1][0] != "step()"


def test_what_is_right_is_left_in_peace() -> None:
    alarms = []
    for seed in range(790_000, 790_190):
        learnt = right(seed)
        before = [np.array(p) for p in learnt.extra["arrays"]]
        report = check_my_network(learnt.loss, learnt.gradients, learnt.params, **given(learnt, "right", seed))
        if not report.ok:
            alarms.append(f"{seed}: {report}")
        for array, kept in zip(learnt.extra["arrays"], before, strict=True):
            np.testing.assert_array_equal(array, kept)
    assert alarms == []


def test_what_is_right_and_awkward_is_left_in_peace() -> None:
    alarms, sizes = [], []
    for seed in range(800_000, 800_070):
        network = Awkward(seed)
        if np.isfinite(network.loss(network.params)) and np.isfinite(network.largest):
            sizes.append(network.largest)
            report = check_my_network(network.loss, network.gradients, network.params)
            if not report.ok:
                alarms.append(f"{seed}: {report}")
    assert alarms == []
    assert len(sizes) >= 65
    assert min(size for size in sizes if size) < 1e-10
    assert max(sizes) > 1e7


@pytest.mark.nightly
def test_many_more_networks() -> None:
    found = tried(NIGHTLY_SEEDS)
    assert all(one.caught for one in found), shortfall(found)
    assert sum(one.named for one in found) >= 0.9 * len(found), shortfall(found)
    for seed in range(810_000, 812_000):
        learnt = right(seed)
        report = check_my_network(learnt.loss, learnt.gradients, learnt.params, **given(learnt, "right", seed))
        assert report.ok, f"{seed}: {report}"


def test_the_same_call_says_the_same() -> None:
    learnt = wrong("derivative at z", 5)
    first, second = (check_my_network(learnt.loss, learnt.gradients, learnt.params) for _ in range(2))
    assert first == second
    assert str(first) == str(second)


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        ("factor 1/2", 930_001),  # of the data's part alone, where W2 has four entries and a penalty
        ("constant factor", 930_003),
        ("penalty on biases", 920_001),  # three biases that are nearly a multiple of their gradient
        ("penalty on biases", 920_014),  # one bias, and a difference of 1e-5
    ],
)
def test_few_entries_are_enough_where_the_network_is_known(name: str, seed: int) -> None:
    learnt = wrong(name, seed)
    more = given(learnt, name, seed + len(name))
    one = Tried(name, seed, learnt, check_my_network(learnt.loss, learnt.gradients, learnt.params, **more))
    assert one.named, str(one)
    assert len(one.report.findings) == 1, str(one)
