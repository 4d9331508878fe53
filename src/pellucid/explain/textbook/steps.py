"""Steps: what happens in one training step, quantity by quantity, as trees: forward, loss, backward, update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pellucid.explain.chain import Link, links_of
from pellucid.explain.notation import algebra as al
from pellucid.explain.notation.definitions import Called, Definitions, one_word
from pellucid.explain.notation.inlining import inlined
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
from pellucid.explain.textbook.quantities import batch, gradient_at, parameter
from pellucid.layers import Dropout
from pellucid.network import Network
from pellucid.penalties import penalty, penalty_gradient
from pellucid.settings import Settings

Section: TypeAlias = Literal["forward", "loss", "backward", "update"]
Shape: TypeAlias = tuple[str | int, ...]
SLOPE = 3  # numbers and symbols: a slope up to this length stands in the equation itself, such as 1 - a1²
GRADIENT = 8  # the same of a loss's gradient
FEW = 4  # weight matrices that a penalty names one by one


@dataclass(frozen=True)
class Statement:
    """What an equation says, before it has a number.

    Attributes:
        section: the part of the training step.
        name: of the quantity, as in Python.
        shape: its shape; "n" is the number of rows.
        line: the equation.
        definitions: of functions that it calls for the first time.
        remarks: sentences on functions that it calls for the first time and that cannot be read.
    """

    section: Section
    name: str
    shape: Shape
    line: Line
    definitions: tuple[Definition, ...] = ()
    remarks: tuple[str, ...] = ()


class Steps:
    """The steps of a network, one after the other.

    Args:
        net: the network.
        settings: the penalties.
        weighted: whether rows have weights.
    """

    def __init__(self, net: Network, settings: Settings, weighted: bool) -> None:
        self.net, self.settings, self.weighted = net, settings, weighted
        self.links = links_of(net)
        self.definitions = Definitions(net.dtype)
        self.l2, self.l1 = (
            Symbol(name, value=value) if value else al.ZERO
            for name, value in (("l2", settings.l2), ("l1", settings.l1))
        )
        self.weights = [parameter(name) for name in net.params if name.startswith("W")]
        self.found: list[Statement] = []

    def add(self, section: Section, name: str, shape: Shape, right: Expression, left: Expression | None = None) -> None:
        line = Line(left or batch(name), "=", right)
        fresh = self.definitions.fresh([right])
        self.found.append(Statement(section, name, shape, line, fresh, self.definitions.remarks([right], fresh)))

    def forward(self) -> None:
        for link in self.links:
            shape = ("n", link.width)
            if link.kind == "affine":
                W, b = parameter(f"W{link.number}"), parameter(f"b{link.number}")
                self.add("forward", link.name, shape, own_lines.affine(batch(link.takes), W, b))
            elif link.kind == "activation":
                self.add("forward", link.name, shape, self._activated(link, batch(link.takes)))
            else:
                assert isinstance(link.layer, Dropout)
                mask = own_lines.mask(link.layer.rate, batch(f"u{link.number}"))
                self.add("forward", link.mask, shape, mask)
                self.add("forward", link.name, shape, own_lines.dropped(batch(link.takes), batch(link.mask)))

    def _activated(self, link: Link, z: Symbol) -> Expression:
        assert link.activation is not None
        return self.definitions.call(Called(link.activation.value, link.activation.name, (Symbol("z", "k"),)), [z])

    def loss(self) -> None:
        loss = self.net.loss_function
        last_z, outputs = (batch(link.name) for link in self.links[-2:])
        at = Symbol("z" if loss.from_logits else "a", "k")
        called = Called(loss.value, loss.name, (at, Symbol("y", "k")), total=self.net.outputs > 1)
        of_rows = self.definitions.call(called, [last_z if loss.from_logits else outputs, batch("y")], most=0)
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
        first = next(i for i, link in enumerate(self.links) if link.kind == "affine")
        self._from_loss()
        for i in reversed(range(first, len(self.links) - 1)):
            link = self.links[i]
            if link.kind == "activation":
                after = self.links[i - 1]
                self.add("backward", after.gradient, ("n", link.width), self._pulled(link))
                continue
            at_input = self._parameters(link) if link.kind == "affine" else self._undropped(link)
            if i > first:
                self.add("backward", f"d{link.takes}", ("n", link.fan_in), at_input)

    def _undropped(self, link: Link) -> Expression:
        return own_lines.dropped_backward(batch(link.gradient), batch(link.mask))

    def _from_loss(self) -> None:
        """From the loss to the last z: at once where the pair has its short form, else through the outputs."""
        loss, (before, last) = self.net.loss_function, self.links[-2:]
        shape = ("n", last.width)
        formals = (Symbol("a", "k"), Symbol("y", "k"))
        called = Called(loss.gradient, f"{one_word(loss.name)}'", formals)
        slope = self.definitions.call(called, [batch(last.name), batch("y")], GRADIENT)
        w = Symbol("w", "n")
        slope = al.over(al.times(w, slope), Reduce("sum", w, "rows")) if self.weighted else al.over(slope, Symbol("n"))
        if loss.from_logits:
            self.add("backward", before.gradient, shape, slope)
        else:
            self.add("backward", last.gradient, shape, slope)
            self.add("backward", before.gradient, shape, self._pulled(last))

    def _pulled(self, link: Link) -> Expression:
        """From the gradient at a layer's output to that at its z."""
        activation, out = link.activation, batch(link.gradient)
        assert activation is not None
        z, a = Symbol("z", "k"), Symbol("a", "k")
        if activation.pull is not None:
            name = getattr(activation.pull, "__name__", "<lambda>")
            name = f"{activation.name}_pull" if name == "<lambda>" else name
            called = Called(activation.pull, name, (a, Symbol("g", "k")))
            return self.definitions.call(called, [batch(link.name), out], SLOPE)
        assert activation.slope is not None
        takes_a = activation.slope_takes_a
        where = (Line(a, "=", self._activated(link, z)),)
        name = f"{self.definitions.name(activation.value, activation.name)}'"
        called = Called(activation.slope, name, (z, a) if takes_a else (z,), where=where)
        given = [batch(link.takes), batch(link.name)] if takes_a else [batch(link.takes)]
        return al.times(out, self.definitions.call(called, given, SLOPE))

    def _parameters(self, link: Link) -> Expression:
        """The gradients of a layer's weights and biases; gives that at its input."""
        W, b = parameter(f"W{link.number}"), parameter(f"b{link.number}")
        at_input, of_W, of_b = own_lines.affine_backward(batch(link.takes), W, batch(link.gradient))
        for symbol, slope, counts in ((W, of_W, al.ONE), (b, of_b, al.ZERO)):
            shape: Sequence[str | int] = self.net.params[symbol.name].shape
            whole = al.plus(slope, self._penalty_slope(symbol, counts))
            self.add("backward", f"d{symbol.name}", tuple(shape), whole, gradient_at(symbol))
        return at_input
