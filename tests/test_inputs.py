"""Features, weights and numbers at the door: what is understood, and what is refused with words that help."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid import Dense, InputError, Network
from pellucid import inputs as check
from pellucid.data import Standardizer

GOOD = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 0, 1, 0, 1])


def holding(value: float, row: int = 3, column: int = 1) -> np.ndarray:
    X = GOOD.copy()
    X[row, column] = value
    return X


class Sparse:
    """What SciPy's sparse matrices look like from outside."""

    shape = (6, 2)

    def toarray(self) -> np.ndarray:
        return GOOD


# What was given, and what the message must contain: what was seen, what was expected, what to write instead.
REFUSED: dict[str, tuple[Any, list[str]]] = {
    "none": (None, ["X is None", "(n, features)"]),
    "a number": (3.0, ["single float", "(n, features)"]),
    "1-D": (np.arange(6.0), ["(6,)", "(n, features)", "X.reshape(1, -1)", "X.reshape(-1, 1)"]),
    "3-D": (np.zeros((6, 2, 2)), ["(6, 2, 2)", "(n, features)", "X.reshape(len(X), -1)"]),
    "no rows": (np.zeros((0, 2)), ["(0, 2)", "nothing in it"]),
    "no columns": (np.zeros((6, 0)), ["(6, 0)", "nothing in it"]),
    "an empty list": ([], ["(0,)", "(n, features)"]),
    "too many columns": (np.zeros((6, 3)), ["3 columns", "(6, 3)", "inputs=2"]),
    "too few columns": (np.zeros((6, 1)), ["1 columns", "(6, 1)", "inputs=2"]),
    "transposed": (GOOD.T, ["6 columns", "(2, 6)", "inputs=2", "transposed", ".T"]),
    "text": (np.full((6, 2), "a"), ["<U1", "not numbers"]),
    "text among numbers": ([[1, "red"]] * 6, ["not numbers", "Turn"]),
    "objects that are no numbers": (np.full((6, 2), {}, dtype=object), ["things that are not numbers", "Turn"]),
    "a number beyond all": ([[1, 10**400]] * 6, ["not numbers", "too large"]),
    "dates": (np.full((6, 2), "2020-01-01", dtype="M8[D]"), ["datetime64", "not numbers"]),
    "complex": (GOOD * 1j, ["complex128", "not numbers"]),
    "ragged": ([[1, 2], [3]], ["rows differ in length", "same columns"]),
    "sparse": (Sparse(), ["sparse", "X.toarray()"]),
    "NaN": (holding(np.nan), ["nan", "row 3", "column 1", "1 such"]),
    "infinity": (holding(np.inf), ["inf", "row 3", "column 1"]),
    "minus infinity": (holding(-np.inf, 5, 0), ["-inf", "row 5", "column 0"]),
    "None in a cell": (np.array([[1, 2], [3, None]] * 3, dtype=object), ["nan", "row 1", "column 1", "3 such"]),
    "float32 NaN": (holding(np.nan).astype(np.float32), ["nan", "row 3", "column 1"]),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("method", ["fit", "loss", "gradients", "accuracy", "forward", "predict"])
def test_features_that_cannot_be_used_are_refused_everywhere_and_nothing_changes(case: str, method: str) -> None:
    X, phrases = REFUSED[case]
    net = Network([Dense(2, "softmax")], inputs=2, scaler=Standardizer() if method == "fit" else None)
    before = net.theta.tobytes()
    with pytest.raises(InputError) as caught:
        getattr(net, method)(X, *([] if method in ("forward", "predict") else [Y]))
    for phrase in phrases:
        assert phrase in str(caught.value)
    assert net.theta.tobytes() == before
    assert net.scaler is None or not net.scaler.fitted


def test_the_features_of_a_validation_set_are_refused_by_that_name() -> None:
    for X, phrases in REFUSED.values():
        net = Network([Dense(2, "softmax")], inputs=2, scaler=Standardizer())
        with pytest.raises(InputError) as caught:
            net.fit(GOOD, Y, validation=(X, Y))
        assert str(caught.value).startswith("validation X")
        assert phrases[0].removeprefix("X ") in str(caught.value)
        assert not net.scaler.fitted


def test_real_sparse_matrices_are_refused() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    for X in (sparse.csr_matrix(GOOD), sparse.csc_array(GOOD)):
        with pytest.raises(InputError, match="sparse"):
            check.features(X)


@pytest.mark.parametrize(
    "X",
    [
        GOOD.tolist(),
        GOOD.astype(np.float32),
        GOOD.astype(int),
        GOOD.astype(np.uint8),
        GOOD.astype(np.float16),
        GOOD.astype(object),
        np.asfortranarray(GOOD),
        GOOD[:, ::-1][:, ::-1],
        tuple(map(tuple, GOOD)),
    ],
)
def test_any_table_of_numbers_is_understood(X: Any) -> None:
    net = Network([Dense(2, "softmax")], inputs=2)
    np.testing.assert_array_equal(net.forward(X), net.forward(GOOD))


def test_true_and_false_are_one_and_zero() -> None:
    net = Network([Dense(2, "softmax")], inputs=2)
    np.testing.assert_array_equal(net.forward(GOOD > 5), net.forward((GOOD > 5).astype(float)))


def test_an_array_is_neither_copied_nor_changed() -> None:
    for X in (GOOD, GOOD.astype(np.uint8), GOOD.T.copy().T):
        assert check.features(X) is X
    X = GOOD.copy()
    X.flags.writeable = False  # whoever writes into the data of the user fails here
    Network([Dense(2, "softmax")], inputs=2, scaler=Standardizer()).fit(X, Y, epochs=2, batch_size=4)


def test_large_finite_numbers_are_not_taken_for_infinite_ones() -> None:
    largest = np.finfo(np.float64).max
    assert check.features(np.full((6, 2), largest)).max() == largest  # their sum overflows, they do not


def test_a_number_too_large_for_single_precision_is_refused_and_named() -> None:
    net = Network([Dense(2, "softmax")], inputs=2, dtype="float32")
    for call in (net.fit, net.loss, net.gradients):
        with pytest.raises(InputError, match=r"X holds 1e\+300 in row 3, too large for float32.*float64"):
            call(holding(1e300), Y)
    with pytest.raises(InputError, match=r"X holds 1e\+300 in row 3"):
        net.predict(holding(1e300))


class TestRowWeights:
    @pytest.mark.parametrize(
        ("weights", "phrases"),
        [
            ([1, 2, 3], ["(3,)", "one weight a row", "(6,)"]),
            (np.ones((6, 1)), ["(6, 1)", "(6,)"]),
            (2.0, ["()", "(6,)"]),
            ([1, 1, 1, 1, 1, -0.5], ["not negative", "-0.5"]),
            ([1, 1, 1, 1, 1, np.nan], ["finite"]),
            ([1, 1, 1, 1, 1, np.inf], ["finite"]),
            ([0] * 6, ["zero for every row", "positive"]),
            (["a"] * 6, ["must be numbers"]),
            ([[1], [1, 2]], ["must be numbers"]),
        ],
    )
    @pytest.mark.parametrize("method", ["fit", "loss", "gradients"])
    def test_weights_that_cannot_be_used_are_refused(self, weights: Any, phrases: list[str], method: str) -> None:
        net = Network([Dense(2, "softmax")], inputs=2)
        before = net.theta.tobytes()
        with pytest.raises(InputError) as caught:
            getattr(net, method)(GOOD, Y, sample_weight=weights)
        for phrase in ["sample_weight", *phrases]:
            assert phrase in str(caught.value)
        assert net.theta.tobytes() == before

    def test_whole_numbers_and_zeros_among_others_are_fine(self) -> None:
        np.testing.assert_array_equal(check.row_weights([0, 1, 2], 3), [0.0, 1.0, 2.0])


class TestNumbers:
    @pytest.mark.parametrize("value", [1, 7, np.int64(3), np.uint8(200)])
    def test_whole_numbers(self, value: Any) -> None:
        assert check.whole(value, "epochs", 1) == value
        assert type(check.whole(value, "epochs", 1)) is int

    @pytest.mark.parametrize("value", [0, -1, 1.0, "3", True, None, np.nan, [1]])
    def test_what_is_no_whole_number_is_refused(self, value: Any) -> None:
        with pytest.raises(InputError, match=r"epochs must be a whole number of at least 1; this is"):
            check.whole(value, "epochs", 1)

    @pytest.mark.parametrize("value", [0, 0.5, np.float32(0.5), np.int64(2)])
    def test_numbers(self, value: Any) -> None:
        assert check.number(value, "l2", 0) == value
        assert type(check.number(value, "l2", 0)) is float

    @pytest.mark.parametrize("value", [-1e-9, np.nan, np.inf, "0.1", True, None, [0.1]])
    def test_what_is_no_number_is_refused(self, value: Any) -> None:
        with pytest.raises(InputError, match=r"l2 must be a number of at least 0; this is"):
            check.number(value, "l2", 0)

    def test_an_open_range_and_none(self) -> None:
        with pytest.raises(InputError, match="clip_norm must be a number above 0; this is 0"):
            check.number(0, "clip_norm", 0, open_below=True)
        assert check.number(None, "clip_norm", 0, none=True) is None
        assert check.whole(None, "batch_size", 1, none=True) is None
        with pytest.raises(InputError, match="at least 1 or None"):
            check.whole(0, "batch_size", 1, none=True)
