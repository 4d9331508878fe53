"""exp, tanh, log and their kin of the compiled engine, against NumPy's longdouble and NumPy's own special values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

numba = pytest.importorskip("numba", reason="the extra `fast` is not installed")

from pellucid.engines.compiled import arithmetic  # noqa: E402  # it needs Numba

NAMES = ["exp", "expm1", "tanh", "log", "log1p"]
LARGEST = {"float64": 700.0, "float32": 87.0}
ALLOWED = {"float64": 2e-15, "float32": 2.0 * 2.0**-23}  # relative
UNITS = 2.0  # in the last place, in single precision


def looped(name: str, dtype: str) -> Callable[[Any], Any]:
    function = arithmetic.FUNCTIONS[dtype][name]

    @numba.njit(error_model="numpy")
    def loop(x: Any, out: Any) -> None:
        for i in range(len(x)):
            out[i] = function(x[i])

    def of(x: Any) -> Any:
        out = np.empty_like(x)
        loop(x, out)
        return out

    return of


def arguments(name: str, dtype: str) -> Any:
    rng, small = np.random.default_rng(0), -300 if dtype == "float64" else -37
    near, tiny = rng.normal(size=30_000), 10.0 ** rng.uniform(small, 0, 10_000)
    if name.startswith("log"):
        wide = 10.0 ** rng.uniform(small, -small, 30_000)
        x = np.concatenate([wide, tiny, np.abs(near), 1 + near * 1e-4])
        return (x if name == "log" else np.concatenate([x, -rng.random(10_000), near * 1e-6])).astype(dtype)
    wide = rng.uniform(-LARGEST[dtype], LARGEST[dtype], 30_000)
    return np.concatenate([near, 10 * near, wide, tiny, -tiny]).astype(dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_it_is_right_to_the_last_digits(name: str, dtype: str) -> None:
    x = arguments(name, dtype)
    x = x[x > -1] if name == "log1p" else x
    exact = getattr(np, name)(x.astype(np.longdouble))
    normal = np.abs(exact) > np.finfo(dtype).tiny
    error = np.abs(looped(name, dtype)(x) - exact)[normal]
    assert float((error / np.abs(exact[normal])).max()) <= ALLOWED[dtype]
    if dtype == "float32":
        assert float((error / np.spacing(np.abs(exact[normal].astype(dtype)))).max()) <= UNITS


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_special_values_are_those_of_numpy(name: str, dtype: str) -> None:
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, tiny, -tiny, 1e30, -1e30, -1.0, 1.0, -2.0, 800.0, -800.0], dtype)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x)
    found = looped(name, dtype)(x)
    special = ~np.isfinite(expected) | (np.abs(expected) <= np.finfo(dtype).tiny) | (np.abs(expected) == 1)
    assert np.array_equal(found[special], expected[special], equal_nan=True)
    assert np.allclose(found[~special], expected[~special], rtol=ALLOWED[dtype], atol=0)
    assert np.array_equal(np.signbit(found[expected == 0]), np.signbit(expected[expected == 0]))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_small_powers_go_down_to_the_smallest_numbers(dtype: str) -> None:
    x = np.linspace(*((-745.2, -708.0) if dtype == "float64" else (-103.9, -87.0)), 1000).astype(dtype)
    exact = np.exp(x.astype(np.longdouble))
    error = np.abs(looped("exp", dtype)(x) - exact)
    assert np.all(error <= 1.01 * float(np.finfo(dtype).smallest_subnormal) + ALLOWED[dtype] * exact)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["exp", "expm1", "tanh", "log"])
def test_it_never_falls_where_the_function_rises_by_more_than_its_last_digit(name: str, dtype: str) -> None:
    x = np.sort(np.abs(arguments(name, dtype)))
    y = looped(name, dtype)(x)
    with np.errstate(invalid="ignore"):
        falls = y[:-1] - y[1:]
    assert np.all(falls[np.isfinite(falls)] <= 4 * np.finfo(dtype).eps * np.abs(y[1:][np.isfinite(falls)]))
