"""What the drawing of a network is made of: columns of units, read from a network or bare sizes, and their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import InputError
from pellucid.plots import style
from pellucid.plots.inputs import Numbers, finite, numbers, same_length

MOST_UNITS = 12
_ENDS = 5  # units that are shown at the top and at the bottom of a longer column
_MANY = 8  # columns from which on they move together
# Inches: a circle's radius, from one unit to the next (with names above them), and a sign of a name.
RADIUS, _STEP, _NAMED_STEP, _SIGN = 0.17, 0.5, 0.72, 0.088


class Drawable(Protocol):
    """What `network` reads of a network; each layer has `units` and `activation.name`, or `rate` (dropout)."""

    @property
    def inputs(self) -> Any: ...
    @property
    def layers(self) -> Any: ...
    @property
    def params(self) -> Any: ...


@dataclass
class Column:
    """One column of units.

    Attributes:
        size: the number of units.
        words: the lines below the column.
        weights: (units before, size), or None where they are not drawn.
        names: a name for each unit, or None.
        x, y: where the column stands, and where each unit that is shown stands, by its index.
    """

    size: int
    words: list[str]
    weights: Numbers | None = None
    names: list[str] | None = None
    x: float = 0.0
    y: dict[int, float] = field(default_factory=dict)

    @property
    def shown(self) -> list[int]:
        """The units that are drawn: all of a short column, both ends of a long one."""
        if self.size <= MOST_UNITS:
            return list(range(self.size))
        return [*range(_ENDS), *range(self.size - _ENDS, self.size)]

    @property
    def slots(self) -> int:
        """How many places the column needs, the dots between its ends included."""
        return self.size if self.size <= MOST_UNITS else 2 * _ENDS + 1


def columns_of(net_or_sizes: Any, weighted: bool) -> list[Column]:
    """The columns of a network or of bare sizes, with the words below each."""
    if hasattr(net_or_sizes, "layers"):
        return _from_network(net_or_sizes, weighted)
    sizes = [int(size) for size in net_or_sizes]
    if len(sizes) < 2 or min(sizes) < 1:
        raise InputError(f"the sizes are {sizes}; expected at least inputs and outputs, each 1 or more, like [2, 3, 1]")
    if weighted:
        raise InputError("weights=True draws the weights of a network, but bare sizes were given; give the network")
    return [Column(size, _words(k, len(sizes), size)) for k, size in enumerate(sizes)]


def _from_network(net: Drawable, weighted: bool) -> list[Column]:
    """A column for the inputs and for each layer that has units; dropout is said below the units it drops."""
    total = 1 + sum(hasattr(layer, "units") for layer in net.layers)
    if total < 2:
        raise InputError(
            "the network has no layer with units to draw; give it at least one, such as Dense(1, 'sigmoid')"
        )
    found = [Column(int(net.inputs), _words(0, total, int(net.inputs)))]
    for layer in net.layers:
        if hasattr(layer, "units"):
            name, size = f"W{len(found)}", int(layer.units)
            words = [*_words(len(found), total, size), str(layer.activation.name)]
            found.append(Column(size, words, finite(numbers(net.params[name], name), name) if weighted else None))
        elif hasattr(layer, "rate"):
            found[-1].words.append(f"dropout {layer.rate:.0%}")
    return found


def _words(k: int, columns: int, size: int) -> list[str]:
    """The role and the size of column k."""
    if k == 0:
        return ["inputs", f"{size:,} feature" + "s" * (size != 1)]
    hidden = "hidden layer" if columns == 3 else f"hidden layer {k}" if columns < _MANY else f"hidden {k}"
    return ["output" if k == columns - 1 else hidden, f"{size:,} unit" + "s" * (size != 1)]


def name_units(
    columns: list[Column],
    inputs: Sequence[str] | None,
    outputs: Sequence[str] | None,
    hidden: Sequence[Sequence[str] | None] | None,
) -> None:
    """Give the units their names; inputs without any are x1, x2, ..."""
    columns[-1].names = _names(outputs, columns[-1].size, "outputs")
    columns[0].names = _names(inputs, columns[0].size, "inputs") or [f"x{k + 1}" for k in range(columns[0].size)]
    if hidden is not None:
        same_length("hidden", len(hidden), "the network, in hidden layers,", len(columns) - 2)
        for k, (column, names) in enumerate(zip(columns[1:-1], hidden, strict=True)):
            column.names = _names(names, column.size, f"hidden[{k}]")


def _names(names: Sequence[str] | None, count: int, what: str) -> list[str] | None:
    if names is None:
        return None
    same_length(what, len(names), "its layer, in units,", count)
    return [style.shorten(str(name), 30) for name in names]


def masks_of(links: Sequence[ArrayLike | None] | None, columns: list[Column]) -> list[NDArray[np.bool_]]:
    """Which links there are, layer by layer: (fan_in, units) each."""
    shapes = [(before.size, after.size) for before, after in pairwise(columns)]
    if links is None:
        return [np.ones(shape, dtype=bool) for shape in shapes]
    same_length("links", len(links), "the network, in layers,", len(shapes))
    masks = []
    for k, (given, shape) in enumerate(zip(links, shapes, strict=True)):
        mask = np.ones(shape, dtype=bool) if given is None else np.asarray(given) != 0
        if mask.shape != shape:
            raise InputError(
                f"links[{k}] has shape {mask.shape}; expected (fan_in, units) = {shape}, with 1 where there is a link"
            )
        masks.append(mask)
    return masks


def lay_out(columns: list[Column], above: float, below: float, least: float) -> tuple[float, float]:
    """Give every column and unit its place on a sheet.

    Args:
        columns: their x and y are filled in.
        above, below: inches to keep free at the top and at the bottom.
        least: the least width of the sheet; columns stand in its middle.

    Returns:
        The width and the height of the sheet.
    """
    inner = [name for column in columns[1:-1] for name in column.names or []]
    step = _NAMED_STEP if inner else _STEP
    rows = max(column.slots for column in columns)
    spread = max(1.9, min(0.33 * rows, 2.4)) if len(columns) < _MANY else 1.15
    spread = max([spread, *(0.075 * style.signs(name) + 0.4 for name in inner)])
    left, right = (max(0.75, 0.5 + _SIGN * style.signs(*(column.names or []))) for column in (columns[0], columns[-1]))
    content = left + spread * (len(columns) - 1) + right
    width = max(content, least)
    for k, column in enumerate(columns):
        column.x = (width - content) / 2 + left + spread * k
        top = below + step * (rows + column.slots - 1) / 2
        skip = column.slots - len(column.shown)  # the place of the dots
        for place, unit in enumerate(column.shown):
            column.y[unit] = top - step * (place + (skip if place >= _ENDS else 0))
    return width, below + step * rows + above
