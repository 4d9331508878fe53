"""Targets: every way of writing y that is understood means the same, and every other is refused with the fix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid import Dense, InputError, Network
from pellucid.data import Standardizer, one_hot
from pellucid.targets import count_correct, labels_of, task_of

X = np.random.default_rng(0).normal(size=(6, 2))
LABELS = np.array([0, 1, 2, 0, 1, 2])
HALVES = np.array([0, 1, 1, 0, 1, 0])
VALUES = np.array([0.5, -1.0, 2.0, 0.0, 3.5, 1.0])
COUNTS = np.array([0, 3, 1, 2, 0, 5])

LAYERS = {
    "softmax": Dense(3, "softmax"),
    "two": Dense(2, "softmax"),
    "sigmoid": Dense(1, "sigmoid"),
    "sigmoids": Dense(3, "sigmoid"),
    "value": Dense(1),
    "values": Dense(2),
    "counts": Dense(1, "exp"),
}


def network(output: str, **options: Any) -> Network:
    return Network([Dense(4, "tanh"), LAYERS[output]], inputs=2, **options)


def one_hot_but(row: int, *values: float) -> np.ndarray:
    t = np.eye(3)[LABELS]
    t[row] = values
    return t


class Strange:
    """Something that is no number and says so."""

    def __repr__(self) -> str:
        return "<strange>"


# Network, y, and what the message must contain: what was seen, what was expected, what to write instead.
REFUSED: dict[str, tuple[str, Any, list[str]]] = {
    "nothing": ("softmax", None, ["y is None", "each row"]),
    "one number": ("softmax", 1, ["a single number", "6 rows"]),
    "too few labels": ("softmax", LABELS[:5], ["5 rows", "(5,)", "6 rows"]),
    "too many labels": ("softmax", np.tile(LABELS, 2), ["12 rows", "6 rows"]),
    "no labels": ("softmax", [], ["0 rows", "6 rows"]),
    "labels as a column": ("softmax", LABELS.reshape(-1, 1), ["column", "(6, 1)", "(n,)", "y.ravel()"]),
    "labels as a row": ("softmax", LABELS.reshape(1, -1), ["1 rows", "(1, 6)", "6 rows"]),
    "labels as floats": ("softmax", LABELS * 1.0, ["floats", "float64", "0 ... 2", "y.astype(int)", "Dense(1)"]),
    "fractions": ("softmax", VALUES, ["floats", "fractions", "Dense(1)"]),
    "labels from 1": ("softmax", LABELS + 1, ["from 1 to 3", "0 ... 2", "start at 1", "y - 1"]),
    "a label too high": ("softmax", [0, 1, 2, 3, 4, 0], ["from 0 to 4", "0 ... 2", "5 units"]),
    "a label below zero": ("softmax", [0, 1, 2, -2, 1, 0], ["from -2 to 2", "0 ... 2"]),
    "-1 and +1": ("two", 2 * HALVES - 1, ["from -1 to 1", "0 ... 1", "(y + 1) // 2"]),
    "1 and 2": ("two", HALVES + 1, ["from 1 to 2", "y - 1"]),
    "text": ("softmax", ["cat", "dog", "emu"] * 2, ["text", "'cat'", "np.unique(y, return_inverse=True)"]),
    "digits as text": ("softmax", ["0", "1", "2"] * 2, ["text", "'0'", "np.unique"]),
    "bytes": ("softmax", [b"a", b"b", b"c"] * 2, ["text", "np.unique"]),
    "text among numbers": ("softmax", np.array([0, "a", 1, 2, 0, 1], dtype=object), ["text", "np.unique"]),
    "other things": ("softmax", [Strange()] * 6, ["not numbers", "<strange>"]),
    "numbers beyond all": ("value", [10**400] * 6, ["not numbers"]),
    "a number beyond all": ("value", [0.5, 1, 2, 10**400, 3, 4], ["not numbers"]),
    "dates": ("softmax", np.full(6, "2020-01-01", dtype="M8[D]"), ["not numbers", "np.unique"]),
    "complex": ("softmax", LABELS * 1j, ["complex"]),
    "ragged": ("softmax", [[0], [0, 1]] * 3, ["rows differ in length"]),
    "a missing label": ("softmax", [0, 1, None, 0, 1, 2], ["nan", "row 2"]),
    "NaN as a label": ("softmax", [0, 1, 2, 0, np.nan, 2], ["nan", "row 4"]),
    "one-hot with NaN": ("softmax", one_hot_but(3, 0, np.nan, 1), ["nan", "row 3", "column 1"]),
    "one-hot of 4": ("softmax", np.eye(4)[LABELS], ["(6, 4)", "3 softmax outputs", "labels (n,)", "(n, 3)"]),
    "one-hot of 2": ("softmax", np.eye(2)[HALVES], ["(6, 2)", "3 softmax outputs"]),
    "one-hot turned": ("softmax", np.eye(3)[LABELS].T, ["3 rows", "6 rows"]),
    "a row of zeros": ("softmax", one_hot_but(2, 0, 0, 0), ["one-hot", "row 2", "[0.0, 0.0, 0.0]", "add up to 1"]),
    "two ones in a row": ("softmax", one_hot_but(4, 1, 1, 0), ["row 4", "[1.0, 1.0, 0.0]", "add up to 1"]),
    "a share below zero": ("softmax", one_hot_but(1, 1.5, -0.5, 0), ["row 1", "0 or more"]),
    "3-D": ("softmax", np.zeros((6, 3, 1)), ["(6, 3, 1)", "(n, 3)"]),
    "three classes for one sigmoid": ("sigmoid", LABELS, ["holds 2", "0 and 1", "Dense(3, 'softmax')"]),
    "-1 and +1 for a sigmoid": ("sigmoid", 2 * HALVES - 1, ["holds -1", "0 and 1", "(y == 1).astype(int)"]),
    "1 and 2 for a sigmoid": ("sigmoid", HALVES + 1, ["holds 2", "(y == 2).astype(int)"]),
    "two columns for a sigmoid": ("sigmoid", np.eye(2)[HALVES], ["(6, 2)", "two columns", "y[:, 1]", "Dense(2"]),
    "three columns for a sigmoid": ("sigmoid", np.eye(3)[LABELS], ["(6, 3)", "(n,) or (n, 1)"]),
    "a row for a sigmoid": ("sigmoid", HALVES.reshape(1, -1), ["1 rows", "6 rows"]),
    "shares for a sigmoid": ("sigmoid", HALVES * 0.3, ["holds 0.3", "0 and 1"]),
    "text for a sigmoid": ("sigmoid", ["yes", "no"] * 3, ["text", "'yes'"]),
    "NaN for a sigmoid": ("sigmoid", [0, 1, np.nan, 0, 1, 0], ["nan", "row 2"]),
    "labels for three sigmoids": ("sigmoids", LABELS, ["(6,)", "(n, 3)", "softmax", "one_hot(y, 3)"]),
    "a column for three sigmoids": ("sigmoids", HALVES.reshape(-1, 1), ["(6, 1)", "(n, 3)"]),
    "targets above 1": ("sigmoids", np.eye(3)[LABELS] * 2, ["from 0 to 2", "0 to 1"]),
    "two values where there is one": ("value", np.ones((6, 2)), ["(6, 2)", "1 unit", "(n,) or (n, 1)", "softmax"]),
    "a row of values": ("value", VALUES.reshape(1, -1), ["1 rows", "6 rows"]),
    "values as text": ("value", list("abcdef"), ["text", "'a'"]),
    "an infinite value": ("value", [1, 2, 3, np.inf, 5, 6], ["inf", "row 3"]),
    "one value where there are two": ("values", VALUES, ["(6,)", "2 units", "(n, 2)"]),
    "a column where there are two": ("values", VALUES.reshape(-1, 1), ["(6, 1)", "(n, 2)"]),
    "values in 3-D": ("values", np.ones((6, 2, 1)), ["(6, 2, 1)", "(n, 2)"]),
    "negative counts": ("counts", COUNTS - 1, ["down to -1", "counts", "0 or more"]),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("method", ["fit", "loss", "gradients", "accuracy"])
def test_targets_that_cannot_be_used_are_refused_everywhere_and_nothing_changes(case: str, method: str) -> None:
    output, y, phrases = REFUSED[case]
    net = network(output, scaler=Standardizer() if method == "fit" else None)
    if method == "accuracy" and net.task == "values":
        phrases = ["accuracy is for classes", "predicts values", "net.loss(X, y)"]
    before = net.theta.tobytes()
    with pytest.raises(InputError) as caught:
        getattr(net, method)(X, y)
    for phrase in phrases:
        assert phrase in str(caught.value)
    assert net.theta.tobytes() == before
    assert net.scaler is None or not net.scaler.fitted


@pytest.mark.parametrize("case", REFUSED)
def test_the_targets_of_a_validation_set_are_refused_before_anything_changes(case: str) -> None:
    output, y, phrases = REFUSED[case]
    good = {"softmax": LABELS, "two": HALVES, "sigmoid": HALVES, "sigmoids": np.eye(3)[LABELS]}
    good |= {"value": VALUES, "values": np.ones((6, 2)), "counts": COUNTS}
    net = network(output, scaler=Standardizer())
    before = net.theta.tobytes()
    with pytest.raises(InputError) as caught:
        net.fit(X, good[output], validation=(X, y))
    assert str(caught.value).startswith("validation y")
    assert phrases[0].removeprefix("y ") in str(caught.value)
    assert net.theta.tobytes() == before
    assert not net.scaler.fitted


@pytest.mark.parametrize(
    ("output", "y"),
    [("softmax", np.ones(6, dtype=int)), ("softmax", np.eye(3)[[1] * 6]), ("sigmoid", np.ones((6, 1)))],
)
def test_a_single_class_is_refused_by_fit_alone(output: str, y: np.ndarray) -> None:
    net = network(output, scaler=Standardizer())
    with pytest.raises(InputError, match=r"All 6 rows of y belong to one class, 1: .*two classes"):
        net.fit(X, y)
    assert not net.scaler.fitted
    assert network(output).loss(X, y) > 0  # a score of one class's rows makes sense


def test_one_row_and_equal_values_are_no_single_class() -> None:
    network("softmax").fit(X[:1], [2], epochs=1)
    network("value").fit(X, np.ones(6), epochs=1)
    network("sigmoids").fit(X, np.ones((6, 3)), epochs=1)


# Ways to write the same targets.
SAME: dict[str, tuple[str, list[Any]]] = {
    "classes": (
        "softmax",
        [
            LABELS,
            LABELS.tolist(),
            tuple(LABELS),
            LABELS.astype(np.uint8),
            LABELS.astype(np.uint64),
            LABELS.astype(object),
            np.eye(3)[LABELS],
            np.eye(3, dtype=int)[LABELS],
            np.eye(3, dtype=bool)[LABELS],
            np.eye(3, dtype=np.float32)[LABELS].tolist(),
        ],
    ),
    "two classes": ("two", [HALVES, HALVES.astype(bool), np.eye(2)[HALVES]]),
    "yes or no": (
        "sigmoid",
        [
            HALVES,
            HALVES.reshape(-1, 1),
            HALVES.astype(bool),
            HALVES * 1.0,
            HALVES.astype(np.float32).reshape(-1, 1),
            HALVES.tolist(),
            HALVES.astype(object),
        ],
    ),
    "several questions": ("sigmoids", [np.eye(3)[LABELS], np.eye(3, dtype=int)[LABELS], np.eye(3)[LABELS] > 0]),
    "a value": ("value", [VALUES, VALUES.reshape(-1, 1), VALUES.tolist(), VALUES.astype(object)]),
    "a whole value": ("value", [COUNTS, COUNTS * 1.0, COUNTS.astype(np.uint8).reshape(-1, 1)]),
    "counts": ("counts", [COUNTS, COUNTS * 1.0, COUNTS.reshape(-1, 1).astype(np.uint8)]),
}


@pytest.mark.parametrize("case", SAME)
def test_every_way_to_write_the_same_targets_means_the_same(case: str) -> None:
    output, ways = SAME[case]
    results = []
    for y in ways:
        net = network(output)
        history = net.fit(X, y, epochs=3, validation=(X, y), batch_size=4)
        results.append((net.loss(X, y), net.theta.tobytes(), history.loss.tobytes(), history.validation_loss.tobytes()))
        results[-1] += (net.gradients(X, y)["W1"].tobytes(),)
    assert len(set(results)) == 1


def test_a_column_of_values_is_not_broadcast() -> None:
    """The (n,) against (n, 1) of which every learner gets an (n, n) once: the loss is that of n numbers."""
    net = Network([Dense(1, init="zeros")], inputs=2)
    for y in (VALUES, VALUES.reshape(-1, 1)):
        assert net.loss(X, y) == pytest.approx(np.mean(VALUES**2) / 2, rel=1e-15)


def test_soft_targets_are_cross_entropy_against_shares() -> None:
    soft = np.full((6, 3), 1 / 3)
    net = network("softmax")
    expected = -np.mean(np.log(net.forward(X)).sum(axis=1) / 3)
    assert net.loss(X, soft) == pytest.approx(expected, rel=1e-14)
    assert network("sigmoids").loss(X, soft) > 0


def test_a_target_too_large_for_single_precision_is_refused_and_named() -> None:
    with pytest.raises(InputError, match=r"y holds 1e\+300 in row 3, too large for float32"):
        network("value", dtype="float32").fit(X, [1, 2, 3, 1e300, 5, 6])


class TestOneHot:
    def test_rows_with_a_single_one(self) -> None:
        np.testing.assert_array_equal(one_hot(LABELS), np.eye(3)[LABELS])
        np.testing.assert_array_equal(one_hot([1, 0], 4), np.eye(4)[[1, 0]])
        np.testing.assert_array_equal(one_hot([True, False]), np.eye(2)[[1, 0]])
        assert one_hot(np.array([2], dtype=np.uint8)).dtype == np.float64

    @pytest.mark.parametrize(
        ("y", "classes", "phrases"),
        [
            ([0, 3], 3, ["from 0 to 3", "0 ... 2"]),
            ([-1, 0], None, ["from -1 to 0"]),
            ([0.5, 1], None, ["floats"]),
            ([np.nan, 1], None, ["nan", "row 0"]),
            ([1, np.inf], None, ["inf", "row 1"]),
            ([1j], None, ["complex"]),
            (["a"], None, ["text"]),
            ([[0, 1]], None, ["(1, 2)", "(n,)"]),
            (3, None, ["()", "(n,)"]),
            ([], None, ["no labels"]),
            (None, None, ["None"]),
        ],
    )
    def test_what_is_no_label_is_refused(self, y: Any, classes: int | None, phrases: list[str]) -> None:
        with pytest.raises(InputError) as caught:
            one_hot(y, classes)
        for phrase in phrases:
            assert phrase in str(caught.value)


def test_the_task_follows_from_the_output_layer_alone() -> None:
    tasks = {name: network(name).task for name in LAYERS}
    assert tasks == {
        "softmax": "classes",
        "two": "classes",
        "sigmoid": "binary",
        "sigmoids": "labels",
        "value": "values",
        "values": "values",
        "counts": "values",
    }
    assert task_of("tanh", 1) == task_of("relu", 3) == "values"


def test_labels_come_back_from_targets() -> None:
    for name, y in (("softmax", LABELS), ("sigmoid", HALVES), ("value", VALUES)):
        net = network(name)
        np.testing.assert_array_equal(labels_of(net.encode(y, 6), net.task), y)
    np.testing.assert_array_equal(labels_of(np.eye(3)[LABELS], "labels"), np.eye(3)[LABELS])


def test_a_row_of_several_answers_is_right_when_all_are() -> None:
    t = np.array([[1, 0], [1, 1], [0, 0]])
    a = np.array([[0.9, 0.1], [0.9, 0.1], [0.5, 0.1]])
    assert count_correct(a, t, "labels") == 1
    assert count_correct(a, t, "values") == 0
    assert count_correct(a[:, :1], t[:, :1], "binary") == 2  # 0.5 counts as yes
