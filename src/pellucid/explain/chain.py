"""The chain of operations from X to the outputs, with the names that equations, traces and programs give to each."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pellucid.activations import Activation
from pellucid.layers import Dense, Layer
from pellucid.network import Network


class Link(NamedTuple):
    """One operation of the forward pass.

    Attributes:
        kind: "affine" (a weighted sum), "activation" or "dropout", as in `Operation`.
        number: of its layer, counted by Dense layers, or by Dropout layers, from 1: W1 and b1 belong to Dense layer 1.
        layer: that it belongs to.
        takes: the name of its input: "X", or that of the link before.
        name: of its output: "z1", "a1", "d1", ..., "p".
        fan_in, width: columns of its input and of its output.
    """

    kind: Literal["affine", "activation", "dropout"]
    number: int
    layer: Layer
    takes: str
    name: str
    fan_in: int
    width: int

    @property
    def activation(self) -> Activation | None:
        """The activation of an activation link."""
        return self.layer.activation if self.kind == "activation" and isinstance(self.layer, Dense) else None

    @property
    def gradient(self) -> str:
        """The name of the loss's gradient at its output: delta at a weighted sum."""
        return f"delta{self.number}" if self.kind == "affine" else f"d{self.name}"

    @property
    def mask(self) -> str:
        """The name of what dropout multiplies with."""
        return f"m{self.number}"


def links_of(net: Network) -> tuple[Link, ...]:
    """The forward pass of a network; a Dropout layer that drops nothing is passed over.

    Example:
        >>> net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
        >>> [(link.name, link.gradient) for link in links_of(net)]
        [('z1', 'delta1'), ('a1', 'da1'), ('z2', 'delta2'), ('p', 'dp')]
    """
    links: list[Link] = []
    at, width, dense, dropout = "X", net.inputs, 0, 0
    for place, layer in enumerate(net.layers, 1):
        if isinstance(layer, Dense):
            dense += 1
            # By its place: one record may stand for several layers.
            output = "p" if place == len(net.layers) and net.task != "values" else f"a{dense}"
            links.append(Link("affine", dense, layer, at, f"z{dense}", width, layer.units))
            links.append(Link("activation", dense, layer, f"z{dense}", output, layer.units, layer.units))
            at, width = output, layer.units
        else:
            dropout += 1
            if layer.rate:
                links.append(Link("dropout", dropout, layer, at, f"d{dropout}", width, width))
                at = links[-1].name
    return tuple(links)
