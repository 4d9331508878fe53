"""Scalers: exact where they can be, stable where sums are not, small where X is large, strict about what they read."""

from __future__ import annotations

import copy
import json
import pickle
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from pellucid.data import Pixels, Standardizer, scaler_from_dict
from pellucid.errors import InputError

matrices = nps.arrays(
    np.float64,
    st.tuples(st.integers(2, 30), st.integers(1, 4)),
    elements=st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
)


def exact_moments(column, ddof):
    """Mean and variance in rational numbers."""
    numbers = [Fraction(float(x)) for x in column]
    mean = sum(numbers) / len(numbers)
    return mean, sum((x - mean) ** 2 for x in numbers) / (len(numbers) - ddof)


@settings(deadline=None, max_examples=100)
@given(X=matrices, ddof=st.integers(0, 1))
def test_mean_and_scale_are_those_of_the_definition(X, ddof):
    scaler = Standardizer(ddof).fit(X)
    for k, column in enumerate(X.T):
        mean, variance = exact_moments(column, ddof)
        assert abs(scaler.mean[k] - float(mean)) <= 1e-15 * np.abs(column).max()
        if np.ptp(column) > 1e-12 * np.abs(column).max():
            assert scaler.scale[k] == pytest.approx(float(variance) ** 0.5, rel=1e-9)
        else:
            assert scaler.scale[k] == 1


@settings(deadline=None, max_examples=100)
@given(X=matrices)
def test_inverse_undoes_transform(X):
    scaler = Standardizer()
    np.testing.assert_allclose(scaler.inverse(scaler.fit_transform(X)), X, rtol=1e-12, atol=1e-9)


def test_the_results_are_those_of_numpy():
    X = np.random.default_rng(0).normal(3, 7, size=(200, 5))
    scaler = Standardizer().fit(X)
    np.testing.assert_allclose(scaler.mean, X.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(scaler.scale, X.std(axis=0), rtol=1e-14)
    assert scaler.transform(X).tobytes() == ((X - scaler.mean) / scaler.scale).tobytes()
    np.testing.assert_allclose(Standardizer(ddof=1).fit(X).scale, X.std(axis=0, ddof=1), rtol=1e-14)


@pytest.mark.parametrize("offset", [0.0, 1e8, -1e12])
def test_many_blocks_and_a_large_offset(offset):
    X = np.random.default_rng(1).normal(size=(200_000, 2)) * [1.0, 1e-2] + offset
    scaler = Standardizer().fit(X)
    shifted = X - offset  # exact: the numbers are near each other
    np.testing.assert_allclose(scaler.scale, shifted.std(axis=0), rtol=1e-12)
    np.testing.assert_allclose(scaler.mean, shifted.mean(axis=0) + offset, rtol=1e-15, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.float32, bool])
def test_other_dtypes_give_what_their_floats_give(dtype):
    X = np.random.default_rng(2).integers(0, 200, size=(3000, 50)).astype(dtype)
    ours, wanted = Standardizer().fit(X), Standardizer().fit(X.astype(np.float64))
    assert ours.mean.tobytes() == wanted.mean.tobytes()
    assert ours.scale.tobytes() == wanted.scale.tobytes()
    assert ours.transform(X).tobytes() == wanted.transform(X.astype(np.float64)).tobytes()


@pytest.mark.parametrize("order", ["C", "F"])
def test_float32_results_are_the_rounded_float64_ones(order):
    X = np.asarray(np.random.default_rng(3).normal(1e4, 1, size=(500, 3)), order=order)
    scaler = Standardizer().fit(X)
    found = scaler.transform(X, np.float32)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, scaler.transform(X).astype(np.float32))


ULP = np.finfo(np.float64).eps


