"""Rules about the start: the loss before any step, and how numbers spread through the layers with the first weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.explain.case import Case, Look
from pellucid.explain.findings import Finding
from pellucid.explain.rules.words import number
from pellucid.network import Network

Array = npt.NDArray[Any]

# How far the loss may begin above that of equal shares, ln K, in nats: at 4 the average row gives its true class a
# fiftieth of an equal share. Healthy starts stay below 2, deep softplus networks below 3.6.
ABOVE = 4.0
# How many times larger than the targets (or 1) the first outputs of a network that predicts values may be; for exp, its
# weighted sums. Healthy starts stay below 4.
OUTPUTS = 10.0
# The spread of weighted sums over rows, in units of the features' size. He and Xavier keep it near 1: healthy starts
# have 0.2 to 4.2 in the widest layer, and no less than 0.007 in the last one (two sigmoid layers).
EXPLODES, VANISHES = 10.0, 1e-3
# The first layer's gradient by the last one's, each as the root mean square of its entries, so that a layer's size does
# not matter. Healthy starts have 0.0007 (two sigmoid layers) or more.
GRADIENT_VANISHES = 1e-4
# A layer's gradient by its weights, both as lengths: at 50 a learning rate of 0.02 replaces all weights in a step.
# Healthy starts stay below 13.
GRADIENT_EXPLODES = 50.0
OVERCOME = 0.5  # with this skill after training a bad start is history


def loss_at_start(case: Case) -> Iterator[Finding]:
    """The first loss far above that of outputs at z = 0: ln K for K classes."""
    if case.start is not None:
        if not begins_far_above(case.net, case.start):
            return
        loss, size = case.start.levels.loss, f" The first weighted sums are about {number(_size(case.start))} in size."
    elif (recorded := _recorded(case)) is not None and _far_above(case.net, recorded, case.learnt.levels.blank):
        loss, size = recorded, ""
    else:
        return
    equal = {"classes": f" (equal shares, ln {case.net.outputs})", "binary": " (ln 2)"}.get(case.net.task, "")
    yield Finding(
        "loss_at_start",
        "The loss begins far above that of knowing nothing.",
        "The first outputs are already extreme, and wrong. The first epochs only undo that, with huge gradients on "
        "the way.",
        f"The loss began at {loss:.4g}; outputs of z = 0 cost {case.learnt.levels.blank:.4g}{equal}.{size}",
        "Draw smaller weights: leave out init= for the usual ones (He's or Xavier's), and let "
        "scaler=Standardizer() bring the features to unit size.",
        2 if not case.trained or case.learnt.levels.skill < OVERCOME else 1,
    )


def begins_far_above(net: Network, seen: Look) -> bool:
    """Whether fresh weights give outputs that are far off before anything is learnt."""
    if net.task == "values":  # a loss says little: targets of another size than 1 cost as much
        return not _size(seen) <= OUTPUTS * max(1.0, float(np.sqrt(np.mean(np.square(seen.t)))))
    return _far_above(net, seen.levels.loss, seen.levels.blank)


def _far_above(net: Network, loss: float, blank: float) -> bool:
    return not loss <= blank + ABOVE * (net.outputs if net.task == "labels" else 1)


def _size(seen: Look) -> float:
    with np.errstate(over="ignore"):
        return float(np.sqrt(np.mean(np.square(seen.layers[-1].z))))


def _recorded(case: Case) -> float | None:
    """The loss that the history began with, where that is the loss of the first parameters and of nothing else."""
    asked, history = case.settings, case.history
    exact = asked is not None and not (asked.batch_size or asked.l1 or asked.l2)
    return float(history.loss[0]) if history and exact and case.net.task != "values" else None


def spread_of_activations(case: Case) -> Iterator[Finding]:
    """Weighted sums that grow or fade from layer to layer, with the first weights."""
    if case.start is None or not case.start.finite:
        return
    spreads = _spreads(case.start)
    rows = ", ".join(f"layer {i}: {spread:.2g}" for i, spread in enumerate(spreads, 1))
    evidence = f"Spread of the weighted sums over rows, in units of the features' size: {rows}."
    weight = 2 if not case.trained or case.learnt.levels.skill < OVERCOME else 1
    if max(spreads) > EXPLODES:
        yield Finding(
            "activations_explode",
            "The weighted sums explode with the first weights.",
            "tanh and sigmoid units are then saturated before they learn anything, softmax is sure of wrong answers, "
            "and relu passes the excess on to the next layer.",
            evidence,
            'Draw smaller weights: leave out init=, or write init="he" for relu-like layers and init="xavier" for '
            "others.",
            weight,
        )
    if 0 < spreads[-1] < VANISHES:
        yield Finding(
            "activations_vanish",
            "The rows are hardly told apart by the time they reach the last layer.",
            "Each layer shrinks the differences between rows, so the last one sees nearly the same numbers for all of "
            "them: the loss stays where it is for a long time.",
            evidence,
            'Draw larger weights: leave out init=, or write init="he" or "xavier". Fewer layers or "relu" or "tanh" in '
            'place of "sigmoid" help too.',
            3 if weight == 2 else 1,
        )


def _spreads(seen: Look) -> list[float]:
    """Of each layer: the standard deviation over rows of a weighted sum, by the size of a feature."""
    size = float(np.sqrt(np.mean(np.square(seen.X)))) or 1.0
    return [float(np.sqrt(np.mean(np.var(layer.z, axis=0)))) / size for layer in seen.layers]


def spread_of_gradients(case: Case) -> Iterator[Finding]:
    """Gradients that fade on their way back to the first layer, or are out of proportion to the weights."""
    seen = case.start or case.now
    if not seen.finite or (case.trained and case.learnt.levels.skill > OVERCOME):
        return
    sizes = [float(np.sqrt(np.mean(np.square(layer.dW)))) for layer in seen.layers]
    if sizes[0] < GRADIENT_VANISHES * sizes[-1]:
        rows = ", ".join(f"layer {i}: {size:.2g}" for i, size in enumerate(sizes, 1))
        yield Finding(
            "gradients_vanish",
            "The gradient vanishes on its way back to the first layer.",
            "The first layers hardly learn, and the last one has to do with what they happen to give.",
            f"Root mean square of the entries of dW: {rows}.",
            'Fewer layers, "relu" or "tanh" in place of "sigmoid", the usual initial weights (no init=), or '
            "Adam(0.003), "
            "which makes up for the size of a gradient.",
            2,
        )
    ratios = [float(np.linalg.norm(layer.dW) / (np.linalg.norm(layer.W) or np.inf)) for layer in seen.layers]
    if max(ratios) > GRADIENT_EXPLODES:
        yield Finding(
            "gradients_explode",
            "The gradient is out of proportion to the weights.",
            "With the usual learning rates a single step replaces what the weights are, and the loss jumps.",
            f"The gradient of layer {1 + int(np.argmax(ratios))} is {number(max(ratios))} times as long as its "
            "weights; about 1 is usual at the start.",
            "Features and targets of unit size and the usual initial weights (no init=) keep it small; clip_norm=1.0 "
            "in fit helps too.",
            2,
        )


def symmetric_units(case: Case) -> Iterator[Finding]:
    """Hidden units that are copies of each other, and get the same gradient for ever."""
    for layer, after in zip(case.now.layers, case.now.layers[1:], strict=False):
        incoming = np.vstack([layer.W, layer.b])
        scale = max(float(np.abs(incoming).max()), float(np.abs(after.W).max()), 1e-300)
        spread = max(float(np.ptp(incoming, axis=1).max()), float(np.ptp(after.W, axis=0).max()))
        if layer.layer.units > 1 and spread <= 1e-9 * scale:  # rounding may part copies by some 1e-16
            yield Finding(
                "symmetric_units",
                f"All {layer.layer.units} units of {layer.name} are the same.",
                "They give the same number and get the same gradient, so they stay the same: the layer is worth a "
                "single unit, or none if its weights are all 0.",
                f"Every column of W{layer.number} is equal, and so is every row of W{after.number}.",
                "Draw the weights at random: leave out init= (only biases may begin at zero).",
                3,
            )
            return


def nonlinearity(case: Case) -> Iterator[Finding]:
    """Hidden layers without an activation: one linear layer in disguise."""
    between = [layer.layer for layer in case.now.layers[:-1]]
    if not between or any(layer.activation.name != "identity" for layer in between):
        return
    yield Finding(
        "no_nonlinearity",
        "The hidden layers have no activation.",
        "A chain of weighted sums is one weighted sum: the network can learn no more than without these layers.",
        f"The hidden layers are {', '.join(str(layer) for layer in between)}.",
        f'Write Dense({between[0].units}, "relu") or "tanh".',
        2 if not case.trained or case.learnt.levels.skill < 0.9 else 1,
    )
