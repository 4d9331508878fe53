"""Rules about hidden units: dead ones, saturated ones, and numbers that are no longer finite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.activations import Activation
from pellucid.explain.case import Case, LayerLook
from pellucid.explain.findings import Finding
from pellucid.explain.rules.words import there_are

Array = npt.NDArray[Any]

FLAT = 0.01  # of the steepest slope: |z| > 3 for tanh, > 6 for sigmoid, below 0 for relu
# Of a layer's units, and how many at the least if it is not all of them. Networks that trained well had up to a quarter
# of dead relu units in a layer, rarely half where few would have done; with first weights up to 4 of 8 are, by chance.
DEAD, SEVERAL, DEAD_THOUGH_GOOD = 0.4, 6, 0.75
SATURATED, NEARLY_ALL = 0.5, 0.95  # of the units, on so many of the rows. Healthy runs had none.
GOOD = 0.9  # skill from which on units that are steps or silent have turned out to be what is needed


def not_finite(case: Case) -> Iterator[Finding]:
    """A number on the way from X to the loss or back that has overflown."""
    if case.now.finite:
        return
    place = next(
        (f"the weighted sums of {layer.name}" for layer in case.now.layers if not np.isfinite(layer.z).all()), ""
    )
    yield Finding(
        "not_finite",
        "The network gives numbers that are not finite.",
        "What is infinite or no number cannot be compared with a target, and has no gradient.",
        f"The first of them stand in {place or 'the loss or its gradient'}; X goes from {float(case.X.min()):.3g} to "
        f"{float(case.X.max()):.3g}, the largest parameter is {np.abs(case.net.theta).max():.3g}.",
        "Scale the features (scaler=Standardizer()), begin again with fresh weights, and take a smaller learning rate.",
        3,
    )


def steepest(activation: Activation) -> float:
    """The largest slope of an activation near 0, where units should work.

    Example:
        >>> from pellucid.activations import SIGMOID
        >>> float(steepest(SIGMOID))
        0.25
    """
    z = np.linspace(-4, 4, 81)
    return float(np.abs(np.broadcast_to(activation.slope_at(z, activation.value(z)), z.shape)).max())


def _flat(layer: LayerLook) -> Array | None:
    """Share of rows, for each unit, on which its slope is nearly 0; None where units have no slope of their own."""
    activation = layer.layer.activation
    if activation.slope is None or not (top := steepest(activation)):
        return None
    slope = np.broadcast_to(activation.slope_at(layer.z, layer.a), layer.z.shape)
    return np.mean(np.abs(slope) < FLAT * top, axis=0)


def dead_units(case: Case) -> Iterator[Finding]:
    """Units of relu and its like that are off on every row: no gradient reaches them, and none ever will."""
    for layer in case.now.layers[:-1]:
        flat = _flat(layer) if layer.layer.activation.relu_like and case.now.finite else None
        dead = 0 if flat is None else int(np.count_nonzero(flat == 1))
        good = case.trained and case.learnt.levels.skill > GOOD
        share = DEAD_THOUGH_GOOD if good else DEAD
        if flat is None or (dead < len(flat) and dead < max(share * len(flat), SEVERAL)):
            continue
        yield Finding(
            "dead_units",
            f"{there_are(dead, 'unit', of=len(flat))} dead in {layer.name}.",
            "They are off whatever the input, so no gradient reaches them and they never come back. A step that was "
            "too long usually pushed them there.",
            f"The slope of {layer.layer.activation.name} is 0 or nearly 0 there on every one of {len(case.rows):,} "
            "rows.",
            'Begin again with fresh weights and a smaller learning rate, or with "leaky_relu", which is never quite '
            "off.",
            1 if good else 3 if dead == len(flat) else 2,
        )
        return


def saturated_units(case: Case) -> Iterator[Finding]:
    """Units of sigmoid, tanh and their like that are at an end of their range on nearly every row."""
    if not case.now.finite or (case.trained and case.learnt.levels.skill > GOOD):
        return
    for layer in case.now.layers[:-1]:
        flat = None if layer.layer.activation.relu_like else _flat(layer)
        stuck = 0 if flat is None else int(np.count_nonzero(flat >= NEARLY_ALL))
        if flat is None or stuck < SATURATED * len(flat):
            continue
        yield Finding(
            "saturated_units",
            f"{there_are(stuck, 'unit', of=len(flat))} saturated in {layer.name}.",
            "They stand at an end of their range, where the slope is nearly 0: hardly any gradient passes, and they "
            "learn very slowly.",
            f"The slope is below {FLAT:.0%} of its largest on at least {NEARLY_ALL:.0%} of {len(case.rows):,} rows; "
            f"the weighted sums there are about {float(np.sqrt(np.mean(np.square(layer.z)))):.3g} in size.",
            "Scale the features (scaler=Standardizer()), draw the usual weights (no init=), and take a smaller "
            "learning rate.",
            2,
        )
        return
