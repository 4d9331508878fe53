"""A page of equations, before it is laid out: what is given, the sections, and what the signs mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pellucid.explain.names import own_names
from pellucid.explain.notation.symbols import LETTERS
from pellucid.explain.notation.tree import (
    Apply,
    Cases,
    Compare,
    Expression,
    Line,
    Logic,
    Reduce,
    Symbol,
    Times,
    axes,
    children,
    walk,
)
from pellucid.explain.notation.writing import Context, inside
from pellucid.explain.textbook.meanings import meanings
from pellucid.explain.textbook.steps import Section, Shape, Statement
from pellucid.network import Network
from pellucid.settings import Settings

TITLES: dict[Section, str] = {
    "forward": "Forward pass",
    "loss": "Loss",
    "backward": "Backward pass",
    "update": "Update",
}
TARGETS = {
    "classes": "targets: 1 in the column of the class, 0 elsewhere",
    "binary": "targets: 0 or 1",
    "labels": "targets: 0 or 1 in each column",
    "values": "targets",
}
# What settings of the training are called in words; what a constant of an optimizer does is read from its formula.
WORDS = {
    "rate": "learning rate",
    "l2": "l2 penalty",
    "l1": "l1 penalty",
    "clip_norm": "largest norm of the gradient",
    "weight_decay": "weight decay",
}


@dataclass(frozen=True)
class Given:
    """Something that the equations start from.

    Attributes:
        symbols: usually one.
        words: what it is; "" where there is nothing to say.
        shapes: one for each symbol; none for a single number.
        value: of a number, where it is known.
    """

    symbols: tuple[Symbol, ...]
    words: str
    shapes: tuple[Shape, ...] = ()
    value: float | None = None


@dataclass(frozen=True)
class Page:
    """Everything that a page shows.

    Attributes:
        net, settings: what the equations are of.
        weighted: whether rows have weights.
        steps: the equations.
    """

    net: Network
    settings: Settings
    weighted: bool
    steps: tuple[Statement, ...]

    @property
    def title(self) -> str:
        return repr(self.net)

    def sections(self) -> Iterator[tuple[str, list[tuple[int, Statement]]]]:
        """Titles, and numbered equations."""
        for section, title in TITLES.items():
            steps = [(number, step) for number, step in enumerate(self.steps, 1) if step.section == section]
            by = f" by {type(self.settings.optimizer).__name__}" if section == "update" else ""
            yield title + by, steps

    @cached_property
    def _nodes(self) -> set[Expression]:
        lines = [line for step in self.steps for line in (step.line, *(line for line, _ in notes(step)))]
        return {node for line in lines for side in (line.left, line.right) for node in walk(side)}

    def given(self) -> list[Given]:
        """Data, parameters, and the numbers that were chosen; what does not occur is left out."""
        net, size = self.net, int(self.net.theta.size)
        scaled = f", scaled by {type(net.scaler).__name__}" if net.scaler is not None else ""
        found = [
            Given((Symbol("X", "nk"),), f"inputs, a sample in each row{scaled}", (("n", net.inputs),)),
            Given((Symbol("y", "nk"),), TARGETS[net.task], (("n", net.outputs),)),
            Given((Symbol("w", "n"),), "weights of the rows", (("n",),)),
            *self._parameters(),
            Given((Symbol("W", "W"),), f"the entries of W1 ... W{len(net.params) // 2}, biases left out"),
            *self._drawn(),
            Given((Symbol("theta", "W"),), "all parameters one after the other, as in g", ((size,),)),
            Given((Symbol("weights", "W"),), "1 where θ holds a weight, 0 where it holds a bias", ((size,),)),
        ]
        averages = tuple(Symbol(name, "W") for name in own_names(self.settings.optimizer).averages)
        kept = "kept from step to step, 0 before the first"
        found.append(Given(averages, kept, tuple((size,) for _ in averages)))
        found.append(Given((Symbol("n"),), "number of rows"))
        found.append(Given((Symbol("t"),), "number of the step, from 1"))
        return [g for g in found if any(symbol in self._nodes for symbol in g.symbols)] + self._numbers()

    def _parameters(self) -> Iterator[Given]:
        names = list(self.net.params)
        for i, (W, b) in enumerate(zip(names[::2], names[1::2], strict=True), 1):
            shapes = tuple(self.net.params[name].shape for name in (W, b))
            yield Given((Symbol(W, "W"), Symbol(b, "W")), f"weights and biases of layer {i}", shapes)

    def _drawn(self) -> Iterator[Given]:
        for step in self.steps:
            drawn = Symbol(f"u{step.name[1:]}", "nk")
            if step.section == "forward" and drawn in walk(step.line.right):
                yield Given((drawn,), "drawn anew in each step, evenly between 0 and 1", (step.shape,))

    def _numbers(self) -> list[Given]:
        rule, names = self.settings.optimizer.rule(), own_names(self.settings.optimizer)
        called = {names.inside[name]: name for name in rule.constants}
        averages = [Symbol(name, "W") for name in names.averages]
        proved = meanings([step.line for step in self.steps if step.section == "update"], averages)
        order = [*WORDS, *called]
        found = dict.fromkeys(node for step in self.steps for node in walk(step.line.right) if isinstance(node, Symbol))
        known = [s for s in found if s.value is not None and s.name not in ("pi", "e")]
        known.sort(key=lambda s: order.index(s.name) if s.name in order else len(order))
        words = (WORDS.get(s.name) or _said(called.get(s.name, s.name), s, proved) for s in known)
        return [Given((s,), said, value=s.value) for s, said in zip(known, words, strict=True)]

    def signs(self) -> list[str]:
        """What signs mean that not every reader knows, where they occur."""
        nodes = self._nodes
        over = {node.over for node in nodes if isinstance(node, Reduce)}
        functions = [node.function for node in nodes if isinstance(node, Apply)]
        told = {
            "Functions of z are applied to each number, those with an index k to each row.": any(
                function.across for function in functions
            ),
            "⊙ multiplies entry by entry.": any(_entrywise(node) for node in nodes),
            "i counts rows, k, j and h count columns.": bool(over & {"rows", "columns"}),
            "Σ without an index sums all entries.": "all" in over,
            "A condition in square brackets is 1 where it holds and 0 elsewhere.": any(_counts(node) for node in nodes),
            "With the name of a parameter, an average is the part of it that belongs to the parameter.": any(
                isinstance(node, Symbol) and node.part for node in nodes
            ),
        }
        return [words for words, occurs in told.items() if occurs]


def _said(name: str, symbol: Symbol, proved: Mapping[Symbol, str]) -> str:
    """What a constant is called in Python, where its letter hides that, and what it does, where that is proved."""
    letter = LETTERS.get(symbol.name, name)
    hidden = not letter.startswith(name.rstrip("0123456789"))
    return ": ".join([*([name] if hidden else []), *([proved[symbol]] if symbol in proved else [])])


def notes(step: Statement) -> Iterator[tuple[Line, Context]]:
    """The definitions that stand beside an equation, line by line, and how their symbols are indexed."""
    for definition in step.definitions:
        for line in (definition.line, *definition.where):
            yield line, inside(definition, line)


def shape_words(shape: Shape) -> str:
    """A shape as NumPy shows it, without quotes.

    Example:
        >>> shape_words(("n", 3)), shape_words(("n",)), shape_words(())
        ('(n, 3)', '(n,)', '()')
    """
    return f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"


def shape_signs(shape: Shape) -> str:
    """A shape as mathematics writes it.

    Example:
        >>> shape_signs(("n", 3)), shape_signs(("n",)), shape_signs(())
        ('n × 3', 'n', '1')
    """
    return " × ".join(map(str, shape)) or "1"


def _entrywise(node: Expression) -> bool:
    """Whether it multiplies arrays of a batch or of parameters; functions of one number do not."""
    return isinstance(node, Times) and sum(axes(factor) in ("n", "nk", "W") for factor in node.factors) > 1


def _counts(node: Expression) -> bool:
    """Whether a condition stands in it as a number."""
    return not isinstance(node, Cases | Logic) and any(isinstance(part, Compare | Logic) for part in children(node))
