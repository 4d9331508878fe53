"""Why a function stands in the equations by its name alone, in words, and what to do about it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

from pellucid.errors import InputError

DEFINE = "Define it with def in a file, from NumPy's functions, to see its formula."
REWRITE = "Write it as one formula of NumPy's functions to see it."


def remark(name: str, function: Callable[..., Any], error: BaseException | None) -> str:
    """A sentence on a function that could not be read.

    Args:
        name: what equations call it.
        function: itself.
        error: what reading it said; None where it was read, and is more than a formula.

    Example:
        >>> print(remark("size", abs, None))
        size is shown by its name alone: abs is compiled and has no Python source. Define it with def in a file, ...
    """
    while isinstance(function, partial):
        function = function.func
    return f"{name} is shown by its name alone: {'. '.join(_why(function, error))}"


def _why(function: Callable[..., Any], error: BaseException | None) -> tuple[str, str]:
    """What is in the way, and what to do."""
    if isinstance(function, BuiltinFunctionType | np.ufunc):
        return f"{function.__name__} is compiled and has no Python source", DEFINE
    if not isinstance(function, FunctionType):
        return f"an object of the class {type(function).__name__} has no source to read", DEFINE
    try:
        inspect.findsource(function.__code__)
    except (OSError, TypeError):
        return "of what is typed at a prompt or made by exec no source is kept", DEFINE
    if isinstance(error, InputError):
        return str(error).partition(". ")[0].rstrip("."), REWRITE
    return "it is no single formula, perhaps for a loop in it", REWRITE
