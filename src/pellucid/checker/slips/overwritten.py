"""A list, an array or a function that is a number by now, or None: what it was used as, and which line did it."""

from __future__ import annotations

import ast
import re

from pellucid.checker.slips.cases import Case, Told
from pellucid.checker.slips.origins import Origin, defined, is_argument, last_number, origins, returns
from pellucid.checker.slips.values import MISSING, is_number, written

# What Python says where a thing is used as something that it is not, and what it is used as.
USES = (
    (r"'(?P<type>[\w.]+)' object is not subscriptable", "entries"),
    (r"invalid index to scalar variable", "entries"),
    (r"array is 0-dimensional, but \d+ were indexed", "entries"),
    (r"'(?P<type>[\w.]+)' object does not support item (?:assignment|deletion)", "entries"),
    (r"'(?P<type>[\w.]+)' object is not iterable", "several"),
    (r"cannot unpack non-iterable (?P<type>[\w.]+) object", "several"),
    (r"iteration over a 0-d array", "several"),
    (r"object of type '(?P<type>[\w.]+)' has no len\(\)", "several"),
    (r"len\(\) of unsized object", "several"),
    (r"'(?P<type>[\w.]+)' object is not callable", "call"),
    (r"'(?P<type>[\w.]+)' object has no attribute '\w+'", "attribute"),
)
NUMBERS = r"int|float|bool|complex|numpy\.\w*(?:int|float)\d+"
UNPACKED = r"(too many|not enough) values to unpack \(expected (?:at least )?(\d+)(?:, got (\d+))?"
IN_PLACE = ("append", "extend", "insert", "sort", "reverse", "update", "shuffle", "fill", "put", "remove", "clear")


def misused(case: Case) -> Told | None:
    """A number or None, used as if it had entries, several parts, an attribute, or could be called."""
    use, kind = _use(case.words)
    if not use:
        return None
    target = _target(case, use)
    value = case.value(target)
    if value is None or (value is MISSING and kind == "NoneType"):
        return nothing(case, target)
    if target is None:
        return _each(case)
    number = is_number(value) if value is not MISSING else re.fullmatch(NUMBERS, kind) is not None or not kind
    if not number:
        return None
    if use == "call" and not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        return case.told("call_times", name=written(target, factor=True))
    name, what = written(target), case.described(target) or case.text("v_a_number")
    return case.told(f"number_{use}", whence(case, target), name=name, value=what, use=written(case.node))


def _each(case: Case) -> Told | None:
    """`for a, b in ...` over single numbers."""
    statement = case.place.statement
    if isinstance(statement, ast.For):
        return case.told("unpack_each", case.facts(statement.iter), text=written(statement.iter))
    return None


def _each_time(case: Case, loop: ast.For, wanted: int, got: str | None) -> Told:
    """`for a, b in ...` over entries with another number of parts."""
    entries = case.value(loop.iter)
    if got is None and isinstance(entries, list | tuple):
        got = next((str(len(entry)) for entry in entries if hasattr(entry, "__len__") and len(entry) != wanted), None)
    text = written(loop.iter)
    return case.told("unpack_for", names=wanted, parts=got, text=text) if got else case.told("unpack_each", text=text)


def nothing(case: Case, target: ast.AST | None) -> Told:
    """None, where something was expected: most often a function without return."""
    call, name = target, written(target)
    found = origins(case.place, target) if target is not None else []
    if found and isinstance(found[-1].value, ast.Call):
        call = found[-1].value
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute):
        called = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
        function = defined(case.place.source, called)
        if called in IN_PLACE and function is None:
            return case.told("none_in_place", call=written(call), name=name, owner=written(_owner(call.func)))
        if function is not None and not returns(function):
            return case.told("none_return", name=name, function=called, line=function.lineno)
        if function is not None:
            return case.told("none_some_return", name=name, function=called, line=function.lineno)
    return case.told("none", whence(case, target), name=name)


def _owner(function: ast.expr) -> ast.AST:
    return function.value if isinstance(function, ast.Attribute) else function


def _use(words: str) -> tuple[str, str]:
    for pattern, use in USES:
        found = re.search(pattern, words)
        if found:
            return use, found.groupdict().get("type") or ""
    return "", ""


def _target(case: Case, use: str) -> ast.AST | None:
    """The expression that was used: of W1[0] it is W1."""
    node, statement = case.node, case.place.statement
    match node:
        case ast.Subscript() if use == "entries":
            return node.value
        case ast.Attribute() if use == "attribute":
            return node.value
        case ast.Call(func=ast.Attribute(value=value)) if use == "attribute":
            return value
        case ast.Call() if use == "call":
            return node.func
        case ast.Call() if use == "several":
            bad = [part for part in node.args if case.value(part) is None or is_number(case.value(part))]
            return next(iter(bad or node.args), None)
        case ast.For() if use == "several":
            return node.iter
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp() if use == "several":
            return node.generators[0].iter
        case ast.Tuple() | ast.List() | ast.Assign() if use == "several":
            return statement.value if isinstance(statement, ast.Assign) else None
    return node if isinstance(node, ast.expr) else None


def whence(case: Case, target: ast.AST | None) -> str:
    """Which line gave a name its value, as a sentence; "" where that cannot be told."""
    if target is None or not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        return ""
    name = written(target)
    if is_argument(case.place, target):
        if len(case.place.steps) < 2:
            return case.text("whence_argument_checker", name=name, function=case.place.function)
        caller = case.place.steps[-2]
        text = case.place.source.line(caller.line).strip()
        return case.text("whence_argument", name=name, function=case.place.function, line=caller.line, text=text)
    origin = last_number(case.place, target)
    return _said(case, origin, name) if origin else ""


def _said(case: Case, origin: Origin, name: str) -> str:
    return case.text("whence_number" if origin.number else "whence", name=name, line=origin.line, text=origin.text)


def unpacked(case: Case) -> Told | None:
    """`a, b = ...` with another number of parts."""
    found = re.search(UNPACKED, case.words)
    if not found:
        return None
    statement = case.place.statement
    if isinstance(statement, ast.For):
        return _each_time(case, statement, int(found[2]), found[3])
    value = statement.value if isinstance(statement, ast.Assign) else None
    wanted, got = int(found[2]), found[3]
    more = ""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name | ast.Attribute):
        name = value.func.id if isinstance(value.func, ast.Name) else value.func.attr
        function = defined(case.place.source, name)
        given = [part for part in returns(function) if isinstance(part, ast.Tuple)] if function else []
        if function and given:
            got = str(len(given[-1].elts))
            more = case.text("unpack_returns", function=name, line=given[-1].lineno, parts=written(given[-1]))
    known = case.value(value)
    if got is None and known is not MISSING and hasattr(known, "__len__"):
        got = str(len(known))
    key = "unpack" if got else "unpack_many" if found[1] == "too many" else "unpack_few"
    return case.told(key, more or case.facts(value), names=wanted, parts=got, text=written(value))