@pytest.mark.parametrize(
    ("column", "constant"),
    [
        (np.full(1000, 0.1), True),
        (np.zeros(10), True),
        (np.full(7, -3e300), True),
        (np.full(1000, 0.1, np.float32), True),
        (np.array([0.1 + 0.2, 0.3] * 50), True),  # two spellings of one number
        (1e8 + 1e-9 * np.arange(20), True),  # rounding alone
        (np.array([1, 1 + 2**-10]), False),
        (1.7e9 + np.arange(20.0), False),  # seconds since 1970
        (np.array([0.0] * 999 + [1e-9]), False),  # tiny, but far from zero's neighbours
        (np.array([0.0, 1e-200]), True),  # squares to nothing
        (np.array([0, 255], np.uint8), False),
    ],
)
def test_constant_columns_have_scale_one(column, constant):
    X = np.column_stack([column, np.arange(len(column)).astype(column.dtype)])
    scaler = Standardizer().fit(X)
    assert (scaler.scale[0] == 1) == constant
    assert np.isfinite(scaler.transform(X)).all()
    if np.ptp(column) == 0:
        assert scaler.transform(X)[:, 0].tolist() == [0] * len(column)


def test_numbers_too_large_to_be_squared():
    with pytest.raises(InputError, match=r"column 1.*too large"):
        Standardizer().fit([[1.0, 1e300], [2.0, -1e300]])
    with pytest.raises(InputError, match=r"column 0.*too large"):
        Standardizer().fit([[1.7e308], [-1.7e308]])


def test_neither_scaler_copies_all_of_x():
    X = np.random.default_rng(4).integers(0, 256, size=(20_000, 784), dtype=np.uint8)
    for scaler in (Standardizer(), Pixels()):
        for data, out in ((X, 4 * X.nbytes), (X.astype(np.float32), 4 * X.nbytes)):
            tracemalloc.start()
            try:
                scaler.fit(data)
                assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
                tracemalloc.reset_peak()
                scaler.transform(data, np.float32)
                assert tracemalloc.get_traced_memory()[1] < out + 4 * 2**20
            finally:
                tracemalloc.stop()


@pytest.mark.parametrize("method", ["transform", "inverse"])
def test_before_fit(method):
    assert not Standardizer().fitted
    with pytest.raises(InputError, match=rf"{method} was called before fit.*scaler\.fit\(X_train\)"):
        getattr(Standardizer(), method)([[1.0]])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numbers_that_are_not_finite_are_found(bad, dtype):
    X = np.ones((5000, 30), dtype)
    X[4321, 7] = bad
    for call in (Standardizer().fit, Standardizer().fit(np.ones((2, 30))).transform):
        with pytest.raises(InputError, match=r"row 4321, column 7"):
            call(X)


@pytest.mark.parametrize(
    "X", [np.ones(5), np.ones((2, 2, 2)), np.ones((0, 3)), np.ones((3, 0)), [["a"]], [[1], [2, 3]], [[1j]], 5.0, None]
)
def test_what_is_no_matrix(X):
    for call in (Standardizer().fit, Pixels().fit, Pixels().transform):
        with pytest.raises(InputError):
            call(X)


def test_other_columns_dtypes_and_row_counts_are_refused():
    scaler = Standardizer().fit(np.ones((3, 4)))
    with pytest.raises(InputError, match=r"5 columns.*fitted on 4"):
        scaler.transform(np.ones((3, 5)))
    for dtype in (np.int64, "float16", "nonsense", complex):
        with pytest.raises(InputError, match="float64 or float32"):
            scaler.transform(np.ones((3, 4)), dtype)
    with pytest.raises(InputError, match=r"1 row.*ddof=0"):
        Standardizer(ddof=1).fit(np.ones((1, 4)))
    for ddof in (-1, 0.5, True, None):
        with pytest.raises(InputError, match="ddof"):
            Standardizer(ddof)


def test_fit_again_forgets():
    scaler = Standardizer().fit([[1.0], [2.0]])
    assert scaler.fit([[5.0, 1.0], [7.0, 3.0]]) is scaler
    assert scaler.mean.tolist() == [6, 2]


# --- pixels --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("source", [np.uint8, np.int64, np.float32, np.float64])
def test_pixels_are_divided_by_255(source, dtype):
    X = np.arange(256).reshape(16, 16).astype(source)
    found = Pixels().transform(X, dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.arange(256, dtype=dtype).reshape(16, 16) / dtype(255))
    np.testing.assert_allclose(Pixels().inverse(found), X, rtol=1e-6)


def test_pixels_need_no_fit():
    scaler = Pixels()
    assert scaler.fitted
    assert scaler.fit(np.zeros((1, 2))) is scaler
    assert scaler.fit_transform([[255]]).tolist() == [[1]]


