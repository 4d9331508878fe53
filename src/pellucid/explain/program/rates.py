"""The learning rate of a program: a schedule's own methods, with its numbers in them and the record taken out."""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.explain.program.text import (
    Edit,
    edited,
    filled,
    grouped,
    identifier,
    indented,
    names_in,
    number,
    replaced,
    with_names,
    without_math,
)
from pellucid.schedules import Constant, Place, Schedule, Watch
from pellucid.source import number_like

NAMES = (*Place._fields, *Watch._fields)  # what the methods of a schedule look at, as a program calls it


@dataclass(frozen=True)
class Rate:
    """How a program knows the learning rate of a step.

    Attributes:
        name: what it is called where a step is taken.
        definitions: functions that it needs.
        line: gives the rate a value, or None where it is constant.
        looks_at: which of NAMES that line looks at.
        watches: the line that remembers an epoch's loss, with "LOSS" where its name belongs, or None.
    """

    name: str = "learning_rate"
    definitions: tuple[str, ...] = ()
    line: str | None = None
    looks_at: frozenset[str] = frozenset()
    watches: str | None = None


def rate_of(schedule: Schedule, full_batch: bool, named: Callable[[str], str]) -> Rate:
    """The learning rate under a schedule.

    Args:
        schedule: of the run.
        full_batch: whether an epoch is one step: then the epoch counts the steps too.
        named: gives a wanted name that is free in the program.

    Raises:
        InputError: a method of a schedule of one's own cannot be read.

    Example:
        >>> from pellucid.schedules import Exponential
        >>> rate_of(Exponential(0.9), True, str).line
        'rate = learning_rate * 0.9**epoch'
    """
    if type(schedule) is Constant:
        return Rate()
    definitions: list[str] = []
    lines = _method(schedule, "scale")
    looks_at = names_in("\n".join(lines)) & {*NAMES}
    if len(lines) == 1 and lines[0].startswith("return "):
        scale = lines[0].removeprefix("return ")
    else:
        arguments = [name for name in NAMES if name in looks_at]
        name = named(identifier(type(schedule).__name__))
        definitions.append("\n".join([*filled(f"def {name}(", arguments, "):"), *indented(lines)]))
        scale = f"{name}({', '.join(arguments)})"
    watches = None
    if type(schedule).watched is not Schedule.watched:
        own = identifier(type(schedule).__name__)
        name = named(f"{own}_watch" if definitions else own)
        lines = indented(_method(schedule, "watched"))
        definitions.append("\n".join([f"def {name}({', '.join(Watch._fields)}, loss):", *lines]))
        watches = f"{', '.join(Watch._fields)} = {name}({', '.join(Watch._fields)}, LOSS)"
    if full_batch:
        scale = with_names(scale, {"step": "epoch", "steps": "epochs"})
    line = f"rate = learning_rate * {_factor(scale)}"
    return Rate("rate", tuple(definitions), line, frozenset(looks_at), watches)


def _factor(scale: str) -> str:
    """An expression that something is multiplied with: a power needs no parentheses there, plain numbers no float()."""
    node = ast.parse(scale, mode="eval").body
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "float" and "(" not in ast.unparse(node.args[0]):
        return _factor(ast.get_source_segment(scale, node.args[0]) or scale)
    return scale if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) else grouped(scale)


def _method(schedule: Schedule, name: str) -> list[str]:
    """The statements of a method, on plain names and numbers."""
    function = getattr(type(schedule), name)
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError) as error:
        raise _unreadable(schedule, name, "its source is not there: define it in a file or a notebook") from error
    definition = ast.parse(text).body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise _unreadable(schedule, name, "it is no plain method")
    own, *others = [argument.arg for argument in definition.args.args]
    roles = dict(zip(others, ("place", "watch") if name == "scale" else ("watch", "loss"), strict=False))
    statements = definition.body[1:] if ast.get_docstring(definition) is not None else definition.body
    edits = _Plain(schedule, name, own, roles, function.__globals__).edits(statements)
    begin = statements[0].lineno, statements[0].col_offset
    cut = Edit((1, 0), begin, " " * begin[1])  # the header, up to the first statement
    return without_math(textwrap.dedent(edited(text, [*edits, cut])).rstrip()).split("\n")


@dataclass(frozen=True)
class _Plain:
    """Takes the record out of a method: self.factor becomes its number, place.step and watch.best plain names."""

    schedule: Schedule
    method: str
    own: str
    roles: dict[str, str]
    known: dict[str, Any]

    def edits(self, statements: list[ast.stmt]) -> list[Edit]:
        nodes = [node for statement in statements for node in ast.walk(statement)]
        owners = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        local = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        if local & {*NAMES, "loss"}:
            raise self._refused(f"it gives the name {min(local & {*NAMES, 'loss'})!r} another meaning: choose another")
        edits = []
        for node in nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                edits += self._attribute(node, node.value.id)
            elif isinstance(node, ast.Name) and id(node) not in owners and node.id not in local:
                edits += self._name(node)
            elif isinstance(node, ast.Call) and self.known.get(getattr(node.func, "id", "")) is Watch and node.keywords:
                raise self._refused("it makes a Watch with names: give best, waited and scale in this order")
        return edits

    def _attribute(self, node: ast.Attribute, owner: str) -> list[Edit]:
        if owner == self.own:
            value = getattr(self.schedule, node.attr, None)
            if not number_like(value):
                raise self._refused(f"it uses self.{node.attr}, which is no number")
            return [replaced(node, grouped(number(value)))]
        if self.roles.get(owner) in ("place", "watch"):
            if node.attr not in (Place if self.roles[owner] == "place" else Watch)._fields:
                raise self._refused(f"it uses {owner}.{node.attr}")
            return [replaced(node, node.attr)]
        if self.known.get(owner) is np or self.known.get(owner) is math:
            return [replaced(node.value, "np" if self.known[owner] is np else "math")]
        raise self._refused(f"it uses {owner}.{node.attr}")

    def _name(self, node: ast.Name) -> list[Edit]:
        if node.id in self.roles:
            role = self.roles[node.id]
            if role == "place":
                raise self._refused("it uses the place as a whole")
            return [replaced(node, "loss" if role == "loss" else f"({', '.join(Watch._fields)})")]
        value = self.known.get(node.id)
        if value is Watch:
            return [replaced(node, "")]  # a tuple of the same three is enough
        if number_like(value):
            return [replaced(node, grouped(number(value)))]
        if node.id in self.known or node.id not in ("min", "max", "abs", "int", "float", "round", "pow", "bool"):
            raise self._refused(f"it uses {node.id!r}")
        return []

    def _refused(self, why: str) -> InputError:
        return _unreadable(self.schedule, self.method, why)


def _unreadable(schedule: Schedule, method: str, why: str) -> InputError:
    return InputError(
        f"The method {method} of the schedule {type(schedule).__name__} cannot be written into a program: {why}. "
        "Write it with self's numbers, place.step, place.steps, place.epoch and watch.best, watch.waited, watch.scale."
    )
