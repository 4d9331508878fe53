"""`pellucid predict`: a saved model and a CSV file in, predictions as CSV out, row by row in the same order."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from pellucid.cli import sources
from pellucid.cli.mistakes import UsageError
from pellucid.cli.words import listed
from pellucid.data.tables import read_csv
from pellucid.errors import FileError, InputError
from pellucid.files import load
from pellucid.files.writing import replacing
from pellucid.network import Network

Array = npt.NDArray[Any]


def run(
    model: str,
    data: str,
    out: str | None,
    proba: bool,
    drop: tuple[str, ...],
    header: bool | None,
    delimiter: str | None,
) -> int:
    """Do what `pellucid predict` was asked for; the exit code."""
    net = load(model)
    if proba and net.task == "values":
        raise UsageError(f"--proba is for classes, and {model} predicts values.")
    target = None if out is None else sources.writable("--out", Path(out), model, data)
    with sources.opened(data) as path:
        X = features(net, path, drop, header, delimiter)
    lines = predictions(net, outputs(net, X), proba)
    if target is None:
        if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
            sys.stdout.reconfigure(encoding="utf-8", newline="")  # a file is the same wherever it was written
        _write(sys.stdout, lines)
    else:
        with sources.writing(target), replacing(target) as whole:
            file = io.TextIOWrapper(whole, encoding="utf-8", newline="")
            _write(file, lines)
            file.detach()
    return 0


def features(net: Network, path: Path, drop: tuple[str, ...], header: bool | None, delimiter: str | None) -> Array:
    """The columns of a file that the network was trained on, (n, inputs), in its order.

    With a header they go by name, and what else is there is ignored; without one by position, and nothing else may be
    there: a target in between would shift them all unseen.

    Raises:
        FileError: the file cannot be read, or does not have them.
    """
    columns = sources.columns_of(path, header, delimiter, net.features)
    how: dict[str, Any] = {"header": columns.names is not None, "drop": drop, "delimiter": delimiter}
    if columns.names is not None and net.features is not None:
        missing = [name for name in net.features if name not in columns.names]
        if missing:
            raise FileError(
                f"{path}: it lacks {len(missing)} of the {net.inputs} columns that the model was trained on: "
                f"{listed(missing)}. It has: {listed(columns.names)}.{_nameless(net)}"
            )
        return _values(path, features=net.features, **how)
    if columns.names is not None and net.target in columns.names and net.target not in drop:
        how["drop"] = (*drop, net.target)
    count = columns.width - len(how["drop"])
    if count != net.inputs:
        raise FileError(
            f"{path}: it has {columns.width} columns{' and no header' if columns.names is None else ''}, and the model "
            f"takes {net.inputs}, by their position. Leave others out with --drop (--drop -1 is the last), "
            "or give the columns the names that the model was trained on."
        )
    return _values(path, **how)


def _values(path: Path, **how: Any) -> Array:
    try:
        return read_csv(path, **how).X
    except FileError as error:  # its advice for training is no use here: the model needs the column
        raise FileError(re.sub(r",? or leave the column out with drop=.*(?=\.$)", "", str(error))) from error


def _nameless(net: Network) -> str:
    numbered = tuple(f"x{i}" for i in range(1, net.inputs + 1))
    return " The model was trained without a header: give rows without one too." if net.features == numbered else ""


def outputs(net: Network, X: Array) -> Array:
    """The network's outputs, (n, outputs).

    Raises:
        InputError: a row is so far from anything seen that they are not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        a = net.forward(X)
    broken = np.flatnonzero(~np.isfinite(a).all(axis=1))
    if len(broken):
        k = int(broken[0])
        raise InputError(
            f"row {k + 1} of the data (goes from {X[k].min():g} to {X[k].max():g}) is too large for the model: its "
            f"answer is not a finite number ({len(broken)} such in all). Correct it, or remove the row."
        )
    return a


def predictions(net: Network, a: Array, proba: bool) -> Iterator[list[str]]:
    """The lines of the answer: a header, then one a row of the outputs a (n, outputs)."""
    if net.task in ("classes", "binary"):
        p = a if net.task == "classes" else np.hstack([1 - a, a])
        labels = net.labels or tuple(map(str, range(p.shape[1])))
        chosen = np.argmax(a, axis=1) if net.task == "classes" else (a[:, 0] >= 0.5).astype(int)
        yield [net.target or "prediction", *(f"p({label})" for label in labels if proba)]
        for k, row in zip(chosen, p, strict=True):
            yield [labels[k], *(map(_exact, row) if proba else ())]
        return
    name = net.target or "prediction"
    names = net.labels or ([name] if net.outputs == 1 else [f"{name} {k}" for k in range(1, net.outputs + 1)])
    yes_or_no = net.task == "labels"
    yield [*names, *(f"p({label})" for label in names if proba and yes_or_no)]
    for row in a:
        answers = [str(int(value >= 0.5)) for value in row] if yes_or_no else map(_exact, row)
        yield [*answers, *(map(_exact, row) if proba and yes_or_no else ())]


def _exact(value: Any) -> str:
    """A number in as many digits as it takes to read it back bit for bit."""
    return str(value) if isinstance(value, np.float32) else repr(float(value))


def _write(file: TextIO, lines: Iterator[list[str]]) -> None:
    csv.writer(file, lineterminator="\n").writerows(lines)
