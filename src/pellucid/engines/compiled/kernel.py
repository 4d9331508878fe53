"""The kernel: a chunk of training steps in one call. Arrays have a row for each unit and a column for each row of data.

It knows the shape of a step (gather, forward, loss, backward, penalty, clip, update) and no formula: those are units
(`units.py`), called by address, as are the products of matrices (`products.py`). Nothing is allocated; all room is in
the plan (`plan.py`). Needs Numba, so only the build imports this.

A step is a few tasks: first its parts, each a share of the batch's rows with a gradient of its own, then ranges of the
parameters, for which the parts' gradients are added up and the update is made. How many there are follows from shapes
alone, so no bit depends on who does them. Threads take tasks by an atomic counter; a master counts what is finished,
opens the next ones, and does them all where nobody helps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import float32, float64, int64, njit, types, uint8, uint64
from numba.core import cgutils
from numba.extending import intrinsic

from pellucid.engines.compiled.control import (
    CLAIMED,
    CLOSED,
    CORRECT,
    FINISHED,
    GRADIENT,
    LEFT,
    LOSS,
    OPEN,
    PENALTY,
    PHASE,
    PRESENT,
    SCALE,
    SQUARES,
    STEP,
    UPDATED,
)  # fmt: skip

FAST: dict[str, Any] = {"error_model": "numpy", "fastmath": {"reassoc", "contract"}, "boundscheck": False}
WHOLE, DOUBLES, ADDRESSES = types.CPointer(int64), types.CPointer(float64), types.CPointer(uint64)
BYTES = types.CPointer(uint8)
BLOCK = 4096  # parameters at a time: they stay in the cache from the sum of the parts to the update

PARTS, WHOLE_UPDATE, SUMS, UPDATE = 0, 1, 2, 3  # phases


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
        0: lambda context, f: typed,
        6: lambda context, f, a, b, c, d, e, g: typed,
        7: lambda context, f, a, b, c, d, e, g, h: typed,
        8: lambda context, f, a, b, c, d, e, g, h, i: typed,
        10: lambda context, f, a, b, c, d, e, g, h, i, j, k: typed,
        11: lambda context, f, a, b, c, d, e, g, h, i, j, k, m: typed,
        12: lambda context, f, a, b, c, d, e, g, h, i, j, k, m, n: typed,
    }
    return intrinsic(callers[len(arguments)])


def pointing(F: Any) -> tuple[Any, Any]:
    """Functions that make an address a pointer, and that give a pointer some places further on."""
    P = types.CPointer(F)

    @intrinsic
    def at(typing_context: Any, address: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return builder.inttoptr(values[0], context.get_value_type(P))

        return P(uint64), code

    @intrinsic
    def shifted(typing_context: Any, pointer: Any, places: Any) -> Any:
        width = {float64: 8, float32: 4, uint8: 1}[pointer.dtype]

        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            start = builder.ptrtoint(values[0], ir.IntType(64))
            on = builder.mul(values[1], ir.Constant(ir.IntType(64), width))
            return builder.inttoptr(builder.add(start, on), context.get_value_type(pointer))

        return pointer(pointer, int64), code

    return at, shifted


# What threads share: whole numbers that are read and written whole, in order.


@intrinsic
def load(typing_context: Any, pointer: Any, place: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load_atomic(builder.gep(values[0], [values[1]]), "acquire", 8)

    return int64(WHOLE, int64), code


@intrinsic
def store(typing_context: Any, pointer: Any, place: Any, value: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        builder.store_atomic(values[2], builder.gep(values[0], [values[1]]), "release", 8)
        return context.get_dummy_value()

    return types.void(WHOLE, int64, int64), code


@intrinsic
def increase(typing_context: Any, pointer: Any, place: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        one = ir.Constant(ir.IntType(64), 1)
        return builder.atomic_rmw("add", builder.gep(values[0], [values[1]]), one, "acq_rel")

    return int64(WHOLE, int64), code


@intrinsic
def exchanged(typing_context: Any, pointer: Any, place: Any, old: Any, new: Any) -> Any:
    """Write `new` where `old` stands; whether it did."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        place = builder.gep(values[0], [values[1]])
        pair = builder.cmpxchg(place, values[2], values[3], "acq_rel", "acquire")
        return builder.zext(builder.extract_value(pair, 1), ir.IntType(64))

    return int64(WHOLE, int64, int64, int64), code


