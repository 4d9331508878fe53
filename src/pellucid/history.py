"""What a training run was: one Epoch record after the other, and the History of them all as columns."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError
from pellucid.settings import Settings

if TYPE_CHECKING:
    from pellucid.network import Network

Array = npt.NDArray[Any]
COLUMNS = ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate", "seconds")


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the data.

    Attributes:
        index: from 0, as in history.loss[index]; epochs is how many there will be at the most.
        loss: mean over the rows of the loss that each row's own step saw before its update, penalty included.
        accuracy: share of rows right, likewise; None for a network that predicts values.
        validation_loss, validation_accuracy: after the last update; None without a validation set.
        learning_rate: of the epoch's last update.
        seconds: from the start of training to the end of this epoch.
        network: the one in training, with the parameters it has now.
    """

    index: int
    epochs: int
    loss: float
    accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    seconds: float
    network: Network


class Run(NamedTuple):
    """What a training run was made of, kept so that it can be reported on; nothing in it is a copy.

    Attributes:
        net: the network, with the parameters that it has now.
        X: the features that it was trained on, (n, inputs), before scaling, without those held out.
        y: their targets as the matrix (n, outputs) that the loss compares with; every method of `net` takes it.
        sample_weight: of each row, class weights multiplied in, (n,), or None for all 1.
        validation: (X, y) that were held out, in the same form, or None.
        settings: how it was trained.
        kept: which rows of the data, as they were given, are X: ascending indices (n,). The others are those held out,
            in their order. None for all, or where it is not known.
    """

    net: Network
    X: Array
    y: Array
    sample_weight: Array | None
    validation: tuple[Array, Array] | None
    settings: Settings
    kept: Array | None = None


