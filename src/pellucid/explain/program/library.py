"""The formulas that a program needs: each function's own text, once, under a name of its own, or written in line."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any, TypeAlias

from pellucid.errors import InputError
from pellucid.explain.program.text import filled, grouped, identifier, names_in, number, with_names, without_math
from pellucid.source import Source, read

Function: TypeAlias = Callable[..., Any]

SHORT = 40  # characters of a formula that is written in line


@dataclass(frozen=True)
class Application:
    """How a program applies a function.

    Attributes:
        name: what it is called there; for a function of NumPy such as "np.tanh".
        arguments: all that it takes.
        taken: those that the call names; what a formula does not look at is left out.
        line: the formula itself where it is short enough to be written in line, else None.
    """

    name: str
    arguments: tuple[str, ...]
    taken: tuple[str, ...]
    line: str | None = None

    def __call__(self, *given: str) -> str:
        """The text that applies it to arguments, each a text, in the order of `arguments`."""
        by_name = dict(zip(self.arguments, given, strict=True))
        if self.line is None:
            return f"{self.name}({', '.join(by_name[name] for name in self.taken)})"
        return with_names(self.line, {name: grouped(text) for name, text in by_name.items()})

    @property
    def is_one(self) -> bool:
        """Whether it is 1 wherever it is taken: a factor to leave out."""
        return self.line is not None and re.fullmatch(r"1|1\.0|np\.ones_like\(\w+\)", self.line) is not None


@dataclass
class Library:
    """All formulas of a program.

    Args:
        names: what the program itself calls something; no formula may be called so.
        double: whether the program computes in double precision.

    Attributes:
        definitions: the texts of the functions, helpers first.
        constants: the lines that give constants of formulas their names.
        needs_math: whether a formula uses what only the mathematics module of Python has.

    Example:
        >>> from pellucid.activations import swish, tanh
        >>> library = Library({"z1"})
        >>> library.formula(tanh, "tanh")("z1"), library.formula(swish, "swish")("z1")
        ('np.tanh(z1)', 'z1 * sigmoid(z1)')
        >>> print(library.definitions[-1])
        def sigmoid(z):
            e = np.exp(-magnitude(z))  # never overflows
            return np.where(z < 0, e, 1) / (1 + e)
    """

    names: Iterable[str]
    double: bool = True
    definitions: list[str] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)
    needs_math: bool = False

    def __post_init__(self) -> None:
        self._taken = {*self.names}
        self._known: dict[Any, str] = {}
        self._helping: set[Any] = set()

    def expect(self, functions: Iterable[tuple[str, Function]]) -> None:
        """Look at all functions that will be asked for: one that helps another keeps all its arguments.

        Args:
            functions: each with what it belongs to, for messages.

        Raises:
            InputError: the source of one cannot be read.
        """
        waiting, seen = [_readable(what, function) for what, function in functions], set[Any]()
        while waiting:
            source = waiting.pop()
            inside = names_in(_function(source)) | {*source.arguments}
            self._taken |= inside - {*source.helpers, *source.constants}  # what has this name there hides a function
            helpers = [read(helper) for helper in source.helpers.values()]
            self._helping |= {_key(helper) for helper in helpers}
            waiting += [helper for helper in helpers if _key(helper) not in seen]
            seen |= {_key(helper) for helper in helpers}

    def formula(self, function: Function, label: str, longest: int = SHORT, calls: int = 1) -> Application:
        """How to apply a function; its definition, its helpers and constants are added where they are needed.

        Args:
            function: of a record; see `read` for what can be read.
            label: its name where it has none of its own.
            longest: characters of a formula that may be written in line.
            calls: how many functions a formula in line may call.

        Raises:
            InputError: its source cannot be read.
        """
        source = read(function)
        if source.name.startswith("np."):
            return Application(source.name, source.arguments, source.arguments)
        used = names_in(_function(source))
        taken = tuple(name for name in source.arguments if name in used or _key(source) in self._helping)
        line = self._line(source, longest, calls)
        if line is not None:
            return Application(source.name, source.arguments, taken, line)
        return Application(self._define(source, label, taken), source.arguments, taken)

    def _line(self, source: Source, longest: int, calls: int) -> str | None:
        """A short formula on one line, without comment; None for any other."""
        text = _function(source)
        statement = _definition(text).body[0]
        if len(source.body) > 1 or not isinstance(statement, ast.Return) or statement.value is None or "#" in text:
            return None
        value = statement.value
        if isinstance(value, ast.Tuple) and len(value.elts) == 1:  # an optimizer that keeps nothing
            value = value.elts[0]
        line = ast.get_source_segment(text, value) or ""
        if "\n" in line or len(line) > longest or "math" in names_in(line):
            return None
        kinds = [type(node) for node in ast.walk(value)]
        if kinds.count(ast.Call) > calls or {ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.NamedExpr} & {*kinds}:
            return None
        constants = {name: grouped(number(value, self.double)) for name, value in source.constants.items()}
        return with_names(line, constants | self._helpers(source))

    def _define(self, source: Source, label: str, taken: tuple[str, ...]) -> str:
        """Add a function's definition, if it is not there yet; gives its name."""
        key = _key(source)
        if key not in self._known:
            own = label if source.name == "<lambda>" else source.name
            self._known[key] = name = self.named(identifier(own), identifier(label))
            names = self._helpers(source)  # first, so that helpers stand above
            text = with_names(_function(source), names)
            self.needs_math |= "math" in names_in(text)
            bound = [f"{constant}={value}" for constant, value in self._bound(source).items()]
            self.definitions.append("\n".join([*filled(f"def {name}(", [*taken, *bound], "):"), _body(text)]))
        return self._known[key]

    def _helpers(self, source: Source) -> dict[str, str]:
        """What the program calls the functions that a formula calls."""
        names = {}
        for name, helper in source.helpers.items():
            inner = read(helper)
            names[name] = inner.name if inner.name.startswith("np.") else self._define(inner, name, inner.arguments)
        return names

    def _bound(self, source: Source) -> dict[str, str]:
        """Constants that a function takes with it as defaults; one in capitals stands above all functions instead."""
        header = {node.arg for node in ast.walk(_definition(_function(source)).args) if isinstance(node, ast.arg)}
        bound = {}
        for name, value in source.constants.items():
            text = number(value, self.double)
            if name in header or not name.isupper() or self.constants.get(name, text) != text or name in self._taken:
                bound[name] = text
            else:
                self.constants[name] = text
        return bound

    def named(self, *wanted: str) -> str:
        """The first name that is free, or the last one with a number."""
        numbered = (f"{wanted[-1]}_{i}" for i in count(2))
        name = next(name for name in chain(wanted, numbered) if name not in self._taken and name not in self.constants)
        self._taken.add(name)
        return name


def _readable(what: str, function: Function) -> Source:
    try:
        return read(function)
    except InputError as error:
        raise InputError(f"No program can be written with {what}: {error}") from error
    except (TypeError, ValueError) as error:  # an object that cannot be remembered, or that shows no arguments
        raise InputError(
            f"No program can be written with {what}: {function!r} has no Python source to read: define it with def, in "
            "a file or a notebook."
        ) from error


def _key(source: Source) -> Any:
    """Two functions of one key compute the same: one definition is enough."""
    constants = tuple(sorted((name, repr(value)) for name, value in source.constants.items()))
    return source.text, constants, tuple(sorted((name, id(helper)) for name, helper in source.helpers.items()))


def _definition(text: str) -> ast.FunctionDef:
    definition = ast.parse(text).body[0]
    assert isinstance(definition, ast.FunctionDef)
    return definition


def _body(text: str) -> str:
    """The indented lines below the header, which is one line."""
    return text.split("\n", 1)[1]


def _function(source: Source) -> str:
    """The function's text, without a name and without math."""
    header, body = source.text.split("\n", 1)
    return without_math(f"def _{header[header.index('(') :]}\n{body}")
