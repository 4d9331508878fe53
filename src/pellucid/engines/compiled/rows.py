"""Loops of a step around its formulas and products: few units' gradients, what is right, what dropout keeps, norms.

Arrays have a row for each unit and a column for each row of data. Needs Numba, so only the build imports this.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import float64, njit

FAST: dict[str, Any] = {"error_model": "numpy", "fastmath": {"reassoc", "contract"}, "boundscheck": False}


def products(F: Any) -> tuple[Any, Any]:
    """Gradients of a small layer's weights, quicker as sums than as a product by blocks; and a matrix transposed."""

    @njit(**FAST)
    def few(x, delta, gW, fan_in, units, M, fresh):
        """gW = x delta^T, or added to it; for a few units, as sums over the rows of data, four at a time."""
        for j in range(units):
            k = 0
            while k + 4 <= fan_in:
                s0, s1, s2, s3 = F(0), F(0), F(0), F(0)
                for i in range(M):
                    d = delta[j * M + i]
                    s0 += d * x[k * M + i]
                    s1 += d * x[(k + 1) * M + i]
                    s2 += d * x[(k + 2) * M + i]
                    s3 += d * x[(k + 3) * M + i]
                if fresh:
                    gW[k * units + j] = s0
                    gW[(k + 1) * units + j] = s1
                    gW[(k + 2) * units + j] = s2
                    gW[(k + 3) * units + j] = s3
                else:
                    gW[k * units + j] += s0
                    gW[(k + 1) * units + j] += s1
                    gW[(k + 2) * units + j] += s2
                    gW[(k + 3) * units + j] += s3
                k += 4
            while k < fan_in:
                s0 = F(0)
                for i in range(M):
                    s0 += delta[j * M + i] * x[k * M + i]
                if fresh:
                    gW[k * units + j] = s0
                else:
                    gW[k * units + j] += s0
                k += 1

    @njit(**FAST)
    def turned(a, out, rows, columns):
        """out (columns, rows) = a (rows, columns), transposed; eight rows at a time fill a cache line."""
        i = 0
        while i + 8 <= rows:
            for j in range(columns):
                for k in range(8):
                    out[j * rows + i + k] = a[(i + k) * columns + j]
            i += 8
        while i < rows:
            for j in range(columns):
                out[j * rows + i] = a[i * columns + j]
            i += 1

    return few, turned


def counting(F: Any) -> Any:
    @njit(**FAST)
    def right(a, t, rows, K, M, task):
        """How many of M rows are answered as t says: by the largest output (1), or by each one's side of a half (2).

        Output by output, so that the loops over rows become vector instructions: a row is right where the largest
        of its outputs so far and the largest of its targets so far are at the same place.
        """
        count = F(0)
        if task == 1:
            if K == 1:
                return F(M)
            for k in range(1, K):
                for i in range(M):
                    most = a[i] if k == 1 else rows[i]
                    wanted = t[i] if k == 1 else rows[M + i]
                    same = F(1) if k == 1 else rows[2 * M + i]
                    p, q = a[k * M + i], t[k * M + i]
                    higher, asked = p > most, q > wanted
                    same = F(1) if higher & asked else (F(0) if higher | asked else same)
                    rows[i] = p if higher else most
                    rows[M + i] = q if asked else wanted
                    rows[2 * M + i] = same
            for i in range(M):
                count += rows[2 * M + i]
        elif task == 2:
            for k in range(K):
                for i in range(M):
                    same = F(1) if (a[k * M + i] >= F(0.5)) == (t[k * M + i] >= F(0.5)) else F(0)
                    rows[i] = same if k == 0 else rows[i] * same
            for i in range(M):
                count += rows[i]
        return count

    return right


def measuring(F: Any) -> Any:
    @njit(**FAST)
    def long_norm(g, size):
        """The Euclidean norm of numbers whose squares are too large for double precision."""
        largest = 0.0
        for i in range(size):
            largest = max(largest, abs(float64(g[i])))
        squares = 0.0
        for i in range(size):
            share = float64(g[i]) / largest
            squares += share * share
        return largest * np.sqrt(squares)

    return long_norm


def dropping(F: Any) -> Any:
    @njit(**FAST)
    def dropped(a, kept, factor, x, units, M):
        """x = a where kept, row by row of the data, times the factor; else 0."""
        for i in range(M):
            for j in range(units):
                x[j * M + i] = a[j * M + i] * factor if kept[i * units + j] else F(0)

    return dropped
