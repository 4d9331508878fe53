"""The network and how it learnt: its drawing, its summary, and the curves of its training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pellucid import plots
from pellucid.history import History
from pellucid.layers import Dense
from pellucid.plots import style
from pellucid.report.markup import (
    Html,
    el,
    evenly,
    facts,
    folded,
    join,
    number,
    paragraph,
    share,
    shown,
    table,
)
from pellucid.report.material import Material
from pellucid.report.pictures import picture
from pellucid.wording import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = npt.NDArray[Any]

MOST_UNITS = 12  # of a layer; of more, not all are drawn, and weights of those that are would say little
MOST_LINES = 20  # epochs in the table
WIDE = 100.0  # how many times larger the largest loss is than the smallest, where powers of ten are drawn
CURVE = (5.4, 3.5)  # inches


def network(m: Material) -> Html:
    """The network, drawn and as a table."""
    sizes = [m.net.inputs, *(layer.units for layer in m.net.layers if isinstance(layer, Dense))]
    weights = max(sizes) <= MOST_UNITS
    inputs = None if m.net.features is None else [shown(feature, 40) for feature in m.features]
    outputs = None if m.net.task == "binary" or m.net.labels is None else [shown(label, 40) for label in m.labels]

    def draw() -> Figure:
        return plots.network(m.net, inputs=inputs, outputs=outputs, weights=weights)

    chain = " to ".join(f"{size:,}" for size in sizes)
    alt = f"A drawing of the network: layers of {chain} units, joined by their weights."
    cut = "" if weights else " Of a layer of more than 12 units, the first and the last five are drawn."
    return join([picture("network", draw, alt, f"Layers of {chain} units.{cut}"), _summary(m)])


def _summary(m: Material) -> Html:
    summary = m.net.summary()
    header, *rows = summary.rows()
    rows = [[cell.replace("->", "→") for cell in row] for row in rows]
    header = ["number", *(cell.replace("->", "→") for cell in header[1:])]
    made = table(header, rows, "The layers", words=(0, 1))
    return join(
        [made, paragraph(". ".join(note[:1].upper() + note[1:] for note in summary.notes()) + ".", class_="note")]
    )


def training(m: Material) -> Html:
    """How it was trained, and how that went."""
    history = m.history
    if history is None:
        return paragraph("How the network was trained is not known here: no history was given.")
    if not len(history):
        return paragraph("Training ended before its first epoch was complete.")
    curves = [_curve(history, "loss", history.loss, history.validation_loss)]
    if history.accuracy is not None or history.validation_accuracy is not None:
        curves += [_curve(history, "accuracy", history.accuracy, history.validation_accuracy)]
    return join(
        [
            _how(m),
            paragraph(_course(history)),
            paragraph(notes, class_="note") if (notes := _of_the_losses(m)) else "",
            el("div", *curves, class_="pair"),
            folded("The curves in numbers", _epochs(history)),
        ]
    )


def _of_the_losses(m: Material) -> str:
    """What the losses of the epochs hold beside the mean of the rows."""
    notes = [
        "The losses are those of standardized targets: 1 is a standard deviation of the target." * m.target_was_scaled,
        "The losses include the penalty on the weights." if m.settings.l2 or m.settings.l1 else "",
        "In the loss of the training rows, each row counts with its weight." if m.weight is not None else "",
    ]
    return " ".join(note for note in notes if note)


def _how(m: Material) -> Html:
    """The settings that matter, in a few words; all of them stand at the end of the report."""
    asked = None if m.history is None else m.history.asked
    if asked is None:
        return Html("")
    batch = "all rows at once" if asked.batch_size is None else f"{asked.batch_size} rows at a time"
    pairs = [("Optimizer", shown(asked.optimizer)), ("Batches", batch)]
    penalties = [f"{key} {value}" for key, value in (("l2", asked.l2), ("l1", asked.l1)) if value]
    pairs += [("Penalty", ", ".join(penalties))] if penalties else []
    pairs += [("Loss", m.net.loss_function.name), ("Seed", str(asked.seed))]
    return facts(pairs)


def _course(history: History) -> str:
    """How training went, in words."""
    n = len(history)
    why = {
        "epochs": f"It ran for all {counted(n, 'epoch')}" if n > 1 else "It ran for its one epoch",
        "early stopping": f"It stopped after {counted(n, 'epoch')}, when the loss had sunk no further for a while",
        "on_epoch": f"It was stopped after {counted(n, 'epoch')}",
        "interrupted": f"It was interrupted after {counted(n, 'epoch')}",
    }.get(history.stopped, f"It ran for {counted(n, 'epoch')}")
    words = [f"{why}. The loss went from {number(history.loss[0])} to {number(history.loss[-1])}."]
    if history.best_epoch is not None:
        words += [f"The weights are those of epoch {history.best_epoch + 1}, the best."]
    elif (best := best_of(history)) is not None and best < n - 1:
        words += [f"The validation loss was lowest in epoch {best + 1}; the weights are those of the last."]
    return " ".join(words)


def best_of(history: History) -> int | None:
    """The epoch whose weights were kept, or else the one with the lowest validation loss; None without either."""
    if history.best_epoch is not None:
        return history.best_epoch
    held_out = history.validation_loss
    if held_out is None or not np.isfinite(held_out).any():
        return None
    return int(np.nanargmin(held_out))


def _curve(history: History, what: str, training: Array | None, held_out: Array | None) -> Html:
    """One curve over the epochs, the best of them marked."""
    given = {"training": training, "validation": held_out}
    series = {key: column for key, column in given.items() if column is not None and np.isfinite(column).any()}
    if not series:
        return Html("")
    best = best_of(history)

    def draw() -> Figure:
        epochs = np.arange(1, len(history) + 1)
        figure = style.figure(*CURVE)
        ax = figure.add_subplot()
        plots.lines(
            {key: (epochs, column) for key, column in series.items()},
            xlabel="epoch",
            ylabel=what,
            log=what == "loss" and _spans(list(series.values())),
            ax=ax,
        )
        _mark(ax, what, best, len(history))
        return style.finish(figure)

    ends = "; ".join(
        f"{key} from {_said(column[0], what)} to {_said(column[-1], what)}" for key, column in series.items()
    )
    alt = f"The {what} over {counted(len(history), 'epoch')}: {ends}."
    return picture(what, draw, alt, f"The {what}: {ends}.")


def _mark(ax: Any, what: str, best: int | None, epochs: int) -> None:
    """Whole epochs below, and a line at the best of them."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    room = min(0.5, 0.04 * epochs) if epochs > 1 else 0.5
    ax.set_xlim(1 - room, epochs + room)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    if what == "accuracy":
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g} %"))
    if best is None:
        return
    ax.axvline(best + 1, color=style.SOFT, linestyle=":", linewidth=1.2, zorder=1)
    side = "left" if best < 0.15 * epochs else "right" if best > 0.85 * epochs else "center"
    where = {"xycoords": ax.get_xaxis_transform(), "textcoords": "offset points", "xytext": (0, 4)}
    ax.annotate(f"best: {best + 1}", (best + 1, 1.0), ha=side, fontsize=9, color=style.SOFT, **where)


def _spans(columns: list[Array]) -> bool:
    """Whether losses span so many powers of ten that only those are readable."""
    every = np.concatenate(columns)
    every = every[np.isfinite(every)]
    return bool(len(every) and every.min() > 0 and every.max() > WIDE * every.min())


def _said(value: float, what: str) -> str:
    return share(float(value)) if what == "accuracy" else number(value)


def _epochs(history: History) -> Html:
    """Some epochs as a table: evenly spread, with the best one."""
    columns = {name: column for name, column in history.columns().items() if name != "seconds"}
    best = best_of(history)
    chosen = sorted({*evenly(len(history), MOST_LINES), *([] if best is None else [best])})
    rows = [
        [f"{e + 1:,}" + (" (best)" if e == best else "")]
        + [_said(column[e], "accuracy" if "accuracy" in name else "loss") for name, column in columns.items()]
        for e in chosen
    ]
    header = ["epoch", *(name.replace("_", " ") for name in columns)]
    return table(header, rows, f"{counted(len(chosen), 'epoch')} of {len(history):,}" if len(rows) > 1 else "The epoch")
