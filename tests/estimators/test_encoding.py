"""Labels of every kind there and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from pellucid import InputError
from pellucid.estimators import MLPClassifier
from pellucid.estimators.encoding import Columns, Encoding

KINDS: dict[str, tuple[Any, str, int]] = {
    "two numbers": (np.array([3, 7, 3, 7]), "sigmoid", 1),
    "three names": (np.array(["b", "a", "c", "a"]), "softmax", 3),
    "objects": (np.array(["yes", "no", "yes", "no"], dtype=object), "sigmoid", 1),
    "booleans": (np.array([True, False, True, True]), "sigmoid", 1),
    "whole floats": (np.array([1.0, 2.0, 5.0, 2.0]), "softmax", 3),
    "one class": (np.array(["a", "a", "a", "a"]), "sigmoid", 1),
    "an indicator matrix": (np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]]), "sigmoid", 3),
    "columns": (np.array([["a", "x"], ["b", "y"], ["c", "x"], ["a", "y"]]), "sigmoid", 4),
}


@pytest.mark.parametrize("kind", KINDS)
def test_labels_come_back_from_their_own_targets(kind: str) -> None:
    y, output, outputs = KINDS[kind]
    encoding = Encoding.of(y)
    t = encoding.targets(y)
    assert (encoding.output, t.shape) == (output, (4, outputs))
    np.testing.assert_array_equal(encoding.answers(t.astype(float)), y)
    assert encoding.right(t.astype(float), t).all()
    assert not encoding.right(1 - t.astype(float), t).any()
    encoding.refuse_others(y, True)
    p = encoding.probabilities(np.clip(t.astype(float), 0.1, 0.9))
    for names, each in zip(encoding.classes, p, strict=True) if isinstance(p, list) else [(encoding.classes, p)]:
        assert each.shape == (4, len(names))
    assert isinstance(encoding, Columns) == (kind == "columns")


def test_outputs_that_are_all_zero_leave_all_classes_alike() -> None:
    encoding = Encoding.of(KINDS["columns"][0])
    p = encoding.probabilities(np.zeros((2, 4)))
    assert p[0].tolist() == [[1 / 3] * 3] * 2


@pytest.mark.parametrize("y", [[["a", 1], ["b", 2], ["c", 1]], ["a", 1, "b"]], ids=["columns", "a column"])
def test_labels_of_several_kinds_are_refused(y: Any) -> None:
    with pytest.raises(InputError, match=r"kinds int, str, .*astype\(str\)"):
        MLPClassifier().fit(np.eye(3), np.array(y, dtype=object))
    MLPClassifier(max_iter=1).fit(np.eye(3), np.array(y, dtype=object).astype(str))


@pytest.mark.parametrize("kind", ["two numbers", "three names", "columns"])
def test_other_classes_are_refused(kind: str) -> None:
    y, _, _ = KINDS[kind]
    encoding = Encoding.of(y)
    other = y.copy()
    other[0] = 9 if y.dtype.kind == "i" else "d"
    with pytest.raises(InputError, match="classes not in"):
        encoding.refuse_others(other, False)
    with pytest.raises(InputError, match="same classes"):
        encoding.refuse_others(y[:1], True)


def test_values_are_no_classes() -> None:
    with pytest.raises(ValueError, match="Unknown label type"):
        MLPClassifier().fit(np.arange(6.0).reshape(3, 2), [0.1, 0.2, 0.7])


@pytest.mark.parametrize("made", [sparse.csr_matrix, sparse.csr_array])
def test_a_sparse_indicator_matrix_comes_back_sparse(made: Any) -> None:
    rng = np.random.RandomState(0)
    X, Y = rng.rand(30, 4), rng.randint(0, 2, (30, 3))
    dense = MLPClassifier(5, max_iter=5, random_state=0).fit(X, Y)
    model = MLPClassifier(5, max_iter=5, random_state=0, early_stopping=False).fit(X, made(Y))
    assert model.network_.theta.tobytes() == dense.network_.theta.tobytes()
    predicted = model.predict(X)
    assert sparse.issparse(predicted)
    np.testing.assert_array_equal(predicted.toarray(), dense.predict(X))
    MLPClassifier(5, max_iter=3, random_state=0, early_stopping=True).fit(X, made(Y))
    model.partial_fit(X, made(Y))


def test_columns_keep_their_number() -> None:
    y = KINDS["columns"][0]
    with pytest.raises(InputError, match="2 columns of classes before"):
        Encoding.of(y).refuse_others(y[:, 0], False)
