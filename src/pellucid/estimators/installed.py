"""How arguments are ordered in the version of scikit-learn that is installed, where versions differ."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

import sklearn

F = TypeVar("F", bound=Callable[..., Any])
VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])


def before(version: tuple[int, int], positional: Sequence[str]) -> Callable[[F], F]:
    """For a version before this one, take these arguments by position, in this order, and the rest by name.

    Example:
        >>> @before((99, 0), ["b"])
        ... def told(a=1, b=2):
        ...     return a, b
        >>> told(5)
        (1, 5)
    """

    def ordered(function: F) -> F:
        if version <= VERSION:
            return function
        signature = inspect.signature(function)
        known = signature.parameters
        taken = [p.replace(kind=p.POSITIONAL_OR_KEYWORD) for p in (known[name] for name in positional)]
        rest = [p.replace(kind=p.KEYWORD_ONLY) for name, p in known.items() if name not in positional]

        @wraps(function)
        def call(*values: Any, **named: Any) -> Any:
            return function(**told.bind(*values, **named).arguments)

        told = signature.replace(parameters=[*taken, *rest])
        call.__signature__ = told  # type: ignore[attr-defined]
        return call  # type: ignore[return-value]

    return ordered
