"""Rules about what belongs together: the output layer, the loss and the targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.activations import Activation
from pellucid.explain.case import Case
from pellucid.explain.findings import Finding
from pellucid.explain.rules.words import percent
from pellucid.losses import default_loss

Array = npt.NDArray[Any]

FAR = 1e3  # pre-activations that stand for infinity when the range of an output is looked for
OUTSIDE = 0.01  # of the targets may lie beyond what outputs reach before it is said: a few are noise
ROWS = 20  # below, whole numbers among the targets say little
CLASSES = 10  # whole numbers that may be class numbers; more are counts, years, prices
BALANCED = 0.5  # of an equal share: class numbers are about equally frequent, counts and grades trail off


def loss_and_output(case: Case) -> Iterator[Finding]:
    """A loss for distances on outputs that are probabilities."""
    net = case.net
    proper = default_loss(net.output.activation)
    if net.task == "values" or net.loss_function.output == net.output.activation.name:
        return
    name, loss = net.output.activation.name, net.loss_function.name
    sure = _surely_wrong(case)
    yield Finding(
        "loss_pairing",
        f"The loss {loss} does not go with {name} outputs.",
        f"Where {name} is sure of a wrong answer its slope is nearly 0, and so is the gradient of {loss}: the worse "
        "the answer, the less is learnt from it.",
        f"The loss is {loss}, the output {name}"
        + (f"; on {percent(sure)} of the rows the network is wrong and nearly sure of it." if sure else "."),
        f"Leave out loss=: then it is {proper.name}, whose gradient is simply p - y.",
        1 if case.trained and case.learnt.levels.skill > 0.9 else 2,
    )


def _surely_wrong(case: Case) -> float:
    """The share of rows with an output on the wrong side by more than 0.9."""
    return float(np.mean((np.abs(case.now.outputs - case.now.t) > 0.9).any(axis=1)))


def output_range(case: Case) -> Iterator[Finding]:
    """Targets that the output activation cannot reach."""
    net, t = case.net, case.t
    if net.task != "values":
        return
    low, high = reach(net.output.activation)
    outside = (t < low - 0.01) | (t > high + 0.01)  # a target just at the end of the range is one to approach
    if np.mean(outside) <= OUTSIDE:
        return
    name = net.output.activation.name
    yield Finding(
        "output_range",
        f"The output activation {name} cannot reach the targets.",
        f"It gives numbers {_between(low, high)}: what lies beyond is never predicted, and the units are pushed to "
        "their end, where the slope is 0.",
        f"{percent(np.mean(outside))} of the targets lie outside; y goes from {t.min():.4g} to {t.max():.4g}.",
        f'End the network with Dense({net.outputs}), which reaches everything (its activation is "identity").',
        3,
    )


def reach(activation: Activation) -> tuple[float, float]:
    """The smallest and the largest number that an activation gives; infinite where it keeps growing.

    Example:
        >>> from pellucid.activations import RELU, TANH
        >>> reach(TANH), reach(RELU)
        ((-1.0, 1.0), (0.0, inf))
    """
    z = np.concatenate([[-2 * FAR, -FAR], np.linspace(-10, 10, 401), [FAR, 2 * FAR]])
    with np.errstate(all="ignore"):
        a = np.asarray(activation.value(z))
    if not np.isfinite(a).all():
        return -np.inf, np.inf
    # From far out to twice as far, what has a limit changes by less than a hundredth; even a logarithm changes by more.
    ends = [(float(a[0]), float(a[1])), (float(a[-1]), float(a[-2]))]
    growing = [farther for farther, far in ends if abs(farther - far) > 0.01 * abs(far)]
    low = -np.inf if min(growing, default=0) < 0 else float(a.min())
    high = np.inf if max(growing, default=0) > 0 else float(a.max())
    return low, high


def _between(low: float, high: float) -> str:
    if np.isfinite(low) and np.isfinite(high):
        return f"from {low:.3g} to {high:.3g}"
    return f"of {low:.3g} or more" if np.isfinite(low) else f"of {high:.3g} or less"


def values_or_classes(case: Case) -> Iterator[Finding]:
    """Targets that look like labels where the network predicts values."""
    net, t = case.net, case.t
    if net.task != "values" or net.loss_function.from_logits or len(t) < ROWS:
        return
    one_hot = net.outputs > 1 and bool(((t == 0) | (t == 1)).all() and (t.sum(axis=1) == 1).all())
    values, counts = np.unique(t, return_counts=True)
    if one_hot:
        seen, units, fix = "Each row of y has a single 1 and is 0 elsewhere", net.outputs, "softmax"
    elif net.outputs == 1 and _class_numbers(values, counts):
        units, fix = (1, "sigmoid") if len(values) == 2 else (len(values), "softmax")
        seen = f"The target y holds only the numbers {', '.join(f'{v:g}' for v in values)}"
    else:
        return
    yield Finding(
        "classes_as_values",
        f"The targets look like classes, and the network ends in {net.output} and predicts values.",
        "As values, class 2 is twice class 1, a right answer that overshoots is punished, and there are no "
        "probabilities and no accuracy.",
        f"{seen}, {len(t):,} rows in all.",
        f'End with Dense({units}, "{fix}"){_renumbered(values)} and leave out loss=. If they are values after all, '
        "all is "
        "well.",
        2,
    )


def _class_numbers(values: Array, counts: Array) -> bool:
    """0 and 1, -1 and 1, or 0 ... K-1 about equally often."""
    if values.tolist() in ([0, 1], [-1, 1]):
        return True
    numbered = 3 <= len(values) <= CLASSES and values.tolist() == list(range(len(values)))
    return numbered and bool(counts.min() >= BALANCED * counts.sum() / len(values))


def _renumbered(values: Array) -> str:
    return ", pass (y + 1) // 2" if values.tolist() == [-1, 1] else ""


def exclusive_labels(case: Case) -> Iterator[Finding]:
    """Several yes-or-no outputs where every row has just one yes."""
    net, t = case.net, case.t
    if net.task != "labels" or len(t) < ROWS or not ((t == 0) | (t == 1)).all() or (t.sum(axis=1) != 1).any():
        return
    if len(np.unique(t, axis=0)) < 2:
        return
    yield Finding(
        "exclusive_labels",
        f"Every row belongs to exactly one of {net.outputs} classes, and the outputs are {net.outputs} separate "
        "questions.",
        "Each sigmoid output answers yes or no by itself: a row can then be of two classes or of none, and is counted "
        "right only if every answer is.",
        f"All {len(t):,} rows of y have a single 1.",
        f'End with Dense({net.outputs}, "softmax") and leave out loss=.',
        1 if case.trained and case.learnt.levels.skill > 0.9 else 2,
    )
