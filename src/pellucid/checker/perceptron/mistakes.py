"""The ways in which learners go wrong in backpropagation, each with the gradients that it gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.perceptron.backward import Backward
from pellucid.checker.perceptron.forms import CROSS, SOFTMAX_SLIPS
from pellucid.checker.perceptron.mistake import Mistake
from pellucid.checker.perceptron.network import Fit
from pellucid.checker.perceptron.other_forwards import other_forwards
from pellucid.checker.perceptron.slopes import Slope, mistaken

Array = npt.NDArray[Any]


def mistakes(back: Backward) -> Iterator[Mistake]:
    """Every mistake that can be tried on this network."""
    with np.errstate(all="ignore"):
        yield from _at_the_output(back)
        yield from _other_targets(back)
        yield from _derivatives(back)
        yield from _chains(back)
        yield from _inputs(back)
        for layer in range(back.depth):
            yield from _other_weights(back, layer)
            yield from _other_biases(back, layer)
        yield from _few_samples(back)
        yield from other_forwards(back)


def _at_the_output(back: Backward) -> Iterator[Mistake]:
    """Where backpropagation starts: another loss's derivative, no targets, the output's derivative or softmax wrong."""
    z, a, t, pair = back.z[-1], back.a[-1], back.fit.t, back.fit.pair
    name, by_output = pair.output, pair.by_output(z, t)
    straight = pair.is_classic or name in ("identity", "softmax")
    slope = 1.0 if straight else pair.activation.slope_at(z, a)
    tried: list[tuple[str, Array, float, str]] = [
        ("target_left_out", (1 if pair.is_classic else 2) * a * slope, 2.0, ""),
        ("other_loss", 2 * (a - t) * (1.0 if straight else slope), 2.0, ""),
        ("other_loss", a - t, 2.5, ""),
        ("other_loss", np.sign(a - t), 3.0, ""),
    ]
    if name != "identity":
        tried.append(("derivative_left_out", by_output, 1.0, "1"))
        tried.append(("derivative_left_out", (1 if pair.is_classic else 2) * (a - t), 1.5, "1"))
        tried.append(("derivative_extra", (a - t) * a * (1 - a), 1.0, "a(1 - a)"))
    else:
        tried.append(("derivative_extra", by_output * a * (1 - a), 1.2, "a(1 - a)"))
        tried.append(("derivative_extra", by_output * (1 - a**2), 1.2, "1 - a^2"))
    if name == "softmax":
        tried.append(("other_loss", 2 * (a - t) * a * (1 - a), 2.2, ""))
        tried += [("softmax_wrong_axis", delta, 0.5, "") for delta in _over_other_axes(back)]
        tried.append(("derivative_wrong", by_output * a * (1 - a), 1.0, "a(1 - a)"))
    elif name != "identity":
        slopes = mistaken(pair.activation, z, a)
        tried += [(s.kind, by_output * s.numbers, s.cost + 0.2, s.used) for s in slopes]
    for kind, delta, cost, used in tried:
        if kind == "other_loss" and _is_multiple(delta, back.last):
            continue  # a factor, and as such it is told
        values = {"activation": name, "used": used}
        if kind == "derivative_left_out":
            values |= {"what": "what_output", "fix": "fix_output"}
        if kind == "derivative_extra" and name == "identity":
            values |= {"what": "what_none", "fix": "fix_none"}
        for scale in _scales(back.fit) if kind == "other_loss" else (back.fit.c,):
            last, start = back.depth - 1, scale * delta
            yield Mistake(kind, last, back.assemble(back.chain(last=start)), values, cost)
            yield Mistake(kind, last, back.only(last, dW=back.a[-2].T @ start), values, cost + 0.4)
            yield Mistake(kind, last, back.only(last, db=start.sum(axis=0)), values, cost + 0.5, part="b")


def _other_targets(back: Backward) -> Iterator[Mistake]:
    """Where backpropagation starts, with targets that are added, turned round or counted from another number."""
    a, t, pair, z = back.a[-1], back.fit.t, back.fit.pair, back.z[-1]
    tried = [("evidence_added", -t)]
    if set(np.unique(t)) == {0.0, 1.0} and not pair.crossed:
        tried.append(("evidence_flipped", 1 - t))
        one_hot = t.shape[1] > 2 and bool((t.sum(axis=1) == 1).all())
        tried += [("evidence_shifted", np.roll(t, by, axis=1)) for by in (-1, 1)] if one_hot else []
    for evidence, targets in tried:
        delta = a - targets if pair.is_classic else pair.delta(z, targets)
        gradients = back.assemble(back.chain(last=back.fit.c * delta))
        yield Mistake("other_targets", back.depth - 1, gradients, {}, 2.5, evidence)


def _is_multiple(delta: Array, of: Array) -> bool:
    factor = float(np.sum(delta * of)) / max(float(np.sum(of * of)), 1e-300)
    return bool(np.allclose(delta, factor * of, rtol=1e-9, atol=1e-12 * float(np.max(np.abs(delta), initial=0.0))))


def _scales(fit: Fit) -> list[float]:
    """By what another loss may be multiplied: as this one, or a sum or a mean of its own, halved or not."""
    n, K = fit.n, fit.outputs
    own = [fit.c, 2 * fit.c, 0.5 * fit.c]
    return list(dict.fromkeys([*own, *(half / many for half in (1.0, 2.0, 0.5) for many in (1, n, n * K))]))


def _over_other_axes(back: Backward) -> Iterator[Array]:
    """Where backpropagation starts if softmax is taken over another axis, in the gradient alone."""
    t, z = back.fit.t, back.z[-1]
    for pair in SOFTMAX_SLIPS:
        if pair.error is back.fit.pair.error:
            p = pair.outputs(z)
            if pair.error is CROSS:
                yield np.asarray(p - t)
            else:
                gradient = 2 * (p - t)
                yield np.asarray(p * (gradient - np.sum(gradient * p, axis=1, keepdims=True)))


def _derivatives(back: Backward) -> Iterator[Mistake]:
    """Hidden layers whose activation's derivative is wrong: one of them, or all in the same way."""
    options: list[dict[tuple[str, str], Slope]] = []
    for record, z, a in zip(back.fit.hidden, back.z[1:], back.a[1:], strict=False):
        options.append({(slope.kind, slope.used): slope for slope in mistaken(record, z, a)})
    for i, of_layer in enumerate(options):
        for slope in of_layer.values():
            yield _with_slopes(back, {i: slope}, slope.cost)
            yield from _in_one(back, i, slope)
        yield from _without_parentheses(back, i)
    for key, slope in options[-1].items() if len(options) > 1 else ():
        same = {i: of_layer[key] for i, of_layer in enumerate(options) if key in of_layer}
        if len(same) > 1:
            yield _with_slopes(back, same, slope.cost + 0.1)