# Numbers so small that they have lost digits take a processor a hundred times longer. Averages of gradients that have
# become zero decay through them; in single precision, where that takes only some hundred steps, they are zero instead.
FLUSH = 0x8040  # results and arguments, in the processor's word of control (MXCSR)


def _control_word(name: str) -> Any:
    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        whole = ir.IntType(32)
        room = cgutils.alloca_once(builder, whole)
        if not llvm.get_process_triple().startswith("x86_64"):
            return context.get_constant(int64, 0) if name == "st" else context.get_dummy_value()
        as_bytes = builder.bitcast(room, ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{name}mxcsr")
        if name == "ld":
            builder.store(builder.trunc(values[0], whole), room)
        builder.call(function, [as_bytes])
        if name == "ld":
            return context.get_dummy_value()
        return builder.zext(builder.load(room), ir.IntType(64))

    return code


@intrinsic
def control_word(typing_context: Any) -> Any:
    return int64(), _control_word("st")


@intrinsic
def set_control_word(typing_context: Any, word: Any) -> Any:
    return types.void(int64), _control_word("ld")


def products(F: Any) -> tuple[Any, Any]:
    """What a small layer is quicker with than with a product by blocks."""

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


def steps(F: Any) -> tuple[Callable[..., int], tuple[Any, ...]]:
    """The kernel for one kind of numbers, float64 or float32, and the types of its arguments."""
    P = types.CPointer(F)
    at, shifted = pointing(F)
    few, turned = products(F)
    right, dropped, long_norm = counting(F), dropping(F), measuring(F)
    pass_through = calling(P, P, P, P, P, int64, int64)
    call_output = calling(P, P, P, P, P, P, P, P, int64, int64, float64)
    call_update = calling(P, P, P, P, P, DOUBLES, int64, int64, float64, float64)
    call_penalized = calling(P, P, P, int64, float64, float64, result=float64)
    gather = calling(uint64, WHOLE, DOUBLES, DOUBLES, P, int64, int64, int64)
    product = calling(int64, int64, int64, P, int64, int64, P, int64, P, int64, P, int64)
    wait = calling(result=int64)
    zero, single = F(0), F is float32

    def work(
        helps, control, first, last, taken, l2, l1, clip,
        layers, features, K, tile, size, task, parts, ranges, one_place, by_row,
        fan_in, units, weights_at, biases_at, summed, factors,
        theta, new, spare, mask, averages, c,
        X, T, W, order, mean, scale,
        begins, counts, totals, rates, kept, kept_at, losses, corrects, sums,
        gradients, inputs, zs, outputs, backs, turns, ts, ws, others, deltas, row_losses, arrays, rows,
        gather_X, gather_T, gather_W, forwards, backwards, output, update, penalized, multiply, yielding, nowhere,
    ):  # fmt: skip
        """Steps [first, last); gives the step whose loss or gradient is not finite, -1 - step if its update is not,
        else `last`. A helper gives 0."""
        word = control_word()
        if single:
            set_control_word(word | FLUSH)
        spins = 0
        while True:
            mine = load(control, CLAIMED)
            if mine >= load(control, OPEN):
                if helps:
                    if load(control, CLOSED):
                        set_control_word(word)
                        return 0
                elif load(control, FINISHED) == mine:
                    # All that was open is done: the master looks at it and opens what comes next.
                    phase, s = control[PHASE], control[STEP]
                    if phase == PARTS:
                        control[PHASE] = SUMS if clip > 0.0 else WHOLE_UPDATE
                    else:
                        if phase != UPDATE:
                            loss, correct, squares, nothing = 0.0, 0.0, 0.0, 0.0
                            for p in range(parts):
                                loss += sums[LOSS + p]
                                correct += sums[CORRECT + p]
                            for r in range(ranges):
                                loss += sums[PENALTY + r]
                                squares += sums[SQUARES + r]
                                nothing += sums[GRADIENT + r]
                            losses[s], corrects[s] = loss, int64(correct)
                            if not np.isfinite(loss) or nothing != 0.0:  # true of NaN
                                control[LEFT] = s - first
                                store(control, CLOSED, 1)
                                set_control_word(word)
                                return s
                            if phase == SUMS:
                                norm = np.sqrt(squares)
                                if not np.isfinite(squares):  # the squares are too large, the gradient is not
                                    norm = long_norm(at(gradients[0]), size)
                                sums[SCALE] = clip / norm if norm > clip else 1.0
                        if phase == SUMS:
                            control[PHASE] = UPDATE
                        else:
                            nothing = 0.0
                            for r in range(ranges):
                                nothing += sums[UPDATED + r]
                            control[STEP] = s + 1
                            control[PHASE] = PARTS
                            if nothing != 0.0 or s + 1 == last:  # true of NaN too
                                control[LEFT] = s + 1 - first
                                store(control, CLOSED, 1)
                                set_control_word(word)
                                return -1 - s if nothing != 0.0 else last
                    store(control, OPEN, mine + (parts if control[PHASE] == PARTS else ranges))
                    continue
                spins += 1
                if spins > 200:
                    wait(yielding)
                    spins = 0
                continue
            if not exchanged(control, CLAIMED, mine, mine + 1):
                continue
            spins = 0
            phase, s = control[PHASE], control[STEP]
            open_now = load(control, OPEN)
            turn_of = (s - first) % 3
            now = theta if turn_of == 0 else (new if turn_of == 1 else spare)
            after = new if turn_of == 0 else (spare if turn_of == 1 else theta)
            if phase == PARTS:
                p = mine - (open_now - parts)
                start, stop = counts[s] * p // parts, counts[s] * (p + 1) // parts
                g, t, w = at(gradients[p]), at(ts[p]), at(ws[p])
                a, delta, turn = at(others[p]), at(deltas[p]), at(turns[p])
                own_losses, own_arrays, own_rows = at(row_losses[p]), at(arrays[p]), at(rows[p])
                x_first = at(outputs[p * layers])
                loss, correct = 0.0, zero
                fresh = True
                begin = start
                while begin < stop:
                    M = min(tile, stop - begin)
                    if not (one_place and control[PRESENT + p]):
                        gather(gather_X, X, order, mean, scale, x_first, begins[s] + begin, M, features)
                        gather(gather_T, T, order, mean, scale, t, begins[s] + begin, M, K)
                        if gather_W:
                            gather(gather_W, W, order, mean, scale, w, begins[s] + begin, M, 1)
                        control[PRESENT + p] = 1
                    for layer in range(layers):
                        here = p * layers + layer
                        x, z, fan, count = at(inputs[here]), at(zs[here]), fan_in[layer], units[layer]
                        if factors[layer] != 1.0:
                            which = shifted(kept, kept_at[s * layers + layer] + begin * fan)
                            dropped(at(outputs[here]), which, F(factors[layer]), x, fan, M)
                        W_here, b_here = shifted(now, weights_at[layer]), shifted(now, biases_at[layer])
                        if by_row and layer == 0:
                            product(multiply, M, count, fan, x, fan, 1, W_here, count, b_here, 0, turn, count)
                            turned(turn, z, M, count)
                        else:
                            product(multiply, count, M, fan, W_here, 1, count, x, M, b_here, -1, z, M)
                        if layer < layers - 1:
                            pass_through(forwards[layer], z, at(outputs[here + 1]), z, own_arrays, own_rows, count, M)
                    z, share = at(zs[p * layers + layers - 1]), 1.0 / totals[s]
                    call_output(output, z, t, w, a, own_losses, delta, own_arrays, own_rows, K, M, share)
                    of_tile = 0.0
                    for i in range(M):
                        of_tile += float64(own_losses[i])
                    loss += of_tile / totals[s]
                    correct += right(a, t, own_rows, K, M, task)
                    d = delta
                    for layer in range(layers - 1, -1, -1):
                        here = p * layers + layer
                        x, fan, count = at(inputs[here]), fan_in[layer], units[layer]
                        gW, gb = shifted(g, weights_at[layer]), shifted(g, biases_at[layer])
                        for j in range(count):
                            total = zero
                            for i in range(M):
                                total += d[j * M + i]
                            gb[j] = total if fresh else gb[j] + total
                        across = by_row if layer == 0 else 0
                        if summed[layer]:
                            few(x, d, gW, fan, count, M, fresh)
                        else:
                            turned(d, turn, count, M)
                            begun = at(nowhere) if fresh else gW
                            product(multiply, fan, count, M, x, 1 if across else M, fan if across else 1, turn, count,
                                    begun, count, gW, count)  # fmt: skip
                        if layer > 0:
                            back, W_here = at(backs[here]), shifted(now, weights_at[layer])
                            product(multiply, fan, M, count, W_here, count, 1, d, M, at(nowhere), 0, back, M)
                            if factors[layer] != 1.0:
                                which = shifted(kept, kept_at[s * layers + layer] + begin * fan)
                                dropped(back, which, F(factors[layer]), back, fan, M)
                            z, a_here = at(zs[here - 1]), at(outputs[here])
                            pass_through(backwards[layer - 1], z, a_here, back, own_arrays, own_rows, fan, M)
                            d = back
                    begin += M
                    fresh = False
                if fresh:  # fewer rows than parts
                    for i in range(size):
                        g[i] = zero
                sums[LOSS + p], sums[CORRECT + p] = loss, float64(correct)
            else:
                r = mine - (open_now - ranges)
                start, stop = size * r // ranges, size * (r + 1) // ranges
                smaller = F(sums[SCALE])
                lost, squares, unsound, nothing = 0.0, 0.0, 0.0, 0.0
                while start < stop:
                    count = min(BLOCK, stop - start)
                    g = shifted(at(gradients[0]), start)
                    if phase != UPDATE:
                        for p in range(1, parts):
                            more = shifted(at(gradients[p]), start)
                            for i in range(count):
                                g[i] += more[i]
                        if penalized:
                            lost += call_penalized(
                                penalized, shifted(now, start), shifted(mask, start), g, count, l2[s], l1
                            )
                        for i in range(count):
                            squares += float64(g[i]) * float64(g[i])
                            unsound += float64(g[i]) * 0.0  # NaN unless all are finite
                    elif smaller != F(1):
                        for i in range(count):
                            g[i] *= smaller
                    if phase != SUMS:
                        p_here, mask_here, q = shifted(now, start), shifted(mask, start), shifted(after, start)
                        call_update(update, p_here, q, g, mask_here, shifted(averages, start), c,
                                    count, size, rates[s], taken + float64(s - first) + 1.0)  # fmt: skip
                        for i in range(count):
                            nothing += float64(q[i]) * 0.0  # NaN unless all are finite
                    start += count
                if phase != UPDATE:
                    sums[PENALTY + r], sums[SQUARES + r], sums[GRADIENT + r] = lost, squares, unsound
                sums[UPDATED + r] = nothing
            increase(control, FINISHED)

    whole = [int64] * 10
    return work, (
        int64, WHOLE, int64, int64, float64, DOUBLES, float64, float64, *whole,
        WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, DOUBLES,
        P, P, P, P, P, DOUBLES,
        uint64, uint64, uint64, WHOLE, DOUBLES, DOUBLES,
        WHOLE, WHOLE, DOUBLES, DOUBLES, BYTES, WHOLE, DOUBLES, WHOLE, DOUBLES,
        *[ADDRESSES] * 13,
        uint64, uint64, uint64, ADDRESSES, ADDRESSES, uint64, uint64, uint64, uint64, uint64, uint64,
    )  # fmt: skip
