"""Runs side by side: what each reached, what differs in how they were trained, and whether they began alike."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pellucid.curves import DASHES, svg_curves
from pellucid.errors import InputError
from pellucid.history import History
from pellucid.tables import Html, html_table, notebook, number, text_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = npt.NDArray[Any]
NONE = "-"  # stands where a run has no such number
MEASURES = ("loss", "validation_loss", "accuracy", "validation_accuracy")
UNKNOWN = "not known"
SPEAKING = ("optimizer", "network", "schedule", "loss")  # whose values say themselves what they are
PENALTIES = ("l2", "l1", "class_weight", "sample_weight")  # settings that change what the loss is


@dataclass(frozen=True, eq=False)
class Comparison:
    """The result of `compare`; print it, or plot it.

    Attributes:
        histories: by name.
        differences: what is not the same in all runs, such as "batch_size", to its value in each run.
        same_start: whether all runs began with the same initial weights; None if that cannot be known.
        notes: what else to bear in mind when the numbers are compared, in words.
    """

    histories: Mapping[str, History]
    differences: Mapping[str, tuple[str, ...]]
    same_start: bool | None
    notes: tuple[str, ...]

    @property
    def start(self) -> str:
        """Whether the runs began with the same initial weights, in one sentence."""
        if len(self.histories) == 1:
            return "There is one run, and nothing to compare its initial weights with."
        unknown = [name for name, history in self.histories.items() if history.initial_weights is None]
        if self.same_start is None:
            does = "do" if len(unknown) > 1 else "does"
            return (
                "Whether the runs began with the same initial weights is not known: "
                f"{_listed(unknown)} {does} not say, as when read from a file."
            )
        if self.same_start:
            return "The runs began with the same initial weights."
        rest = f" Not known: {_listed(unknown)}." if unknown else ""
        return f"The runs began with different initial weights{self._alike()}.{rest}"

    def _alike(self) -> str:
        """Which of the runs did begin alike."""
        groups: dict[str, list[str]] = {}
        for name, history in self.histories.items():
            groups.setdefault(history.initial_weights or "", []).append(name)
        alike = [_listed(names) for digest, names in groups.items() if digest and len(names) > 1]
        return f", but alike: {'; '.join(alike)}" if alike else ""

    def reached(self) -> list[list[str]]:
        """What the runs reached: a header, and for every measure that any of them has one row a run, as texts."""
        rows = [["", "run", "last", "best", "at epoch"]]
        for measure in MEASURES:
            if not any(measure in history.columns() for history in self.histories.values()):
                continue
            for i, (name, history) in enumerate(self.histories.items()):
                cells = _last_and_best(measure, history.columns().get(measure, np.empty(0)))
                rows.append([measure.replace("_", " ") if i == 0 else "", name, *cells])
        return rows

    def ran(self) -> list[list[str]]:
        """How they ran and what differs in their settings: a header and one row a run, as texts."""
        told = {name: v for name, v in self.differences.items() if v != tuple(self.histories)}  # not by the names
        rows = [["run", "epochs done", "ended by", "seconds", "engine", *told]]
        for i, (name, history) in enumerate(self.histories.items()):
            kept = "" if history.best_epoch is None else f", epoch {history.best_epoch + 1} kept"
            seconds = f"{history.seconds[-1]:.3g}" if len(history) else NONE
            facts = [name, f"{len(history):,}", history.stopped + kept, seconds, history.engine]
            rows.append(facts + [values[i] for values in told.values()])
        return rows

    def __str__(self) -> str:
        tables = [text_table(rows, right) for rows, right in self._tables() if len(rows) > 1]
        return "\n\n".join([*tables, "\n".join([self.start, *self.notes])])

    def _repr_html_(self) -> str:
        tables = [
            Html(f'<div class="wide">{html_table(*table)}</div>') for table in self._tables() if len(table[0]) > 1
        ]
        return notebook(*tables, self._curves(), self.start, *self.notes)

    def _curves(self) -> Html:
        """A small picture of the losses, if they can be told apart there."""
        curves = {name: history.loss for name, history in self.histories.items() if len(history)}
        width = max(360, 80 + sum(46 + 7 * len(name) for name in curves))  # the names stand under it in one line
        return svg_curves(curves, width) if len(curves) <= len(DASHES) and width < 900 else Html("")

    def _tables(self) -> list[tuple[list[list[str]], tuple[int, ...]]]:
        """Both tables, each with the columns that stand at the right."""
        return [(self.reached(), (2, 3, 4)), (self.ran(), (1, 3))]

    def plot(self, log: bool = False) -> Figure:
        """Loss, and where there is one accuracy, of all runs over each other; validation dashed.

        Args:
            log: whether the loss stands on a logarithmic scale.

        Returns:
            The figure; `pellucid.plots.save` writes it to a file.

        Raises:
            InputError: no run has completed an epoch.
            MissingExtra: matplotlib is not installed.
        """
        from pellucid import plots

        return plots.runs(self.histories, note=self.start, log=log)


def compare(histories: Mapping[str, History] | Iterable[History]) -> Comparison:
    """Put training runs side by side.

    Args:
        histories: {name: history}; or a list of them, which are named by what differs in their settings.

    Returns:
        What each reached, what differs in how they were trained, and whether they began alike. `print` it.

    Raises:
        InputError: there is none, or one of them is not a History.

    Example:
        >>> from pellucid import SGD, Dense, Network
        >>> def run(rate):
        ...     return Network([Dense(1)], inputs=1).fit([[1.0], [2.0]], [2.0, 4.0], optimizer=SGD(rate), epochs=5)
        >>> comparison = compare([run(0.1), run(0.2)])
        >>> list(comparison.histories)
        ['SGD(learning_rate=0.1)', 'SGD(learning_rate=0.2)']
        >>> comparison.start
        'The runs began with the same initial weights.'
    """
    given, names = _checked(histories)
    differences = _differences(given)
    named = dict(zip(names or _names(given, differences), given, strict=True))
    return Comparison(named, differences, _same_start(given), tuple(_notes(given, differences)))


def _checked(histories: Any) -> tuple[list[History], list[str] | None]:
    """The histories, and their names where they have any."""
    if isinstance(histories, History):
        histories = [histories]
    if isinstance(histories, str | bytes) or not isinstance(histories, Iterable):
        raise InputError(
            f"compare takes {{name: history}} or a list of histories, as net.fit gives them; this is {histories!r}."
        )
    names = [str(name) for name in histories] if isinstance(histories, Mapping) else None
    given = list(histories.values() if isinstance(histories, Mapping) else histories)
    if not given:
        raise InputError("There is no history to compare: give at least one, such as {'Adam': net.fit(X, y, ...)}.")
    for i, history in enumerate(given):
        if not isinstance(history, History):
            which = repr(names[i]) if names else f"number {i}"
            raise InputError(
                f"Of the histories {which} is a {type(history).__name__}; expected what net.fit(X, y, ...) gives back."
            )
    if names and len(set(names)) < len(names):
        raise InputError(f"There are two runs called {next(n for n in names if names.count(n) > 1)!r}: rename one.")
    return given, names


def _differences(histories: Sequence[History]) -> dict[str, tuple[str, ...]]:
    """Settings, and networks where they are known, that are not the same in all runs; records without what agrees."""
    described = [_described(history) for history in histories]
    names = dict.fromkeys(name for one in described for name in one)
    found = {name: tuple(one.get(name, UNKNOWN) for one in described) for name in names}
    return {name: _rounded(_shortened(values)) for name, values in found.items() if len(set(values)) > 1}


def _described(history: History) -> dict[str, str]:
    if history.run is None:
        return dict(history.settings or {})
    net = history.run.net
    chain = " -> ".join(map(str, (net.inputs, *net.layers)))
    return {"network": chain, "loss": net.loss_function.name, "dtype": str(net.dtype), **(history.settings or {})}


def _shortened(values: Sequence[str]) -> tuple[str, ...]:
    """Records such as SGD(learning_rate=0.1, ...) with the arguments that tell them apart, and otherwise the first."""
    parsed = [_parsed(value) for value in values]
    same_name = len({record and record[0] for record in parsed}) == 1
    short = []
    for value, record in zip(values, parsed, strict=True):
        if record is None:
            short.append(value)
            continue
        name, arguments = record
        alike = [other[1] for other in parsed if other is not None and other[0] == name]
        shown = [key for key, v in arguments.items() if any(other.get(key) != v for other in alike)]
        shown = shown if shown or same_name else list(arguments)[:1]
        short.append(f"{name}({', '.join(f'{key}={arguments[key]}' for key in shown)})" if shown else name)
    return tuple(short)


def _rounded(values: tuple[str, ...]) -> tuple[str, ...]:
    """Long decimals with four digits that count, where the values can still be told apart."""
    short = tuple(re.sub(r"\d+\.\d{5,}(e-?\d+)?", lambda found: number(float(found[0])), value) for value in values)
    return short if len(set(short)) == len(set(values)) else values


def _parsed(value: str) -> tuple[str, dict[str, str]] | None:
    """The name and the arguments of a record's text; None if it is not one."""
    match = re.fullmatch(r"(\w+)\((.*)\)", value)
    if match is None:
        return None
    pairs = [part.split("=", 1) for part in match[2].split(", ")] if match[2] else []
    return (match[1], dict(pairs)) if all(len(pair) == 2 for pair in pairs) else None


