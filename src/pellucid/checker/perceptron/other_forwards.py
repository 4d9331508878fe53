"""Gradients of a network with another forward pass than the loss has: other activations, none, or no bias."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from pellucid.activations import ACTIVATIONS, Activation
from pellucid.checker.perceptron.backward import Backward
from pellucid.checker.perceptron.mistake import Mistake

OTHERS = ("sigmoid", "tanh", "relu", "identity")


def other_forwards(back: Backward) -> Iterator[Mistake]:
    """The mistakes of a forward pass inside gradients() that is not the one inside loss()."""
    own, last = back.fit.hidden, back.depth - 1
    for name in OTHERS if last else ():
        record = ACTIVATIONS[name]
        yield from _with(back, (record,) * last, name, last)
        for i in range(last) if last > 1 else ():
            yield from _with(back, (*own[:i], record, *own[i + 1 :]), name, i + 1)
    for layer in range(back.depth):
        yield from _without_bias(back, layer)


def _with(back: Backward, hidden: Sequence[Activation], name: str, layer: int) -> Iterator[Mistake]:
    """Other activations in the forward pass; backwards with their derivatives, or with those of the right ones."""
    own = back.fit.hidden
    if all(one is other for one, other in zip(hidden, own, strict=True)):
        return
    other = Backward(replace(back.fit, hidden=tuple(hidden)), back.values)
    values = {"activation": own[0].name, "used": name, "layer": 1}
    left_out = name == "identity"
    yield Mistake("input_at_z" if left_out else "derivative_wrong", layer, other.right, values, 3.0, "evidence_forward")
    slopes = {i: f.slope_at(other.z[i + 1], f.value(other.z[i + 1])) for i, f in enumerate(own)}
    mixed = other.assemble(other.chain(slopes=slopes))
    yield Mistake("input_at_z" if left_out else "other_forward", layer, mixed, values, 3.1, "evidence_forward")
    slopes = {i: f.slope_at(other.z[i + 1], other.a[i + 1]) for i, f in enumerate(own)}
    mixed = other.assemble(other.chain(slopes=slopes))
    yield Mistake("input_at_z" if left_out else "other_forward", layer, mixed, values, 3.2, "evidence_forward")


def _without_bias(back: Backward, layer: int) -> Iterator[Mistake]:
    place = back.fit.stack.layers[layer]
    if place.bias is None:
        return
    values = [np.zeros_like(v) if i == place.bias else v for i, v in enumerate(back.values)]
    made = Backward(back.fit, values).right
    # The penalty is taken of the parameters that there are.
    made = {i: g + back.fit.penalty(back.values[i], i) - back.fit.penalty(values[i], i) for i, g in made.items()}
    yield Mistake("other_forward", layer, made, {}, 3.0, "evidence_bias", "b")