@pytest.mark.parametrize("bad", [-1, 256, -1e-9, 255.001])
def test_pixels_outside_their_range(bad):
    X = np.zeros((3000, 60))
    X[2999, 5] = bad
    for call in (Pixels().fit, Pixels().transform):
        with pytest.raises(InputError, match=r"X\[2999, 5\].*0 \.\.\. 255.*Standardizer"):
            call(X)


# --- to a file and back --------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=100)
@given(X=matrices, ddof=st.integers(0, 1))
def test_dict_and_json_keep_every_bit(X, ddof):
    scaler = Standardizer(ddof).fit(X)
    again = scaler_from_dict(json.loads(json.dumps(scaler.to_dict(), allow_nan=False)))
    assert again == scaler
    assert again.mean.tobytes() == scaler.mean.tobytes()
    assert again.scale.tobytes() == scaler.scale.tobytes()
    assert again.transform(X).tobytes() == scaler.transform(X).tobytes()


@pytest.mark.parametrize("scaler", [Standardizer(), Standardizer(1), Standardizer().fit([[1.0], [3.0]]), Pixels()])
def test_copies_are_equal(scaler):
    for again in (scaler_from_dict(scaler.to_dict()), copy.deepcopy(scaler), pickle.loads(pickle.dumps(scaler))):
        assert again == scaler
        assert again.fitted == scaler.fitted
        assert repr(again) == repr(scaler)


def test_equality_and_words():
    one, other = Standardizer().fit([[1.0], [3.0]]), Standardizer().fit([[1.0], [4.0]])
    assert one != other
    assert one != Standardizer()
    assert Standardizer() != Standardizer(1)
    assert Standardizer() != Pixels()
    assert Pixels() != 5
    assert hash(Pixels()) == hash(Pixels())
    assert repr(one) == "<Standardizer(), fitted on 1 columns>"
    assert repr(Standardizer(1)) == "<Standardizer(ddof=1), not fitted>"
    assert repr(Pixels()) == "Pixels()"


GOOD = {"kind": "standardizer", "ddof": 0, "mean": [0.0, 1.0], "scale": [1.0, 2.0]}


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        "pixels",
        {},
        {"kind": None},
        {"kind": ["pixels"]},
        {"kind": "standardiser"},
        {"kind": "pixels", "by": 255},
        {"kind": "standardizer"},
        {key: value for key, value in GOOD.items() if key != "ddof"},
        GOOD | {"extra": 1},
        GOOD | {5: 1},
        GOOD | {"ddof": -1},
        GOOD | {"ddof": 0.0},
        GOOD | {"ddof": True},
        GOOD | {"mean": None},
        GOOD | {"scale": None},
        GOOD | {"mean": [0.0]},
        GOOD | {"mean": [0.0, 1.0, 2.0]},
        GOOD | {"mean": [], "scale": []},
        GOOD | {"mean": "01"},
        GOOD | {"mean": {"0": 0.0, "1": 1.0}},
        GOOD | {"mean": [0.0, "1"]},
        GOOD | {"mean": [0.0, True]},
        GOOD | {"mean": [0.0, None]},
        GOOD | {"mean": [0.0, [1.0]]},
        GOOD | {"mean": [0.0, float("nan")]},
        GOOD | {"mean": [0.0, float("inf")]},
        GOOD | {"mean": [0.0, 10**400]},
        GOOD | {"scale": [1.0, 0.0]},
        GOOD | {"scale": [1.0, -1.0]},
        GOOD | {"scale": [1.0, float("nan")]},
        GOOD | {"scale": [1.0, float("inf")]},
    ],
    ids=lambda bad: str(bad)[:60],
)
def test_what_no_scaler_wrote_is_refused(bad):
    with pytest.raises(InputError):
        scaler_from_dict(bad)


def test_the_good_one_is_read():
    assert scaler_from_dict(GOOD).transform([[1, 5]]).tolist() == [[1, 2]]
    assert scaler_from_dict(GOOD | {"mean": [0, 1], "scale": [1, 2]}) == scaler_from_dict(GOOD)
    with pytest.raises(InputError, match="Did you mean 'standardizer'"):
        scaler_from_dict({"kind": "standardiser"})
