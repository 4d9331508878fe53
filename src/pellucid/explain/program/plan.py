"""What a program is to do: the network as a chain of quantities with their names, and how it is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.explain.chain import Link
from pellucid.explain.names import own_names
from pellucid.explain.program.library import Application, Library
from pellucid.explain.program.rates import Rate
from pellucid.layers import Dense, Layer
from pellucid.network import Network
from pellucid.optimizers import Optimizer, Rule
from pellucid.settings import Settings


@dataclass(frozen=True)
class Plan:
    """Everything that the sections of a program are written from.

    Attributes:
        net: the network, its scaler fitted where the data are known.
        settings: how it is trained.
        chain: its forward pass.
        library: the formulas.
        rate: how the learning rate changes.
        batch: rows a step; None for a full batch.
        weighted: whether rows have weights.
        weightless: whether a batch could be made of rows that weigh nothing.
        validated: whether rows are held out.
        by_output: whether the loss gives a value an output, not one a row.
        redrawn: whether the initial weights are drawn, not written down.
        deep: whether the program loops over its layers.
        compact: whether it is laid out in few lines.
    """

    net: Network
    settings: Settings
    chain: tuple[Link, ...]
    library: Library
    rate: Rate
    batch: int | None
    weighted: bool
    weightless: bool
    validated: bool
    by_output: bool
    redrawn: bool
    deep: bool = False
    compact: bool = False

    @property
    def z(self) -> str:
        """The last weighted sums."""
        return "z[-1]" if self.deep else self.chain[-2].name

    @property
    def a(self) -> str:
        """The outputs."""
        return "a[-1]" if self.deep else self.chain[-1].name

    @property
    def layers(self) -> int:
        return sum(link.kind == "affine" for link in self.chain)

    @property
    def drops(self) -> bool:
        return any(link.kind == "dropout" for link in self.chain)

    @property
    def single(self) -> bool:
        return self.net.dtype == np.float32

    @property
    def all_rows(self) -> str:
        """What the names of the whole training set end with, where X and t are those of a batch."""
        return "_train" if self.batch is not None else ""

    @property
    def parameters(self) -> list[str]:
        return [f"{letter}{i}" for i in range(1, self.layers + 1) for letter in "Wb"]

    def each(self, form: str) -> list[str]:
        """A text for every layer, with its number in place of #."""
        return [form.replace("#", str(i)) for i in range(1, self.layers + 1)]


def functions_of(net: Network, optimizer: Optimizer, drawn: bool) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every function of a record that a program may need, and what it belongs to."""
    for layer in net.layers:
        if isinstance(layer, Dense):
            activation, what = layer.activation, f"the activation {layer.activation.name!r}"
            yield what, activation.value
            for function in (activation.slope, activation.pull):
                if function is not None:
                    yield what, function
            if drawn:
                yield f"the initializer {layer.init.name!r}", layer.init.draw
    for function in (net.loss_function.value, net.loss_function.gradient):
        yield f"the loss {net.loss_function.name!r}", function
    yield f"the optimizer {type(optimizer).__name__}", formula_of(rule_of(optimizer))


def rule_of(optimizer: Optimizer) -> Rule:
    """The rule of an optimizer that does nothing beside it."""
    for name in ("init", "update"):
        if getattr(type(optimizer), name) is not getattr(Optimizer, name):
            raise InputError(
                f"{type(optimizer).__name__} has a method {name} of its own, which a program cannot be written from: "
                "say what a step does in rule(), as the other optimizers do."
            )
    return optimizer.rule()


def formula_of(rule: Rule) -> Callable[..., Any]:
    return partial(rule.formula, **rule.constants) if rule.constants else rule.formula


def value_of(plan: Plan, layer: Layer) -> Application:
    assert isinstance(layer, Dense)
    return plan.library.formula(layer.activation.value, layer.activation.name, longest=20)


def gives_values_by_output(net: Network) -> bool:
    """Whether the loss has a value for every output, (n, K), or one for the row, (n,); tried on two rows."""
    z = np.zeros((2, net.outputs))
    with np.errstate(all="ignore"):
        a = net.output.activation.value(z)
        t = a[::-1] if net.task == "values" else np.ones_like(z)
        shape = np.shape(net.loss_function.value(z if net.loss_function.from_logits else a, t))
    return shape == z.shape


def averages_of(optimizer: Optimizer) -> tuple[str, ...]:
    """What the program calls the averages that an optimizer keeps: as equations do."""
    return own_names(optimizer).averages
