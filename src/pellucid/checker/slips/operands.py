"""Things that cannot be calculated with each other: lists, dicts, texts and None where arrays and numbers belong."""

from __future__ import annotations

import ast
import re
from typing import Any

import numpy as np

from pellucid.checker.slips.cases import Case, Told
from pellucid.checker.slips.origins import is_argument
from pellucid.checker.slips.overwritten import nothing, whence
from pellucid.checker.slips.values import MISSING, described, written

OPERANDS = (
    r"unsupported operand type\(s\) for",
    r"can't multiply sequence by non-int",
    r"can only concatenate (?:list|tuple|str)",
    r"bad operand type for unary",
    r"not supported between instances of",
    r"did not contain a loop with signature",
    r"not supported for the input types",
    r"does not support argument \d+ of type",
)
ONE_NUMBER = r"only (?:0-dimensional|length-1|size-1) arrays can be converted"


def operands(case: Case) -> Told | None:
    """An operation between things that do not have it."""
    if not any(re.search(pattern, case.words) for pattern in OPERANDS):
        return None
    parts = _parts(case.node)
    known = [(part, value) for part in parts if (value := case.value(part)) is not MISSING]
    unknown = [part for part in parts if case.value(part) is MISSING]
    empty = [part for part, value in known if value is None] or (unknown if "NoneType" in case.words else [])
    if empty:
        return nothing(case, empty[0])
    said = [case.text("is", name=written(part), value=described(value, case.text)) for part, value in known]
    facts = case.text("facts", facts=case.text("comma").join(said)) if said else case.facts()
    if re.search(r"bitwise_xor|for \^=?:", case.words):
        return case.told("operands", facts, case.text("fix_power"), text=written(case.node))
    for part, value in known:
        key = _advice(value)
        if key:
            return case.told("operands", facts, case.text(key, name=written(part)), text=written(case.node))
    return case.told("operands", facts, text=written(case.node))


def _parts(node: ast.AST | None) -> list[ast.expr]:
    match node:
        case ast.BinOp():
            return [node.left, node.right]
        case ast.AugAssign():
            return [node.target, node.value]
        case ast.UnaryOp():
            return [node.operand]
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.Call():
            return list(node.args)
    return []


def _advice(value: Any) -> str:
    if isinstance(value, dict):
        return "fix_dict"
    if isinstance(value, list | tuple):
        return "fix_list"
    if isinstance(value, str) or (isinstance(value, np.ndarray) and value.dtype.kind in "US"):
        return "fix_text"
    if isinstance(value, np.ndarray) and value.dtype == object:
        return "fix_objects"
    return ""


def one_number(case: Case) -> Told | None:
    """math.exp(array), float(array): a function for one number, given many."""
    if not re.search(ONE_NUMBER, case.words):
        return None
    node = case.node
    facts = case.facts()
    function = case.value(node.func) if isinstance(node, ast.Call) else MISSING
    name = getattr(function, "__name__", "")
    if getattr(function, "__module__", None) == "math" and hasattr(np, name):
        return case.told("one_number_math", facts, name=f"math.{name}", fix=f"np.{name}")
    return case.told("one_number", facts, text=written(node))


def whole_numbers(case: Case) -> Told | None:
    """W -= 0.1 * dW, where W holds whole numbers and cannot take others in."""
    statement = case.place.statement
    if not re.search(r"Cannot cast ufunc '\w+' output from dtype\('float", case.words):
        return None
    name = written(statement.target) if isinstance(statement, ast.AugAssign) else written(case.node)
    return case.told("whole_numbers", name=name)


def truth(case: Case) -> Told | None:
    """An array where a yes or no is needed."""
    if "truth value of an array" not in case.words:
        return None
    node = case.node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("max", "min"):
        fix = f"np.{node.func.id}imum({', '.join(map(ast.unparse, node.args))})"
        return case.told("truth_max", case.facts(), name=node.func.id, fix=fix)
    return case.told("truth", case.facts(), text=written(node))


def sizes(case: Case) -> Told | None:
    """np.zeros(2, 3), np.zeros(2.5), range(2.5): a size that is none."""
    node = case.node
    as_dtype = re.search(r"Cannot interpret '.*' as a data type|data type '.*' not understood", case.words)
    if as_dtype and isinstance(node, ast.Call) and len(node.args) > 1:
        fix = f"{written(node.func)}(({', '.join(map(ast.unparse, node.args))}))"
        return case.told("size_tuple", text=written(node), fix=fix)
    match node:
        case ast.Call(func=function, args=[ast.Tuple(elts=sizes), *_]) if "'tuple' object cannot be" in case.words:
            fix = f"{written(function)}({', '.join(map(ast.unparse, sizes))})"
            return case.told("size_apart", text=written(node), fix=fix)
    if re.search(
        r"'(\w|\.)+' object cannot be interpreted as an integer|expected a sequence of integers|scalar index$",
        case.words,
    ):
        return case.told("size_whole", case.facts(), text=written(node))
    return None


def unhashable(case: Case) -> Told | None:
    """A list or an array as a key."""
    found = re.search(r"unhashable type: '([\w.]+)'", case.words)
    if not found:
        return None
    owner = case.node.value if isinstance(case.node, ast.Subscript) else None
    if isinstance(case.value(owner), dict):
        return case.told("index_dict", _handed_in(case, owner), name=written(owner), value=case.described(owner))
    return case.told("unhashable", case.facts(), kind=found[1])


def _handed_in(case: Case, owner: ast.expr | None) -> str:
    """Where the check itself gave the function the parameters, and the function wants something else first."""
    role = case.place.function.rpartition(".")[2]
    if owner is not None and len(case.place.steps) == 1 and is_argument(case.place, owner):
        return case.text("first_argument", name=written(owner), function=role)
    return whence(case, owner)


def not_a_number(case: Case) -> Told | None:
    """A text that is no number, where one is needed."""
    found = re.search(
        r"(?:could not convert string to float|invalid literal for int\(\) with base \d+): (.+)", case.words
    )
    return case.told("text_number", case.facts(), text=found[1]) if found else None
