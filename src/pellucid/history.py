"""What a training run was: one Epoch record after the other, and the History of them all as columns."""

from __future__ import annotations

import csv
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

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


@dataclass(frozen=True, eq=False)
class History:
    """All epochs of a run, as columns of shape (epochs,); a column that was not measured is None.

    Attributes:
        loss, accuracy, validation_loss, validation_accuracy, learning_rate, seconds: as in `Epoch`.
        stopped: why the run ended: "epochs" (all done), "early stopping", "on_epoch" or "interrupted".
        best_epoch: index of the epoch whose parameters were restored, with early stopping; else None.
        engine: which engine ran.
        settings: what was asked for, in words, to run it again.
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

    def __len__(self) -> int:
        return len(self.loss)

    def columns(self) -> dict[str, Array]:
        """The columns that were measured, by name, in the order of the files."""
        named = ((name, getattr(self, name)) for name in COLUMNS)
        return {name: column for name, column in named if column is not None}

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one line an epoch, with a header; numbers are written so that they read back bit for bit."""
        columns = self.columns()
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["epoch", *columns])
            for e in range(len(self)):
                writer.writerow([e, *(repr(float(column[e])) for column in columns.values())])

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the columns as lists, and how the run ended; a number that is not finite is written as null."""
        record: dict[str, Any] = {
            name: [float(v) if math.isfinite(v) else None for v in column] for name, column in self.columns().items()
        }
        record.update(stopped=self.stopped, best_epoch=self.best_epoch, engine=self.engine, settings=self.settings)
        Path(path).write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")

    def __repr__(self) -> str:
        if not len(self):
            return f"History(no epoch completed, stopped: {self.stopped})"
        last = ", ".join(f"{name} {column[-1]:.6g}" for name, column in self.columns().items())
        return f"History({len(self)} epochs, stopped: {self.stopped}; last: {last})"

    @classmethod
    def of(cls, columns: dict[str, Array], done: int, **rest: Any) -> History:
        """The first `done` epochs of full-length columns; a column of nothing but NaN there was not measured."""
        kept = {name: column[:done].copy() for name, column in columns.items()}
        for name in ("accuracy", "validation_loss", "validation_accuracy"):
            if np.isnan(columns[name]).all():
                kept.pop(name)
        return cls(**{name: kept.get(name) for name in COLUMNS}, **rest)  # type: ignore[arg-type]
