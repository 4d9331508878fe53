"""A formula's own source, read: what its function computes as a syntax tree, with the numbers and helpers it uses.

Equations are drawn from it and programs are written from it, so nothing is described a second time by hand: an
activation, loss or optimizer that somebody defines in a file or a notebook explains itself.
"""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from types import BuiltinFunctionType, CellType, FunctionType, ModuleType
from typing import Any, TypeAlias

import numpy as np

from pellucid.errors import InputError

Definition: TypeAlias = ast.FunctionDef | ast.Lambda


# What `read` gives up with; TypeError: an object that cannot be remembered, ValueError: one without arguments to see.
UNREAD = (InputError, TypeError, ValueError)


@dataclass(frozen=True, eq=False)
class Source:
    """What a function says.

    Attributes:
        name: its own name; "<lambda>" for a lambda, and such as "np.tanh" for a function of NumPy.
        arguments: the names that it takes, without those that are bound to a number (functools.partial, defaults).
        body: its statements, without docstring; NumPy is called np whatever the file calls it.
        constants: numbers that it uses by name: bound ones, those of its module and of what encloses it.
        helpers: functions that it calls by name.
        text: the function as lines of Python, without annotations, docstring and np.real, with its comments. For a
            lambda it starts with "def <lambda>(".
    """

    name: str
    arguments: tuple[str, ...]
    body: tuple[ast.stmt, ...]
    constants: Mapping[str, Any]
    helpers: Mapping[str, Callable[..., Any]]
    text: str


def read(function: Callable[..., Any]) -> Source:
    """The source of a function, read.

    Args:
        function: defined by def or lambda in a file or a notebook, a function of NumPy such as np.tanh, or a
            functools.partial of one.

    Raises:
        InputError: the source cannot be had (compiled, or typed at a prompt that keeps none), or the function uses
            something that is neither a number, nor NumPy, nor another such function.

    Example:
        >>> from pellucid.activations import relu, swish
        >>> read(swish).helpers
        {'sigmoid': <function sigmoid at ...>}
        >>> print(read(relu).text)
        def relu(z):
            return np.where(z <= 0, 0, z)  # and not z > 0 turned round: NaN must come out as NaN
    """
    return _read(function, _state(function))


