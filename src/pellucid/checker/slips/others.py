"""What else ends a program: division by zero, files that are not there, memory, its own exits and complaints."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from pellucid.checker.slips.cases import Case, Told
from pellucid.checker.slips.values import written
from pellucid.errors import PellucidError


def zero(case: Case) -> Told | None:
    """Division by zero."""
    if not isinstance(case.error, ZeroDivisionError):
        return None
    node = case.node
    divisor = node.right if isinstance(node, ast.BinOp) else node.value if isinstance(node, ast.AugAssign) else None
    if divisor is None:
        return case.told("zero", case.facts())
    return case.told("zero_named", case.facts(divisor), name=written(divisor))


def beyond(case: Case) -> Told | None:
    """math.exp(1000), math.log(0), or NumPy told to raise."""
    if "math domain error" in case.words or "expected a positive input" in case.words:
        return case.told("domain", case.facts(), text=written(case.node))
    if isinstance(case.error, OverflowError | FloatingPointError):
        return case.told("overflow", case.facts(), text=written(case.node))
    return None


def files(case: Case) -> Told | None:
    """A file of the learner's that cannot be read."""
    error = case.error
    if isinstance(error, UnicodeDecodeError):
        return case.told("file_letters", encoding=error.encoding)
    named = re.match(r"(.+) not found\.?$", case.words)  # as NumPy says it
    if not isinstance(error, OSError) or (error.filename is None and not named):
        return None
    name = str(error.filename or (named and named[1]))
    beside = Path(case.place.frame.f_code.co_filename).resolve().parent / Path(name).name
    if isinstance(error, FileNotFoundError):
        hint = case.text("file_beside", path=beside) if beside.exists() else ""
        return case.told("file_missing", hint, name=name, folder=Path.cwd())
    return case.told("file_other", name=name, why=error.strerror or type(error).__name__)


def ended(case: Case) -> Told | None:
    """sys.exit(), exit(), quit(), or argparse that misses its arguments."""
    if not isinstance(case.error, SystemExit):
        return None
    return case.told("exit", text=written(case.place.statement))


def own(case: Case) -> Told | None:
    """What the program itself raises: raise, assert, and what pellucid says to it."""
    if isinstance(case.error, PellucidError):
        return case.told("pellucid", text=case.words)
    if isinstance(case.error, NotImplementedError):
        return case.told("unwritten", function=case.place.function or case.place.source.name)
    if isinstance(case.error, AssertionError):
        statement = case.place.statement
        test = statement.test if isinstance(statement, ast.Assert) else None
        return case.told("assert", case.facts(test), text=written(test) or case.words)
    if isinstance(case.node, ast.Raise):
        return case.told("raised", text=case.words or type(case.error).__name__)
    return None


def memory(case: Case) -> Told | None:
    """An array that is too large."""
    return case.told("memory", case.facts()) if isinstance(case.error, MemoryError) else None


def asked(case: Case) -> Told | None:
    """input(), where nobody answers; next() at the end."""
    if isinstance(case.error, EOFError):
        return case.told("input")
    return case.told("stop", text=written(case.node)) if isinstance(case.error, StopIteration) else None


def anything(case: Case) -> Told:
    """What no other rule knows."""
    return case.told("other", case.facts(), kind=type(case.error).__name__)
