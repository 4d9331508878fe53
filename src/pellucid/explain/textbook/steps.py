"""Steps: what happens in one training step, quantity by quantity, as trees: forward, loss, backward, update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pellucid.explain.notation import algebra as al
from pellucid.explain.notation.definitions import Called, Definitions, inlined, one_word
from pellucid.explain.notation.numpy_words import Unreadable
from pellucid.explain.notation.tree import (
    Apply,
    Definition,
    Expression,
    Function,
    Line,
    Reduce,
    Symbol,
    children,
    walk,
)
from pellucid.explain.textbook import own_lines
from pellucid.explain.textbook.chain import Link, batch, gradient_at, parameter
from pellucid.explain.textbook.chain import chain as chain
from pellucid.layers import Dense
from pellucid.network import Network
from pellucid.penalties import penalty, penalty_gradient
from pellucid.settings import Settings

Section: TypeAlias = Literal["forward", "loss", "backward", "update"]
Shape: TypeAlias = tuple[str | int, ...]
SLOPE = 3  # numbers and symbols: a slope up to this length stands in the equation itself, such as 1 - a1²
GRADIENT = 8  # the same of a loss's gradient
FEW = 4  # weight matrices that a penalty names one by one


@dataclass(frozen=True)
class Step:
    """One equation.

    Attributes:
        section: the part of the training step.
        name: of the quantity, as in Python.
        shape: its shape; "n" is the number of rows.
        line: the equation.
        definitions: of functions that it calls for the first time.
    """

    section: Section
    name: str
    shape: Shape
    line: Line
    definitions: tuple[Definition, ...] = ()


class Steps:
    """The steps of a network, one after the other.

    Args:
        net: the network.
        settings: the penalties.
        weighted: whether rows have weights.
    """

    def __init__(self, net: Network, settings: Settings, weighted: bool) -> None:
        self.net, self.settings, self.weighted = net, settings, weighted
        self.links = chain(net)
        self.definitions = Definitions(net.dtype)
        self.l2, self.l1 = (
            Symbol(name, value=value) if value else al.ZERO
            for name, value in (("l2", settings.l2), ("l1", settings.l1))
        )
        self.weights = [parameter(name) for name in net.params if name.startswith("W")]
        self.found: list[Step] = []

    def add(self, section: Section, name: str, shape: Shape, right: Expression, left: Expression | None = None) -> None:
        line = Line(left or batch(name), "=", right)
        self.found.append(Step(section, name, shape, line, self.definitions.fresh([right])))

    def forward(self) -> None:
        for link in self.links:
            shape = ("n", link.units)
            if link.layer is None:
                drawn = batch(f"u{link.number}")
                self.add("forward", link.mask.name, shape, own_lines.mask(link.rate, drawn))
                self.add("forward", link.out.name, shape, own_lines.dropped(link.X, link.mask))
                continue
            W, b = parameter(f"W{link.number}"), parameter(f"b{link.number}")
            self.add("forward", link.z.name, shape, own_lines.affine(link.X, W, b))
            self.add("forward", link.out.name, shape, self._activated(link.layer, link.z))

    def _activated(self, layer: Dense, z: Symbol) -> Expression:
        activation = layer.activation
        return self.definitions.call(Called(activation.value, activation.name, (Symbol("z", "k"),)), [z])

    def loss(self) -> None:
        loss, last = self.net.loss_function, self.links[-1]
        at = Symbol("z" if loss.from_logits else "a", "k")
        called = Called(loss.value, loss.name, (at, Symbol("y", "k")), total=self.net.outputs > 1)
        of_rows = self.definitions.call(called, [last.z if loss.from_logits else last.out, batch("y")], most=0)
        losses, w = Symbol("losses", "n"), Symbol("w", "n")
        self.add("loss", "losses", ("n",), al.times(w, of_rows) if self.weighted else of_rows, losses)
        whole = Reduce("sum", losses, "rows")
        mean = (
            al.over(whole, Reduce("sum", w, "rows")) if self.weighted else al.times(al.over(al.ONE, Symbol("n")), whole)
        )
        self.add("loss", "L", (), al.plus(mean, self._penalty()), Symbol("L"))

    def _penalty(self) -> Expression:
        """The penalty; of few layers, its sum over all weights as a sum for each matrix."""
        if not (self.settings.l2 or self.settings.l1):
            return al.ZERO
        W = parameter("W")
        try:
            _, whole = inlined(self.definitions.formula(penalty, [W, al.ONE, self.l2, self.l1]))
        except Unreadable:
            return Apply(Function("penalty"), (*self.weights, *self._numbers()))

        if len(self.weights) > FEW:
            return whole

        def parted(tree: Expression) -> Expression:
            if isinstance(tree, Reduce) and W in walk(tree):
                each: Expression = al.ZERO
                for weights in self.weights:
                    each = al.plus(each, al.substituted(tree, {W: weights}))
                return each
            parts = tuple(map(parted, children(tree)))
            return al.rebuilt(tree, parts) if parts else tree

        return parted(whole)

    def _penalty_slope(self, symbol: Symbol, counts: Expression) -> Expression:
        if not (self.settings.l2 or self.settings.l1):
            return al.ZERO
        try:
            return inlined(self.definitions.formula(penalty_gradient, [symbol, counts, self.l2, self.l1]))[1]
        except Unreadable:
            call = Apply(Function("penalty_gradient"), (symbol, *self._numbers()))
            return call if counts == al.ONE else al.ZERO

    def _numbers(self) -> list[Symbol]:
        return [number for number in (self.l2, self.l1) if isinstance(number, Symbol)]

    def backward(self) -> None:
        first = next(i for i, link in enumerate(self.links) if link.layer)
        self._from_loss()
        for i in reversed(range(first, len(self.links))):
            link, need_input = self.links[i], i > first
            out = gradient_at(link.out)
            if link.layer is None:
                at_input = own_lines.dropped_backward(out, link.mask)
            else:
                if i < len(self.links) - 1:
                    self.add("backward", link.delta.name, ("n", link.units), self._pulled(link, out))
                at_input = self._parameters(link)
            if need_input:
                self.add("backward", f"d{link.X.name}", ("n", link.width), at_input)

    def _from_loss(self) -> None:
        """From the loss to the last z: at once where the pair has its short form, else through the outputs."""
        loss, last = self.net.loss_function, self.links[-1]
        shape = ("n", last.units)
        formals = (Symbol("a", "k"), Symbol("y", "k"))
        called = Called(loss.gradient, f"{one_word(loss.name)}'", formals)
        slope = self.definitions.call(called, [last.out, batch("y")], GRADIENT)
        w = Symbol("w", "n")
        slope = al.over(al.times(w, slope), Reduce("sum", w, "rows")) if self.weighted else al.over(slope, Symbol("n"))
        if loss.from_logits:
            self.add("backward", last.delta.name, shape, slope)
        else:
            out = gradient_at(last.out)
            self.add("backward", out.name, shape, slope)
            self.add("backward", last.delta.name, shape, self._pulled(last, out))

    def _pulled(self, link: Link, out: Symbol) -> Expression:
        """From the gradient at a layer's output to that at its z."""
        assert link.layer is not None
        activation = link.layer.activation
        z, a = Symbol("z", "k"), Symbol("a", "k")
        if activation.pull is not None:
            name = getattr(activation.pull, "__name__", "<lambda>")
            name = f"{activation.name}_pull" if name == "<lambda>" else name
            called = Called(activation.pull, name, (a, Symbol("g", "k")))
            return self.definitions.call(called, [link.out, out], SLOPE)
        assert activation.slope is not None
        takes_a = activation.slope_takes_a
        where = (Line(a, "=", self._activated(link.layer, z)),)
        name = f"{self.definitions.name(activation.value, activation.name)}'"
        called = Called(activation.slope, name, (z, a) if takes_a else (z,), where=where)
        return al.times(out, self.definitions.call(called, [link.z, link.out] if takes_a else [link.z], SLOPE))

    def _parameters(self, link: Link) -> Expression:
        """The gradients of a layer's weights and biases; gives that at its input."""
        W, b = parameter(f"W{link.number}"), parameter(f"b{link.number}")
        at_input, of_W, of_b = own_lines.affine_backward(link.X, W, link.delta)
        for symbol, slope, counts in ((W, of_W, al.ONE), (b, of_b, al.ZERO)):
            shape: Sequence[str | int] = self.net.params[symbol.name].shape
            whole = al.plus(slope, self._penalty_slope(symbol, counts))
            self.add("backward", f"d{symbol.name}", tuple(shape), whole, gradient_at(symbol))
        return at_input