@dataclass(frozen=True, eq=False)
class History:
    """All epochs of a run, as columns of shape (epochs,); a column that was not measured is None.

    Attributes:
        loss, accuracy, validation_loss, validation_accuracy, learning_rate, seconds: as in `Epoch`.
        stopped: why the run ended: "epochs" (all done), "early stopping", "on_epoch" or "interrupted";
            "converged" by L-BFGS; "diverged" for one of many trained at once (`fit` raises instead).
        best_epoch: index of the epoch whose parameters were restored, with early stopping; else None.
        engine: which engine ran.
        settings: what was asked for, in words, to run it again.
        initial_weights: a digest of the parameters that the run began with: two runs with the same one began alike.
        run: what the run was made of; None in a copy that was pickled, which does without the data.
        asked: the settings themselves; a copy that was pickled does without the row weights and rows held out in them.
            None where they are not known.
    """

    loss: Array
    accuracy: Array | None
    validation_loss: Array | None
    validation_accuracy: Array | None
    learning_rate: Array
    seconds: Array
    stopped: str = "epochs"
    best_epoch: int | None = None
    engine: str = "readable"
    settings: dict[str, str] | None = None
    initial_weights: str | None = None
    run: Run | None = field(default=None, repr=False)
    asked: Settings | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.loss)

    def columns(self) -> dict[str, Array]:
        """The columns that were measured.

        Returns:
            {"loss": (epochs,), ...}, in the order of the files.
        """
        named = ((name, getattr(self, name)) for name in COLUMNS)
        return {name: column for name, column in named if column is not None}

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one line an epoch, with a header; numbers are written so that they read back bit for bit.

        The column `epoch` holds the index, from 0, as in history.loss[index].

        Args:
            path: of the file; replaced if it exists, as a whole or not at all.

        Raises:
            FileError: it cannot be written.
        """
        import csv
        import io

        from pellucid.files.writing import replace_file

        columns = self.columns()
        file = io.StringIO(newline="")
        writer = csv.writer(file)
        writer.writerow(["epoch", *columns])
        for e in range(len(self)):
            writer.writerow([e, *(repr(float(column[e])) for column in columns.values())])
        replace_file(path, file.getvalue().encode())

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the columns as lists, and how the run ended; a number that is not finite is written as null.

        Args:
            path: of the file; replaced if it exists, as a whole or not at all.

        Raises:
            FileError: it cannot be written.
        """
        record: dict[str, Any] = {
            name: [float(v) if math.isfinite(v) else None for v in column] for name, column in self.columns().items()
        }
        record.update(stopped=self.stopped, best_epoch=self.best_epoch, engine=self.engine, settings=self.settings)
        record.update(initial_weights=self.initial_weights)
        import json

        from pellucid.files.writing import replace_file

        replace_file(path, (json.dumps(record, indent=1, allow_nan=False) + "\n").encode())

    def report(self, path: str | os.PathLike[str], **given: Any) -> Path:
        """Write the run as one HTML file that needs nothing else; see `pellucid.report.write`.

        Args:
            path: ends in .html; overwritten if it exists.
            given: what `pellucid.report.write` takes beyond network, data and history, such as test=(X, y).

        Returns:
            The path; a folder that was not there is made.

        Raises:
            InputError: this history has come from a file and does not know its network and data.
        """
        if self.run is None:
            raise InputError(
                "This history was copied from a file and no longer knows its network and data. "
                "Write pellucid.report.write(path, net, X, y, history=history) instead."
            )
        from pellucid.report import write

        return write(path, self.run.net, self.run.X, self.run.y, history=self, **given)

    def __getstate__(self) -> dict[str, Any]:
        asked = self.asked and replace(self.asked, sample_weight=None, validation=self._share_held_out())
        return self.__dict__ | {"run": None, "asked": asked}  # small, whatever it was trained on

    def _share_held_out(self) -> float | None:
        """The share of the rows that was held out for validation, where it was asked for as a share."""
        validation = None if self.asked is None else self.asked.validation
        return None if validation is None or isinstance(validation, tuple | list) else float(validation)

    def __repr__(self) -> str:
        if not len(self):
            return f"History(no epoch completed, stopped: {self.stopped})"
        last = ", ".join(f"{name} {column[-1]:.6g}" for name, column in self.columns().items())
        return f"History({len(self)} epochs, stopped: {self.stopped}; last: {last})"

    def __str__(self) -> str:
        if not len(self):
            return repr(self)
        from pellucid.curves import text_curves
        from pellucid.tables import text_table

        curves = text_curves(self._losses())
        return "\n".join([self._ending(), text_table(self._values(), (1, 2, 3, 4)), *([curves] if curves else [])])

    def _repr_html_(self) -> str:
        from pellucid.curves import svg_curves
        from pellucid.tables import html_table, notebook

        if not len(self):
            return notebook(repr(self))
        return notebook(self._ending(), html_table(self._values(), (1, 2, 3, 4)), svg_curves(self._losses()))

    def _ending(self) -> str:
        """How long the run was and why it ended."""
        restored = "" if self.best_epoch is None else f", parameters of epoch {self.best_epoch + 1} restored"
        count = f"{len(self):,} epoch{'s' if len(self) > 1 else ''}"
        return f"{count} in {self.seconds[-1]:.3g} s, engine {self.engine}; stopped: {self.stopped}{restored}"

    def _losses(self) -> dict[str, Array]:
        return {name: column for name, column in self.columns().items() if name.endswith("loss")}

    def _values(self) -> list[list[str]]:
        """First, last and best value of each column that says how good the network is, and in which epoch, from 1."""
        from pellucid.tables import number

        rows = [["", "first", "last", "best", "at epoch"]]
        for name, column in self.columns().items():
            if not name.endswith(("loss", "accuracy")):
                continue
            worth = np.where(np.isfinite(column), -column if name.endswith("loss") else column, -np.inf)
            best = int(np.argmax(worth))
            rows.append([name, *(number(column[e]) for e in (0, -1, best)), f"{best + 1:,}"])
        return rows

    @classmethod
    def of(cls, columns: dict[str, Array], done: int, **rest: Any) -> History:
        """The first `done` epochs of full-length columns; a column of nothing but NaN there was not measured."""
        kept = {name: column[:done].copy() for name, column in columns.items()}
        for name in ("accuracy", "validation_loss", "validation_accuracy"):
            if np.isnan(columns[name]).all():
                kept.pop(name)
        run: Run | None = rest.get("run")
        rest = {"asked": None if run is None else run.settings, **rest}
        return cls(**{name: kept.get(name) for name in COLUMNS}, **rest)  # type: ignore[arg-type]


def digest(theta: Array) -> str:
    """A short name for the parameters of a network: two that have the same one are the same, bit for bit.

    Args:
        theta: the parameters, (size,).

    Returns:
        The first 16 signs of their SHA-256.

    Example:
        >>> digest(np.zeros(3)), digest(np.zeros(3)) == digest(np.array([0.0, 0.0, 1e-300]))
        ('9d908ecfb6b256de', False)
    """
    import hashlib

    return hashlib.sha256(theta.tobytes()).hexdigest()[:16]
