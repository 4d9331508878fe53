"""The readable engine: a training step in plain NumPy, as a textbook writes it.

Everything takes the parameters as an argument, so that a numerical gradient can ask for the loss at other ones
(complex ones included). Many rows are worked through in blocks: memory stays small whatever n is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.errors import InputError
from pellucid.layers import Operation, Parameters
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
    """Features, as they were given, and how a batch of them becomes numbers of the network's dtype.

    X is an array, or a sparse matrix by rows (SciPy's CSR) of that dtype already, without a scaler: a weighted sum and
    its backward pass multiply with it as it is.
    """

    X: Array
    scaler: Scaler | None
    dtype: np.dtype[Any]

    def batch(self, rows: Rows) -> Array:
        return _scaled(self.X[rows], self.scaler, self.dtype)


def _scaled(X: Array, scaler: Scaler | None, dtype: np.dtype[Any]) -> Array:
    return check.in_dtype(X, dtype, "X") if scaler is None else scaler.transform(X, dtype=dtype)


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
    if X.size * net.dtype.itemsize <= SCALED_AT_ONCE:
        return Inputs(_scaled(X, net.scaler, net.dtype), None, net.dtype)
    return Inputs(X, net.scaler, net.dtype)


def problem(net: Network, X: Any, y: Any, sample_weight: Any = None, what: tuple[str, str] = ("X", "y")) -> Problem:
    """X, y and weights of rows, checked and encoded."""
    inputs = inputs_of(net, X, what[0])
    n = len(inputs.X)
    w = None if sample_weight is None else check.row_weights(sample_weight, n).astype(net.dtype)
    return Problem(inputs, net.encode(y, n, what[1]), w)


def blocks(n: int) -> Iterator[slice]:
    for start in range(0, n, BLOCK):
        yield slice(start, min(start + BLOCK, n))


def forward(net: Network, theta: Array, X: Array, rng: np.random.Generator | None = None) -> list[Operation]:
    """The forward pass, one operation after the other; the last two are the output layer's z and a, both (n, outputs).

    With `rng`, dropout drops (training); without, it is left out.
    """
    operations: list[Operation] = []
    for layer, params in zip(net.layers, net.unpack(theta), strict=True):
        operations += layer.operations(params, X, rng)
        X = operations[-1].output if operations else X
    return operations


class Slopes(NamedTuple):
    """What came back through an operation: the gradients at its input (None if nobody asks) and of its parameters."""

    operation: Operation
    at_input: Array | None
    of_parameters: Parameters


def backward(operations: list[Operation], delta: Array) -> Iterator[Slopes]:
    """The backward pass, from the gradient at the last z, operation by operation, down to the first weighted sum."""
    first = next(i for i, operation in enumerate(operations) if operation.kind == "affine")
    gradient: Array | None = delta
    for i in reversed(range(first, len(operations) - 1)):
        gradient, of_parameters = operations[i].backward(gradient, need_input=i > first)
        yield Slopes(operations[i], gradient, of_parameters)


def backpropagate(operations: list[Operation], delta: Array) -> Array:
    """The gradient by all parameters, (size,), in theta's order, from that at the last z, (n, outputs)."""
    return flat(list(backward(operations, delta)))


def flat(slopes: list[Slopes]) -> Array:
    """The parameters' gradients of a backward pass as one vector like theta."""
    return np.concatenate([g.ravel() for back in reversed(slopes) for g in back.of_parameters])


class Block(NamedTuple):
    """What a step computes for some of its rows, m of them; the engine sums it up, a trace keeps it.

    Attributes:
        X: inputs (m, features), scaled.
        t: targets (m, outputs).
        operations: of the forward pass.
        losses: of each row, (m,), times its weight.
        delta: their gradient at the last z, (m, outputs), times each row's weight and divided by the total weight.
    """

    X: Array
    t: Array
    operations: list[Operation]
    losses: Array
    delta: Array


def worked(
    net: Network,
    theta: Array,
    problem: Problem,
    total: float,
    rows: Array | None = None,
    rng: np.random.Generator | None = None,
) -> Iterator[Block]:
    """Forward pass, losses and their gradient at the last z, block by block of the rows (all when None)."""
    inputs, t, w = problem
    for block in blocks(len(t) if rows is None else len(rows)):
        chosen = block if rows is None else rows[block]
        X, t_block = inputs.batch(chosen), t[chosen]
        operations = forward(net, theta, X, rng)
        z, a = operations[-2].output, operations[-1].output
        losses = net.loss_function.rows(z, a, t_block)
        delta = net.loss_function.delta(net.output.activation, z, a, t_block)
        if w is not None:
            losses = losses * w[chosen]
            delta = delta * w[chosen, np.newaxis]
        yield Block(X, t_block, operations, losses, delta / total)


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
    keep: Callable[[Block, list[Slopes]], Any] | None = None,
) -> tuple[Any, int, Array]:
    """The loss, how many rows are predicted rightly, and the gradient by theta.

    Args:
        inputs, t, w: the problem; its weighted mean loss is taken.
        l2, l1: penalties.
        rows: indices of the rows that count; all when None.
        rng: where dropout draws from; off when None.
        keep: is handed each block and its backward pass; how a trace gets to see what a step computes.
    """
    total = total_weight(len(t) if rows is None else len(rows), w, rows)
    value: Any = 0.0
    gradient: Any = None
    correct = 0
    for block in worked(net, theta, Problem(inputs, t, w), total, rows, rng):
        value = value + np.sum(block.losses) / total
        slopes = list(backward(block.operations, block.delta))
        of_block = flat(slopes)
        if keep is not None:
            keep(block, slopes)
        gradient = of_block if gradient is None else gradient + of_block
        correct += count_correct(block.operations[-1].output, block.t, net.task)
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
        *_, (_, _, z, _), (_, _, a, _) = forward(net, theta, inputs.batch(block))
        losses = net.loss_function.rows(z, a, t[block])
        value = value + np.sum(losses if w is None else losses * w[block]) / total
        correct += count_correct(a, t[block], net.task)
    return value + (penalty(theta, net.weight_mask, l2, l1) if l2 or l1 else 0.0), correct


