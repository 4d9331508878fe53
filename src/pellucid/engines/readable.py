"""The readable engine: a training step in plain NumPy, as a textbook writes it.

Everything takes the parameters as an argument, so that a numerical gradient can ask for the loss at other ones
(complex ones included). Many rows are worked through in blocks: memory stays small whatever n is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.errors import InputError
from pellucid.layers import Backward, Dense
from pellucid.network import Network, Scaler
from pellucid.penalties import penalty, penalty_gradient
from pellucid.targets import count_correct

if TYPE_CHECKING:
    from pellucid.jobs import Job

Array = npt.NDArray[Any]
Rows = slice | Array

BLOCK = 8192  # rows at a time: large enough that BLAS is at full speed, small enough to stay near the cache
SCALED_AT_ONCE = 64 * 2**20  # bytes: a data set up to this size is scaled once, a larger one batch by batch


class Inputs(NamedTuple):
    """Features, as they were given, and how a batch of them becomes numbers of the network's dtype."""

    X: Array
    scaler: Scaler | None
    dtype: np.dtype[Any]

    def batch(self, rows: Rows) -> Array:
        X = self.X[rows]
        return check.in_dtype(X, self.dtype, "X") if self.scaler is None else self.scaler.transform(X, dtype=self.dtype)


class Problem(NamedTuple):
    """What a loss is taken of: inputs, targets t (n, outputs), weights w (n,) or None for all 1."""

    inputs: Inputs
    t: Array
    w: Array | None

    def part(self, rows: Array | None) -> Problem:
        """The same of these rows alone; of all when None."""
        if rows is None:
            return self
        X, scaler, dtype = self.inputs
        return Problem(Inputs(X[rows], scaler, dtype), self.t[rows], None if self.w is None else self.w[rows])


def inputs_of(net: Network, X: Any, what: str = "X") -> Inputs:
    """X, checked against the network; a small one is scaled right away, so that no step has to."""
    X = check.features(X, net.inputs, what)
    if net.scaler is not None and not net.scaler.fitted:
        raise InputError("The network's scaler has not been fitted: call net.fit(X, y), or pass a fitted scaler.")
    inputs = Inputs(X, net.scaler, net.dtype)
    if X.size * net.dtype.itemsize <= SCALED_AT_ONCE:
        return Inputs(inputs.batch(slice(None)), None, net.dtype)
    return inputs


def problem(net: Network, X: Any, y: Any, sample_weight: Any = None, what: tuple[str, str] = ("X", "y")) -> Problem:
    """X, y and weights of rows, checked and encoded."""
    inputs = inputs_of(net, X, what[0])
    n = len(inputs.X)
    w = None if sample_weight is None else check.row_weights(sample_weight, n).astype(net.dtype)
    return Problem(inputs, net.encode(y, n, what[1]), w)


def blocks(n: int) -> Iterator[slice]:
    for start in range(0, n, BLOCK):
        yield slice(start, min(start + BLOCK, n))


def forward(
    net: Network, theta: Array, X: Array, rng: np.random.Generator | None = None
) -> tuple[Array, Array, list[Backward]]:
    """The forward pass: pre-activations z and outputs a of the last layer, and each layer's backward function.

    The last layer's function takes the gradient at z, the others' take it at their outputs.
    """
    backwards: list[Backward] = []
    params = net.unpack(theta)
    for layer, p in zip(net.layers[:-1], params, strict=False):
        X, backward = layer.forward(p, X, rng)
        backwards.append(backward)
    z, backward = net.output.affine(params[-1], X)
    backwards.append(backward)
    return z, net.output.activation.value(z), backwards


def backpropagate(net: Network, delta: Array, backwards: list[Backward]) -> Array:
    """The backward pass: from the gradient at the last z to that of all parameters, in theta's order."""
    first = next(i for i, layer in enumerate(net.layers) if isinstance(layer, Dense))
    gradients: list[Array] = []
    gradient: Any = delta
    for i in reversed(range(first, len(backwards))):
        gradient, of_layer = backwards[i](gradient, need_input=i > first)
        gradients[:0] = [g.ravel() for g in of_layer]
    return np.concatenate(gradients)


