"""Which network is this? A multilayer perceptron that gives the learner's losses, at many parameters, to many digits.

The learner's loss is c D + penalties, where D is a sum over samples and outputs. Flipping signs of parameters changes D
and no penalty, whatever its form; so differences between such points are c times differences of D, for one c: that
proves activations, output, loss, layout and data at once. Then the penalties follow (shrinkage.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.activations import Activation
from pellucid.checker.perceptron.forms import BINARY, COMMON, CROSS, HIDDEN, pairs
from pellucid.checker.perceptron.network import Fit, forward
from pellucid.checker.perceptron.shrinkage import with_penalties
from pellucid.checker.perceptron.stack import Stack, stacks
from pellucid.checker.running.containers import Leaf
from pellucid.checker.running.learner import Learner

Array = npt.NDArray[Any]
POINTS = 5
WORK = 2e9  # multiplications that may be spent on guessing
EPSILONS = tuple(10.0**-k for k in range(3, 17))


def targets(y: Array | None, X: Array, n: int, K: int) -> Iterator[Array]:
    """What y may stand for as targets (n, K): values, one-hot rows or columns, labels; X itself where nothing fits.

    Example:
        >>> [t.tolist() for t in targets(np.array([0, 1]), np.ones((2, 1)), 2, 2)]
        [[[1.0, 0.0], [0.0, 1.0]]]
    """
    if y is not None and y.size and y.dtype.kind in "fiub":
        y = np.squeeze(y.astype(np.float64)) if y.size > 1 else y.astype(np.float64).reshape(-1)
        if K == 1 and y.shape == (n,):
            yield y.reshape(n, 1)
            if set(np.unique(y)) == {-1.0, 1.0}:
                yield ((y + 1) / 2).reshape(n, 1)
            elif set(np.unique(y)) == {0.0, 1.0}:
                yield (2 * y - 1).reshape(n, 1)
        elif y.shape == (n,):
            for labels in (y, y - 1):
                if np.all(labels == np.round(labels)) and labels.min() >= 0 and labels.max() < K:
                    yield np.eye(K)[labels.astype(int)]
        if y.shape == (n, K) and K > 1:
            yield y
        if y.shape == (K, n) and K > 1:
            yield y.T
        if K > 1 and y.shape == (K,) and n == 1:
            yield y.reshape(1, K)
    elif y is None and X.shape == (n, K):
        yield X


def points(values: Sequence[Array], count: int = POINTS) -> list[list[Array]]:
    """The parameters, and the same with signs flipped."""
    rng = np.random.default_rng(5)
    return [list(values), *([rng.choice([-1.0, 1.0], p.shape) * p for p in values] for _ in range(count - 1))]


def fit(
    learner: Learner, values: Sequence[Array], data: Sequence[tuple[Array, Array | None]], small: Sequence[float] = ()
) -> Fit | None:
    """Find the network that gives the learner's losses, or None.

    Args:
        learner: theirs.
        values: where; float64, one array a parameter.
        data: pairs of X and y to try.
        small: numbers in the learner's code that may stand inside a logarithm.
    """
    at = points(values)
    losses = np.array([learner.loss_at(p) for p in at])
    keep = np.flatnonzero(np.isfinite(losses))
    if len(keep) < 3 or np.ptp(losses[keep]) <= 1e-14 * abs(losses[keep[0]]):
        return None
    at, losses = [at[i] for i in keep], losses[keep]
    allowed = 1e-6 if learner.double or learner.leaves[0].dtype == np.float64 else 1e-3
    found: Fit | None = None
    for guess in _guesses(learner.leaves, data, at, losses):
        if found is None or guess.residual < 0.5 * found.residual:
            found = guess
        if found.residual < 1e-7:
            break
        if small and guess.pair.is_classic and guess.residual > 1e-7:  # far out, what is added hides everything else
            found = _clearest(found, _with_eps(guess, at, losses, small))
    if found is not None and found.residual > 1e-12:
        found = _clearest(found, _with_eps(found, at, losses, EPSILONS))
    if found is None or found.residual > 30 * allowed:
        return None
    return with_penalties(replace(found, c=_rounded(found)), learner, values)


def _clearest(found: Fit, others: Iterator[Fit]) -> Fit:
    """The best of others if it is much better: among many epsilons some fit a little better by rounding."""
    best = min(others, key=lambda f: f.residual, default=found)
    return best if best.residual < 0.1 * found.residual else found


def _rounded(found: Fit) -> float:
    """The factor that was meant: a mean or a sum, over samples or over all outputs, halved, plain or doubled."""
    n, K = found.n, found.outputs
    meant = [half / many for half in (1.0, 0.5, 2.0) for many in (1, n, n * K, K, n * n)]
    nearest = min(meant, key=lambda c: abs(found.c / c - 1))
    return nearest if abs(found.c / nearest - 1) < max(1e-6, found.residual) else found.c


def _guesses(
    leaves: Sequence[Leaf], data: Sequence[tuple[Array, Array | None]], at: list[list[Array]], losses: Array
) -> Iterator[Fit]:
    """Every network that the shapes allow, with how well it fits; the usual ones first."""
    for mixed in (False, True):
        for X, y in data:
            for stack in stacks(leaves, X):
                depth = len(stack.layers) - 1
                if mixed and (depth < 2 or depth > 3):
                    continue
                work = stack.n * sum(leaf.size for leaf in leaves) * len(at)
                choices = _choices(depth, mixed)
                for hidden in choices[: max(1, int(WORK / max(work, 1)))]:
                    yield from _of(stack, hidden, y, at, losses)


def _choices(depth: int, mixed: bool) -> list[tuple[Activation, ...]]:
    if not mixed:
        return [(record,) * depth for record in HIDDEN] if depth else [()]
    return [hidden for hidden in product(COMMON, repeat=depth) if len({record.name for record in hidden}) > 1]


def _of(
    stack: Stack, hidden: tuple[Activation, ...], y: Array | None, at: list[list[Array]], losses: Array
) -> Iterator[Fit]:
    none = tuple(np.zeros(value.shape) for value in at[0])
    with np.errstate(all="ignore"):
        zs = [forward(stack, hidden, None, values)[0][-1] for values in at]
        K = zs[0].shape[1]
        for t in targets(y, stack.X, stack.n, K):
            for pair in pairs(K):
                c, residual = _scaled([pair.value(z, t) for z in zs], losses)
                if np.isfinite(residual):
                    yield Fit(stack, hidden, pair, t, c, none, none, residual)


def _scaled(sums: Sequence[float], losses: Array) -> tuple[float, float]:
    """The c for which differences of the losses are c times those of the sums, and what is left over."""
    D, L = np.diff(np.asarray(sums)), np.diff(losses)
    if not np.isfinite(D).all() or not D.any():
        return 0.0, float("inf")
    c = float(np.sum(D * L) / np.sum(D * D))
    return c, float(np.max(np.abs(L - c * D)) / np.max(np.abs(L)))


def _with_eps(found: Fit, at: list[list[Array]], losses: Array, small: Sequence[float]) -> Iterator[Fit]:
    """The same network with something added inside its logarithms, or probabilities kept away from 0 and 1."""
    if found.pair.error not in (CROSS, BINARY) or found.pair.is_rough:
        return
    with np.errstate(all="ignore"):
        zs = [found.forward(values)[0][-1] for values in at]
        tried = [pair for eps in small for pair in (replace(found.pair, eps=eps), replace(found.pair, clip=eps))]
        for pair in (replace(found.pair, plain=True), *tried):
            c, residual = _scaled([pair.value(z, found.t) for z in zs], losses)
            if np.isfinite(residual):
                yield replace(found, pair=pair, c=c, residual=residual)