def _names(histories: Sequence[History], differences: Mapping[str, tuple[str, ...]]) -> list[str]:
    """As many of the settings that differ as tell the runs apart; numbers where nothing does."""
    order = [*(name for name in SPEAKING if name in differences), *(n for n in differences if n not in SPEAKING)]
    said = {name: [v if name in SPEAKING else f"{name}={v}" for v in differences[name]] for name in order}
    words = [""] * len(histories)
    for name in order:
        if len(set(said[name])) == len(words):  # one setting alone is enough
            return said[name]
    for name in order:
        words = [f"{word}, {more}" if word else more for word, more in zip(words, said[name], strict=True)]
        if len(set(words)) == len(words):
            return words
    return [f"run {i}: {word}" if word else f"run {i}" for i, word in enumerate(words, 1)]


def _same_start(histories: Sequence[History]) -> bool | None:
    """True or False where the recorded digests tell, else None; one run is alike with itself."""
    known = {history.initial_weights for history in histories if history.initial_weights is not None}
    if len(known) > 1:
        return False
    return True if all(history.initial_weights is not None for history in histories) else None


def _notes(histories: Sequence[History], differences: Mapping[str, tuple[str, ...]]) -> list[str]:
    """What makes numbers hard to compare."""
    notes = []
    losses = {history.run.net.loss_function.name for history in histories if history.run is not None}
    if len(losses) > 1:
        notes.append(f"Their losses are of different kinds ({', '.join(sorted(losses))}): compare within a kind.")
    changed = [name for name in PENALTIES if name in differences]
    if changed:
        notes.append(f"The loss is not the same in all runs, for {_listed(changed)} is a part of it and differs.")
    sizes = {history.run.X.shape[0] for history in histories if history.run is not None}
    if len(sizes) > 1:
        notes.append(f"They were not trained on as many rows: {', '.join(f'{n:,}' for n in sorted(sizes))}.")
    return notes


def _last_and_best(measure: str, column: Array) -> list[str]:
    """The last value, the best one and its epoch, from 1, as texts."""
    best = _best(measure, column)
    if best is None:
        return [number(column[-1], 5) if len(column) else NONE, NONE, NONE]
    return [number(column[-1], 5), number(column[best], 5), f"{best + 1:,}"]


def _best(name: str, column: Array) -> int | None:
    """Index of the best finite number: the lowest loss, the highest accuracy; None where there is none."""
    worth = -column if name.endswith("loss") else column
    finite = np.isfinite(worth)
    return int(np.argmax(np.where(finite, worth, -math.inf))) if finite.any() else None


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
