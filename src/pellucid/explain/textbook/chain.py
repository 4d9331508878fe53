"""The chain of layers, with the names that the quantities between them have in equations."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.explain.notation.tree import Symbol
from pellucid.explain.textbook.quantities import batch
from pellucid.layers import Dense
from pellucid.network import Network


@dataclass(frozen=True)
class Link:
    """A layer at work in the chain.

    Attributes:
        layer: Dense or Dropout; number counts the layers of its kind from 1.
        X, out: its input and its output; width is that of the input.
    """

    layer: Dense | None
    rate: float
    number: int
    X: Symbol
    out: Symbol
    width: int

    @property
    def units(self) -> int:
        return self.layer.units if self.layer else self.width

    @property
    def z(self) -> Symbol:
        return batch(f"z{self.number}")

    @property
    def delta(self) -> Symbol:
        return batch(f"delta{self.number}")

    @property
    def mask(self) -> Symbol:
        return batch(f"m{self.number}")


def chain(net: Network) -> list[Link]:
    """The layers that do something, with the names of what goes in and comes out."""
    links: list[Link] = []
    last = sum(isinstance(layer, Dense) for layer in net.layers)
    at, width, dense, drops = batch("X"), net.inputs, 0, 0
    for layer in net.layers:
        if isinstance(layer, Dense):
            dense += 1
            out = batch("p" if dense == last and net.task != "values" else f"a{dense}")
            links.append(Link(layer, 0.0, dense, at, out, width))
            at, width = out, layer.units
        else:
            drops += 1
            if layer.rate:
                links.append(Link(None, layer.rate, drops, at, batch(f"d{drops}"), width))
                at = links[-1].out
    return links
