"""A search for a learning rate: the loss over the rate, and which rate is suggested."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pellucid.errors import InputError
from pellucid.plots import style
from pellucid.plots.histories import draw
from pellucid.plots.inputs import Numbers, numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class HasRates(Protocol):
    """What `rate_search` reads of a search."""

    @property
    def rate(self) -> float | None: ...
    @property
    def rates(self) -> Any: ...
    @property
    def losses(self) -> Any: ...
    @property
    def smoothed(self) -> Any: ...
    @property
    def start(self) -> float: ...
    @property
    def trials(self) -> Mapping[float, float]: ...


def rate_search(search: HasRates, title: str | None = None, ax: Axes | None = None) -> Figure:
    """Draw a range test over the rate, on a logarithmic scale, with the trials as dots and the suggestion as a line.

    Args:
        search: what `pellucid.find_learning_rate` gives.
        title: words above the picture.
        ax: axes to draw into, instead of a new figure.

    Returns:
        The figure (that of `ax` where given). What lies far above the loss at the start is beyond its upper edge.

    Raises:
        InputError: the search has no rate at which the loss was finite.

    Example:
        >>> from types import SimpleNamespace as Record
        >>> found = Record(rate=0.1, rates=[0.1, 1.0], losses=[3, 9], smoothed=[3, 6], start=4, trials={0.1: 1.0})
        >>> rate_search(found).axes[0].get_xscale()
        'log'
    """
    rates, losses, smoothed = (numbers(getattr(search, name), name) for name in ("rates", "losses", "smoothed"))
    if not rates.size:
        raise InputError("there is nothing to draw: the loss exploded at the first rate; print the search instead")
    figure, ax = style.place(ax, 7.4, 4.6)
    style.dress(ax, title, "learning rate", "loss", grid=True)
    handles = {
        "range test": draw(ax, rates, losses, {"color": style.BLUE, "linewidth": 0.8, "alpha": 0.55}),
        "smoothed": draw(ax, rates, smoothed, {"color": style.BLUE, "linewidth": 2.2}),
        "before any step": ax.axhline(search.start, color=style.SOFT, linewidth=0.9, linestyle=":"),
    }
    ended = {rate: loss for rate, loss in search.trials.items() if np.isfinite(loss)}
    if ended:
        dots: dict[str, Any] = {"color": style.RED, "marker": "o", "markersize": 6, "linestyle": "none", "zorder": 3}
        handles["end of a trial"] = ax.plot(list(ended), list(ended.values()), **dots)[0]
    low, high = _heights(search.start, losses, numbers(list(ended.values()), "trials"))
    ax.set(xscale="log", ylim=(low, high))
    if search.rate is not None:
        handles[f"suggested: {search.rate:.2g}"] = ax.axvline(
            search.rate, color=style.RED, linewidth=1.6, linestyle="--"
        )
    _plain_powers(ax)
    style.legend(ax, list(handles.values()), list(handles), loc="lower left")
    return style.finish(figure)


def _heights(start: float, losses: Numbers, ended: Numbers) -> tuple[float, float]:
    """The part of the losses that tells something: from the lowest to a little above the start."""
    finite = np.concatenate([losses[np.isfinite(losses)], ended, [start]])
    low = float(finite.min())
    high = max(start, float(np.quantile(finite, 0.5)))
    room = (high - low) or abs(high) or 1.0
    return low - 0.06 * room, high + 0.35 * room


def _plain_powers(ax: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))  # as one types it
    ax.xaxis.set_minor_formatter(NullFormatter())
