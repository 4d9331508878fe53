"""A progress bar of a training run on standard error, with the losses and the time left."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pellucid.errors import MissingExtra, need
from pellucid.history import Epoch


def describe(epoch: Epoch) -> str:
    """One line of numbers: the losses, and the accuracies where there are classes.

    Example:
        >>> describe(Epoch(0, 10, 0.5, 0.75, None, None, 0.1, 1.0, None))
        'loss 0.5000  accuracy 75.0 %'
    """
    parts = [f"loss {_short(epoch.loss)}"]
    if epoch.accuracy is not None:
        parts.append(f"accuracy {epoch.accuracy:.1%}".replace("%", " %"))
    if epoch.validation_loss is not None:
        parts.append(f"validation loss {_short(epoch.validation_loss)}")
    if epoch.validation_accuracy is not None:
        parts.append(f"accuracy {epoch.validation_accuracy:.1%}".replace("%", " %"))
    return "  ".join(parts)


def _short(loss: float) -> str:
    return f"{loss:.4f}" if abs(loss) < 1e6 else f"{loss:.3e}"


@contextmanager
def shown(epochs: Iterator[Epoch], total: int, show: bool, done: int = 0) -> Iterator[Iterator[Epoch]]:
    """The same epochs, shown as they pass: a bar on a terminal, else about twenty lines over the run.

    `done`: how many there were before, in a run that goes on.
    """
    if not show:
        yield epochs
        return
    try:
        rich = need("rich.progress", "cli")
        console = need("rich.console", "cli").Console(stderr=True)
    except MissingExtra:
        yield _lines(epochs, total)
        return
    if not console.is_terminal:
        yield _lines(epochs, total)
        return
    with _bar(rich, console) as bar:
        task = bar.add_task("epoch", total=total, completed=done, numbers="")
        yield _advancing(epochs, bar, task)


def _bar(rich: Any, console: Any) -> Any:
    """Two lines, so that bar, time left and numbers all fit on a terminal of 80 columns."""

    class Bar(rich.Progress):  # type: ignore[misc]  # rich may be missing, so it is no base class for a type checker
        def get_renderables(self) -> Iterator[Any]:
            yield from super().get_renderables()
            yield from (f"[dim]{task.fields['numbers']}[/dim]" for task in self.tasks)

    return Bar(
        "[progress.description]{task.description}",
        rich.MofNCompleteColumn(),
        rich.BarColumn(),
        rich.TimeRemainingColumn(),
        "left",
        console=console,
    )


def _advancing(epochs: Iterator[Epoch], bar: Any, task: Any) -> Iterator[Epoch]:
    for epoch in epochs:
        bar.update(task, completed=epoch.index + 1, numbers=describe(epoch))
        yield epoch


def _lines(epochs: Iterator[Epoch], total: int) -> Iterator[Epoch]:
    every, first = max(1, total // 20), True  # of a run that goes on, the first is soon to be seen too
    for epoch in epochs:
        if first or epoch.index % every == 0 or epoch.index == total - 1:
            first = False
            left = epoch.seconds / (epoch.index + 1) * (total - epoch.index - 1)
            print(f"epoch {epoch.index + 1}/{total}  {describe(epoch)}  {left:.0f} s left", file=sys.stderr)
        yield epoch