def accuracy(net: Network, theta: Array, inputs: Inputs, t: Array, w: Array | None) -> float:
    return loss(net, theta, inputs, t, w)[1] / len(t)


def outputs(net: Network, theta: Array, inputs: Inputs) -> Array:
    """Outputs of the last layer for all rows, (n, outputs)."""
    layers = list(zip(net.layers, net.unpack(theta), strict=True))

    def of_block(X: Array) -> Array:
        for layer, params in layers:
            X = layer.outputs(params, X)
        return X

    n = inputs.X.shape[0]  # a sparse matrix has no length
    if n <= BLOCK:
        return of_block(inputs.batch(slice(None)))
    a = np.empty((n, net.outputs), dtype=theta.dtype)
    for block in blocks(n):
        a[block] = of_block(inputs.batch(block))
    return a


def at_once(job: Job) -> int:
    """How many steps a call should take at least; training makes whole epochs of them. An epoch will do."""
    return 1


def run(job: Job, begin: int, end: int) -> None:
    """Take the steps [begin, end) of a training run; the job keeps its columns and its place."""
    # What overflows is found by `job.take`, which says where and what to do: NumPy's warnings would only come before.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for number in range(begin, end):
            rows, value, correct, gradient = step(job, number)
            job.take(number, rows, float(value), correct, gradient)


def step(
    job: Job, number: int, keep: Callable[[Block, list[Slopes]], Any] | None = None
) -> tuple[Array | None, Any, int, Array]:
    """A step of a job as far as its gradient: its rows, the loss, how many rows are right, and the gradient."""
    rows, l1 = job.rows(number), job.settings.l1
    l2 = job.l2(total_weight(job.n if rows is None else len(rows), job.problem.w, rows))
    rng = job.rng if job.has_dropout else None
    return rows, *loss_and_gradient(job.net, job.net.theta, *job.problem, l2, l1, rows, rng, keep)
