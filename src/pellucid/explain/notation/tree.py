"""A formula as a tree: numbers, symbols and what is done with them. Nothing here knows how a formula looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Axes: TypeAlias = str
"""Which axes a quantity has: "n" rows, "k" columns, "W" those of parameters; "" for a single number."""


@dataclass(frozen=True)
class Number:
    """A number that stands in the formula as it is."""

    value: float


@dataclass(frozen=True)
class Symbol:
    """A quantity with a name.

    Attributes:
        name: as in Python, such as "W1", "delta2", "m_hat"; how it is written is decided elsewhere.
        axes: see Axes.
        value: its value, where it is known when the formula is drawn.
        part: the parameter that it is cut down to: m_hat with part "W1" is what of m_hat belongs to W1.
    """

    name: str
    axes: Axes = ""
    value: float | None = None
    part: str = ""


@dataclass(frozen=True)
class Unary:
    """One operand."""

    kind: Literal["negative", "exp", "root", "magnitude", "norm", "transpose"]
    of: Expression


@dataclass(frozen=True)
class Binary:
    """Two operands; "@" is the matrix product."""

    kind: Literal["+", "-", "/", "^", "@"]
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Times:
    """A product, entry by entry where the factors are arrays."""

    factors: tuple[Expression, ...]


@dataclass(frozen=True)
class Function:
    """A function that is called by its name.

    Attributes:
        name: such as "tanh" or "relu'".
        across: whether it mixes the columns of a row, as softmax does; if not, it works number by number.
        gives_row: whether its result has columns; a sum over them has none.
    """

    name: str
    across: bool = False
    gives_row: bool = True


@dataclass(frozen=True)
class Apply:
    """A function of some arguments."""

    function: Function
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Reduce:
    """A sum, maximum, minimum, mean or product over the columns, the rows, or all entries."""

    kind: Literal["sum", "max", "min", "mean", "prod"]
    of: Expression
    over: Literal["columns", "rows", "all"]


@dataclass(frozen=True)
class Compare:
    """A condition; as a number it is 1 where it holds and 0 elsewhere."""

    sign: Literal["<", "<=", ">", ">=", "==", "!="]
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Logic:
    """Conditions, put together."""

    word: Literal["and", "or", "not"]
    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Cases:
    """Values with their conditions, of which the first that holds counts, and the value otherwise."""

    branches: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression


@dataclass(frozen=True)
class Listing:
    """Several quantities, one after the other."""

    items: tuple[Expression, ...]


Expression: TypeAlias = Number | Symbol | Unary | Binary | Times | Apply | Reduce | Compare | Logic | Cases | Listing


@dataclass(frozen=True)
class Line:
    """What stands on the left, = or ←, and what stands on the right."""

    left: Expression
    sign: Literal["=", "←"]
    right: Expression


@dataclass(frozen=True)
class Definition:
    """What a function is.

    Attributes:
        line: such as relu(z) = ...
        where: what the names in it stand for.
        function: the function.
    """

    line: Line
    where: tuple[Line, ...]
    function: Function


def children(tree: Expression) -> tuple[Expression, ...]:
    """What a tree consists of, one level down."""
    match tree:
        case Unary(_, of) | Reduce(_, of, _):
            return (of,)
        case Binary(_, left, right) | Compare(_, left, right):
            return left, right
        case Times(parts) | Apply(_, parts) | Logic(_, parts) | Listing(parts):
            return parts
        case Cases(branches, otherwise):
            return *(part for branch in branches for part in branch), otherwise
    return ()


def walk(tree: Expression) -> Iterator[Expression]:
    """The tree and everything in it."""
    yield tree
    for child in children(tree):
        yield from walk(child)


def leaves(tree: Expression) -> int:
    """How many numbers and symbols stand in it, whole exponents apart: a measure of how long it looks."""
    if isinstance(tree, Binary) and tree.kind == "^" and isinstance(tree.right, Number):
        return leaves(tree.left)
    return sum(map(leaves, children(tree))) if children(tree) else 1


def has(tree: Expression, *kinds: type) -> bool:
    """Whether one of these kinds of nodes is in it."""
    return any(isinstance(node, kinds) for node in walk(tree))


def axes(tree: Expression) -> Axes:
    """Which axes the value of a tree has."""
    match tree:
        case Symbol(_, own):
            return own
        case Number() | Unary("norm", _):
            return ""
        case Reduce(_, of, over):
            return "" if over == "all" else _without(axes(of), "k" if over == "columns" else "n")
        case Binary("@", left, right):
            return "nk" if axes(left) == "nk" and axes(right) != "nk" else "W"
        case Apply(function, arguments) if not function.gives_row:
            return _without(_union(arguments), "k")
    return _union(children(tree))


def _union(trees: tuple[Expression, ...]) -> Axes:
    found = "".join(map(axes, trees))
    return "".join(axis for axis in "nkW" if axis in found)


def _without(own: Axes, axis: str) -> Axes:
    return own.replace(axis, "")
