"""One offline HTML file of a training run: what was learnt from what, how, how well, and how to have it again.

The file loads nothing and needs no script; it follows the light or dark of the reader's screen, and prints.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pellucid.history import History
from pellucid.network import Network
from pellucid.report import again, headline, insight, learning, mistakes, quality, workings
from pellucid.report import rows as data_rows
from pellucid.report.markup import join, shown
from pellucid.report.material import Material, gathered
from pellucid.report.page import Section, page
from pellucid.report.pictures import missing
from pellucid.report.saving import checked, save

__all__ = ["write"]


@np.errstate(all="ignore")  # numbers of a run that diverged overflow: tables show them, findings tell of them
def write(
    path: str | os.PathLike[str],
    net: Network,
    X: Any,
    y: Any,
    history: History | None = None,
    test: tuple[Any, Any] | None = None,
    *,
    validation: tuple[Any, Any] | None = None,
    title: str | None = None,
    data: str | None = None,
    notes: Sequence[str] = (),
    image_shape: tuple[int, int] | Literal[False] | None = None,
    rows: Mapping[str, npt.ArrayLike] | None = None,
    command: str | None = None,
    diagnosis: Any = None,
    target_was_scaled: bool = False,
    date: str | None = None,
) -> Path:
    """Write a training run as one HTML file that needs nothing else.

    It holds the result in a sentence; the data in brief; the network, drawn and as a table; the curves; how good the
    answers are; the border between classes where there are two features; the first layer's weights where rows are
    images; the most mistaken rows; what `diagnose` finds; a gradient check; every equation; and how to have the same
    run again. The same run gives the same bytes. Without matplotlib, tables stand alone.

    Args:
        path: ends in .html; overwritten if it exists, at once and as a whole.
        net: the trained network; its `labels`, `features` and `target` are the names that are used.
        X, y: the rows that it was trained on: (n, inputs), and what `fit` takes.
        history: of the training.
        test: (X, y) that training never saw: by these the network is judged.
        validation: (X, y); by default what the history says was held out. The network is judged by these where there
            is no test, and by the training rows where there is neither.
        title: the heading; by default made of `data` and the target.
        data: what the data set is called.
        notes: sentences on the data, such as the source.
        image_shape: (height, width) of a row that is an image, False where none is; found out where it is None.
        rows: what to call the rows of "training", "validation" or "test": a number each, such as a row of a file.
        command: the command line that gives this run; by default the Python lines are shown.
        diagnosis: what `pellucid.diagnose` found, where it has been asked already.
        target_was_scaled: whether the history's losses are those of standardized targets.
        date: when it was made, as a text; by default the file does not say.

    Returns:
        The path.

    Raises:
        FileError: the path does not end in .html, or cannot be written.
        InputError: data, names or numbers that do not fit the network.

    Example:
        >>> import tempfile
        >>> from pellucid import Dense, Network
        >>> net = Network([Dense(1)], inputs=1)
        >>> history = net.fit([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0], epochs=5)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written = write(folder + "/run.html", net, [[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0], history)
        ...     written.read_text(encoding="utf-8")[:32]
        '<!DOCTYPE html>\\n<html lang="en">'
    """
    target = checked(path)
    m = gathered(net, X, y, history, validation, test, image_shape, rows, data, target_was_scaled)
    why = missing()
    written = page(
        title=shown(headline.title_of(m) if title is None else title, 120),
        head=join([headline.result(m), headline.figures(m)]),
        sections=list(_sections(m, notes, command, diagnosis)),
        note=None if why is None else f"There are no pictures here, only tables: {why}",
        date=None if date is None else shown(date),
    )
    save(target, written)
    return target


def _sections(m: Material, notes: Sequence[str], command: str | None, diagnosis: Any) -> Iterator[Section]:
    """The sections, in the order of the story that they tell."""
    yield Section("data", "The data", data_rows.section(m, notes))
    yield Section("network", "The network", learning.network(m))
    yield Section("training", "How it learnt", learning.training(m))
    yield Section("quality", "How good it is", quality.section(m))
    if (plane := insight.boundary(m)) is not None:
        yield Section("boundary", "What it says of every point", plane)
    yield Section("mistakes", "Where it errs most", mistakes.section(m))
    if (weights := insight.weights(m)) is not None:
        yield Section("weights", "What the first layer looks for", weights)
    yield Section("findings", "Findings", workings.findings(m, diagnosis))
    yield Section("gradients", "Are the gradients right?", workings.gradients(m))
    yield Section("equations", "The equations", workings.equations(m))
    yield Section("reproduce", "How to have this run again", again.section(m, command))
