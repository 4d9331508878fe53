"""Metrics agree with scikit-learn's, and what cannot be measured is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid import InputError
from pellucid.metrics import class_report, confusion_matrix, mean_absolute_error, r2, root_mean_squared_error

theirs = pytest.importorskip("sklearn.metrics")

RNG = np.random.default_rng(0)
# Predictions of some use, of none, of one class only, and with classes that never occur or are never predicted.
CLASSES = {
    "usual": (RNG.integers(0, 4, 200), RNG.integers(0, 4, 200)),
    "one predicted": (RNG.integers(0, 4, 50), np.zeros(50, dtype=int)),
    "one true": (np.full(50, 3), RNG.integers(0, 4, 50)),
    "one missing": (RNG.integers(0, 3, 50), RNG.integers(0, 2, 50)),
    "all right": (np.arange(8) % 4, np.arange(8) % 4),
    "all wrong": (np.arange(8) % 4, (np.arange(8) + 1) % 4),
}


@pytest.mark.parametrize("case", CLASSES)
def test_confusion_and_shares_by_class(case: str) -> None:
    y, predicted = CLASSES[case]
    matrix = confusion_matrix(y, predicted, 4)
    np.testing.assert_array_equal(matrix, theirs.confusion_matrix(y, predicted, labels=range(4)))
    ours = class_report(matrix)
    expected = theirs.precision_recall_fscore_support(y, predicted, labels=range(4), zero_division=np.nan)
    for mine, other in zip((ours.precision, ours.recall, ours.f1, ours.support), expected, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-15)


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.uint64, np.int32])
def test_labels_of_any_whole_kind_are_counted(kind: Any) -> None:
    y, predicted = CLASSES["usual"]
    expected = confusion_matrix(y, predicted, 4)
    np.testing.assert_array_equal(confusion_matrix(y.astype(kind), predicted, 4), expected)
    np.testing.assert_array_equal(confusion_matrix(y, predicted.astype(kind), 4), expected)
    np.testing.assert_array_equal(confusion_matrix(y.astype(kind), predicted.astype(kind), 4), expected)
    np.testing.assert_array_equal(confusion_matrix([True, False], [False, False], 2), [[1, 0], [1, 0]])


@pytest.mark.parametrize(
    ("y", "predicted", "name"),
    [
        ([0, 1, 2], [0, 1, 1], "y"),
        ([0, 1, 1], [0, 1, 2], "predicted"),
        ([-1, 0, 1], [0, 0, 1], "y"),
        ([0.0, 1.0], [0, 1], "y"),
        (["a", "b"], [0, 1], "y"),
        ([[0, 1], [1, 0]], [[0, 1], [1, 0]], "y"),
    ],
)
def test_what_is_no_class_is_refused(y: Any, predicted: Any, name: str) -> None:
    with pytest.raises(InputError, match=rf"{name} must hold class indices 0 \.\.\. 1, one a row"):
        confusion_matrix(y, predicted, 2)


@pytest.mark.parametrize("shape", [(40,), (40, 3)])
def test_errors_of_values(shape: tuple[int, ...]) -> None:
    y = RNG.normal(size=shape) * 10 + 5
    predicted = y + RNG.normal(size=shape)
    assert r2(y, predicted) == pytest.approx(theirs.r2_score(y, predicted), rel=1e-13)
    assert mean_absolute_error(y, predicted) == pytest.approx(theirs.mean_absolute_error(y, predicted), rel=1e-13)
    expected = np.sqrt(theirs.mean_squared_error(y.ravel(), predicted.ravel()))
    assert root_mean_squared_error(y, predicted) == pytest.approx(expected, rel=1e-13)


def test_the_mean_as_a_prediction_explains_nothing() -> None:
    y = np.array([1.0, 2.0, 6.0])
    assert r2(y, np.full(3, y.mean())) == 0
    assert r2(y, y[::-1]) < 0


def test_constant_values_leave_nothing_to_explain() -> None:
    assert np.isnan(r2([2.0, 2.0], [2.0, 3.0]))
    assert np.isnan(r2([2.0, 2.0], [2.0, 2.0]))
    assert mean_absolute_error([2.0, 2.0], [2.0, 3.0]) == 0.5


def test_unsigned_numbers_and_booleans_do_not_wrap_around() -> None:
    for kind in (np.uint8, bool):
        y, predicted = np.array([0, 1], dtype=kind), np.array([1, 1], dtype=kind)
        assert mean_absolute_error(y, predicted) == 0.5
        assert root_mean_squared_error(y, predicted) == pytest.approx(np.sqrt(0.5))
        assert r2(y, predicted) == pytest.approx(theirs.r2_score(y.astype(float), predicted.astype(float)))


@pytest.mark.parametrize("measure", [r2, mean_absolute_error, root_mean_squared_error])
class TestShapes:
    def test_a_column_counts_as_a_row_of_numbers(self, measure: Any) -> None:
        y, predicted = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 5.0])
        expected = measure(y, predicted)
        assert measure(y.reshape(-1, 1), predicted) == expected
        assert measure(y, predicted.reshape(-1, 1)) == expected

    def test_other_shapes_are_not_broadcast(self, measure: Any) -> None:
        row = np.ones((1, 3))
        for y, predicted in (([1.0, 2.0], [1.0]), (np.ones((3, 2)), np.ones(3)), (1.0, 1.0), (row, row[0])):
            with pytest.raises(InputError, match="must agree"):
                measure(y, predicted)

    def test_no_rows_are_refused(self, measure: Any) -> None:
        with pytest.raises(InputError, match="no rows"):
            measure([], [])


def test_labels_of_different_number_are_refused() -> None:
    with pytest.raises(InputError, match=r"y has shape \(2,\), the predictions \(3,\)"):
        confusion_matrix([0, 1], [0, 1, 1], 2)