def _with_slopes(back: Backward, slopes: dict[int, Slope], cost: float) -> Mistake:
    top = max(slopes)
    gradients = back.assemble(back.chain(slopes={i: slope.numbers for i, slope in slopes.items()}))
    values = {"activation": back.fit.hidden[top].name, "used": slopes[top].used}
    return Mistake(slopes[top].kind, top, gradients, values, cost)


def _in_one(back: Backward, i: int, slope: Slope) -> Iterator[Mistake]:
    """The same in the gradient of the weights or of the biases alone, and right in what goes further down."""
    delta = (back.deltas[i + 1] @ back.matrices[i + 1].T) * slope.numbers
    values = {"activation": back.fit.hidden[i].name, "used": slope.used}
    yield Mistake(slope.kind, i, back.only(i, dW=back.a[i].T @ delta), values, slope.cost + 0.3)
    yield Mistake(slope.kind, i, back.only(i, db=delta.sum(axis=0)), values, slope.cost + 0.3, part="b")


def _without_parentheses(back: Backward, i: int) -> Iterator[Mistake]:
    """delta * a * 1 - a, where a product is taken first: a subtraction without its parentheses."""
    carried, a = back.deltas[i + 1] @ back.matrices[i + 1].T, back.a[i + 1]
    for used, made in (("a * 1 - a", carried * a - a), ("1 - a**2", carried - a * a)):
        gradients = back.assemble(back.chain(slopes={i: np.ones_like(a)}, through={i: made}))
        values = {"activation": back.fit.hidden[i].name, "used": used}
        yield Mistake("derivative_wrong", i, gradients, values, 2.0, "evidence_parentheses")


