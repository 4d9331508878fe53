"""The product of two matrices: what it computes, for any sizes and strides; and that no bit depends on them."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the extra `fast` is not installed")

from pellucid.engines.compiled import machine, products, store

WHOLE, POINTER = ctypes.c_int64, ctypes.c_void_p
KINDS = [WHOLE, WHOLE, WHOLE, POINTER, WHOLE, WHOLE, POINTER, WHOLE, POINTER, WHOLE, POINTER, WHOLE]


def multiply(A: Any, B: Any, start: Any = None, way: str = "rows", C: Any = None) -> Any:
    """C = start + A B by the compiled product; `way`: "rows" (m, n), "row" (n,) or "column" (m,)."""
    C = np.full((A.shape[0], B.shape[1]), np.nan, A.dtype) if C is None else C
    function = ctypes.CFUNCTYPE(None, *KINDS)(store.addresses([store.product(A.dtype.name)])[0])
    size = A.itemsize
    lds = {"rows": 0 if start is None else start.strides[0] // size, "row": 0, "column": -1}[way]
    begun = None if start is None else start.ctypes.data
    function(*C.shape, A.shape[1], A.ctypes.data, A.strides[0] // size, A.strides[1] // size, B.ctypes.data,
             B.strides[0] // size, begun, lds, C.ctypes.data, C.strides[0] // size)  # fmt: skip
    return C


def in_wider_numbers(A: Any, B: Any, start: Any) -> Any:
    """The same in wider numbers: what rounding is measured against."""
    return start + A.astype(np.longdouble) @ B.astype(np.longdouble)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    m=st.integers(0, 40),
    n=st.integers(0, 140),
    k=st.integers(0, 40),
    dtype=st.sampled_from(["float64", "float32"]),
    turned=st.booleans(),
    way=st.sampled_from(["nothing", "rows", "row", "column"]),
)
def test_it_is_the_product(m: int, n: int, k: int, dtype: str, turned: bool, way: str) -> None:
    rng = np.random.default_rng((m, n, k))
    A = np.asarray(rng.normal(size=(m, k)).astype(dtype), order="F" if turned else "C")
    B = rng.normal(size=(k, n)).astype(dtype)
    shapes = {"nothing": (1, 1), "rows": (m, n), "row": (1, n), "column": (m, 1)}
    start = np.zeros((1, 1), dtype) if way == "nothing" else rng.normal(size=shapes[way]).astype(dtype)
    found = multiply(A, B, None if way == "nothing" else start, "rows" if way == "nothing" else way)
    bound = (k + 2) * np.finfo(dtype).eps * (np.abs(start) + np.abs(A) @ np.abs(B))
    assert np.all(np.abs(found - in_wider_numbers(A, B, start)) <= bound)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_no_bit_depends_on_how_a_matrix_is_cut_up(dtype: str) -> None:
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(37, 50)).astype(dtype), rng.normal(size=(50, 131)).astype(dtype)
    whole = multiply(A, B)
    for i, j in ((0, 0), (1, 3), (6, 64), (13, 17), (36, 130)):
        part = multiply(np.ascontiguousarray(A[i : i + 5]), np.ascontiguousarray(B[:, j : j + 21]))
        assert np.array_equal(part, whole[i : i + 5, j : j + 21])


def test_nothing_beside_the_block_is_read_or_written() -> None:
    A, B = np.ones((7, 4)), np.full((4, 30), np.nan)
    B[:, :21] = 2.0
    C = np.full((9, 30), -1.0)
    multiply(A, B[:, :21], C=C[:7, :21])
    assert np.all(C[:7, :21] == 8.0)
    assert np.all(C[:, 21:] == -1.0)
    assert np.all(C[7:] == -1.0)


def test_numbers_that_are_not_finite_come_through() -> None:
    A = np.array([[1.0, np.inf], [np.nan, 1.0]])
    B = np.array([[1.0, 2.0], [3.0, -1.0]])
    assert np.array_equal(multiply(A, B), [[np.inf, -np.inf], [np.nan, np.nan]], equal_nan=True)


@pytest.mark.parametrize("features", ["+avx512f,+avx2", "+avx2", "+sse2", "+neon"])
@pytest.mark.parametrize("itemsize", [4, 8])
def test_every_kind_of_processor_has_its_block(features: str, itemsize: int) -> None:
    block = products.shape(features, itemsize)
    registers = 32 if "avx512" in features or "neon" in features else 16
    assert block.rows * block.vectors + block.vectors + 1 <= registers
    text = products.text("p", "float64" if itemsize == 8 else "float32", block)
    llvm = pytest.importorskip("llvmlite.binding")
    module = llvm.parse_assembly(text)
    module.verify()
    assert machine.description()
