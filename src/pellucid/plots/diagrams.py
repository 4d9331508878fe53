"""A network drawn: columns of units, links between them, and words below. All lengths are in inches."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.plots import style
from pellucid.plots.columns import MOST_UNITS, RADIUS, Column, Drawable, columns_of, lay_out, masks_of, name_units

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FILLS = ("#F3F4F6", "#CFE6F5", "#FBE0CC")  # inputs, hidden units, outputs


def network(
    net_or_sizes: Drawable | Sequence[int],
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    weights: bool = False,
    title: str | None = None,
    links: Sequence[ArrayLike | None] | None = None,
    hidden: Sequence[Sequence[str] | None] | None = None,
) -> Figure:
    """Draw a network: its layers as columns of circles, its weights as links, its activations below.

    Of more than 12 units, the first and the last five are drawn, with dots between them and the count below.

    Args:
        net_or_sizes: a network, or its numbers of units from inputs to outputs, such as (2, 3, 1).
        inputs: a name for each input.
        outputs: a name for each output.
        weights: whether a link's colour shows its weight's sign (blue below 0, red above) and its width the size,
            measured against the largest weight of its layer; needs a network.
        title: words above the picture.
        links: for each layer the 0/1 array (fan_in, units) of the links that there are, or None for all of them.
        hidden: for each hidden layer a name for each of its units, or None; they stand above the circles.

    Returns:
        The figure; a collection of lines for each layer of links.

    Raises:
        InputError: no layers, names that differ in number, links of a wrong shape, or weights that are not known.

    Example:
        >>> figure = network([2, 3, 1], inputs=["price", "material"], outputs=["sells"])
        >>> [len(layer.get_segments()) for layer in figure.axes[0].collections]
        [6, 3]
    """
    columns = columns_of(net_or_sizes, weights)
    name_units(columns, inputs, outputs, hidden)
    masks = masks_of(links, columns)
    foot = 0.2 * max(len(column.words) for column in columns) + (0.75 if weights else 0.5)
    width, height = lay_out(columns, 0.6 if title else 0.15, foot + 0.15, max(5.6, 0.125 * style.signs(title or "")))
    figure, ax = style.sheet(width, height)
    for (before, after), mask in zip(pairwise(columns), masks, strict=True):
        _links(ax, before, after, mask)
    for k, column in enumerate(columns):
        side = -1 if k == 0 else 1 if k == len(columns) - 1 else 0
        _units(ax, column, _FILLS[side + 1], side)
        words = "\n".join(column.words)
        ax.text(column.x, foot, words, ha="center", va="top", fontsize=10, color=style.INK)
    if title:
        ax.text(width / 2, height - 0.1, title, ha="center", va="top", fontsize=13, color=style.INK)
    ax.text(width / 2, 0.1, _sum(columns, masks), ha="center", va="bottom", fontsize=9, color=style.SOFT)
    if weights:
        _key(ax, width / 2)
    return style.finish(figure)


def _sum(columns: list[Column], masks: list[NDArray[np.bool_]]) -> str:
    """How many numbers there are to learn; biases are not drawn, so they are said here."""
    links = sum(int(mask.sum()) for mask in masks)
    biases = sum(column.size for column in columns[1:])
    return (
        f"{links + biases:,} numbers to learn: {links:,} weight{'s' * (links != 1)} (one on each link) "
        f"and {biases:,} bias{'es' * (biases != 1)} (one in each unit)"
    )


def _links(ax: Axes, before: Column, after: Column, mask: NDArray[np.bool_]) -> None:
    """The lines between two columns; the largest weights on top."""
    from matplotlib.collections import LineCollection

    pairs = [(i, j) for i in before.shown for j in after.shown if mask[i, j]]
    hues: list[str] | str = "#9AA3AD"
    widths: list[float] | float = 1.1 if len(pairs) <= 40 else 0.6
    if after.weights is not None:
        matrix = after.weights
        largest = max(float(np.abs(matrix).max()), 1e-12)
        pairs.sort(key=lambda pair: abs(matrix[pair]))
        hues = [style.RED if matrix[pair] > 0 else style.BLUE for pair in pairs]
        widths = [0.3 + 3.2 * abs(float(matrix[pair])) / largest for pair in pairs]
    segments = [[(before.x, before.y[i]), (after.x, after.y[j])] for i, j in pairs]
    ax.add_collection(LineCollection(segments, colors=hues, linewidths=widths, zorder=1))


def _units(ax: Axes, column: Column, fill: str, side: int) -> None:
    """The circles of a column, dots where units are left out, and names on one side."""
    from matplotlib.patches import Circle

    for unit in column.shown:
        spot = (column.x, column.y[unit])
        ax.add_patch(Circle(spot, RADIUS, facecolor=fill, edgecolor=style.INK, linewidth=1.1, zorder=2))
        if column.names:
            _name(ax, column.names[unit], *spot, side)
    if column.size > MOST_UNITS:
        middle = (column.y[column.shown[0]] + column.y[column.shown[-1]]) / 2
        for up in (-0.13, 0.0, 0.13):
            ax.add_patch(Circle((column.x, middle + up), 0.028, color=style.INK, zorder=2))


def _name(ax: Axes, name: str, x: float, y: float, side: int) -> None:
    """A unit's name: at its left (-1), at its right (1), or above it (0), where links may pass behind."""
    if side:
        where: dict[str, Any] = {"ha": "right" if side < 0 else "left", "va": "center"}
        ax.text(x + side * (RADIUS + 0.1), y, name, fontsize=11, color=style.INK, **where)
    else:
        box: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
        up = y + RADIUS + 0.05
        ax.text(x, up, name, fontsize=9.5, color=style.INK, ha="center", va="bottom", bbox=box, zorder=2)


def _key(ax: Axes, middle: float) -> None:
    """What the colours of the links mean."""
    for start, hue, words in ((-2.6, style.BLUE, "weight below 0"), (-0.8, style.RED, "weight above 0")):
        ax.plot([middle + start, middle + start + 0.3], [0.42, 0.42], color=hue, linewidth=2.5)
        ax.text(middle + start + 0.38, 0.42, words, va="center", fontsize=9, color=style.SOFT)
    ax.text(middle + 1.0, 0.42, "the thicker, the larger", va="center", fontsize=9, color=style.SOFT)
