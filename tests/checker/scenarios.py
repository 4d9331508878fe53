"""Random networks of learners, right ones and ones with each mistake; what they are follows from a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from learners import Design, Learnt, Maker, learnt

Rng = np.random.Generator


def design(rng: Rng, **fixed: Any) -> Design:
    """A network of one to three layers, in any layout and container."""
    output = str(rng.choice(["softmax", "sigmoid", "identity"]))
    depth = int(rng.choice([1, 2, 2, 2, 3]))
    output = fixed.get("output", output)
    depth = fixed.pop("depth", depth)
    K = int(rng.integers(2, 5)) if output == "softmax" else int(rng.integers(1, 4))
    widths = (int(rng.integers(2, 6)), *(int(rng.integers(3, 6)) for _ in range(depth - 1)), K)
    drawn = {
        "widths": widths,
        "n": int(rng.choice([7, 11, 16, 25, 40])),
        "hidden": str(rng.choice(["sigmoid", "tanh", "relu", "softplus"])),
        "layout": str(rng.choice(["rows", "rows", "turned", "columns"])),
        "container": str(rng.choice(["dict", "dict", "list", "pairs", "lists"])),
        "mean": bool(rng.random() < 0.7),
        "half": bool(rng.random() < 0.5),
        "l2": float(rng.choice([0.0, 0.0, 0.01, 0.3])),
        "dtype": str(rng.choice(["float64", "float64", "float64", "float32"])),
        "log": str(rng.choice(["plain", "eps", "stable"])),
        "seed": int(rng.integers(2**31)),
    }
    return Design(**{**drawn, "output": output, **fixed})


def hidden_layers(rng: Rng, **fixed: Any) -> Design:
    return design(rng, depth=int(rng.choice([2, 2, 3])), **fixed)


def _names(made: Design, layers: Any, whats: str = "Wb") -> tuple[str, ...]:
    maker = Maker(made)
    return tuple(maker.name(what, i) for i in layers for what in whats)


def everywhere(slip: str, **fixed: Any) -> Callable[[Rng], Learnt]:
    """A factor on every gradient."""

    def make(rng: Rng) -> Learnt:
        made = design(rng, **fixed)
        return with_culprits(learnt(made, slip), _names(made, range(made.depth)))

    return make


def with_culprits(made: Learnt, names: tuple[str, ...], kinds: tuple[str, ...] = ()) -> Learnt:
    made.culprits = names
    made.kinds = kinds or made.kinds
    return made


def single(slip: str, **fixed: Any) -> Callable[[Rng], Learnt]:
    """A factor on the gradient of one parameter; one with several entries, so that there is something to see."""

    def make(rng: Rng) -> Learnt:
        made = hidden_layers(rng, **fixed)
        at, what = int(rng.integers(made.depth - 1)), str(rng.choice(["W", "b"]))
        return with_culprits(learnt(made, slip, at, what), _names(made, [at], what))

    return make


def of_penalty(slip: str) -> Callable[[Rng], Learnt]:
    def make(rng: Rng) -> Learnt:
        made = design(rng, l2=float(rng.choice([0.01, 0.1, 0.5])))
        at = None if rng.random() < 0.5 else int(rng.integers(made.depth))
        at = None if slip == "penalty_not_in_loss" else at
        what = "b" if slip == "penalty_on_biases" else "W"
        return with_culprits(learnt(made, slip, at), _names(made, range(made.depth) if at is None else [at], what))

    return make


def of_derivative(slip: str, *hidden: str) -> Callable[[Rng], Learnt]:
    def make(rng: Rng) -> Learnt:
        made = hidden_layers(rng, hidden=str(rng.choice(hidden)))
        at = None if rng.random() < 0.4 else int(rng.integers(made.depth - 1))
        root = made.depth - 2 if at is None else at
        return with_culprits(learnt(made, slip, at), _names(made, [root]))

    return make


def square(rng: Rng, **fixed: Any) -> Design:
    """Three layers, the hidden ones as wide as the input: every inner matrix is square."""
    made = design(rng, depth=3, **fixed)
    width = int(rng.integers(3, 6))
    return replace(made, widths=(width, width, width, made.widths[-1]))


def bias(what: str, **fixed: Any) -> Callable[[Rng], Learnt]:
    def make(rng: Rng) -> Learnt:
        made = hidden_layers(rng, **fixed)
        at = int(rng.integers(made.depth - 1))
        if what == "sameshape":
            made = replace(
                made, layout="rows", widths=(made.widths[0], *([made.n] * (made.depth - 1)), made.widths[-1])
            )
            return with_culprits(learnt(made, "bias_wrong_axis", at, "axis"), _names(made, [at], "b"))
        return with_culprits(learnt(made, "bias_wrong_axis", at, what), _names(made, [at], "b"))

    return make


def transposed(rng: Rng) -> Learnt:
    made = square(rng) if rng.random() < 0.7 else hidden_layers(rng)
    at = int(rng.integers(2)) if len(set(made.widths[:3])) == 1 else 0
    return with_culprits(learnt(made, "transposed", at), _names(made, [at], "W"))


def softmax_axis(rng: Rng) -> Learnt:
    made = design(rng, output="softmax")
    at = None if rng.random() < 0.5 else 0
    return with_culprits(learnt(made, "softmax_wrong_axis", at), (*_names(made, [made.depth - 1]), "forward"))


def others(rng: Rng) -> Learnt:
    what = str(rng.choice(["swap", "delta", "bias", "reversed"]))
    if what == "reversed":
        made = hidden_layers(rng, container="list")
        return with_culprits(learnt(made, "other_parameter", 0, what), _names(made, range(made.depth)))
    width = int(rng.integers(3, 6))
    made = design(rng, depth=4 if what == "swap" else 3)
    K = made.widths[-1]
    widths = (made.widths[0], width, width, width, K) if what == "swap" else (made.widths[0], width, width, width)
    made = replace(made, widths=widths if made.output != "softmax" or what == "swap" else (*widths[:3], width))
    if what == "swap":
        return with_culprits(learnt(made, "other_parameter", 1, what), _names(made, [1, 2], "W"))
    return with_culprits(learnt(made, "other_parameter", 1, what), _names(made, [1], "W" if what == "delta" else "b"))


def chain(rng: Rng) -> Learnt:
    made = square(rng) if rng.random() < 0.6 else hidden_layers(rng, output="identity")
    if made.widths[-1] == 1:
        made = replace(made, widths=(*made.widths[:-1], 2))
    at = int(rng.integers(made.depth - 1))
    return with_culprits(learnt(made, "wrong_chain", at), _names(made, [at]))


def zero(slip: str) -> Callable[[Rng], Learnt]:
    def make(rng: Rng) -> Learnt:
        made = design(rng)
        if slip == "missing_gradient" and made.container == "list":
            made = replace(made, container="dict")
        at, what = int(rng.integers(made.depth)), str(rng.choice(["W", "b", "b"]))
        return with_culprits(learnt(made, slip, at, what), _names(made, [at], what))

    return make


def at_layer(slip: str, what: str = "W", lowest: int = 0, **fixed: Any) -> Callable[[Rng], Learnt]:
    def make(rng: Rng) -> Learnt:
        made = hidden_layers(rng, **fixed) if lowest else design(rng, **fixed)
        at = int(rng.integers(lowest, made.depth))
        return with_culprits(learnt(made, slip, at, what), _names(made, [at], what))

    return make


def everything(slip: str, what: str = "", kinds: tuple[str, ...] = (), **fixed: Any) -> Callable[[Rng], Learnt]:
    def make(rng: Rng) -> Learnt:
        made = design(rng, **fixed)
        return with_culprits(
            learnt(made, slip, None, what, kinds), (*_names(made, range(made.depth)), "loss", "forward")
        )

    return make


def aliased(rng: Rng) -> Learnt:
    made = square(rng)
    return with_culprits(learnt(made, "aliased"), _names(made, [0, 1], "b"))


def broadcasting(rng: Rng) -> Learnt:
    made = design(rng, output="identity")
    made = replace(made, widths=(*made.widths[:-1], 1))
    return with_culprits(learnt(made, "broadcasting"), ("loss", *_names(made, range(made.depth))))


def overflowing(rng: Rng) -> Learnt:
    made = design(rng, output="softmax", weights=40.0, features=40.0, hidden="relu", dtype="float64", log="plain")
    return with_culprits(learnt(made, "overflow"), ("loss", "forward"))


SMOOTH = ("sigmoid", "tanh", "softplus")

# What is tried, by name: the kind that is expected is the learner's own (Learnt.kinds).
WRONG: dict[str, Callable[[Rng], Learnt]] = {
    "missing 1/n": everywhere("missing_1_over_n", mean=True),
    "1/n too much": everywhere("extra_1_over_n"),
    "missing 1/n in one": single("missing_1_over_n", mean=True),
    "1/n too much in one": single("extra_1_over_n"),
    "factor 2": everywhere("factor_2"),
    "factor 2 in one": single("factor_2"),
    "factor 1/2": everywhere("factor_half"),
    "wrong sign": everywhere("wrong_sign"),
    "wrong sign in one": single("wrong_sign"),
    "constant factor": everywhere("constant_factor"),
    "transposed": transposed,
    "penalty forgotten": of_penalty("penalty_forgotten"),
    "penalty doubled": of_penalty("penalty_doubled"),
    "penalty divided by n": of_penalty("penalty_divided_by_n"),
    "penalty on biases": of_penalty("penalty_on_biases"),
    "penalty not in the loss": of_penalty("penalty_not_in_loss"),
    "derivative left out": of_derivative("derivative_left_out", *SMOOTH, "relu"),
    "derivative at z": of_derivative("derivative_at_z", "sigmoid", "tanh"),
    "derivative at a": of_derivative("derivative_at_a", *SMOOTH),
    "derivative of another function": of_derivative("derivative_wrong", "sigmoid", "tanh"),
    "derivative once too often": everywhere("derivative_extra", output="sigmoid"),
    "z where a belongs": at_layer("input_at_z", "W", 1, hidden="tanh"),
    "bias over the other axis": bias("axis"),
    "bias over the other axis, kept": bias("keep"),
    "bias over all axes": bias("total"),
    "bias over all axes, spread": bias("full"),
    "bias of one sample": bias("row"),
    "bias over the other axis, same shape": bias("sameshape"),
    "gradient missing": zero("missing_gradient"),
    "gradient zero": zero("zero_gradient"),
    "softmax axis": softmax_axis,
    "another parameter": others,
    "wrong chain": chain,
    "one sample": everything("one_sample"),
    "targets left out": everywhere("target_left_out"),
    "update twice": everything("update_twice"),
    "update twice in a loop": everything("update_twice", "loop"),
    "update changes nothing": everything("step_changes_nothing"),
    "update uphill": everything("step_uphill"),
    "changed in place": at_layer("changed_in_place", "W"),
    "updated in gradients": everything("changed_in_place", "update"),
    "aliased": aliased,
    "random": everything("random_loss", depth=2),
    "overflow": overflowing,
    "weights not reaching": at_layer("not_reaching_loss", "W", l2=0.0),
    "bias not reaching": at_layer("not_reaching_loss", "b"),
    "accumulated": everything("accumulated"),
    "wrong shape": at_layer("wrong_shape", "W"),
    "not a number": at_layer("not_a_number", "b"),
    "outputs of the wrong shape": everything("outputs_wrong_shape"),
    "broadcasting": broadcasting,
}


def wrong(name: str, seed: int) -> Learnt:
    """A network with one mistake, whose loss is finite where it starts, unless that is the mistake."""
    rng = np.random.default_rng([seed, *name.encode()])
    made = WRONG[name](rng)
    while name != "overflow" and not finite(made):
        made = WRONG[name](rng)
    return made


def finite(made: Learnt) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.isfinite(made.loss(made.params)))


def right(seed: int) -> Learnt:
    """A network without one; some with features and weights far from 1, some with many zeros."""
    rng = np.random.default_rng([seed, 1])
    made = _right(seed, rng)
    while not finite(made):
        made = _right(seed, rng)
    return made


def _right(seed: int, rng: Rng) -> Learnt:
    made = design(rng)
    if seed % 5 == 1:
        made = replace(made, features=float(10.0 ** rng.integers(-6, 7)), output="identity", hidden="relu", l2=0.0)
    elif seed % 5 == 2:
        made = replace(made, weights=float(10.0 ** rng.integers(-4, 1)), features=float(10.0 ** rng.integers(-3, 2)))
    made_right = learnt(made, "", None, "in place" if seed % 2 else "")
    if seed % 7 == 3:  # biases start at zero, and a third of the samples is zero: relu stands exactly at its kink
        for b in Maker(made).open(made_right.params)[1]:
            b[...] = 0
        rows = made_right.X.T if made.layout == "columns" else made_right.X
        rows[: made.n // 3] = 0
    return made_right
