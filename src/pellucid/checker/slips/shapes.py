"""Shapes that do not fit together: whose they are, which sizes differ, and what would fit."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from pellucid.checker.slips.cases import Case, Told
from pellucid.checker.slips.overwritten import whence
from pellucid.checker.slips.values import MISSING, shape_of, written

PRODUCTS = ("dot", "matmul")
GROWN = r"output operand with shape (?P<into>\(.*?\)) doesn't match the broadcast shape (?P<given>\(.*?\))"
COPIED = r"input array from shape (?P<given>\(.*?\)) into shape (?P<into>\(.*?\))"
REDUCTIONS = ("sum", "mean", "max", "min", "std", "var", "prod", "argmax", "argmin")


class Operand(NamedTuple):
    """One side of an operation: how it is written, and its value or MISSING."""

    text: str
    node: ast.expr | None
    value: Any

    @property
    def shape(self) -> tuple[int, ...] | None:
        return None if self.value is MISSING else np.shape(self.value)


Pair: TypeAlias = tuple[Operand, Operand]


def product(case: Case) -> Told | None:
    """A @ B, np.dot(A, B) or A.dot(B) whose inner sizes differ."""
    mismatch = re.search(r"mismatch in its core dimension|not aligned|does not have enough dimensions", case.words)
    pair = _pair(case, PRODUCTS, ast.MatMult)
    if not mismatch or pair is None:
        return None
    left, right = pair
    if left.shape is None or right.shape is None:
        return _half_known(case, left, right)
    a, b = left.shape, right.shape
    names = {"a": left.text, "b": right.text, "A": shape_of(left.value), "B": shape_of(right.value)}
    if not a or not b:
        number = left if not a else right
        return case.told("product_number", whence(case, number.node), **names, number=number.text)
    inner = b[-2] if len(b) > 1 else b[0]
    why = case.text("product_inner", m=a[-1], k=inner)
    return case.told("product", why, _fixes(case, _fitting(left, right)), **names)


def _half_known(case: Case, left: Operand, right: Operand) -> Told:
    """One side could not be worked out again; what Python says has the sizes."""
    sizes = re.search(r"size (\d+) is different from (\d+)", case.words)
    shapes = re.findall(r"\(([\d, ]*)\)", case.words) if "not aligned" in case.words else []
    known = [
        case.text("is_shape", name=part.text, shape=shape_of(part.value))
        if part.shape is not None
        else case.text(key, name=part.text, size=size)
        for part, key, size in ((left, "is_last", sizes and sizes[2]), (right, "is_first", sizes and sizes[1]))
        if part.shape is not None or sizes
    ]
    more = case.text("comma").join(known)
    inner = case.text("product_inner", m=sizes[2], k=sizes[1]) if sizes else ""
    if len(shapes) == 2:
        inner = case.text("product_shapes", A=f"({shapes[0]})", B=f"({shapes[1]})")
    return case.told("product_unknown", more and case.text("facts", facts=more), inner, a=left.text, b=right.text)


def _fitting(left: Operand, right: Operand) -> list[str]:
    """Products of the same two that would work, likely ones first."""
    a, b = np.zeros(left.shape or (), bool), np.zeros(right.shape or (), bool)
    A, B = written(left.node, factor=True), written(right.node, factor=True)
    turned = [(f"{A} @ {_T(right)}", a, b.T), (f"{_T(left)} @ {B}", a.T, b)] if a.ndim == b.ndim == 2 else []
    swapped = [(f"{B} @ {A}", b, a)]
    for ways in (turned, swapped):
        fit = [text for text, first, second in ways if first.shape[-1] == second.shape[-2 if second.ndim > 1 else 0]]
        if fit:
            return fit
    return []


def _T(operand: Operand) -> str:
    if isinstance(operand.node, ast.Attribute) and operand.node.attr == "T":
        return written(operand.node.value, factor=True)
    return f"{written(operand.node, factor=True)}.T"


def _fixes(case: Case, ways: list[str]) -> str:
    return case.text("fits", ways=case.text("or").join(ways)) if ways else ""


def elementwise(case: Case) -> Told | None:
    """+, -, *, / or a function of NumPy over two arrays whose shapes cannot be stretched to each other."""
    found = re.search(r"operands could not be broadcast together with shapes ((?:\([\d,]*\)\s*)+)", case.words)
    if not found:
        return None
    shapes = [tuple(int(n) for n in re.findall(r"\d+", part)) for part in re.findall(r"\(([\d,]*)\)", found[1])]
    pair = _pair(case, None, None)
    if pair is None or len(shapes) != 2:
        return case.told("broadcast_unknown", case.facts(), shapes=found[1].strip())
    a, b = pair
    values = {"a": a.text, "b": b.text, "A": str(shapes[0]), "B": str(shapes[1])}
    hint = _product_meant(case, a, b) or _stretch(case, a, b, *shapes)
    return case.told("broadcast", case.text("broadcast_rule"), hint, **values)


def _product_meant(case: Case, a: Operand, b: Operand) -> str:
    """X * W where X @ W is possible, as a sentence."""
    node = case.place.statement if isinstance(case.place.statement, ast.AugAssign) else case.node
    times = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Mult)
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "multiply"
    if not (times or named) or a.shape is None or b.shape is None or not len(a.shape) == len(b.shape) == 2:
        return ""
    if a.shape[1] != b.shape[0]:
        return ""
    way = f"{written(a.node, factor=True)} @ {written(b.node, factor=True)}"
    return case.text("fix_matrix_product", way=way, rows=a.shape[0], columns=b.shape[1])


def _stretch(case: Case, a: Operand, b: Operand, A: tuple[int, ...], B: tuple[int, ...]) -> str:
    """What would let two shapes fit, as a sentence."""
    if len(A) == len(B) == 2 and B[::-1] == A:
        return _fixes(case, [_T(b)])
    for one, shape, other in ((a, A, B), (b, B, A)):
        if len(shape) == 1 and len(other) == 2 and shape[0] == other[0]:
            if _is_reduction(one.node):
                return case.text("fix_keepdims", name=one.text)
            if getattr(one.value, "dtype", None) is not None and one.value.dtype.kind in "iu" and other[1] > 1:
                return case.text("fix_labels", name=one.text, classes=other[1])
            return case.text("fix_column", name=one.text, n=shape[0])
        if len(shape) == 2 and 1 in shape and len(other) == 2 and shape[0] == other[1]:
            return _fixes(case, [_T(one)])
        if len(shape) == 1 and len(other) == 2:
            return case.text("fix_row", name=one.text, n=shape[0], columns=other[1])
    if len(A) == len(B) and A and A[0] != B[0]:
        return case.text("fix_rows", a=a.text, b=b.text, n=A[0], m=B[0])
    return ""


def _is_reduction(node: ast.expr | None) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute | ast.Name)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id) in REDUCTIONS
    )


def in_place(case: Case) -> Told | None:
    """b -= db, or b[...] = db, where the right side does not fit into the left one."""
    grown = re.search(
        r"output operand with shape (?P<into>\(.*?\)) doesn't match.*shape (?P<given>\(.*?\))", case.words
    )
    copied = re.search(r"input array from shape (?P<given>\(.*?\)) into shape (?P<into>\(.*?\))", case.words)
    found, statement = grown or copied, case.place.statement
    if not found:
        return None
    into, given = _spaced(found["into"]), _spaced(found["given"])
    if not isinstance(statement, ast.AugAssign | ast.Assign):
        return case.told("broadcast_unknown", case.facts(), shapes=f"{given} {into}")
    target = statement.target if isinstance(statement, ast.AugAssign) else statement.targets[0]
    known = case.value(statement.value)
    given = shape_of(known) if known is not MISSING else given
    fix = case.text("fix_bias") if into.endswith(",)") and not given.endswith(",)") else ""  # a bias, not summed
    return case.told("in_place", fix, name=written(target), shape=into, value=written(statement.value), given=given)


def other_shapes(case: Case) -> Told | None:
    """reshape, concatenate, axes that are not there, rows of unequal length, selections of another length."""
    words, facts = case.words, case.facts()
    if found := re.search(r"cannot reshape array of size (\d+) into shape (\(.*\))", words):
        return case.told("reshape", facts, count=found[1], shape=_spaced(found[2]))
    if found := re.search(r"axis (-?\d+) is out of bounds for array of dimension (\d+)", words):
        last = int(found[2]) - 1
        return case.told("axis" if last >= 0 else "axis_none", facts, axis=found[1], count=found[2], last=last)
    if "input array dimensions" in words and "must match exactly" in words:
        return case.told("concatenate", facts)
    if "inhomogeneous shape" in words or "setting an array element with a sequence" in words:
        return case.told("ragged", facts)
    if "zero-size array" in words:
        return case.told("empty_array", facts)
    return None


def _pair(case: Case, functions: Sequence[str] | None, operator: type[ast.operator] | None) -> Pair | None:
    """The two sides of the failing operation; None where it is none of these."""
    node = case.node
    parts: list[ast.expr] = []
    match node:
        case ast.BinOp() if operator is None or isinstance(node.op, operator):
            parts = [node.left, node.right]
        case ast.AugAssign():
            parts = [node.target, node.value]
        case ast.Compare(ops=[_]):
            parts = [node.left, node.comparators[0]]
        case ast.Call(func=ast.Attribute(value=owner, attr=name)) if functions is None or name in functions:
            module = type(case.value(owner)).__name__ == "module"
            parts = node.args[:2] if module else [owner, *node.args[:1]]
    if len(parts) != 2:
        return None
    left, right = (Operand(written(part), part, case.value(part)) for part in parts)
    return left, right


def _spaced(shape: str) -> str:
    """(3,4) as (3, 4)."""
    return re.sub(r",(?=\d)", ", ", shape)
