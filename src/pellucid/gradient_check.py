"""Gradient checking: every number that backpropagation gives, held against differences of the loss."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.engines import readable
from pellucid.gradients import in_double, numerical_gradients
from pellucid.layers import Dense
from pellucid.network import Network
from pellucid.penalties import penalty
from pellucid.tables import html_table, notebook, text_table

Array = npt.NDArray[Any]
TOLERANCE = 1e-5  # of the relative error; central differences with h = 1e-4 stay near 1e-8, a wrong formula near 1
LARGE = 20_000  # parameters; a larger network is checked along random directions
NEAR = 1e-6  # how near to a kink a number is looked at again


@dataclass(frozen=True)
class ParameterCheck:
    """How one parameter's gradient compares.

    Attributes:
        name: such as "W1".
        shape: of the parameter.
        error: the largest relative error, |a - b| / max(|a|, |b|, largest gradient of the network / 1000).
        worst: index of that entry, or the number of the direction.
        analytic, numerical: the two numbers there.
        kinks: entries or directions left out, because the loss has no derivative within reach (relu and its like, |W|).
        compared: how many entries or directions there are.
    """

    name: str
    shape: tuple[int, ...]
    error: float
    worst: tuple[int, ...]
    analytic: float
    numerical: float
    kinks: int
    compared: int


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """The result of `check_gradients`; print it, or look at `ok`.

    Attributes:
        ok: whether every error is within the tolerance.
        max_error: the largest of all.
        by_parameter: {"W1": ParameterCheck, ...}.
        tolerance: what was allowed.
        method: which numbers were compared with, in words.
        suspect: where the mistake probably is, in a sentence; "" where nothing is wrong.
    """

    by_parameter: dict[str, ParameterCheck]
    tolerance: float
    method: str
    suspect: str = ""

    @property
    def max_error(self) -> float:
        return max(part.error for part in self.by_parameter.values())

    @property
    def ok(self) -> bool:
        return self.max_error <= self.tolerance

    @property
    def wrong(self) -> tuple[str, ...]:
        """The parameters whose gradients are wrong."""
        return tuple(name for name, part in self.by_parameter.items() if not part.error <= self.tolerance)

    def rows(self) -> list[list[str]]:
        """The table that is printed.

        Returns:
            The header and one row a parameter, as texts.
        """
        header = ["parameter", "shape", "largest error", "at", "backpropagation", "differences", "kinks", ""]
        return [header] + [
            [
                part.name,
                str(part.shape),
                f"{part.error:.1e}",
                str(list(part.worst)),
                f"{part.analytic:+.6e}",
                f"{part.numerical:+.6e}",
                str(part.kinks),
                "ok" if part.error <= self.tolerance else "WRONG",
            ]
            for part in self.by_parameter.values()
        ]

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        word = "right" if self.ok else "WRONG"
        parts = self.by_parameter.values()
        unseen = [part.name for part in parts if part.kinks and part.kinks == part.compared]
        rest = f"; nothing of {', '.join(unseen)} could be compared, all of it lies at kinks" if unseen else ""
        return (
            f"gradients {word}: largest error {self.max_error:.1e}, allowed {self.tolerance:.0e}; {self.method}{rest}"
        )

    def __repr__(self) -> str:
        return f"GradientCheck({self.verdict})"

    def __str__(self) -> str:
        return "\n".join([text_table(self.rows()), self.verdict, *([self.suspect] if self.suspect else [])])

    def _repr_html_(self) -> str:
        return notebook(html_table(self.rows(), caption=self.verdict), self.suspect)


def check_gradients(
    net: Network,
    X: Any,
    y: Any,
    l2: float = 0.0,
    l1: float = 0.0,
    sample_weight: Any = None,
    directions: int | None = None,
    tolerance: float | None = None,
    seed: int = 0,
) -> GradientCheck:
    """Hold `net.gradients` against numerical gradients of `net.loss`, both with these arguments.

    Args:
        net: the network; nothing in it changes.
        X, y: a few rows are enough: features (n, inputs) and their targets.
        l2, l1, sample_weight: as in `net.loss`.
        directions: compare along so many random directions a parameter instead of entry by entry; by default entry by
            entry up to 20,000 parameters, and 10 directions beyond.
        tolerance: of the relative error; 1e-5, and 1e-2 for a float32 network.
        seed: decides the directions: the same call gives the same result.

    Returns:
        Whether they agree, and by how much for each parameter; where they do not, which layer is the suspect.

    Raises:
        InputError: X or y do not fit the network.

    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), section 11.5.2 (verifying derivatives).

    Example:
        >>> from pellucid import Dense
        >>> net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
        >>> check_gradients(net, [[0.5, -1.0], [2.0, 0.0]], [0, 1]).ok
        True
    """
    single = net.dtype == np.float32
    tolerance = (1e-2 if single else TOLERANCE) if tolerance is None else check.number(tolerance, "tolerance", 0)
    if directions is None and net.theta.size > LARGE:
        directions = 10
    analytic = net.gradients(X, y, l2=l2, l1=l1, sample_weight=sample_weight)
    double = in_double(net)
    loss = _Loss(double, readable.problem(double, X, y, sample_weight), l2, l1)
    if directions is not None:
        count = check.whole(directions, "directions", 1)
        parts = _along_directions(double, loss, analytic, count, np.random.default_rng(seed), tolerance)
        checked = GradientCheck(parts, tolerance, f"along {count} random directions a parameter")
    else:
        numerical = numerical_gradients(double, X, y, "structured", l2, l1, sample_weight)
        checked = GradientCheck(_by_entry(double, loss, analytic, numerical, tolerance), tolerance, "every entry")
    return checked if checked.ok else replace(checked, suspect=_suspect(net, checked.wrong))


def _suspect(net: Network, wrong: tuple[str, ...]) -> str:
    """Which layer to look at: a mistake reaches its own layer and those below it, never one that is nearer the output.

    So the wrong layer nearest to the output is where it is, or in what follows it on the way to the next one's z.
    """
    dense = [layer for layer in net.layers if isinstance(layer, Dense)]
    k = max(int(name[1:]) for name in wrong)
    layer = dense[k - 1]
    named = f"layer {k} ({layer})"
    if k == len(dense):
        loss = net.loss_function
        through = "" if loss.from_logits else f", or the slope of {layer.activation.name}"
        return f"The suspect is {named}, the last one: look at the gradient of the loss {loss.name}{through}."
    return (
        f"The suspect is {named}: its gradients are wrong, and those of every later layer are right. "
        f"Look at the {'slope' if layer.activation.pull is None else 'pull'} of {layer.activation.name}."
    )


class _Loss:
    """The loss as a function of theta alone."""

    def __init__(self, net: Network, problem: readable.Problem, l2: float, l1: float) -> None:
        self.net, self.problem, self.l2, self.l1 = net, problem, l2, l1

    def __call__(self, theta: Array) -> float:
        return float(readable.loss(self.net, theta, *self.problem, self.l2, self.l1)[0])

    def terms(self, theta: Array) -> Array:
        """What the loss is the sum of: each row's share, and the penalty, (n + 1,)."""
        inputs, t, w = self.problem
        operations = readable.forward(self.net, theta, inputs.batch(slice(None)))
        rows = self.net.loss_function.rows(operations[-2].output, operations[-1].output, t)
        shares = (rows if w is None else rows * w) / readable.total_weight(len(t), w)
        return np.append(shares, penalty(theta, self.net.weight_mask, self.l2, self.l1))


