"""What a program is to do: the network as a chain of quantities with their names, and how it is trained."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np

from pellucid.errors import InputError
from pellucid.explain.program.library import Formula, Library
from pellucid.explain.program.rates import NAMES, Rate
from pellucid.explain.program.text import identifier
from pellucid.layers import Dense, Layer
from pellucid.network import Network
from pellucid.optimizers import Optimizer, Rule
from pellucid.settings import Settings


class Link(NamedTuple):
    """One operation of the forward pass.

    Attributes:
        kind: "affine", "activation" or "dropout".
        number: of its layer, counted by Dense layers, or by Dropout layers, from 1.
        layer: that it belongs to.
        input, output: names, such as "X" and "z1".
        width: columns of the output.
    """

    kind: Literal["affine", "activation", "dropout"]
    number: int
    layer: Layer
    input: str
    output: str
    width: int


def chain_of(net: Network) -> tuple[Link, ...]:
    """The forward pass of a network, named as in its equations.

    Example:
        >>> net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
        >>> [link.output for link in chain_of(net)]
        ['z1', 'a1', 'z2', 'p']
    """
    links: list[Link] = []
    at, width, dense, dropout = "X", net.inputs, 0, 0
    for place, layer in enumerate(net.layers, 1):
        if isinstance(layer, Dense):
            dense, width = dense + 1, layer.units
            # By its place: one record may stand for several layers.
            output = "p" if place == len(net.layers) and net.task != "values" else f"a{dense}"
            links.append(Link("affine", dense, layer, at, f"z{dense}", width))
            links.append(Link("activation", dense, layer, f"z{dense}", output, width))
        else:
            dropout += 1
            if layer.rate == 0:
                continue
            links.append(Link("dropout", dropout, layer, at, f"d{dropout}", width))
        at = links[-1].output
    return tuple(links)


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

    @property
    def z(self) -> str:
        """The last weighted sums."""
        return self.chain[-2].output

    @property
    def a(self) -> str:
        """The outputs."""
        return self.chain[-1].output

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


def value_of(plan: Plan, layer: Layer) -> Formula:
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


def _reserved() -> frozenset[str]:
    prefixes = "W b z a d m dW db da dd delta"
    numbered = {f"{prefix}{i}" for prefix in prefixes.split() for i in range(100)}
    plain = "X y t n w p g L i W dp rng data table labels total norm order rows start rate step steps epoch epochs"
    longer = (
        "losses gradient learning_rate batch_size l1 l2 clip_norm mean scale parameters gradients forward held_out "
        "kept saved class_weight L_val epoch_loss best_loss best_epoch best_parameters first_parameters"
    )
    ends = {f"{name}{end}" for name in "Xytw" for end in ("_train", "_val")}
    return frozenset({*numbered, *plain.split(), *longer.split(), *ends, *NAMES, *dir(builtins), "np", "math"})


RESERVED = _reserved()  # every name that a program itself may use


def averages_of(rule: Rule) -> list[str]:
    """What the program calls the averages that an optimizer keeps."""
    return [
        name if name.isidentifier() and name not in RESERVED else f"{identifier(name)}_kept" for name in rule.averages
    ]
