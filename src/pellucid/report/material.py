"""What a report is made of: the network, the rows of each part with its answers to them, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.errors import InputError
from pellucid.history import History, Run
from pellucid.network import Network
from pellucid.report.images import Shape, range_of, shape_of
from pellucid.settings import Settings
from pellucid.targets import labels_of

Array = npt.NDArray[Any]
Pair = tuple[Any, Any]


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows, and what the network answers.

    Attributes:
        name: "training", "validation" or "test".
        X: (n, inputs), before scaling.
        t: (n, outputs), the targets as the loss compares with them.
        a: (n, outputs), the activations of the last layer.
        y, predicted: as `predict` has them: class indices, 0/1 or values.
        numbers: (n,) what each row is called, from 0.
        numbered: whether those are numbers of the whole data, not of this part alone.
    """

    name: str
    X: Array
    t: Array
    a: Array
    y: Array
    predicted: Array
    numbers: Array
    numbered: bool

    def __len__(self) -> int:
        return len(self.X)

    def row(self, k: int) -> str:
        """What row k of this part is called."""
        return f"row {self.numbers[k]:,}" + ("" if self.numbered else f" of the {self.name} rows")


@dataclass(frozen=True, eq=False)
class Material:
    """Everything that sections are written from.

    Attributes:
        net: the network.
        history: of its training, or None.
        parts: those that have rows: training first, then validation and test where they are there.
        settings: how it was trained; the defaults where that is not known.
        weight: of each training row (n,), or None for all 1.
        image: height and width of a row, where rows are images.
        brightness: what is drawn as clear paper and what as full ink, where rows are images.
        data: the name of the data set, or None.
        target_was_scaled: whether it learnt standardized targets, so that its losses are in another unit.
    """

    net: Network
    history: History | None
    parts: tuple[Part, ...]
    settings: Settings
    weight: Array | None
    image: Shape | None
    brightness: tuple[float, float]
    data: str | None
    target_was_scaled: bool

    @property
    def training(self) -> Part:
        return self.parts[0]

    @property
    def judged(self) -> Part:
        """The part that says most about new rows."""
        return self.parts[-1]

    @property
    def features(self) -> list[str]:
        """Names of the features: x1, x2, ... where they have none."""
        named = self.net.features
        return [f"x{k + 1}" for k in range(self.net.inputs)] if named is None else [str(feature) for feature in named]

    @property
    def labels(self) -> list[str]:
        """Names of the classes, or of the several outputs; class 0, 1, ... are 0, 1, ..."""
        count = 2 if self.net.task == "binary" else self.net.outputs
        named = self.net.labels
        if named is not None and len(named) >= count:
            return [str(label) for label in named[:count]]
        return [str(k) for k in range(count)]

    def spoken(self, k: int) -> str:
        """The name of a class in a sentence: a bare number would not be understood."""
        return self.labels[k] if self.net.labels is not None else f"class {k}"

    @property
    def classes(self) -> int | None:
        """How many classes are told apart; None where it is not one of several that is named."""
        return len(self.labels) if self.net.task in ("classes", "binary") else None

    def probabilities(self, part: Part) -> Array:
        """(n, classes): a column for "no" is added to a single sigmoid output."""
        return np.hstack([1 - part.a, part.a]) if self.net.task == "binary" else part.a


def gathered(
    net: Network,
    X: Any,
    y: Any,
    history: History | None,
    validation: Pair | None,
    test: Pair | None,
    image_shape: Shape | Literal[False] | None,
    rows: Mapping[str, npt.ArrayLike] | None,
    data: str | None,
    target_was_scaled: bool,
) -> Material:
    """Check everything, and let the network answer once.

    Raises:
        InputError: data that do not fit the network, or row numbers that do not fit the data.
    """
    run = None if history is None else history.run
    if validation is None and run is not None:
        validation = run.validation
    given = {"training": (X, y), "validation": validation, "test": test}
    named = dict(rows or {})
    if run is not None and X is run.X and validation is run.validation:
        named = _numbers_of(run) | named
    if wrong := named.keys() - given.keys():
        raise InputError(f"rows has numbers for {', '.join(map(repr, wrong))}; the parts are {', '.join(given)}.")
    parts = tuple(_part(net, name, pair, named.get(name)) for name, pair in given.items() if pair is not None)
    image = shape_of(net, parts[0].X, image_shape)
    return Material(
        net=net,
        history=history,
        parts=parts,
        settings=(history and history.asked) or Settings(),
        weight=None if run is None or len(run.X) != len(parts[0]) else run.sample_weight,
        image=image,
        brightness=range_of(parts[0].X) if image else (0.0, 1.0),
        data=data,
        target_was_scaled=target_was_scaled,
    )


def _numbers_of(run: Run) -> dict[str, npt.ArrayLike]:
    """Which rows of the data were trained on and which were held out of them, where that is known."""
    if run.kept is None or run.validation is None:
        return {}
    n = len(run.X) + len(run.validation[0])
    return {"training": run.kept, "validation": np.setdiff1d(np.arange(n), run.kept)}


def _part(net: Network, name: str, pair: Pair, numbers: npt.ArrayLike | None) -> Part:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise InputError(f"{name} must be a pair (X, y); this is {type(pair).__name__}.")
    of = "" if name == "training" else f"{name} "
    X = check.features(pair[0], net.inputs, f"{of}X")
    t = net.encode(pair[1], len(X), f"{of}y")
    called = np.arange(len(X)) if numbers is None else np.asarray(numbers)
    if called.shape != (len(X),) or called.dtype.kind not in "iu":
        raise InputError(f"rows[{name!r}] must be one whole number for each of the {len(X)} rows.")
    return Part(name, X, t, net.forward(X), labels_of(t, net.task), net.predict(X), called, numbers is not None)
