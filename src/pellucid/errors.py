"""What goes wrong, in words: every error says what was seen, what was expected and what to write instead."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from types import ModuleType
from typing import Any


class PellucidError(Exception):
    """The common ancestor: the command line prints these as one message, without a traceback."""


class InputError(PellucidError, ValueError):
    """Data, labels or settings that cannot be used as they are."""


class FileError(PellucidError, ValueError):
    """A file that is not what it claims to be: the message has its path, what is wrong and where."""


class DataUnavailable(PellucidError, OSError):
    """A data set that cannot be had here: not on this disk, and no network; the message says how to get it."""


class MissingExtra(PellucidError, ImportError):
    """An optional library is not installed; the message names the extra that brings it."""


class TrainingDiverged(PellucidError, ArithmeticError):
    """A loss, gradient or parameter stopped being finite; the network keeps its last finite parameters.

    Attributes:
        layer: where the first number that is not finite stands, such as "layer 2 (Dense 10 softmax)".
        epoch: index of the epoch, from 0, as in ``history.loss[epoch]``.
        step: index of the update within the whole run, from 0.
        history: the epochs that were completed before (None when `train` was used without `fit`).
    """

    def __init__(self, message: str, layer: str, epoch: int, step: int) -> None:
        super().__init__(message)
        self.layer = layer
        self.epoch = epoch
        self.step = step
        self.history: object = None

    def __reduce__(self) -> Any:
        # By default only the message would reach the other process, and four arguments are needed there.
        return type(self), (str(self), self.layer, self.epoch, self.step), {"history": self.history}


def need(module: str, extra: str) -> ModuleType:
    """Import an optional library, or say which extra installs it.

    Args:
        module: dotted name, such as "matplotlib.pyplot".
        extra: the extra of this package that brings it, such as "plot".

    Raises:
        MissingExtra: the library is not installed.

    Example:
        >>> need("json", "plot").dumps([1])
        '[1]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        top = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != top:
            raise  # the library is there, but something that it needs itself is broken: do not hide it
        raise MissingExtra(
            f"{top} is not installed, and this needs it. In your clone of the repository, "
            f"pip install -e '.[{extra}]' brings it."
        ) from error


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A closing sentence with the known name nearest to a mistyped one, or nothing.

    Example:
        >>> did_you_mean("prise", ["price", "shipping"])
        " Did you mean 'price'?"
    """
    from difflib import get_close_matches  # here, because few programs ever mistype

    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.5)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""