def _state(function: Any) -> tuple[Any, ...]:
    """What the names that a function uses stand for now: a constant of its module may be given another value."""
    while isinstance(function, partial):
        function = function.func
    if not isinstance(function, FunctionType):
        return ()
    named = [function.__globals__.get(name) for name in function.__code__.co_names]
    cells = [cell.cell_contents for cell in function.__closure__ or () if cell != _EMPTY]
    values = [*named, *cells, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return tuple((type(v), repr(v)) if isinstance(v, bool | int | float | np.number) else id(v) for v in values)


_EMPTY = CellType()


@lru_cache(maxsize=1024)
def _read(function: Callable[..., Any], state: tuple[Any, ...]) -> Source:
    bound: dict[str, Any] = {}
    while isinstance(function, partial):
        names = _positional(function.func)
        bound = dict(zip(names, function.args, strict=False)) | function.keywords | bound
        function = function.func
    if isinstance(function, np.ufunc) and getattr(np, function.__name__, None) is function:
        return _of_numpy(function)
    if not isinstance(function, FunctionType):
        raise InputError(f"{function!r} has no Python source to read: define it with def, in a file or a notebook.")
    lines, definition = _found(function)
    arguments, defaults = _signature(function)
    constants, helpers, renamed = _uses(function, definition, {*arguments, *defaults})
    text = _text(definition, lines, renamed)
    body = ast.parse(textwrap.dedent(text).replace("def <lambda>", "def _lambda", 1)).body[0]
    assert isinstance(body, ast.FunctionDef)
    constants = constants | defaults | bound
    taken = tuple(name for name in (*arguments, *defaults) if name not in constants)
    return Source(function.__name__, taken, tuple(body.body), constants, helpers, text)


def number_like(value: Any) -> bool:
    """Whether a value can stand in a formula as a number."""
    return isinstance(value, int | float | np.number | np.bool_) or (isinstance(value, np.ndarray) and value.ndim == 0)


def _of_numpy(function: np.ufunc) -> Source:
    arguments = ("x", "y", "z")[: function.nin]
    text = (
        f"def {function.__name__}({', '.join(arguments)}):\n    return np.{function.__name__}({', '.join(arguments)})"
    )
    body = ast.parse(text).body[0]
    assert isinstance(body, ast.FunctionDef)
    return Source(f"np.{function.__name__}", arguments, tuple(body.body), {}, {}, text)


def _positional(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def _signature(function: FunctionType) -> tuple[list[str], dict[str, Any]]:
    """Names without a default, and those with one."""
    parameters = inspect.signature(function, follow_wrapped=False).parameters.values()
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if any(p.kind in kinds for p in parameters):
        raise InputError(f"{function.__name__} takes *args or **kwargs: name its arguments, so that it can be read.")
    free = inspect.Parameter.empty
    return [p.name for p in parameters if p.default is free], {
        p.name: p.default for p in parameters if p.default is not free
    }


def _found(function: FunctionType) -> tuple[list[str], Definition]:
    """The lines of the file that a function stands in, and its definition there."""
    code = function.__code__
    try:
        lines, _ = inspect.findsource(code)
        tree = ast.parse("".join(lines))
    except (OSError, TypeError, SyntaxError) as error:
        raise InputError(
            f"The source of {function.__name__} cannot be read: define it in a file or a notebook, not by exec or at "
            "a bare prompt."
        ) from error
    found = [node for node in ast.walk(tree) if isinstance(node, Definition) and _is(node, code)]
    if not found:
        raise InputError(f"The file that {function.__name__} was read from has changed: start Python again.")
    return lines, min(found, key=lambda node: (node.end_lineno or 0) - node.lineno)


def _is(node: Definition, code: Any) -> bool:
    if isinstance(node, ast.FunctionDef):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        return node.name == code.co_name and first == code.co_firstlineno
    if code.co_name != "<lambda>":
        return False
    places = [p for p in code.co_positions() if None not in p and p[3] > 0]
    begin, end = (node.body.lineno, node.body.col_offset), (node.body.end_lineno, node.body.end_col_offset)
    # Where the code was kept without columns, the line must do.
    return (
        node.lineno == code.co_firstlineno
        if not places
        else all(
            begin <= (line, column) and (end_line, end_column) <= end for line, end_line, column, end_column in places
        )
        and any(
            (line, column) == begin or (end_line, end_column) == end for line, end_line, column, end_column in places
        )
    )


def _uses(
    function: FunctionType, definition: Definition, own: set[str]
) -> tuple[dict[str, Any], dict[str, Callable[..., Any]], dict[str, str]]:
    """The numbers and the functions that a definition uses by name, and modules under other names than ours."""
    body = definition.body if isinstance(definition.body, list) else [definition.body]
    nodes = [node for part in body for node in ast.walk(part)]
    said = {id(part) for node in nodes for annotation in _annotations(node) for part in ast.walk(annotation)}
    names = [node for node in nodes if isinstance(node, ast.Name) and id(node) not in said]
    own = own | {node.id for node in names if isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}  # of functions inside it, and their names
    own |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    found = inspect.getclosurevars(function)
    known = {**found.builtins, **found.globals, **found.nonlocals}
    constants: dict[str, Any] = {}
    helpers: dict[str, Callable[..., Any]] = {}
    renamed: dict[str, str] = {}
    for name in dict.fromkeys(node.id for node in names if node.id not in own):
        value = known.get(name, function.__globals__.get(name))
        if value is np or value is math:
            renamed[name] = "np" if value is np else "math"
        elif callable(value) and vars(np).get(called := str(getattr(value, "__name__", ""))) is value:
            renamed[name] = f"np.{called}"  # from numpy import where
        elif isinstance(value, bool | int | float | np.number) or number_like(value):
            constants[name] = value
        elif callable(value) and not isinstance(value, type | BuiltinFunctionType):
            helpers[name] = value
        elif isinstance(value, ModuleType) or name not in found.builtins:
            raise InputError(
                f"{function.__name__} uses {name!r}, which is neither a number, nor NumPy, nor a function that could "
                "be read. Write the formula with np alone."
            )
    return constants, helpers, renamed


def _annotations(node: ast.AST) -> list[ast.expr]:
    """What a node says about types: of a variable, of an argument, or of what a function gives."""
    said = node.returns if isinstance(node, ast.FunctionDef) else getattr(node, "annotation", None)
    return [] if said is None else [said]


def _text(definition: Definition, lines: list[str], renamed: Mapping[str, str]) -> str:
    """The definition as plain Python: unannotated, without docstring, np.real left out, np called np."""
    given = definition.args
    header = ", ".join(argument.arg for argument in [*given.posonlyargs, *given.args, *given.kwonlyargs])
    if isinstance(definition, ast.Lambda):
        body = _edited(lines, [definition.body], renamed)
        if "\n" in body:  # what holds its lines together stands around it, and is left behind
            body = ast.unparse(ast.parse(f"({body})", mode="eval"))
        return f"def <lambda>({header}):\n    return {body}"
    statements = definition.body
    if ast.get_docstring(definition) is not None:
        statements = statements[1:]
    if not statements:
        raise InputError(f"{definition.name} has no statement but its docstring: let it return something.")
    above = "" if statements[0].lineno == definition.lineno else _comments_above(lines, statements[0])
    body = textwrap.dedent(above + _edited(lines, statements, renamed)).rstrip()
    return f"def {definition.name}({header}):\n" + textwrap.indent(body, "    ")


def _comments_above(lines: list[str], statement: ast.stmt) -> str:
    """The lines of comment right above a function's first statement, and the space that it is indented by."""
    first = statement.lineno - 1
    begin = first
    while lines[begin - 1].lstrip().startswith("#"):
        begin -= 1
    return "".join(lines[begin:first]) + lines[first][: statement.col_offset]


def _is_real(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "real"
        and isinstance(node.func.value, ast.Name)
        and len(node.args) == 1
    )


def _edited(lines: list[str], nodes: Sequence[Any], renamed: Mapping[str, str]) -> str:
    """The text of neighbouring nodes, with np.real cut out and modules renamed where they stand: comments stay."""
    begin, end = (nodes[0].lineno, nodes[0].col_offset), (nodes[-1].end_lineno, nodes[-1].end_col_offset)
    if isinstance(nodes[-1], ast.stmt):
        end = end[0], len(lines[end[0] - 1].encode())  # with the comment behind it
    text, at = b"", begin
    cuts = [cut for node in nodes for cut in (*_cuts(node, renamed), *_unannotated(node, lines))]
    for start, stop, new in sorted(cuts):
        text, at = text + _between(lines, at, start) + new.encode(), stop
    return (text + _between(lines, at, end)).decode()


Place: TypeAlias = tuple[int, int]  # line from 1, column in bytes


def _between(lines: list[str], begin: Place, end: Place) -> bytes:
    """The text from one place to another."""
    if begin[0] == end[0]:
        return lines[begin[0] - 1].encode()[begin[1] : end[1]]
    middle = "".join(lines[begin[0] : end[0] - 1]).encode()
    return lines[begin[0] - 1].encode()[begin[1] :] + middle + lines[end[0] - 1].encode()[: end[1]]


def _unannotated(top: ast.AST, lines: list[str]) -> Iterator[tuple[Place, Place, str]]:
    """Where something is said about types inside a function, from the name or the bracket before it."""
    for node in ast.walk(top):
        for said in _annotations(node):
            begin, end = (said.lineno, said.col_offset), (said.end_lineno or 0, said.end_col_offset or 0)
            if isinstance(node, ast.AnnAssign):
                target = node.target.end_lineno or 0, node.target.end_col_offset or 0
                yield (target, end, "") if node.value else ((node.lineno, node.col_offset), end, "pass")
            elif isinstance(node, ast.arg):
                yield (node.lineno, node.col_offset + len(node.arg.encode())), end, ""
            else:
                line, before = begin[0], lines[begin[0] - 1].encode()[: begin[1]]
                while b"->" not in before:  # the type may stand in brackets, between its arrow and the colon
                    line, before = line - 1, lines[line - 2].encode()
                at, last = lines[end[0] - 1].encode().find(b":", end[1]), end[0]
                while at < 0:
                    last, at = last + 1, lines[last].encode().find(b":")
                yield (line, len(before[: before.rindex(b"->")].rstrip())), (last, at), ""


def _cuts(top: ast.AST, renamed: Mapping[str, str]) -> Iterator[tuple[Place, Place, str]]:
    """What in a node is to be replaced, from where to where, and by what."""
    parents = {child: node for node in ast.walk(top) for child in ast.iter_child_nodes(node)}
    gone = set[ast.AST]()  # the np of an np.real
    for node in ast.walk(top):  # outer nodes come before inner ones
        if _is_real(node):
            assert isinstance(node, ast.Call)
            assert isinstance(node.func, ast.Attribute)
            gone.add(node.func.value)
            inner, parent = node.args[0], parents.get(node)
            alone = isinstance(inner, ast.Name | ast.Call | ast.Attribute | ast.Subscript | ast.Constant)
            alone = alone or (isinstance(parent, ast.Call) and node in parent.args)
            left, right = ("", "") if alone else ("(", ")")
            stop = inner.end_lineno or 0, inner.end_col_offset or 0
            yield (node.lineno, node.col_offset), (inner.lineno, inner.col_offset), left
            yield stop, (node.end_lineno or 0, node.end_col_offset or 0), right
        for said in _annotations(node):
            gone |= {*ast.walk(said)}
        if isinstance(node, ast.Name) and renamed.get(node.id, node.id) != node.id and node not in gone:
            yield (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0), renamed[node.id]
