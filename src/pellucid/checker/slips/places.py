"""Where a program failed: the learner's own file, line and expression, and the line as it can be shown."""

from __future__ import annotations

import ast
import sysconfig
import tokenize
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

WIDTH = 88  # terminal columns of a line that is shown
TAB = 4
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Span(NamedTuple):
    """A part of a file: lines from 1; columns from 0, in bytes of UTF-8, as Python counts them."""

    line: int
    end_line: int
    column: int
    end_column: int


class Step(NamedTuple):
    """One of the learner's lines on the way to the failure."""

    frame: FrameType
    line: int
    at: int  # index of the instruction


@dataclass(frozen=True)
class Source:
    """A file of the learner: its path as it is shown, its lines and its tree (empty where it is no Python)."""

    name: str
    lines: tuple[str, ...]
    tree: ast.Module

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else ""

    def functions(self) -> list[Function]:
        """All functions of the file, those in classes too, in the order of their lines."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, Function)]
        return sorted(found, key=lambda node: node.lineno)

    def function_at(self, line: int) -> Function | None:
        """The innermost function around a line."""
        around = [node for node in self.functions() if node.lineno <= line <= (node.end_lineno or 0)]
        return max(around, key=lambda node: node.lineno, default=None)


@dataclass(frozen=True)
class Place:
    """Where the learner's program failed.

    Attributes:
        source: the file.
        steps: the learner's lines on the way there, the failing one last.
        span: the failing part of the line, where Python knows it.
    """

    source: Source
    steps: tuple[Step, ...]
    span: Span | None

    @property
    def frame(self) -> FrameType:
        return self.steps[-1].frame

    @property
    def line(self) -> int:
        return self.steps[-1].line

    @property
    def function(self) -> str:
        """The function's name, with its class; "" outside of any."""
        return named(self.frame.f_code)

    @cached_property
    def scope(self) -> Mapping[str, Any]:
        """What each name stands for there."""
        return {**self.frame.f_globals, **self.frame.f_locals}

    @cached_property
    def node(self) -> ast.AST | None:
        """The failing expression or statement; the whole line's statement where Python does not know better."""
        nodes = [node for node in ast.walk(self.source.tree) if isinstance(node, ast.expr | ast.stmt | ast.alias)]
        if self.span is not None:
            exact = [node for node in nodes if span_of(node) == self.span]
            if exact:
                return exact[-1]  # ast.walk goes from outside to inside
        return self.statement

    @cached_property
    def statement(self) -> ast.stmt | None:
        """The innermost statement around the failing line."""
        nodes = [node for node in ast.walk(self.source.tree) if isinstance(node, ast.stmt)]
        around = [node for node in nodes if node.lineno <= self.line <= _end(node)]
        if self.span is not None:  # of `for a in b: c` in one line, the one with the failing part
            around = [node for node in around if _within(self.span, span_of(node))] or around
        return around[-1] if around else None


def place_of(error: BaseException, program: Path) -> Place | None:
    """Where an exception left the learner's own code; None where it never was in it.

    Args:
        error: the exception, with its traceback.
        program: the learner's file; modules beside it are the learner's too.
    """
    own = [step for step in _steps(error) if is_own(step.frame.f_code.co_filename, program)]
    if not own:
        return None
    return Place(source_of(own[-1].frame.f_code.co_filename, program), tuple(own), _span(own[-1]))


def is_own(filename: str, program: Path) -> bool:
    """Whether a file is the learner's: the program, or a module beside it that no installation put there."""
    if filename.startswith("<"):
        return False
    path, home = Path(filename).resolve(), program.resolve().parent
    if path == program.resolve():
        return True
    if not path.is_file():  # compiled modules name files of another machine
        return False
    foreign = [Path(sysconfig.get_path(key)).resolve() for key in ("stdlib", "purelib", "platlib")]
    foreign.append(Path(__file__).resolve().parents[2])
    inside = path.is_relative_to(home) and "site-packages" not in path.parts
    return inside and not any(path.is_relative_to(folder) for folder in foreign)


def source_of(filename: str, program: Path) -> Source:
    """Read a file of the learner; what cannot be read is empty."""
    path, home = Path(filename).resolve(), program.resolve().parent
    name = str(program.parent / path.relative_to(home)) if path.is_relative_to(home) else filename
    try:
        with tokenize.open(path) as file:
            text = file.read()
    except (OSError, SyntaxError, UnicodeDecodeError):
        text = ""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        tree = ast.Module([], [])
    return Source(name, tuple(text.splitlines()), tree)


def named(code: CodeType) -> str:
    """A function's name with its class, comprehensions and the like told by the function around them.

    Example:
        >>> named((lambda: None).__code__)
        ''
    """
    return ".".join(part for part in code.co_qualname.split(".") if not part.startswith("<"))


def span_of(node: ast.AST) -> Span:
    """The part of the file that an expression or statement takes."""
    return Span(
        getattr(node, "lineno", 0), _end(node), getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0)
    )


def excerpt(source: Source, line: int, columns: tuple[int, int] | None) -> str:
    """A line with its number and, where its failing part is known, a caret under that.

    Args:
        columns: begin and end of the part, in characters from 0.

    Example:
        >>> print(excerpt(Source("a.py", ("z = X @ W",), ast.Module([], [])), 1, (4, 9)))
            1 | z = X @ W
              |     ^^^^^
    """
    text = source.line(line)
    begin, end = columns or (0, 0)
    before, part, after = (piece.expandtabs(TAB) for piece in (text[:begin], text[begin:end], text[end:]))
    while _wide(before + part + after) > WIDTH and len(before) > WIDTH // 3:
        before = "..." + before[8:]
    shown = _cut(before + part + after).rstrip()
    lines = [f"{line:>5} | {shown}"]
    whole = bool(part) and part.strip() == (before + part + after).strip()
    if columns is not None and not whole:  # a caret under everything says nothing
        marked = min(_wide(part), _wide(shown) - _wide(before))
        lines.append(" " * 5 + " | " + " " * _wide(before) + "^" * max(marked, 1))
    return "\n".join(lines)


def columns_of(source: Source, span: Span | None) -> tuple[int, int] | None:
    """The part of a span in its first line, in characters."""
    if span is None:
        return None
    text = source.line(span.line)
    raw = text.encode()
    end = len(raw) if span.end_line > span.line else span.end_column
    return len(raw[: span.column].decode(errors="replace")), len(raw[:end].decode(errors="replace"))


def _steps(error: BaseException) -> Iterator[Step]:
    """Every line on the way to the failure, the learner's and others."""
    at = error.__traceback__
    while at is not None:
        yield Step(at.tb_frame, at.tb_lineno, at.tb_lasti)
        at = at.tb_next


def _span(step: Step) -> Span | None:
    position = next(islice(step.frame.f_code.co_positions(), step.at // 2, None), (None,) * 4)
    return None if None in position else Span(*position)  # type: ignore[arg-type]


def _within(inner: Span, outer: Span) -> bool:
    begins = (outer.line, outer.column) <= (inner.line, inner.column)
    return begins and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def _end(node: ast.AST) -> int:
    return getattr(node, "end_lineno", None) or 0


def _wide(text: str) -> int:
    """Terminal columns: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _cut(text: str) -> str:
    while _wide(text) > WIDTH:
        text = text[:-8] + "..."
    return text
