"""Curves: how training went, and several curves over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pellucid.errors import InputError
from pellucid.plots import style
from pellucid.plots.inputs import Numbers, numbers, same_length

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DASHES = ("-", "--", ":", "-.")
FIRST: dict[str, Any] = {"color": style.BLUE, "linestyle": "-", "linewidth": 2.0}
SECOND: dict[str, Any] = {"color": style.RED, "linestyle": "--", "linewidth": 2.0}


class HasCurves(Protocol):
    """What `curves` reads of a history: one number an epoch, or None where it was not kept."""

    @property
    def loss(self) -> Any: ...
    @property
    def accuracy(self) -> Any: ...
    @property
    def validation_loss(self) -> Any: ...
    @property
    def validation_accuracy(self) -> Any: ...


def curves(history: HasCurves, title: str | None = None, log: bool = False, ax: Axes | None = None) -> Figure:
    """Draw loss and accuracy over the epochs; training solid, validation dashed.

    Args:
        history: `loss`, `accuracy`, `validation_loss` and `validation_accuracy`, each (epochs,) or None.
        title: words above the picture.
        log: whether the loss stands on a logarithmic scale.
        ax: axes for the loss; the accuracy is then left out.

    Returns:
        A figure with one panel for the loss and, where there is one, another for the accuracy.

    Raises:
        InputError: there is no loss, or a column is not one number an epoch.

    Example:
        >>> from types import SimpleNamespace as Record
        >>> run = Record(loss=[0.7, 0.4], accuracy=[0.5, 0.9], validation_loss=None, validation_accuracy=None)
        >>> [panel.get_ylabel() for panel in curves(run).axes]
        ['loss', 'accuracy']
    """
    loss = column_of(history.loss, "history.loss")
    if loss is None:
        raise InputError("history.loss is None; give the history of a training run with at least one epoch")
    accuracy = column_of(history.accuracy, "history.accuracy")
    held_out = column_of(history.validation_accuracy, "history.validation_accuracy")
    both = ax is None and not (accuracy is None and held_out is None)
    if ax is None:
        figure = style.figure(11.0 if both else 7.0, 4.4)
        panels = figure.subplots(1, 2 if both else 1, squeeze=False)[0]
    else:
        figure, panels = ax.figure.figure, [ax]
    _panel(panels[0], loss, column_of(history.validation_loss, "history.validation_loss"), "loss", log)
    if both:
        from matplotlib.ticker import FuncFormatter

        _panel(panels[1], accuracy, held_out, "accuracy", False)
        panels[1].yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.6g}%"))
    if title and ax is None:
        figure.suptitle(title, fontsize=13, color=style.INK)
    elif title:
        panels[0].set_title(title, fontsize=13, color=style.INK)
    return style.finish(figure)


def lines(
    series: Mapping[str, Any],
    title: str | None = None,
    xlabel: str = "",
    ylabel: str = "",
    log: bool = False,
    styles: Sequence[str] | Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw curves over each other; the second is dashed and thinner, so that both are seen where they agree.

    Args:
        series: name to y, (n,), or name to a pair (x, y) of two (n,); x counts from 0 where left out.
        title, xlabel, ylabel: words on the picture.
        log: whether y stands on a logarithmic scale.
        styles: matplotlib's line styles ("-", "--", ":", "-."), in order or by name.
        ax: axes to draw into, instead of a new figure.

    Returns:
        The figure (that of `ax` where given).

    Raises:
        InputError: nothing to draw, or x and y differ in length.

    Example:
        >>> figure = lines({"ours": [3, 2, 1], "theirs": ([0, 2], [3, 1])}, ylabel="loss")
        >>> [line.get_linestyle() for line in figure.axes[0].lines]
        ['-', '--']
    """
    if not series:
        raise InputError("series is empty; give at least one curve, such as {'loss': history.loss}")
    figure, ax = style.place(ax, 7.0, 4.4)
    style.dress(ax, title, xlabel, ylabel, grid=True)
    handles = []
    for k, (name, curve) in enumerate(series.items()):
        x, y = _pair(curve, name)
        dash = styles.get(name) if isinstance(styles, Mapping) else styles[k % len(styles)] if styles else None
        width = max(1.4, 3.0 - 0.8 * k)
        look = {"color": style.colour(k), "linestyle": dash or DASHES[k % len(DASHES)], "linewidth": width}
        handles.append(draw(ax, x, y, look))
    if len(series) > 1:
        style.legend(ax, handles, list(series), loc="best")
    log_scale(ax, log, handles)
    return style.finish(figure)