def relative_error(a: Array, b: Array, largest: float) -> Array:
    """|a - b| / max(|a|, |b|, largest / 1000): an entry that is nearly zero is judged against its network.

    Args:
        a, b: gradients, of one shape.
        largest: the largest size of any entry of the network's gradient.

    Returns:
        An array of that shape, 0 where both are 0.

    Example:
        >>> relative_error(np.array([1.0, 0.0]), np.array([1.1, 1e-6]), largest=1.0).round(4)
        array([0.0909, 0.001 ])
    """
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), largest * 1e-3)
    return np.abs(a - b) / np.where(scale > 0, scale, 1)


def _by_entry(
    net: Network, loss: _Loss, analytic: dict[str, Array], numerical: dict[str, Array], tolerance: float
) -> dict[str, ParameterCheck]:
    largest = max(float(np.max(np.abs(g))) for g in numerical.values())
    places = net.named(np.arange(net.theta.size))
    parts = {}
    for name, b in numerical.items():
        a, b = analytic[name].astype(np.float64), b.copy()
        errors = relative_error(a, b, largest)
        kinks = 0
        for entry in map(tuple, np.argwhere(~(errors <= tolerance))):
            direction = np.zeros_like(net.theta)
            direction[int(places[name][entry])] = 1.0
            near = _near(loss, net.theta, direction)
            if _is_kink(a[entry], b[entry], near, largest, tolerance):
                kinks += 1
                errors[entry] = 0.0
        worst = np.unravel_index(int(np.argmax(np.where(np.isnan(errors), np.inf, errors))), errors.shape)
        at = tuple(int(i) for i in worst)
        error = float(errors[at]) if np.isfinite(errors[at]) else float("inf")
        parts[name] = ParameterCheck(name, a.shape, error, at, float(a[at]), float(b[at]), kinks, a.size)
    return parts


