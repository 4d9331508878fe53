"""The kernel: a chunk of training steps in one call. Arrays have a row for each unit and a column for each row of data.

It knows the shape of a step (gather, forward, loss, backward, penalty, clip, update) and no formula: those are units
(`units.py`), called by address. Nothing is allocated; all room is in the plan (`plan.py`). Large matrices are
multiplied by the BLAS that NumPy brings, small ones by the loops here. Needs Numba, so only the build imports this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import float32, float64, int64, njit, types, uint8, uint64
from numba.extending import intrinsic

FAST: dict[str, Any] = {"error_model": "numpy", "fastmath": {"reassoc", "contract"}, "boundscheck": False}
WHOLE, DOUBLES, ADDRESSES = types.CPointer(int64), types.CPointer(float64), types.CPointer(uint64)
BYTES = types.CPointer(uint8)


def calling(*arguments: Any, result: Any = types.void) -> Any:
    """A function that calls the function at an address, its first argument, with the others."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address, *rest = values
        function = ir.FunctionType(
            ir.VoidType() if result is types.void else context.get_value_type(result), [value.type for value in rest]
        )
        answer = builder.call(builder.inttoptr(address, function.as_pointer()), rest)
        return context.get_dummy_value() if result is types.void else answer

    typed = result(uint64, *arguments), code
    # An intrinsic says by its own arguments how many it takes.
    callers: dict[int, Any] = {
        6: lambda context, f, a, b, c, d, e, g: typed,
        7: lambda context, f, a, b, c, d, e, g, h: typed,
        8: lambda context, f, a, b, c, d, e, g, h, i: typed,
        9: lambda context, f, a, b, c, d, e, g, h, i, j: typed,
        11: lambda context, f, a, b, c, d, e, g, h, i, j, k, m: typed,
    }
    return intrinsic(callers[len(arguments)])


def multiplying(F: Any, wide: bool) -> Any:
    """A function that calls cblas_?gemm at an address: C = A B + beta C, row by row; `wide`: its sizes have 64 bits."""
    P = types.CPointer(F)
    size = ir.IntType(64 if wide else 32)

    @intrinsic
    def gemm(typing_context: Any, f: Any, ta: Any, tb: Any, m: Any, n: Any, k: Any, A: Any, lda: Any, B: Any, ldb: Any,
             beta: Any, C: Any, ldc: Any) -> Any:  # fmt: skip
        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            f, ta, tb, m, n, k, A, lda, B, ldb, beta, C, ldc = values
            flag = ir.IntType(32)

            def cut(value: Any) -> Any:
                return value if wide else builder.trunc(value, size)

            def side(transposed: Any) -> Any:  # CblasNoTrans is 111, CblasTrans is 112
                return builder.trunc(builder.add(transposed, ir.Constant(ir.IntType(64), 111)), flag)

            one = ir.Constant(context.get_value_type(F), 1.0)
            row_major = ir.Constant(flag, 101)
            given = [
                row_major,
                side(ta),
                side(tb),
                cut(m),
                cut(n),
                cut(k),
                one,
                A,
                cut(lda),
                B,
                cut(ldb),
                beta,
                C,
                cut(ldc),
            ]
            function = ir.FunctionType(ir.VoidType(), [value.type for value in given])
            builder.call(builder.inttoptr(f, function.as_pointer()), given)
            return context.get_dummy_value()

        return types.void(uint64, int64, int64, int64, int64, int64, P, int64, P, int64, F, P, int64), code

    return gemm