def column_of(values: Any, what: str) -> Numbers | None:
    """One number an epoch, or None; NaN and infinity may stand in it."""
    if values is None:
        return None
    made = numbers(values, what)
    if made.ndim != 1 or not made.size:
        raise InputError(f"{what} has shape {made.shape}; expected (epochs,), one number an epoch, at least one epoch")
    return made


def _pair(curve: Any, name: str) -> tuple[Numbers, Numbers]:
    """x and y of a curve that was given as y or as (x, y)."""
    what = f"the curve {name!r}"
    x, y = curve if isinstance(curve, tuple) and len(curve) == 2 and np.ndim(curve[0]) == 1 else (None, curve)
    heights = column_of(y, what)
    if heights is None:
        raise InputError(f"{what} is None; give its numbers, or leave it out")
    places = numbers(np.arange(len(heights)) if x is None else x, what)
    same_length(f"x of {what}", len(places), "its y", len(heights))
    return places, heights


def _panel(ax: Axes, training: Numbers | None, validation: Numbers | None, ylabel: str, log: bool) -> None:
    """One panel of a history."""
    style.dress(ax, None, "epoch", ylabel, grid=True)
    given = [
        (name, y, look)
        for name, y, look in (("training", training, FIRST), ("validation", validation, SECOND))
        if y is not None
    ]
    handles = [draw(ax, numbers(np.arange(1, len(y) + 1), "epochs"), y, look) for _, y, look in given]
    style.legend(ax, handles, [name for name, _, _ in given], loc="best")
    longest = max(len(y) for _, y, _ in given)
    whole_epochs(ax, longest)
    for k, (name, y, look) in enumerate(given):
        broken = np.flatnonzero(~np.isfinite(y)) + 1  # epochs are counted from 1
        if len(broken):
            side = "left" if broken[0] < longest / 2 else "right"  # where there is room
            ax.axvline(float(broken[0]), color=look["color"], linewidth=1.0, linestyle=":")
            ax.annotate(
                f" {name}: not finite at epoch {broken[0]} ",
                (broken[0], 0.03 + 0.06 * k),
                xycoords=("data", "axes fraction"),
                ha=side,
                fontsize=9,
                color=look["color"],
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1},
            )
    log_scale(ax, log, handles)


def whole_epochs(ax: Axes, epochs: int) -> None:
    """Epochs below, counted from 1, in whole numbers."""
    from matplotlib.ticker import MaxNLocator

    room = min(0.5, 0.04 * epochs) if epochs > 1 else 0.5
    ax.set_xlim(1 - room, epochs + room)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    if epochs == 1:
        ax.set_xticks([1])


def draw(ax: Axes, x: Numbers, y: Numbers, look: Mapping[str, Any]) -> Any:
    """A curve with gaps where it is not finite, and a dot wherever a point has no neighbour to be joined to."""
    fine = np.isfinite(y) & (np.abs(y) < 1e300)  # beyond that, matplotlib's own arithmetic overflows
    padded = np.concatenate(([False], fine, [False]))
    alone = np.flatnonzero(fine & ~padded[:-2] & ~padded[2:])
    dots: dict[str, Any] = {"marker": "o", "markersize": 6, "markevery": alone.tolist()} if len(alone) else {}
    return ax.plot(x, np.where(fine, y, np.nan), **look, **dots)[0]


def log_scale(ax: Axes, log: bool, handles: Sequence[Any]) -> None:
    """A logarithmic scale where one was asked for and something is above 0 to stand on it."""
    heights = [numbers(line.get_ydata(), "y") for line in handles]
    if log and any(np.nanmax(y, initial=0.0) > 0.0 for y in heights):
        from matplotlib.ticker import FuncFormatter

        ax.set_yscale("log", nonpositive="mask")
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _power(value)))
        ax.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: _between(value, *ax.get_ylim())))


def _power(value: float) -> str:
    """A power of ten as people write it: 0.01 or 100, but 10^-6 far from 1."""
    if value <= 0:
        return ""
    return f"{value:g}" if 1e-4 <= value < 1e5 else rf"$10^{{{round(np.log10(value))}}}$"


def _between(value: float, low: float, high: float) -> str:
    """Words for a mark between two powers of ten: only where there are few powers, and not for every mark."""
    if value <= 0 or low <= 0:
        return ""
    lead = round(value / 10.0 ** np.floor(np.log10(value)))
    return f"{value:g}" if high / low < 3.0 or (high / low < 100.0 and lead in (2, 5)) else ""