def _near(loss: _Loss, theta: Array, direction: Array) -> tuple[Array, Array]:
    """The slopes of the terms of the loss along a direction just below and just above theta, (n + 1,) each."""
    here = loss.terms(theta)
    above = (loss.terms(theta + NEAR * direction) - here) / NEAR
    below = (here - loss.terms(theta - NEAR * direction)) / NEAR
    return below, above


def _is_kink(a: float, b: float, near: tuple[Array, Array], largest: float, tolerance: float) -> bool:
    """Whether a is not the difference b because of a kink: one right here, so that the slopes of some row on both sides
    differ (other rows may hide that in the sum) and a is between them; or one within reach of h, so that the slopes
    nearby agree with each other and with a."""
    low, high = float(np.minimum(*near).sum()), float(np.maximum(*near).sum())
    scale = max(abs(a), abs(b), largest * 1e-3)
    if high - low > 1e-3 * scale:
        return bool(low - 1e-3 * scale <= a <= high + 1e-3 * scale)
    return bool(abs(a - (low + high) / 2) <= tolerance * scale)


def _along_directions(
    net: Network, loss: _Loss, analytic: dict[str, Array], count: int, rng: np.random.Generator, tolerance: float
) -> dict[str, ParameterCheck]:
    h = 1e-4
    places = net.named(np.arange(net.theta.size))
    pairs: dict[str, tuple[Array, Array, Array]] = {}
    for name, g in analytic.items():
        a, b, directions = np.empty(count), np.empty(count), np.zeros((count, net.theta.size))
        for d, direction in enumerate(directions):
            drawn = rng.standard_normal(g.shape)
            direction[places[name].ravel()] = (drawn / np.linalg.norm(drawn)).ravel()
            a[d] = np.sum(g.astype(np.float64).ravel() * direction[places[name].ravel()])
            b[d] = (loss(net.theta + h * direction) - loss(net.theta - h * direction)) / (2 * h)
        pairs[name] = a, b, directions
    largest = max(float(np.max(np.abs(b))) for _, b, _ in pairs.values())
    parts = {}
    for name, (a, b, directions) in pairs.items():
        errors = relative_error(a, b, largest)
        kinks = 0
        for d in np.flatnonzero(~(errors <= tolerance)).tolist():
            if _is_kink(a[d], b[d], _near(loss, net.theta, directions[d]), largest, tolerance):
                kinks += 1
                errors[d] = 0.0
        at = int(np.argmax(np.where(np.isnan(errors), np.inf, errors)))
        error = float(errors[at]) if np.isfinite(errors[at]) else float("inf")
        shape = analytic[name].shape
        parts[name] = ParameterCheck(name, shape, error, (at,), float(a[at]), float(b[at]), kinks, count)
    return parts
