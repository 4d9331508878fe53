"""Splits: every row on one side, every class in its share, the same rows for the same seed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pellucid.data import one_hot, split, split_indices
from pellucid.errors import InputError

labels = st.lists(st.integers(0, 5), min_size=2, max_size=60)
shares = st.floats(0.02, 0.98)


def rng(seed=0):
    return np.random.default_rng(seed)


@settings(deadline=None, max_examples=300)
@given(y=labels, share=shares, seed=st.integers(0, 1000))
def test_stratified(y, share, seed):
    total = round(share * len(y))
    assume(0 < total < len(y))
    sizes = Counter(y)
    if total > sum(max(size - 1, 1) for size in sizes.values()):  # not every class of two rows and more can keep one
        with pytest.raises(InputError, match="classes keeps a row"):
            split_indices(y, share, rng(seed))
        return
    train, held_out = split_indices(y, share, rng(seed))
    assert train.dtype == held_out.dtype == np.int64
    assert sorted([*train, *held_out]) == list(range(len(y)))
    assert train.tolist() == sorted(train)
    assert held_out.tolist() == sorted(held_out)
    assert len(held_out) == total
    taken = Counter(y[row] for row in held_out)
    for label, size in sizes.items():
        if size >= 2:
            assert taken[label] < size
    if all(total * size / len(y) <= size - 1 for size in sizes.values()):  # no class needs to be spared
        for label, size in sizes.items():
            assert abs(taken[label] - total * size / len(y)) < 1


@settings(deadline=None, max_examples=100)
@given(n=st.integers(2, 200), share=shares, seed=st.integers(0, 1000))
def test_plain(n, share, seed):
    total = round(share * n)
    assume(0 < total < n)
    y = np.random.default_rng(seed).normal(size=n)
    train, held_out = split_indices(y, share, rng(seed))
    assert len(held_out) == total
    assert sorted([*train, *held_out]) == list(range(n))


@pytest.mark.parametrize(
    ("y", "seen"),
    [
        (np.array([0, 1] * 50), True),
        (np.array([0, 1] * 50, dtype=np.uint8), True),
        (np.array([False, True] * 50), True),
        (np.array([0.0, 1.0] * 50), True),
        (np.array([0.0, 1.0] * 50).reshape(-1, 1), True),
        (np.array([3, 7] * 50).reshape(-1, 1), True),
        (one_hot(np.array([0, 1] * 50), 2), True),
        (one_hot(np.array([0, 1] * 50), 2).astype(int), True),
        (one_hot(np.array([0, 2] * 50), 3), True),
        (np.array(["no", "yes"] * 50), True),
        (np.array([0.5, 1.0] * 50), False),
        (np.array([1.0, 2.0] * 50), False),
        (np.array([[0, 0], [1, 1]] * 50), False),
        (np.array([[0.5, 0.5], [1.0, 0.0]] * 50), False),
    ],
)
def test_what_counts_as_classes(y, seen):
    """Even and odd rows are the two classes: held out in equal numbers always, or by chance only."""
    equal = [int((split_indices(y, 0.3, rng(seed))[1] % 2).sum()) == 15 for seed in range(20)]
    assert all(equal) == seen
    assert not all(int((split_indices(y, 0.3, rng(seed), stratify=False)[1] % 2).sum()) == 15 for seed in range(20))


def test_a_class_of_one_row_is_trained_on_where_it_can_be():
    for seed in range(30):
        _, held_out = split_indices([0] * 9 + [1], 0.5, rng(seed))
        assert 9 not in held_out
    train, held_out = split_indices(range(10), 0.3, rng())  # ten classes of one row: nothing else is possible
    assert (len(train), len(held_out)) == (7, 3)


def test_equal_remainders_are_ranked_by_chance():
    held = Counter(row for seed in range(300) for row in split_indices(range(10), 0.3, rng(seed))[1].tolist())
    assert set(held) == set(range(10))
    assert max(held.values()) < 2 * min(held.values())


def test_every_row_has_its_chance():
    held = Counter(row for seed in range(400) for row in split_indices([0] * 12 + [1] * 8, 0.25, rng(seed))[1].tolist())
    assert set(held) == set(range(20))
    assert max(held.values()) < 1.6 * min(held.values())


def test_the_seed_decides():
    y = np.arange(100) % 3
    first = split_indices(y, 0.2, rng(5))
    assert all((a == b).all() for a, b in zip(first, split_indices(y, 0.2, rng(5)), strict=True))
    assert first[1].tolist() != split_indices(y, 0.2, rng(6))[1].tolist()


def test_split_keeps_rows_together():
    X = np.arange(60).reshape(20, 3)
    y = X[:, 0] % 2
    (X_train, y_train), (X_test, y_test) = split(X, y, share=0.25, seed=3)
    assert X_train.shape == (15, 3)
    assert X_test.shape == (5, 3)
    assert (X_train[:, 0] % 2 == y_train).all()
    assert (X_test[:, 0] % 2 == y_test).all()
    assert sorted([*X_train[:, 0], *X_test[:, 0]]) == X[:, 0].tolist()
    again = split(X, y, share=0.25, seed=3)
    assert (again[1][0] == X_test).all()
    X_train[0, 0] = -1
    assert X[0, 0] == 0  # copies, not views


def test_split_takes_lists_and_images():
    (_, y_train), (X_test, _) = split(np.zeros((10, 4, 4), np.uint8), [0, 1] * 5)
    assert X_test.shape == (2, 4, 4)
    assert X_test.dtype == np.uint8
    assert np.bincount(y_train).tolist() == [4, 4]


@pytest.mark.parametrize("share", [0, 1, 0.0, 1.0, -0.1, 1.1, float("nan"), float("inf"), None, "0.2", True, [0.2]])
def test_shares_that_are_none(share):
    with pytest.raises(InputError, match="share"):
        split_indices([0, 1] * 10, share, rng())


@pytest.mark.parametrize(("n", "share"), [(10, 0.04), (10, 0.96), (1, 0.5), (0, 0.5), (2, 0.1)])
def test_both_sides_need_a_row(n, share):
    with pytest.raises(InputError, match=f"of {n} rows.*at least one row"):
        split_indices(np.zeros(n), share, rng())


def test_a_share_that_no_class_survives():
    y = [0, 0, 1, 1, 2, 2, 3, 3]
    assert len(split_indices(y, 0.5, rng())[1]) == 4
    with pytest.raises(InputError, match=r"6 of 8 rows.*4 classes.*allows 4.*stratify=False"):
        split_indices(y, 0.75, rng())
    assert len(split_indices(y, 0.75, rng(), stratify=False)[1]) == 6


@pytest.mark.parametrize(
    ("X", "y", "seed", "says"),
    [
        (np.ones((3, 2)), [0, 1], 0, r"\(3, 2\).*\(2,\)"),
        (np.ones((3, 2)), 5, 0, r"\(\)"),
        (5, 5, 0, "same length"),
        (np.ones((4, 2)), [0, 1, 0, 1], -1, "seed"),
        (np.ones((4, 2)), [0, 1, 0, 1], "x", "seed"),
        (np.ones((4, 2)), [0, 1, 0, 1], 1.5, "seed"),
    ],
)
def test_what_split_refuses(X, y, seed, says):
    with pytest.raises(InputError, match=says):
        split(X, y, share=0.5, seed=seed)
