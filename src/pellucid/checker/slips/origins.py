"""Where a name got what it stands for: the assignments that could have given it, told from the file alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy
from typing import NamedTuple

from pellucid.checker.slips.places import Function, Place, Source

# Functions that make one number of many, or give one number.
TO_NUMBER = ("sum", "mean", "average", "max", "min", "float", "int", "len", "abs", "sqrt", "norm", "std", "var", "item")


class Origin(NamedTuple):
    """A line that gives a name its value.

    Attributes:
        line: its number.
        text: the line as it is written.
        value: the expression that is assigned, where there is one for the name alone.
        number: whether that looks like one number.
    """

    line: int
    text: str
    value: ast.expr | None
    number: bool


def origins(place: Place, node: ast.AST) -> list[Origin]:
    """The lines that assign to what `node` writes (a name, an attribute, an entry), in the order of the file."""
    text = ast.unparse(node)
    found = []
    for body in _where(place, node):
        for target, value, line in _assignments(body):
            if ast.unparse(target) == text:
                written = place.source.line(line).strip()
                found.append(Origin(line, written, value, value is not None and _looks_like_number(value, text)))
    return sorted(set(found), key=lambda origin: origin.line)


def last_number(place: Place, node: ast.AST) -> Origin | None:
    """The line that most likely made a number of what `node` writes.

    Of the lines that look as if they gave a number the last one before the failure, else the last one at all (a loop
    may have brought it about); where none looks so, the only line that gives anything.
    """
    found = [origin for origin in origins(place, node) if origin.line != place.line or origin.number]
    numbers = [origin for origin in found if origin.number]
    if not numbers:
        return found[0] if len(found) == 1 else None
    before = [origin for origin in numbers if origin.line < place.line]
    return (before or numbers)[-1]


def is_argument(place: Place, node: ast.AST) -> bool:
    """Whether a name is an argument of the failing function that nothing in there assigns to."""
    code = place.frame.f_code
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return isinstance(node, ast.Name) and node.id in arguments and not origins(place, node)


def defined(source: Source, name: str) -> Function | None:
    """The function or method of that name, the last one of the file; of a class, its __init__."""
    found = [node for node in source.functions() if node.name == name]
    if found:
        return found[-1]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and node.name == name:
            return next((part for part in node.body if isinstance(part, Function) and part.name == "__init__"), None)
    return None


def returns(function: Function) -> list[ast.expr]:
    """What a function gives back, one expression for each `return` that has one."""
    return [node.value for node in _own(function) if isinstance(node, ast.Return) and node.value is not None]


def argument_names(function: Function) -> list[str]:
    """The names of a function's arguments."""
    return [argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)]


def signature(function: Function) -> str:
    """A function's first line without def and annotations.

    Example:
        >>> signature(ast.parse("def f(x: int, *, rate=0.1) -> int: ...").body[0])
        'f(x, *, rate=0.1)'
    """
    arguments = deepcopy(function.args)
    for node in ast.walk(arguments):
        if isinstance(node, ast.arg):
            node.annotation = None
    return f"{function.name}({ast.unparse(arguments)})"


def locals_elsewhere(source: Source, name: str, line: int) -> list[tuple[str, int]]:
    """Functions, other than the one around `line`, that give a local name a value: their names and the lines."""
    here = source.function_at(line)
    found = []
    for function in source.functions():
        if function is here:
            continue
        lines = [at for target, _, at in _assignments(list(_own(function))) if _is(target, name)]
        if lines:
            found.append((function.name, lines[0]))
    return found


def at_module_level(source: Source, name: str) -> int | None:
    """The first line outside of functions that gives a name its meaning: an assignment, def, class or import."""
    lines = [at for target, _, at in _assignments(list(_inside(source.tree))) if _is(target, name)]
    made = [node for node in source.tree.body if isinstance(node, Function | ast.ClassDef)]
    return min([*lines, *(node.lineno for node in made if node.name == name)], default=None)


def last_assignment(source: Source, name: str) -> Origin | None:
    """The last line outside of functions that assigns to a name."""
    found = [(at, value) for target, value, at in _assignments(list(_inside(source.tree))) if _is(target, name)]
    if not found:
        return None
    line, value = max(found, key=lambda pair: pair[0])
    return Origin(line, source.line(line).strip(), value, False)


def below_main(source: Source, name: str) -> int | None:
    """The line below `if __name__ == "__main__":` that gives a name its meaning, if there is one."""
    for block in source.tree.body:
        if isinstance(block, ast.If) and "__name__" in ast.unparse(block.test):
            inner = Source(source.name, source.lines, ast.Module(block.body, []))
            return at_module_level(inner, name)
    return None


def _is(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _where(place: Place, node: ast.AST) -> Iterator[list[ast.AST]]:
    """The parts of the file in which assignments to a name mean this name."""
    function = place.source.function_at(place.line)
    code = place.frame.f_code
    if not isinstance(node, ast.Name):
        yield list(ast.walk(place.source.tree))
    elif function is not None and node.id in (*code.co_varnames, *code.co_cellvars):
        yield list(_own(function))
    else:
        yield list(_inside(place.source.tree))
        for other in place.source.functions():
            declared = [part for part in _own(other) if isinstance(part, ast.Global | ast.Nonlocal)]
            if node.id in code.co_freevars or any(node.id in part.names for part in declared):
                yield list(_own(other))


def _own(function: Function) -> Iterator[ast.AST]:
    """What stands in a function, without what stands in functions inside it."""
    for node in function.body:
        yield node
        if not isinstance(node, Function):
            yield from _inside(node)


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """Everything in a node, but of the functions in it only that they are there."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, Function | ast.Lambda):
            yield from _inside(child)


def _assignments(nodes: list[ast.AST] | list[ast.stmt]) -> Iterator[tuple[ast.expr, ast.expr | None, int]]:
    """Each target with the expression it gets, None where it gets a part of one, and the line."""
    for node in nodes:
        match node:
            case ast.Assign():
                for target in node.targets:
                    yield from _pairs(target, node.value, node.lineno)
            case ast.AnnAssign() | ast.NamedExpr():
                yield node.target, node.value, node.lineno
            case ast.AugAssign():
                yield node.target, None, node.lineno
            case ast.For() | ast.comprehension():
                yield from _pairs(node.target, None, node.target.lineno)
            case ast.With():
                for item in node.items:
                    if item.optional_vars is not None:
                        yield from _pairs(item.optional_vars, None, node.lineno)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    name = (alias.asname or alias.name).partition(".")[0]
                    yield ast.Name(name, ast.Store()), None, node.lineno


def _pairs(target: ast.expr, value: ast.expr | None, line: int) -> Iterator[tuple[ast.expr, ast.expr | None, int]]:
    if not isinstance(target, ast.Tuple | ast.List):
        yield target, value, line
        return
    parts: list[ast.expr | None] = [None] * len(target.elts)
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(parts):
        parts = list(value.elts)
    for inner, part in zip(target.elts, parts, strict=True):
        yield from _pairs(inner, part, line)


def _looks_like_number(value: ast.expr, own: str) -> bool:
    """Whether an expression most likely is one number: 0.5, -1, np.sum(...), total / n, its own function's result."""
    match value:
        case ast.Constant():
            return isinstance(value.value, int | float | complex)
        case ast.UnaryOp():
            return _looks_like_number(value.operand, own)
        case ast.BinOp():
            return _looks_like_number(value.left, own) and _looks_like_number(value.right, own)
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            axis = any(word.arg in ("axis", "keepdims") for word in value.keywords)
            return ast.unparse(value.func) == own or (name in TO_NUMBER and not axis)
    return False