def pointing(F: Any) -> Any:
    """A function that makes an address, and so many numbers further on, a pointer."""
    P = types.CPointer(F)
    width = 8 if F is float64 else 4

    @intrinsic
    def at(typing_context: Any, address: Any, offset: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            bytes_on = builder.mul(values[1], ir.Constant(ir.IntType(64), width))
            return builder.inttoptr(builder.add(values[0], bytes_on), context.get_value_type(P))

        return P(uint64, int64), code

    return at


def products(F: Any) -> tuple[Any, Any, Any]:
    """The three products of a small layer, as loops over the rows of data; four terms a time save memory traffic."""

    @njit(**FAST)
    def affine(x, W, b, z, fan_in, units, M):
        """z = W^T x + b."""
        for j in range(units):
            start = b[j]
            for i in range(M):
                z[j * M + i] = start
            k = 0
            while k + 4 <= fan_in:
                w0, w1, w2, w3 = (
                    W[k * units + j],
                    W[(k + 1) * units + j],
                    W[(k + 2) * units + j],
                    W[(k + 3) * units + j],
                )
                for i in range(M):
                    near = w0 * x[k * M + i] + w1 * x[(k + 1) * M + i]
                    z[j * M + i] += near + (w2 * x[(k + 2) * M + i] + w3 * x[(k + 3) * M + i])
                k += 4
            while k + 2 <= fan_in:
                w0, w1 = W[k * units + j], W[(k + 1) * units + j]
                for i in range(M):
                    z[j * M + i] += w0 * x[k * M + i] + w1 * x[(k + 1) * M + i]
                k += 2
            if k < fan_in:
                w0 = W[k * units + j]
                for i in range(M):
                    z[j * M + i] += w0 * x[k * M + i]

    @njit(**FAST)
    def to_inputs(W, delta, g, fan_in, units, M):
        """g = W delta."""
        for k in range(fan_in):
            w0 = W[k * units]
            for i in range(M):
                g[k * M + i] = w0 * delta[i]
            j = 1
            while j + 4 <= units:
                at = k * units + j
                w0, w1, w2, w3 = W[at], W[at + 1], W[at + 2], W[at + 3]
                for i in range(M):
                    near = w0 * delta[j * M + i] + w1 * delta[(j + 1) * M + i]
                    g[k * M + i] += near + (w2 * delta[(j + 2) * M + i] + w3 * delta[(j + 3) * M + i])
                j += 4
            while j < units:
                w0 = W[k * units + j]
                for i in range(M):
                    g[k * M + i] += w0 * delta[j * M + i]
                j += 1

    @njit(**FAST)
    def to_weights(x, delta, gW, fan_in, units, M):
        """gW += x delta^T."""
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
                gW[k * units + j] += s0
                gW[(k + 1) * units + j] += s1
                gW[(k + 2) * units + j] += s2
                gW[(k + 3) * units + j] += s3
                k += 4
            while k < fan_in:
                s0 = F(0)
                for i in range(M):
                    s0 += delta[j * M + i] * x[k * M + i]
                gW[k * units + j] += s0
                k += 1

    return affine, to_inputs, to_weights


def counting(F: Any) -> Any:
    @njit(**FAST)
    def right(a, t, K, M, task):
        """How many of M rows are answered as t says: by the largest output (1), or by each one's side of a half (2)."""
        count = 0
        if task == 1:
            for i in range(M):
                best, wanted = 0, 0
                for k in range(1, K):
                    best = k if a[k * M + i] > a[best * M + i] else best
                    wanted = k if t[k * M + i] > t[wanted * M + i] else wanted
                count += best == wanted
        elif task == 2:
            for i in range(M):
                same = True
                for k in range(K):
                    same = same & ((a[k * M + i] >= F(0.5)) == (t[k * M + i] >= F(0.5)))
                count += same
        return count

    return right


def dropping(F: Any) -> Any:
    @njit(**FAST)
    def dropped(a, kept, factor, x, units, M):
        """x = a where kept, row by row of the data, times the factor; else 0."""
        for i in range(M):
            for j in range(units):
                x[j * M + i] = a[j * M + i] * factor if kept[i * units + j] else F(0)

    return dropped


def steps(F: Any, wide: bool) -> tuple[Callable[..., int], tuple[Any, ...]]:
    """The kernel for one kind of numbers, float64 or float32, and the types of its arguments."""
    P = types.CPointer(F)
    at = pointing(F)
    gemm = multiplying(F, wide)
    affine, to_inputs, to_weights = products(F)
    right, dropped = counting(F), dropping(F)
    pass_through = calling(P, P, P, P, P, int64, int64)
    call_output = calling(P, P, P, P, P, P, P, P, int64, int64, float64)
    call_update = calling(P, P, P, P, P, DOUBLES, int64, float64, float64)
    call_penalized = calling(P, P, P, int64, float64, float64, result=float64)
    gather = calling(uint64, WHOLE, DOUBLES, DOUBLES, P, int64, int64, int64)
    zero = F(0)

    def run(
        first, last, taken, l2, l1, clip,
        layers, features, K, tile, size, task, one_place, by_row,
        fan_in, units, weights_at, biases_at, large, factors,
        theta, new, g, mask, averages, c,
        X, T, W, order, mean, scale,
        begins, counts, totals, rates, kept, kept_at, losses, corrects,
        inputs, zs, outputs, backs, t, w, a, delta, row_losses, arrays, rows,
        gather_X, gather_T, gather_W, forwards, backwards, output, update, penalized, product,
    ):  # fmt: skip
        """Steps [first, last); gives the step whose loss or gradient is not finite, -1 - step if its update is not,
        else `last`."""
        present = False
        for s in range(first, last):
            for i in range(size):
                g[i] = zero
            loss, correct = 0.0, 0
            begin = 0
            while begin < counts[s]:
                M = min(tile, counts[s] - begin)
                if not (one_place and present):
                    gather(gather_X, X, order, mean, scale, at(outputs[0], 0), begins[s] + begin, M, features)
                    gather(gather_T, T, order, mean, scale, t, begins[s] + begin, M, K)
                    if gather_W:
                        gather(gather_W, W, order, mean, scale, w, begins[s] + begin, M, 1)
                    present = True
                for layer in range(layers):
                    x, z, fan, count = at(inputs[layer], 0), at(zs[layer], 0), fan_in[layer], units[layer]
                    if factors[layer] != 1.0:
                        which = shifted(kept, kept_at[s * layers + layer] + begin * fan)
                        dropped(at(outputs[layer], 0), which, F(factors[layer]), x, fan, M)
                    W_here, b_here = shifted(theta, weights_at[layer]), shifted(theta, biases_at[layer])
                    if large[layer]:
                        for j in range(count):
                            start = b_here[j]
                            for i in range(M):
                                z[j * M + i] = start
                        across = by_row if layer == 0 else 0
                        gemm(product, 1, across, count, M, fan, W_here, count, x, fan if across else M, F(1), z, M)
                    else:
                        affine(x, W_here, b_here, z, fan, count, M)
                    if layer < layers - 1:
                        pass_through(forwards[layer], z, at(outputs[layer + 1], 0), z, arrays, rows, count, M)
                z, share = at(zs[layers - 1], 0), 1.0 / totals[s]
                call_output(output, z, t, w, a, row_losses, delta, arrays, rows, K, M, share)
                part = 0.0
                for i in range(M):
                    part += float64(row_losses[i])
                loss += part / totals[s]
                correct += right(a, t, K, M, task)
                d = delta
                for layer in range(layers - 1, -1, -1):
                    x, fan, count = at(inputs[layer], 0), fan_in[layer], units[layer]
                    gW, gb = shifted(g, weights_at[layer]), shifted(g, biases_at[layer])
                    for j in range(count):
                        total = zero
                        for i in range(M):
                            total += d[j * M + i]
                        gb[j] += total
                    if large[layer]:
                        across = by_row if layer == 0 else 0
                        gemm(product, across, 1, fan, count, M, x, fan if across else M, d, M, F(1), gW, count)
                    else:
                        to_weights(x, d, gW, fan, count, M)
                    if layer > 0:
                        back, W_here = at(backs[layer], 0), shifted(theta, weights_at[layer])
                        if large[layer]:
                            gemm(product, 0, 0, fan, M, count, W_here, count, d, M, F(0), back, M)
                        else:
                            to_inputs(W_here, d, back, fan, count, M)
                        if factors[layer] != 1.0:
                            which = shifted(kept, kept_at[s * layers + layer] + begin * fan)
                            dropped(back, which, F(factors[layer]), back, fan, M)
                        z, a_here = at(zs[layer - 1], 0), at(outputs[layer], 0)
                        pass_through(backwards[layer - 1], z, a_here, back, arrays, rows, fan, M)
                        d = back
                begin += M
            if penalized:
                loss += call_penalized(penalized, theta, mask, g, size, l2, l1)
            squares = 0.0
            for i in range(size):
                squares += float64(g[i]) * float64(g[i])
            losses[s], corrects[s] = loss, correct
            if not (np.isfinite(loss) and np.isfinite(squares)):
                return s
            if clip > 0.0 and squares > clip * clip:
                smaller = F(clip / np.sqrt(squares))
                for i in range(size):
                    g[i] *= smaller
            call_update(update, theta, new, g, mask, averages, c, size, rates[s], taken + float64(s - first) + 1.0)
            nothing = zero
            for i in range(size):  # the parameters before the step stay in `new`: a caller may have to go back
                p = new[i]
                nothing += p * zero  # NaN unless all are finite
                new[i] = theta[i]
                theta[i] = p
            if nothing != zero:  # true of NaN too
                return -1 - s
        return last

    shifted = _shifting(F)
    whole = [int64] * 8
    return run, (
        int64, int64, float64, float64, float64, float64, *whole, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, DOUBLES,
        P, P, P, P, P, DOUBLES, uint64, uint64, uint64, WHOLE, DOUBLES, DOUBLES,
        WHOLE, WHOLE, DOUBLES, DOUBLES, BYTES, WHOLE, DOUBLES, WHOLE,
        ADDRESSES, ADDRESSES, ADDRESSES, ADDRESSES, P, P, P, P, P, P, P,
        uint64, uint64, uint64, ADDRESSES, ADDRESSES, uint64, uint64, uint64, uint64,
    )  # fmt: skip


def _shifting(F: Any) -> Any:
    """A function that gives a pointer some places further on."""

    @intrinsic
    def shifted(typing_context: Any, pointer: Any, places: Any) -> Any:
        element = pointer.dtype
        width = {float64: 8, float32: 4, uint8: 1}[element]

        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            start = builder.ptrtoint(values[0], ir.IntType(64))
            on = builder.mul(values[1], ir.Constant(ir.IntType(64), width))
            return builder.inttoptr(builder.add(start, on), context.get_value_type(pointer))

        return pointer(pointer, int64), code

    return shifted
