"""Functions that are called wrongly: too many or too few arguments, unknown ones, parentheses left out, no end."""

from __future__ import annotations

import ast
import re
from collections import Counter

from pellucid.checker.slips.cases import Case, Told
from pellucid.checker.slips.near import near
from pellucid.checker.slips.origins import argument_names, defined, returns, signature
from pellucid.checker.slips.places import Function
from pellucid.checker.slips.values import MISSING, written

MISSING_ARGUMENTS = r"([\w.<>]+)\(\) missing \d+ required (?:positional|keyword-only) arguments?: (.+)"
TOO_MANY = r"([\w.<>]+)\(\) takes (?:from )?(?:(\d+)(?: to (\d+))?|no) (?:positional )?arguments? but (\d+)"
MISSING_OF_C = r"([\w.]+)\(\) missing required argument '(\w+)'"
ANOTHER_COUNT = r"([\w.]+)\(\) takes (?:at most |at least |exactly )?(\w+) (?:positional )?arguments? \((\d+) given\)"
UNEXPECTED = r"([\w.<>]+)\(\) got an unexpected keyword argument '(\w+)'"
OF_OTHERS = {"dim": "axis", "keepdim": "keepdims"}  # what PyTorch calls otherwise
UNCALLED = r"'(function|method|builtin_function_or_method|numpy\.ufunc)' (?:object|has no len)|: '[\w.]+' and '[\w.]+'"
TWICE = r"([\w.<>]+)\(\) got multiple values for argument '(\w+)'"


def arguments(case: Case) -> Told | None:
    """A call whose arguments do not fit the function."""
    if not isinstance(case.error, TypeError):
        return None
    if found := re.search(MISSING_ARGUMENTS, case.words):
        names = re.findall(r"'(\w+)'", found[2])
        return case.told("arguments_missing", *_call(case, found[1]), function=found[1], names=", ".join(names))
    if found := re.search(MISSING_OF_C, case.words):
        return case.told("arguments_missing", *_call(case, found[1]), function=_written(case, found[1]), names=found[2])
    if found := re.search(ANOTHER_COUNT, case.words):
        how = {"most": found[2], "given": found[3], "function": _written(case, found[1])}
        return case.told("arguments_count", *_call(case, found[1]), **how)
    if found := re.search(TOO_MANY, case.words):
        function = _function(case, found[1])
        if function is not None and _lacks_self(case, function):
            return case.told("arguments_self", function=function.name, line=function.lineno)
        most = found[3] or found[2] or "0"
        return case.told("arguments_many", *_call(case, found[1]), function=found[1], most=most, given=found[4])
    if found := re.search(UNEXPECTED, case.words):
        function = _function(case, found[1])
        meant = near(found[2], argument_names(function)) if function else OF_OTHERS.get(found[2])
        hint = case.text("meant", name=meant) if meant else ""
        name = _written(case, found[1]) if function is None else found[1]
        return case.told("arguments_unknown", hint, *_call(case, found[1]), function=name, name=found[2])
    if found := re.search(TWICE, case.words):
        return case.told("arguments_twice", *_call(case, found[1]), function=found[1], name=found[2])
    return None


def _call(case: Case, name: str) -> list[str]:
    """The call as it is written, and the function's first line."""
    node = case.node
    sentences = [case.text("arguments_call", call=written(node))] if isinstance(node, ast.Call) else []
    function = _function(case, name)
    if function is not None:
        sentences.append(case.text("defined_as", line=function.lineno, signature=signature(function)))
    return sentences


def _written(case: Case, name: str) -> str:
    """How the learner calls a function that Python calls by its own name."""
    return written(case.node.func) if isinstance(case.node, ast.Call) else name


def _function(case: Case, name: str) -> Function | None:
    """The function that a message of Python names; a class is its __init__."""
    parts = [part for part in name.split(".") if not part.startswith("<")]
    if parts and parts[-1] == "__init__" and len(parts) > 1:
        return defined(case.place.source, parts[-2])
    return defined(case.place.source, parts[-1]) if parts else None


def _lacks_self(case: Case, function: Function) -> bool:
    classes = [node for node in ast.walk(case.place.source.tree) if isinstance(node, ast.ClassDef)]
    method = any(function in node.body for node in classes)
    first = [argument.arg for argument in function.args.args[:1]]
    return method and not function.decorator_list and first not in (["self"], ["cls"])


def not_callable(case: Case) -> Told | None:
    """Something with parentheses behind it that is no function and no number."""
    found = re.search(r"'([\w.]+)' object is not callable", case.words)
    if not found or not isinstance(case.node, ast.Call):
        return None
    target = case.node.func
    kind, name = found[1], written(target)
    value = case.value(target)
    if value is MISSING and kind not in ("list", "tuple", "dict", "numpy.ndarray", "str", "module"):
        return case.told("call_other", name=name, what=kind)
    what = case.described(target) or kind
    if kind in ("list", "tuple", "dict", "numpy.ndarray"):
        arguments = ", ".join(map(ast.unparse, case.node.args))
        return case.told("call_brackets", name=name, what=what, fix=f"{name}[{arguments}]")
    return case.told("call_other", name=name, what=what)


def not_called(case: Case) -> Told | None:
    """A function used without calling it: gradients["W1"], x.sum / n."""
    if not re.search(UNCALLED, case.words):
        return None
    node = case.node
    parts: list[ast.expr | None] = []
    match node:
        case ast.Subscript() | ast.Attribute():
            parts = [node.value]
        case ast.BinOp():
            parts = [node.left, node.right]
        case ast.AugAssign():
            parts = [node.target, node.value]
        case ast.UnaryOp():
            parts = [node.operand]
        case ast.Call():
            parts = list(node.args)
        case ast.expr():
            parts = [node]
    for part in parts:
        value = case.value(part)
        lacking = _result_not_called(case, part) if value is MISSING else None
        if lacking is not None:
            return lacking
        if value is not MISSING and callable(value) and not isinstance(value, type):
            return case.told("not_called", name=written(part), fix=f"{written(part)}(...)")
    return None


def _result_not_called(case: Case, part: ast.expr | None) -> Told | None:
    """A call of a function whose return is a method without parentheses: return errors.mean"""
    if not isinstance(part, ast.Call) or not isinstance(part.func, ast.Name | ast.Attribute):
        return None
    name = part.func.id if isinstance(part.func, ast.Name) else part.func.attr
    function = defined(case.place.source, name)
    for value in returns(function) if function else []:
        if isinstance(value, ast.Attribute):
            fix = f"return {ast.unparse(value)}()"
            return case.told("not_called_result", call=written(part), line=value.lineno, fix=fix)
    return None


def endless(case: Case) -> Told | None:
    """A function that calls itself without an end."""
    if not isinstance(case.error, RecursionError):
        return None
    counted = Counter(step.frame.f_code for step in case.place.steps)
    code, times = counted.most_common(1)[0]
    if times < 10:
        return case.told("recursion_other")
    lines = [step.line for step in case.place.steps if step.frame.f_code is code]
    return case.told("recursion", function=code.co_name, line=lines[-1])
