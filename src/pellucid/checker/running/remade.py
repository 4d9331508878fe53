"""What an object makes anew whenever its methods run, activations and gradients in lists: those are no parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.checker.perceptron.stack import role_of
from pellucid.checker.running.containers import Leaf, is_plain_object


def held(params: Any) -> dict[str, Any]:
    """The lists and dicts that an object holds, by the names of its attributes."""
    if not is_plain_object(params):
        return {}
    return {name: value for name, value in vars(params).items() if isinstance(value, list | tuple | dict)}


def lasting(params: Any, before: Mapping[str, Any], found: Sequence[Leaf]) -> list[int]:
    """Which parameters are still held as they were, after loss and gradients have been called.

    What is called like weights or biases stays a parameter even if it is overwritten: that is a mistake, and told.

    Args:
        params: the object.
        before: what `held` gave before the calls.
        found: its parameters.
    """
    now = held(params)
    remade = {name for name, value in before.items() if now.get(name) is not value}
    kept = [i for i, leaf in enumerate(found) if not leaf.path or leaf.path[0][1] not in remade or role_of(leaf)]
    return kept or list(range(len(found)))
