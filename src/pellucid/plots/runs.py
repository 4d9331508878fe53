"""Training runs over each other."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pellucid.errors import InputError
from pellucid.plots import style
from pellucid.plots.histories import HasCurves, column_of, draw, log_scale, whole_epochs
from pellucid.plots.inputs import Numbers, numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def runs(
    histories: Mapping[str, HasCurves], title: str | None = None, note: str | None = None, log: bool = False
) -> Figure:
    """Draw loss and accuracy of several runs over the epochs, a colour each; training solid, validation dashed.

    Args:
        histories: by name; each with `loss`, `accuracy`, `validation_loss` and `validation_accuracy`, (epochs,) or
            None. Runs may differ in length and in what they measured; one without any epoch is left out.
        title: words above the picture.
        note: words below it.
        log: whether the loss stands on a logarithmic scale.

    Returns:
        A figure with one panel for the loss and, where any run has one, another for the accuracy.

    Raises:
        InputError: no run has an epoch.

    Example:
        >>> from types import SimpleNamespace as Record
        >>> def run(*loss):
        ...     return Record(loss=loss, accuracy=None, validation_loss=None, validation_accuracy=None)
        >>> len(runs({"slow": run(3, 2, 1), "fast": run(3, 1)}).axes[0].lines)
        2
    """
    shown = {name: history for name, history in histories.items() if history.loss is not None and len(history.loss)}
    if not shown:
        raise InputError("there is nothing to draw: none of the runs has completed an epoch")
    kinds = ["loss", "accuracy"] if any(_held(history, "accuracy") for history in shown.values()) else ["loss"]
    figure = style.figure(6.0 * len(kinds) + 1.6, 4.6)
    panels = figure.subplots(1, len(kinds), squeeze=False)[0]
    for ax, kind in zip(panels, kinds, strict=True):
        _panel(ax, shown, kind, log and kind == "loss")
    _key(panels[-1], panels, shown)
    if title:
        figure.suptitle(title, fontsize=13, color=style.INK)
    if note:
        figure.supxlabel(textwrap.fill(note, 70 * len(kinds)), fontsize=10, color=style.SOFT)
    return style.finish(figure)


def _held(history: HasCurves, kind: str) -> dict[str, Numbers]:
    """The columns of a kind that a run has, by their line style."""
    columns = {"-": kind, "--": f"validation_{kind}"}
    found = {dash: column_of(getattr(history, name), f"history.{name}") for dash, name in columns.items()}
    return {dash: column for dash, column in found.items() if column is not None}


def _panel(ax: Axes, histories: Mapping[str, HasCurves], kind: str, log: bool) -> None:
    """Loss or accuracy of every run."""
    from matplotlib.ticker import FuncFormatter

    style.dress(ax, None, "epoch", kind, grid=True)
    handles = []
    for k, history in enumerate(histories.values()):
        for dash, y in _held(history, kind).items():
            look = {"color": style.colour(k), "linestyle": dash, "linewidth": 2.0 if dash == "-" else 1.5}
            line = draw(ax, numbers(range(1, len(y) + 1), "epochs"), y, look)
            if k >= len(style.COLOURS) and dash == "-":
                line.set(marker=style.marker(k), markevery=max(1, len(y) // 8))
            handles.append(line)
    whole_epochs(ax, max(len(line.get_xdata()) for line in handles))
    if kind == "accuracy":
        ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.6g}%"))
    log_scale(ax, log, handles)


def _key(ax: Axes, panels: list[Axes], histories: Mapping[str, HasCurves]) -> None:
    """Which colour is which run and, where some are dashed, what that means; at the right of the last panel."""
    from matplotlib.lines import Line2D

    marks = [style.marker(k) if k >= len(style.COLOURS) else "" for k in range(len(histories))]
    handles = [Line2D([], [], color=style.colour(k), linewidth=2.0, marker=mark) for k, mark in enumerate(marks)]
    names = list(histories)
    if any("--" in _held(history, kind) for history in histories.values() for kind in ("loss", "accuracy")):
        handles += [Line2D([], [], color=style.SOFT, linestyle=dash, linewidth=1.5) for dash in ("-", "--")]
        names += ["training", "validation"]
    style.legend(ax, handles, names)
