"""Trace: one training step with every intermediate, each with its formula, its shape and its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.errors import InputError, did_you_mean
from pellucid.explain import trace_view as view
from pellucid.explain.equations import Note, equations_of
from pellucid.explain.notation.mathml import MathML
from pellucid.explain.notation.symbols import sign
from pellucid.explain.one_row import RowTrace, shown_name, written_out
from pellucid.explain.step import Step, taken
from pellucid.network import Network
from pellucid.settings import Settings, takes_settings
from pellucid.tables import escaped

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Entry:
    """One quantity of a training step.

    Attributes:
        number: of its equation, as in `net.equations()`; 0 for what the step began with.
        section: "given", "forward", "loss", "backward" or "update".
        name: such as "z1", "dW2", or "W1" after the update.
        formula: the equation as text; mathml the same for a browser.
        value: its numbers.
        notes: definitions of the functions that the equation is the first to call.
    """

    number: int
    section: str
    name: str
    formula: str
    mathml: str
    value: Array
    notes: tuple[Note, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @cached_property
    def finite(self) -> bool:
        """Whether all its numbers are."""
        return bool(np.isfinite(self.value).all())

    # Taken in double: a sum of many single numbers would lose digits. NaN wherever a number is NaN.

    @cached_property
    def min(self) -> float:
        return float(np.min(self.value))

    @cached_property
    def mean(self) -> float:
        with np.errstate(invalid="ignore", over="ignore"):
            return float(np.mean(self.value, dtype=np.float64))

    @cached_property
    def max(self) -> float:
        return float(np.max(self.value))


@dataclass(frozen=True, eq=False)
class Trace:
    """The result of `trace`: print it, leave it at the end of a notebook's cell, or ask for a quantity by name.

    Iterating over it gives the entries in the order in which they were computed: forward, loss, backward, update.
    trace["z1"] is the entry of that name; trace["W1"] is W1 after the update, trace.before["W1"] before it.

    Attributes:
        entries: one for every equation of `net.equations()` with the same settings.
        given: what the step began with: X (scaled), y as the matrix (n, outputs) that the loss compares with, w where
            rows have weights, and the parameters.
        rows: which rows of X the step used, (n,), as indices of X as it was given.
        loss, learning_rate: of the step, penalty and schedule included.
        theta: the parameters after the step, (size,), bit for bit those of `fit` with engine "readable". Where the
            step diverges they are the ones it began with, as `fit` leaves them too.
        params: the same by name, {"W1": (fan_in, units), "b1": (units,), ...}.
        diverged: what `fit` would have said; None where loss, gradient and new parameters are finite.
        row: one row all the way, if it was asked for; else None.
        network, settings: what was traced, in words.
    """

    entries: tuple[Entry, ...]
    given: tuple[Entry, ...]
    rows: Array
    loss: float
    learning_rate: float
    theta: Array
    params: dict[str, Array]
    diverged: str | None
    row: RowTrace | None
    network: str
    settings: dict[str, str]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Entry:
        if name not in self._by_name:
            names = list(dict.fromkeys(entry.name for entry in (*self.given, *self.entries)))
            raise KeyError(
                f"There is no quantity {name!r} in this trace.{did_you_mean(str(name), names)} "
                f"There are: {', '.join(names)}."
            )
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Entry]:
        """By their names, and as their formulas write these: delta1 is δ1 too."""
        entries = (*self.given, *self.entries)
        return {shown_name(entry.name): entry for entry in entries} | {entry.name: entry for entry in entries}

    @property
    def before(self) -> dict[str, Array]:
        """The parameters before the step: {"W1": (fan_in, units), "b1": (units,), ...}."""
        return {entry.name: entry.value for entry in self.given if entry.name in self.params}

    @property
    def first_not_finite(self) -> Entry | None:
        """The first quantity with a number that is not finite: where to look first. None where there is none."""
        return next((entry for entry in self.entries if not entry.finite), None)

    def to_dict(self, lists: bool = False) -> dict[str, Any]:
        """Everything by name, for programs.

        Args:
            lists: arrays as nested lists, and null for every number that is not finite, so that the result can be
                written as JSON; else arrays stay arrays.

        Example:
            >>> import json
            >>> from pellucid import Dense, Network
            >>> step = trace(Network([Dense(1)], inputs=1), [[1.0], [2.0]], [1.0, 2.0])
            >>> json.loads(json.dumps(step.to_dict(lists=True)))["entries"]["z1"]["shape"]
            [2, 1]
        """
        return view.as_dict(self, lists)

    def __str__(self) -> str:
        return view.text(self)

    def html(self) -> str:
        """The trace as HTML that needs no script and nothing else: for a file, or for a page of your own."""
        return self._repr_html_()

    def _repr_html_(self) -> str:
        return view.page(self)

    def __repr__(self) -> str:
        seen = f"loss {self.loss:.6g}" if self.diverged is None else "diverged"
        return f"Trace({len(self.rows)} rows, {len(self)} quantities, {seen})"


@takes_settings
def trace(net: Network, X: Any, y: Any, row: int | None = None, **settings: Any) -> Trace:
    """One training step with every intermediate: the first step of `fit` with the same settings.

    The network is not changed. The step is walked by the readable engine itself, so the parameters that the trace ends
    with are bit for bit those of `fit(..., engine="readable")` after its first step: batches, dropout, weights,
    schedule, clipping and the scaler included.

    Args:
        net: the network.
        X, y: features (n, inputs) and targets, as for `fit`.
        row: a row of X, from 0, that is written out all the way, each weighted sum with its numbers.
        settings: those of `fit`.

    Returns:
        The trace. A step that diverges is shown too, and `first_not_finite` says where it began.

    Raises:
        InputError: data or settings that do not fit, or a row that the step does not use.

    Source: Rumelhart, Hinton and Williams, Nature 323 (1986): forward pass, backward pass, update.

    Example:
        >>> from pellucid import Dense, Network
        >>> net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
        >>> step = trace(net, [[0.5, -1.0], [2.0, 0.0]], [0, 1])
        >>> step["z1"].shape, step["dW2"].finite
        ((2, 3), True)
    """
    given = Settings.of(settings)
    if row is not None:
        row = check.whole(row, "row", 0)
        n = len(check.features(X, net.inputs))
        if row >= n:
            raise InputError(f"row is {row}; X has {n} rows, 0 ... {n - 1}.")
    step = taken(net, X, y, given)
    weighted = "w" in step.given
    entries = tuple(
        Entry(e.number, e.section, e.name, e.text, e.mathml, np.asarray(step.values[e.name]), e.notes)
        for e in equations_of(net, given.optimizer, given.l2, given.l1, given.clip_norm, weighted)
        if e.name in step.values  # an optimizer of one's own may hide what it computes on the way
    )
    start = tuple(Entry(0, "given", name, *_given(name, net), value) for name, value in step.given.items())
    return Trace(
        entries,
        start,
        step.rows,
        step.loss,
        step.learning_rate,
        step.theta,
        net.named(step.theta),
        step.diverged,
        None if row is None else written_out(net, step, entries, _place(step, row, given)),
        repr(net),
        given.in_words(),
    )


def _given(name: str, net: Network) -> tuple[str, str]:
    """What a quantity is that no equation gives: as text, and as MathML."""
    inputs = "inputs" if net.scaler is None else f"inputs, scaled by {type(net.scaler).__name__}"
    words = {"X": inputs, "y": "targets", "w": "weights of the rows"}.get(name, "before the step")
    signs = MathML().symbol(sign(name), "", ())
    return f"{name}, {words}", f'<math alttext="{name}">{signs}</math>, {escaped(words)}'


def _place(step: Step, row: int, settings: Settings) -> int:
    """Where in the step a row of X stands."""
    at = np.flatnonzero(step.rows == row)
    if not len(at):
        some = ", ".join(map(str, step.rows[:8].tolist())) + (", ..." if len(step.rows) > 8 else "")
        raise InputError(
            f"Row {row} is not used by the first step with these settings (batch_size={settings.batch_size}, "
            f"seed={settings.seed}); it uses rows {some}. Choose one of them, or trace a step without batch_size and "
            "validation."
        )
    return int(at[0])
