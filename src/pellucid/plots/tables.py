"""Numbers in sight: the confusion matrix, bars, and predicted against true values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pellucid.errors import InputError
from pellucid.plots import style
from pellucid.plots.inputs import Numbers, class_names, column, finite, numbers, same_length

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_WRITTEN = 40


def confusion(matrix: ArrayLike, labels: Sequence[str] | None = None, title: str | None = None) -> Figure:
    """Draw a confusion matrix: rows are true classes, columns predicted ones, counts stand in the cells.

    The right answers on the diagonal are blue, the deeper the larger their share of the row. The mistakes are red, and
    measured against the worst of them (2 % of a row at least), so that a few among thousands of right answers are seen.

    Args:
        matrix: (K, K) counts.
        labels: a name for each class.
        title: words above the picture; the number of right answers is written below them.

    Returns:
        The figure.

    Raises:
        InputError: the matrix is not square, is empty, or has negative or broken counts.

    Example:
        >>> figure = confusion([[9, 1], [0, 10]], labels=["cat", "dog"])
        >>> [cell.get_text() for cell in figure.axes[0].texts]
        ['9', '1', '0', '10']
    """
    counts = numbers(matrix, "matrix")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise InputError(f"matrix has shape {counts.shape}; expected (K, K): one row and one column for each class")
    if finite(counts, "matrix").min() < 0:
        raise InputError(f"matrix has a negative count, {counts.min():g}; a count is 0 or more")
    names = class_names(labels, len(counts)) or [str(k) for k in range(len(counts))]
    names = [style.shorten(name, 24) for name in names[: len(counts)]]
    side = len(counts) * float(np.clip(4.2 / len(counts), 0.36 if len(counts) <= _MOST_WRITTEN else 0.2, 1.1))
    margin = 0.085 * style.signs(*names)
    figure = style.figure(max(side + margin + 0.9, 4.8), side + 0.75 * margin + 1.2)
    ax = figure.add_subplot()
    _cells(ax, counts, side / len(counts))
    right, total = counts.trace(), counts.sum()
    share = f"{right:,.10g} of {total:,.10g} right ({right / max(total, 1e-12):.1%})"
    style.dress(ax, f"{title or 'Confusion matrix'}\n{share}", "predicted class", "true class")
    rotation = 0 if style.signs(*names) * 0.085 < side / len(counts) else 45
    places = np.arange(len(counts))
    ax.set_xticks(places, names, rotation=rotation, ha="right" if rotation else "center", rotation_mode="anchor")
    ax.set_yticks(places, names)
    ax.tick_params(length=0, labelcolor=style.INK, labelsize=10 if len(counts) <= _MOST_WRITTEN else 7)
    style.literal([*ax.get_xticklabels(), *ax.get_yticklabels()])
    for spine in ax.spines.values():
        spine.set_visible(False)
    return style.finish(figure)


def _cells(ax: Axes, counts: Numbers, inches: float) -> None:
    """The coloured cells and the counts in them, dark on light and light on dark."""
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    diagonal = np.arange(len(counts))
    wrong = share.copy()
    wrong[diagonal, diagonal] = 0.0
    rgb = style.blend(0.8 * np.sqrt(wrong / max(float(wrong.max()), 0.02)), style.RED)
    rgb[diagonal, diagonal] = style.blend(np.sqrt(share.diagonal()), style.BLUE)
    ax.imshow(rgb, aspect="equal")
    edges = np.arange(len(counts) + 1) - 0.5
    ax.hlines(edges, -0.5, len(counts) - 0.5, colors=style.FAINT, linewidths=0.6)
    ax.vlines(edges, -0.5, len(counts) - 0.5, colors=style.FAINT, linewidths=0.6)
    ax.set(xlim=(-0.5, len(counts) - 0.5), ylim=(len(counts) - 0.5, -0.5))
    if len(counts) > _MOST_WRITTEN:
        return
    written = [[f"{count:.10g}" for count in row] for row in counts]
    longest = max(len(text) for row in written for text in row)
    size = min(11.0, 72 * inches * 0.85 / (0.64 * longest))
    dark = rgb @ np.array([0.299, 0.587, 0.114]) < 0.55
    for (row, place), count in np.ndenumerate(counts):
        ink = "white" if dark[row, place] else style.INK if count else "#9AA3AD"
        ax.text(place, row, written[row][place], ha="center", va="center", color=ink, fontsize=size)


def bars(values: ArrayLike, labels: Sequence[str], title: str | None = None, ylabel: str = "") -> Figure:
    """Draw a bar for each value, with the number written at its end.

    Args:
        values: (n,) finite numbers.
        labels: a name for each.
        title, ylabel: words on the picture.

    Returns:
        The figure.

    Raises:
        InputError: nothing to draw, or names that differ in number from values.

    Example:
        >>> figure = bars([1.5, 3.0], ["after", "before"], ylabel="seconds")
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['1.5', '3']
    """
    heights = column(values, "values")
    same_length("labels", len(labels), "values", len(heights))
    names = [style.shorten(str(label), 24) for label in labels]
    needed = 0.095 * style.signs(*names)
    figure = style.figure(float(np.clip(max(0.6, min(needed, 1.5)) * len(names) + 1.2, 5.0, 11.0)), 4.4)
    ax = figure.add_subplot()
    style.dress(ax, title, "", ylabel)
    drawn = ax.bar(np.arange(len(names)), heights, width=0.7, color=style.BLUE)
    ax.axhline(0.0, color=style.SOFT, linewidth=0.8)
    if len(names) <= 30:
        ax.bar_label(
            drawn,
            [f"{height:.{4 if len(names) <= 12 else 3}g}".replace("-", "−") for height in heights],
            padding=2,
            fontsize=9,
            color=style.INK,
        )
    room = (figure.get_figwidth() - 1.0) / len(names)
    slanted = needed > room
    ax.set_xticks(np.arange(len(names)), names, rotation=40 if slanted else 0, ha="right" if slanted else "center")
    for text in ax.get_xticklabels():
        text.set_rotation_mode("anchor")
    style.literal(ax.get_xticklabels())
    ax.margins(y=0.1)
    return style.finish(figure)


def residuals(y: ArrayLike, predicted: ArrayLike, title: str | None = None) -> Figure:
    """Draw predicted against true values; a perfect prediction stands on the diagonal.

    Args:
        y: (n,) or (n, 1) true values.
        predicted: (n,) or (n, 1) predicted values.
        title: words above the picture.

    Returns:
        The figure; R2 and the mean error stand in its corner.

    Raises:
        InputError: nothing to draw, lengths that differ, or numbers that are not finite.

    Example:
        >>> figure = residuals([1, 2, 3], [1.1, 2.0, 2.9])
        >>> figure.axes[0].get_ylabel()
        'predicted value'
    """
    true, guess = column(y, "y"), column(predicted, "predicted")
    same_length("predicted", len(guess), "y", len(true))
    figure = style.figure(5.6, 5.4)
    ax = figure.add_subplot()
    style.dress(ax, title, "true value", "predicted value", grid=True)
    low, high = min(true.min(), guess.min()), max(true.max(), guess.max())
    slack = 0.05 * (high - low) or max(1.0, abs(high)) * 0.1
    ends = (low - slack, high + slack)
    ax.plot(ends, ends, color=style.SOFT, linewidth=1.2, linestyle="--")
    area = float(np.clip(12000 / len(true), 9, 40))
    alpha = 0.75 if len(true) < 2000 else 0.4
    ax.scatter(true, guess, s=area, color=style.BLUE, edgecolors="white", linewidths=0.4, alpha=alpha, zorder=3)
    ax.set(xlim=ends, ylim=ends, aspect="equal")
    words = f"mean absolute error {np.abs(true - guess).mean():.4g}"
    spread = ((true - true.mean()) ** 2).sum()
    if spread > 0:
        r2 = 1 - ((true - guess) ** 2).sum() / spread
        words = f"R² {r2:{'.4f' if abs(r2) < 1e4 else '.4g'}}\n" + words  # of a run that diverged, 90 digits are none
    ax.text(0.03, 0.97, words, transform=ax.transAxes, va="top", fontsize=10, color=style.INK, zorder=4).set_bbox(
        {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2}
    )
    return style.finish(figure)
