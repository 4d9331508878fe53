"""One row of a file, all the way through a saved model: its numbers, every weighted sum, the answer, and back again."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.cli import sources
from pellucid.cli.predict import features
from pellucid.data.tables import read_csv
from pellucid.errors import InputError
from pellucid.explain.one_row import RowTrace
from pellucid.layers import Dense, Dropout
from pellucid.network import Network
from pellucid.tables import GAP, Html, html_table, notebook, number, text_table
from pellucid.wording import counted

Array = npt.NDArray[Any]
MOST_FEATURES = 16  # of a row that are listed


class Rows(NamedTuple):
    """The rows of a file, as the model takes them.

    Attributes:
        name: of the file.
        X: (n, inputs).
        y: (n,), or None where the file has no target.
        plain: whether it was read without being told how, and can be read again.
    """

    name: str
    X: Array
    y: Array | None
    plain: bool


class Walk(NamedTuple):
    """A row on its way: line by line, as HTML with all quantities of the step, and what is remarked."""

    lines: RowTrace
    page: str
    remark: str = ""


def read(net: Network, data: str, drop: tuple[str, ...], header: bool | None, delimiter: str | None) -> Rows:
    """Features as `pellucid predict` reads them, and the target where the file has its column and it is not dropped.

    Raises:
        FileError: the file cannot be read, or lacks a feature, or has a target that the model does not know.
    """
    with sources.opened(data) as path:
        X = features(net, path, drop, header, delimiter)
        columns = sources.columns_of(path, header, delimiter, net.features)
        y = None
        one_column = net.task in ("classes", "binary") or (net.task == "values" and net.outputs == 1)
        if one_column and columns.names is not None and net.target in columns.names and net.target not in drop:
            how: dict[str, Any] = {"target": net.target, "header": True, "drop": drop, "delimiter": delimiter}
            if net.task == "values":
                how["task"] = "values"
            else:
                how |= {"task": "classes", "labels": net.labels or range(max(net.outputs, 2))}
            y = read_csv(path, features=net.features, **how).y
    plain = data != sources.STDIN and not drop and header is None and delimiter is None
    return Rows("standard input" if data == sources.STDIN else data, X, y, plain)


def walked(net: Network, rows: Rows, row: int, settings: dict[str, Any]) -> tuple[str, str, str]:
    """A row all the way: to the loss and back where the target is known, else to the answer.

    Args:
        net: the model.
        rows: the file.
        row: from 0; -1 is the last.
        settings: of the training step.

    Returns:
        Title, text and HTML.

    Raises:
        InputError: there is no such row.
    """
    n = len(rows.X)
    if not -n <= row < n:
        raise InputError(f"--row {row}: {rows.name} has {counted(n, 'row')}, numbered 0 to {n - 1}.")
    row %= n
    walk = _step(net, rows, row, settings)
    table = _numbers(net, rows.X[row])
    right = range(1, len(table[0]))
    said = [part for part in (walk.remark, _answer(net, rows, row)) if part]
    text = "\n".join([text_table(table, right), "", str(walk.lines), "", *said])
    page = "\n".join([notebook(html_table(table, right)), walk.page, *(f"<p>{html.escape(line)}</p>" for line in said)])
    return f"Row {row} of {rows.name}", text, page


def _step(net: Network, rows: Rows, row: int, settings: dict[str, Any]) -> Walk:
    """A row in a step of training with all rows, where there can be one."""
    if rows.y is None:
        return _forward(net, rows.X[row], row)
    try:
        trace = net.trace(rows.X, rows.y, row=row, **settings)
    except InputError as error:  # rows of one class alone, say, can be answered, and a step of training makes no sense
        return _forward(net, rows.X[row], row, f"Only the way to the answer is shown. {error}")
    assert trace.row is not None
    dropped = any(isinstance(layer, Dropout) and layer.rate for layer in net.layers)
    remark = "This is a step of training, with dropout; the answer below is given without." if dropped else ""
    return Walk(trace.row, trace._repr_html_(), remark)


def _forward(net: Network, x: Array, row: int, remark: str = "") -> Walk:
    """A row's way to the answer, without dropout."""
    bare = _without_dropout(net)
    # The forward pass of a step that is thrown away: it takes rows of every class to make one.
    m = max(net.outputs, 2)
    y = np.arange(m)
    if net.task == "labels" or (net.task == "values" and net.outputs > 1):
        y = np.repeat(y[:, None] % 2, net.outputs, axis=1)
    trace = bare.trace(np.repeat(x[None], m, axis=0), y, row=0)
    assert trace.row is not None
    forward = {entry.name for entry in trace.entries if entry.section == "forward"}
    lines = replace(trace.row, row=row, lines=tuple(line for line in trace.row if line.quantity in forward))
    return Walk(lines, notebook(Html(f"<pre>{html.escape(str(lines))}</pre>")), remark)


def _without_dropout(net: Network) -> Network:
    dense = [layer for layer in net.layers if isinstance(layer, Dense)]
    bare = Network(dense, net.inputs, net.seed, net.loss_function, net.dtype, net.scaler)
    bare.theta = net.theta
    return bare


def _numbers(net: Network, x: Array) -> list[list[str]]:
    """The features of a row: as the file has them and, where a scaler stands before it, as the first layer does."""
    names = net.features or [f"x{i}" for i in range(1, net.inputs + 1)]
    columns = [["feature", *names], ["in the file", *map(number, x)]]
    if net.scaler is not None and net.scaler.fitted:
        columns.append(["scaled: X", *map(number, net.scaler.transform(x[None])[0])])
    table = [list(line) for line in zip(*columns, strict=True)]
    if len(table) > MOST_FEATURES + 1:
        table = [*table[:MOST_FEATURES], [GAP] * len(columns), table[-1]]
    return table


def _answer(net: Network, rows: Rows, row: int) -> str:
    """What the model answers for a row, and what is true where that is known."""
    a = net.forward(rows.X[row : row + 1])
    answer = net.predict(rows.X[row : row + 1])[0]
    true = "" if rows.y is None else f" True is: {_named(net, rows.y[row])}."
    if net.task not in ("classes", "binary"):
        return f"The model says: {_named(net, answer)}.{true}"
    p = a[0] if net.task == "classes" else np.array([1 - a[0, 0], a[0, 0]])
    return f"The model says: {_named(net, answer)}, with probability {p[int(answer)]:.4f}.{true}"


def _named(net: Network, answer: Any) -> str:
    if net.task in ("classes", "binary"):
        return net.labels[int(answer)] if net.labels else f"class {int(answer)}"
    return ", ".join(f"{value:.6g}" for value in np.atleast_1d(answer))
