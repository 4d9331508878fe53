"""Numerical gradients of unknown losses: against calculus, over many scales, with kinks and with rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.checker.numerical.measuring import measure
from pellucid.checker.numerical.probing import Prober
from pellucid.checker.numerical.sampling import chosen, share
from pellucid.checker.running.calling import Call
from pellucid.checker.running.containers import leaves
from pellucid.checker.running.learner import Learner

DRAWN = np.random.default_rng(31).normal(size=12)


def prober(function: Callable[[Any], Any], point: Any) -> Prober:
    params = {"w": np.array(point, dtype=float)}
    call = Call(lambda params: function(params["w"]), ("params",))
    return Prober(Learner(params, leaves(params), [params["w"]], call, call, None), [params["w"]])


PAIRS = [
    (np.sin, np.cos),
    (np.exp, np.exp),
    (np.tanh, lambda w: 1 - np.tanh(w) ** 2),
    (np.square, lambda w: 2 * w),
]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(-12, 8), st.integers(-8, 8), st.sampled_from(PAIRS))
def test_slopes_of_every_size(scale: int, inside: int, pair: Any) -> None:
    function, slope = pair
    height, width = 10.0**scale, 10.0**inside
    point = DRAWN / width
    probe = prober(lambda w: height * function(width * w).sum(), point)
    found = measure(probe, 0, None, np.arange(12))
    expected = height * width * slope(width * point)
    assert found.usable.all()
    assert np.all(np.abs(found.numerical - expected) <= 1e-6 * np.max(np.abs(expected)) + 5 * found.error)
    assert np.all(found.error <= 1e-4 * np.max(np.abs(expected)))


def test_kinks_within_reach_are_passed_by() -> None:
    point = np.array([1e-6, -3e-7, 1e-9, 0.4])
    probe = prober(lambda w: np.abs(w).sum(), point)
    found = measure(probe, 0, np.sign(point), np.arange(4))
    np.testing.assert_allclose(found.numerical[found.usable], np.sign(point)[found.usable], rtol=1e-6)
    assert found.usable[[0, 3]].all()


def test_kinks_right_here_are_left_out() -> None:
    probe = prober(lambda w: np.maximum(w, 0).sum() + w[2] ** 2, np.array([0.0, 0.0, 1.0]))
    found = measure(probe, 0, np.array([0.0, 1.0, 3.0]), np.arange(3))
    assert found.usable.tolist() == [False, False, True]


def test_a_loss_that_bends_back_far_out_is_not_taken_for_a_line() -> None:
    probe = prober(lambda w: np.logaddexp(0, 1e4 * w).sum(), np.array([1e-5, -2e-5]))
    found = measure(probe, 0, None, np.arange(2))
    expected = 1e4 / (1 + np.exp(-1e4 * np.array([1e-5, -2e-5])))
    np.testing.assert_allclose(found.numerical, expected, rtol=1e-5)


@pytest.mark.parametrize("digits", [4, 6, 8])
def test_the_rounding_of_a_loss_is_seen(digits: int) -> None:
    probe = prober(lambda w: np.round((w**2).sum(), digits), DRAWN)
    found = measure(probe, 0, None, np.arange(12))
    good = found.usable
    assert np.all(np.abs(found.numerical - 2 * DRAWN)[good] <= 10 * found.error[good] + 1e-3)


def test_single_precision_is_seen() -> None:
    assert prober(lambda w: np.float32((w**2).sum()), DRAWN).single
    assert not prober(lambda w: (w**2).sum(), DRAWN).single


def test_wrong_entries_are_seen_in_all_together() -> None:
    point = np.random.default_rng(1).normal(size=3000)
    probe = prober(lambda w: (w**4).sum(), point)
    assert not probe.disagrees(0, 4 * point**3)
    assert probe.confirms(0, 4 * point**3)
    wrong = 4 * point**3
    wrong[:30] = 0
    assert probe.disagrees(0, wrong)
    assert not probe.confirms(0, wrong)


def test_entries_are_chosen_once_and_for_all() -> None:
    gradient = np.zeros(1000)
    gradient[500:510] = 1
    first = chosen(1000, 40, gradient)
    assert np.array_equal(first, chosen(1000, 40, gradient))
    assert len(set(first.tolist())) == 40
    assert set(range(500, 510)) <= set(first.tolist())  # what is not zero is looked at
    assert np.array_equal(chosen(5, 40, None), np.arange(5))


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=8), st.sampled_from([10, 10**8]))
def test_no_more_entries_than_there_are(sizes: list[int], numbers: int) -> None:
    counts = share(sizes, numbers)
    assert all(0 < count <= size for count, size in zip(counts, sizes, strict=True))
