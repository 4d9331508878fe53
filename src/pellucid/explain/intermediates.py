"""What a formula gives names to on its way: its own statements, carried out, with every value written down."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from pellucid.source import UNREAD, read

NOTE = "_note_"


def intermediates(
    function: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any] | None = None
) -> dict[str, list[Any]]:
    """The values that the names inside a function are given, one after the other.

    Args:
        function: one whose source can be read; see `pellucid.source.read`.
        arguments: what it is called with, in order; named: and by name.

    Returns:
        {name: [first value, ...]}; a mere second name of a quantity is left out. {} where the source cannot be read.

    Example:
        >>> from pellucid.optimizers import momentum_descent
        >>> intermediates(momentum_descent, [1.0, 4.0, 0.1, 1, 2.0], {"momentum": 0.5})
        {'v': [5.0]}
    """
    try:
        source = read(function)
    except UNREAD:
        return {}
    found: dict[str, list[Any]] = {}
    names = [*source.arguments[: len(arguments)], *(named or {})]
    header = ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, [])
    noting = _Noting().visit(ast.FunctionDef("noting", header, deepcopy(list(source.body)), []))
    known = {"np": np, "math": math, **source.constants, **source.helpers}
    known[NOTE] = lambda name, value: found.setdefault(name, []).append(deepcopy(value))  # it may yet change in place
    exec(compile(ast.fix_missing_locations(ast.Module([noting], [])), source.name, "exec"), known)
    known["noting"](*deepcopy(list(arguments)), **(named or {}))
    return found


class _Noting(ast.NodeTransformer):
    """After every assignment to a name, a call that notes its value."""

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        parts = [part for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        renamed = isinstance(node.value, ast.Name | ast.Constant)
        return [node, *([] if renamed else map(_noted, parts))]

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        return [node, *([_noted(node.target)] if isinstance(node.target, ast.Name) else [])]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        return [node, *([_noted(node.target)] if isinstance(node.target, ast.Name) and node.value else [])]


def _noted(name: ast.Name) -> ast.stmt:
    value = ast.Name(name.id, ast.Load())
    return ast.Expr(ast.Call(ast.Name(NOTE, ast.Load()), [ast.Constant(name.id), value], []))
