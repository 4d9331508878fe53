"""The learner's network as functions of arrays: loss and gradients at any parameters, theirs put back afterwards."""

from __future__ import annotations

import contextlib
import copy
import io
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.running.calling import Call
from pellucid.checker.running.containers import Leaf, dressed, get, put, read, rebuilt
from pellucid.checker.running.matching import Given, match, sharing

Array = npt.NDArray[Any]
COPIES, SWAPPED, IN_PLACE = "copies", "swapped", "in place"
MODES = (COPIES, SWAPPED, IN_PLACE)


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """No warnings from numbers that run out of range, and nothing printed a thousand times."""
    with np.errstate(all="ignore"), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@dataclass
class Learner:
    """A learner's functions, and how parameters reach them.

    Attributes:
        params: the learner's own container.
        leaves: what is in it.
        own: copies of the learner's numbers, one array a leaf, dtype kept.
        loss, gradients, forward: how each is called; forward may be None.
        X, y: as given, or None.
        mode: "copies" are handed to the functions; or the learner's container is "swapped", holds other arrays for the
            time of a call; or the learner's own arrays are written "in place", where functions use them from outside.
        double: whether float32 parameters may be handed over as float64.
    """

    params: Any
    leaves: list[Leaf]
    own: list[Array]
    loss: Call
    gradients: Call
    forward: Call | None
    X: Any = None
    y: Any = None
    mode: str = COPIES
    double: bool = True

    def given(self, container: Any, **more: Any) -> dict[str, Any]:
        """What every role stands for, with this container for the parameters."""
        leaves = {f"leaf:{leaf.name}": get(container, leaf.path) for leaf in self.leaves}
        return {"params": container, "X": self.X, "y": self.y, **leaves, **more}

    def values(self, values: Sequence[Array]) -> list[Any]:
        """Arrays as they are handed over: fresh copies in the learner's clothes."""
        kinds = [np.float64 if self.double and leaf.dtype.kind in "fiu" else leaf.dtype for leaf in self.leaves]
        return [dressed(leaf, np.array(v, dtype=k)) for leaf, v, k in zip(self.leaves, values, kinds, strict=True)]

    def rounded(self, values: Sequence[Array]) -> list[Array]:
        """The numbers that the learner's functions get to see of these, in float64."""
        if self.double:
            return [np.asarray(v, dtype=np.float64) for v in values]
        return [np.asarray(v, dtype=leaf.dtype).astype(np.float64) for leaf, v in zip(self.leaves, values, strict=True)]

    @contextlib.contextmanager
    def at(self, values: Sequence[Array]) -> Iterator[Any]:
        """The container with these values in it, as the mode has it; the learner's own is put back in any case."""
        if self.mode == COPIES:
            yield rebuilt(self.params, self.leaves, self.values(values))
            return
        originals = [get(self.params, leaf.path) for leaf in self.leaves]
        try:
            for leaf, value, original in zip(self.leaves, self.values(values), originals, strict=True):
                if self.mode == SWAPPED and put(self.params, leaf.path, value):
                    continue
                if isinstance(original, np.ndarray) and original.flags.writeable and original.size == leaf.size:
                    original[...] = value
            yield self.params
        finally:
            self.put_back(originals)

    def put_back(self, originals: Sequence[Any]) -> None:
        """The learner's own objects with the learner's own numbers in them."""
        for leaf, original, numbers in zip(self.leaves, originals, self.own, strict=True):
            if not self._holds(leaf, original):
                put(self.params, leaf.path, original)
            if isinstance(original, np.ndarray) and original.flags.writeable and original.size == numbers.size:
                if original.shape != numbers.shape:
                    original.shape = numbers.shape
                original[...] = numbers

    def _holds(self, leaf: Leaf, original: Any) -> bool:
        try:
            return get(self.params, leaf.path) is original
        except (KeyError, IndexError, TypeError, AttributeError):  # taken out of the container
            return False

    def loss_at(self, values: Sequence[Array]) -> float:
        """The loss, or NaN where the learner's function gives none or breaks down far out."""
        with quietly(), self.at(values) as container:
            try:
                return as_number(self._loss(container))
            except Exception:  # at the learner's own parameters it went well, and that is what counts
                return float("nan")

    def gradients_at(self, values: Sequence[Array]) -> Given | None:
        """The learner's gradients, copied; None where their function breaks down there."""
        with quietly(), self.at(values) as container:
            try:
                # Classes keep what the forward pass computed: it must be that of these parameters.
                self._loss(container)
                return self.differentiated(container)
            except Exception:
                return None

    def outputs_at(self, values: Sequence[Array]) -> Any:
        with quietly(), self.at(values) as container:
            try:
                return copy.deepcopy(self.run_forward(container))
            except Exception:
                return None

    def run_forward(self, container: Any) -> Any:
        assert self.forward is not None
        return self.forward(self.given(container))

    def _loss(self, container: Any) -> Any:
        more = self._more(container, self.loss)
        return self.loss(self.given(container, **more))

    def _more(self, container: Any, call: Call) -> dict[str, Any]:
        """What the forward pass gives, for functions that want it handed over (course style: A2, cache)."""
        if self.forward is None or not (call.takes("cache") or call.takes("outputs")):
            return {}
        made = self.run_forward(container)
        pair = made if isinstance(made, tuple) and len(made) == 2 else (made, made)
        return {"outputs": pair[0], "cache": pair[1]}

    def first_loss(self) -> Any:
        """The loss of the learner's own container; whatever goes wrong in their code goes on to the caller."""
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self._loss(self.params)

    def first_gradients(self) -> Given:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.differentiated(self.params)

    def differentiated(self, container: Any) -> Given:
        """Call the learner's gradients and copy what comes, before the next call changes it."""
        given = match(self.returned(container), self.leaves, self.owners(container))
        return replace(
            given,
            values=tuple(as_one(value) for value in copy.deepcopy(given.values)),
            flat=copy.deepcopy(given.flat),
            shared=sharing(given.values),
        )

    def returned(self, container: Any) -> Any:
        """What the learner's gradients function gives back, as it comes."""
        if self.forward is not None and hasattr(self.forward.function, "__self__"):
            self.run_forward(container)  # an object's backward pass may want its forward pass first
        more = self._more(container, self.gradients)
        return self.gradients(self.given(container, **more))

    def owners(self, container: Any) -> list[Any]:
        owner = getattr(self.gradients.function, "__self__", None)
        return [o for o in (container, owner) if o is not None and hasattr(o, "__dict__")]

    def current(self) -> list[Array]:
        """What the learner's container holds now."""
        return [read(self.params, leaf) for leaf in self.leaves]


def as_one(value: Any) -> Any:
    """A gradient as it is; what NumPy makes no array of (lists of unequal length) as an array of one Python object."""
    try:
        np.asarray(value)
    except (TypeError, ValueError):
        boxed = np.empty((), dtype=object)
        boxed[()] = value
        return boxed
    return value


def as_number(value: Any) -> float:
    """A loss as a float: a plain number, or an array with one number in it; NaN for anything else."""
    if isinstance(value, tuple | list) and value:
        value = value[0]
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return float("nan")
    return float(array.reshape(-1)[0]) if array.size == 1 else float("nan")


def changed(before: Sequence[Array], after: Sequence[Array]) -> list[int]:
    """Which arrays differ."""
    pairs = enumerate(zip(before, after, strict=True))
    return [i for i, (a, b) in pairs if a.shape != b.shape or not np.array_equal(a, b, equal_nan=True)]