def loss_and_gradient(
    net: Network,
    theta: Array,
    inputs: Inputs,
    t: Array,
    w: Array | None,
    l2: float = 0.0,
    l1: float = 0.0,
    rows: Array | None = None,
    rng: np.random.Generator | None = None,
) -> tuple[Any, int, Array]:
    """The loss, how many rows are predicted rightly, and the gradient by theta.

    Args:
        inputs, t, w: the problem; its weighted mean loss is taken.
        l2, l1: penalties.
        rows: indices of the rows that count; all when None.
        rng: where dropout draws from; off when None.
    """
    n = len(t) if rows is None else len(rows)
    total = total_weight(n, w, rows)
    value: Any = 0.0
    gradient: Any = None
    correct = 0
    for block in blocks(n):
        chosen = block if rows is None else rows[block]
        t_block = t[chosen]
        z, a, backwards = forward(net, theta, inputs.batch(chosen), rng)
        losses = net.loss_function.rows(z, a, t_block)
        delta = net.loss_function.delta(net.output.activation, z, a, t_block)
        if w is not None:
            losses = losses * w[chosen]
            delta = delta * w[chosen, np.newaxis]
        value = value + np.sum(losses) / total
        of_block = backpropagate(net, delta / total, backwards)
        gradient = of_block if gradient is None else gradient + of_block
        correct += count_correct(a, t_block, net.task)
    if l2 or l1:
        weights = net.weight_mask
        value = value + penalty(theta, weights, l2, l1)
        gradient = gradient + penalty_gradient(theta, weights, l2, l1)
    return value, correct, gradient


def total_weight(n: int, w: Array | None, rows: Array | None = None) -> float:
    """What a sum over rows is divided by: n, or the sum of the weights (1 if they are all 0: the sum is 0 too)."""
    if w is None:
        return float(n)
    return float(np.sum(w if rows is None else w[rows], dtype=np.float64)) or 1.0


def loss(
    net: Network, theta: Array, inputs: Inputs, t: Array, w: Array | None, l2: float = 0.0, l1: float = 0.0
) -> tuple[Any, int]:
    """The same loss and count as `loss_and_gradient`, without the backward pass."""
    total = total_weight(len(t), w)
    value, correct = 0.0, 0
    for block in blocks(len(t)):
        z, a, _ = forward(net, theta, inputs.batch(block))
        losses = net.loss_function.rows(z, a, t[block])
        value = value + np.sum(losses if w is None else losses * w[block]) / total
        correct += count_correct(a, t[block], net.task)
    return value + (penalty(theta, net.weight_mask, l2, l1) if l2 or l1 else 0.0), correct


def accuracy(net: Network, theta: Array, inputs: Inputs, t: Array, w: Array | None) -> float:
    return loss(net, theta, inputs, t, w)[1] / len(t)


def outputs(net: Network, theta: Array, inputs: Inputs) -> Array:
    """Outputs of the last layer for all rows, (n, outputs)."""
    a = np.empty((len(inputs.X), net.outputs), dtype=theta.dtype)
    for block in blocks(len(a)):
        a[block] = forward(net, theta, inputs.batch(block))[1]
    return a


def run(job: Job, begin: int, end: int) -> None:
    """Take the steps [begin, end) of a training run; the job keeps its columns and its place."""
    net = job.net
    # What overflows is found by `job.take`, which says where and what to do: NumPy's warnings would only come before.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for step in range(begin, end):
            rows = job.rows(step)
            value, correct, gradient = loss_and_gradient(
                net,
                net.theta,
                *job.problem,
                job.settings.l2,
                job.settings.l1,
                rows,
                job.rng if job.has_dropout else None,
            )
            job.take(step, rows, float(value), correct, gradient)
