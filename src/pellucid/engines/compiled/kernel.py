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

import numpy as np
from numba import float32, float64, int64, types, uint64

from pellucid.engines.compiled.control import (
    CLAIMED,
    CLOSED,
    CORRECT,
    FINISHED,
    GRADIENT,
    LEFT,
    LOSS,
    OPEN,
    PARTS,
    PENALTY,
    PHASE,
    PRESENT,
    SCALE,
    SQUARES,
    STEP,
    SUMMING,
    UPDATED,
    UPDATING,
    WHOLE_UPDATE,
)
from pellucid.engines.compiled.primitives import (
    ADDRESSES,
    BYTES,
    DOUBLES,
    FLUSH,
    WHOLE,
    calling,
    control_word,
    exchanged,
    increase,
    load,
    pointing,
    set_control_word,
    store,
)
from pellucid.engines.compiled.rows import counting, dropping, measuring, products

BLOCK = 4096  # parameters at a time: they stay in the cache from the sum of the parts to the update


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
        helps, control, last, taken, l2, l1, clip,
        layers, features, K, tile, size, task, parts, one_place, by_row,
        fan_in, units, weights_at, biases_at, summed, factors,
        theta, new, spare, mask, averages, c,
        X, T, W, order, mean, scale,
        begins, counts, totals, rates, kept, kept_at, losses, corrects, sums,
        gradients, inputs, zs, outputs, backs, turns, ts, ws, others, deltas, row_losses, arrays, rows,
        gather_X, gather_T, gather_W, forwards, backwards, output, update, penalized, multiply, yielding,
    ):  # fmt: skip
        """Steps [0, last); gives the step whose loss or gradient is not finite, -1 - step if its update is not,
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
                        control[PHASE] = SUMMING if clip > 0.0 else WHOLE_UPDATE
                    else:
                        if phase != UPDATING:
                            loss, correct, squares, nothing = 0.0, 0.0, 0.0, 0.0
                            for p in range(parts):
                                loss += sums[LOSS + p]
                                correct += sums[CORRECT + p]
                            for r in range(parts):
                                loss += sums[PENALTY + r]
                                squares += sums[SQUARES + r]
                                nothing += sums[GRADIENT + r]
                            losses[s], corrects[s] = loss, int64(correct)
                            if not np.isfinite(loss) or nothing != 0.0:  # true of NaN
                                control[LEFT] = s
                                store(control, CLOSED, 1)
                                set_control_word(word)
                                return s
                            if phase == SUMMING:
                                norm = np.sqrt(squares)
                                if not np.isfinite(squares):  # the squares are too large, the gradient is not
                                    norm = long_norm(at(gradients[0]), size)
                                sums[SCALE] = clip / norm if norm > clip else 1.0
                        if phase == SUMMING:
                            control[PHASE] = UPDATING
                        else:
                            nothing = 0.0
                            for r in range(parts):
                                nothing += sums[UPDATED + r]
                            control[STEP] = s + 1
                            control[PHASE] = PARTS
                            if nothing != 0.0 or s + 1 == last:  # true of NaN too
                                control[LEFT] = s + 1
                                store(control, CLOSED, 1)
                                set_control_word(word)
                                return -1 - s if nothing != 0.0 else last
                    store(control, OPEN, mine + parts)
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
            turn_of = s % 3
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
                            begun = at(uint64(0)) if fresh else gW
                            product(multiply, fan, count, M, x, 1 if across else M, fan if across else 1, turn, count,
                                    begun, count, gW, count)  # fmt: skip
                        if layer > 0:
                            back, W_here = at(backs[here]), shifted(now, weights_at[layer])
                            product(multiply, fan, M, count, W_here, count, 1, d, M, at(uint64(0)), 0, back, M)
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
                r = mine - (open_now - parts)
                start, stop = size * r // parts, size * (r + 1) // parts
                smaller = F(sums[SCALE])
                lost, squares, unsound, nothing = 0.0, 0.0, 0.0, 0.0
                while start < stop:
                    count = min(BLOCK, stop - start)
                    g = shifted(at(gradients[0]), start)
                    if phase != UPDATING:
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
                    if phase != SUMMING:
                        p_here, mask_here, q = shifted(now, start), shifted(mask, start), shifted(after, start)
                        call_update(update, p_here, q, g, mask_here, shifted(averages, start), c,
                                    count, size, rates[s], taken + float64(s) + 1.0)  # fmt: skip
                        for i in range(count):
                            nothing += float64(q[i]) * 0.0  # NaN unless all are finite
                    start += count
                if phase != UPDATING:
                    sums[PENALTY + r], sums[SQUARES + r], sums[GRADIENT + r] = lost, squares, unsound
                sums[UPDATED + r] = nothing
            increase(control, FINISHED)

    whole = [int64] * 9
    return work, (
        int64, WHOLE, int64, float64, DOUBLES, float64, float64, *whole,
        WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, DOUBLES,
        P, P, P, P, P, DOUBLES,
        uint64, uint64, uint64, WHOLE, DOUBLES, DOUBLES,
        WHOLE, WHOLE, DOUBLES, DOUBLES, BYTES, WHOLE, DOUBLES, WHOLE, DOUBLES,
        *[ADDRESSES] * 13,
        uint64, uint64, uint64, ADDRESSES, ADDRESSES, uint64, uint64, uint64, uint64, uint64,
    )  # fmt: skip