def _chains(back: Backward) -> Iterator[Mistake]:
    """The way down through the wrong weights: not transposed, another layer's, or none at all."""
    for i in range(back.depth - 1):
        delta, wanted = back.deltas[i + 1], back.a[i + 1].shape
        down, up = (delta.shape[1], wanted[1]), (wanted[1], delta.shape[1])
        tried = [delta @ W for W in back.matrices if W.shape == down]
        tried += [delta @ W.T for j, W in enumerate(back.matrices) if j != i + 1 and W.shape == up]
        tried += [np.broadcast_to(delta, wanted)] if delta.shape[1] in (1, wanted[1]) else []
        tried += [np.broadcast_to(back.last, wanted)] if back.last.shape == wanted else []
        tried.append(np.broadcast_to(delta.sum(axis=1, keepdims=True), wanted))
        later = [other for other in back.deltas[i + 2 :] if other.shape == delta.shape]
        tried += [other @ back.matrices[i + 1].T for other in later]
        for carried in tried:
            yield Mistake("wrong_chain", i, back.assemble(back.chain(through={i: carried})), cost=1.5)


def _inputs(back: Backward) -> Iterator[Mistake]:
    """Weight gradients with z in the place of a, in one layer or in all."""
    inner = range(1, back.depth)
    for some in ([i] for i in inner):
        yield Mistake("input_at_z", some[0], back.assemble(back.deltas, {some[0]: back.z[some[0]]}))
    if len(inner) > 1:
        yield Mistake("input_at_z", back.depth - 1, back.assemble(back.deltas, {i: back.z[i] for i in inner}), cost=1.1)


def _other_weights(back: Backward, layer: int) -> Iterator[Mistake]:
    """A layer's weight gradient put together from other layers' pieces."""
    for j, delta in enumerate(back.deltas):
        for k, a in enumerate(back.a):
            if (j, k) != (layer, layer) and (a.shape[1], delta.shape[1]) == back.matrices[layer].shape:
                evidence = "evidence_delta" if j != layer else "evidence_input"
                gradients = back.only(layer, dW=a.T @ delta)
                yield Mistake("other_parameter", layer, gradients, {"delta": j + 1}, 2.0, evidence)


def _other_biases(back: Backward, layer: int) -> Iterator[Mistake]:
    """A layer's bias gradient from another layer's delta, summed over the units, or of a single sample."""
    delta, units = back.deltas[layer], back.matrices[layer].shape[1]
    for j, other in enumerate(back.deltas):
        if j != layer and other.shape[1] == units:
            gradients = back.only(layer, db=other.sum(axis=0))
            yield Mistake("other_parameter", layer, gradients, {"delta": j + 1}, 2.0, "evidence_delta", "b")
    ways = [(delta.sum(axis=1), "evidence_axis", 1.0)] if back.fit.n == units else []
    ways += [(delta[row], "evidence_row", 2.0) for row in (0, -1)] if back.fit.n > 1 else []
    for db, evidence, cost in ways:
        yield Mistake("bias_wrong_axis", layer, back.only(layer, db=db), {}, cost, evidence, "b")


def _few_samples(back: Backward) -> Iterator[Mistake]:
    """A loop over samples that keeps only one of them: in all layers, in one, or in one layer's weights."""
    n, last = back.fit.n, back.depth - 1
    for row, which in ((n - 1, "last"), (0, "first")) if n > 1 else ():
        rows, values = slice(row, row + 1), {"which": which, "n": n}
        for factor in (1.0, float(n)):
            made = back.assemble([factor * delta for delta in back.deltas], rows=rows)
            yield Mistake("one_sample", last, made, values, 1.5)
            for layer, delta in enumerate(back.deltas):
                dW, db = factor * back.a[layer][rows].T @ delta[rows], factor * delta[row]
                yield Mistake("one_sample", layer, back.only(layer, dW=dW, db=db), values, 1.6)
                yield Mistake("one_sample", layer, back.only(layer, dW=dW), values, 1.6)
