"""What a rule gets, a failure in its place, and what it gives, sentences of the catalogue."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, NamedTuple, TypeAlias

from pellucid.checker.filling import filled
from pellucid.checker.slips.places import Place
from pellucid.checker.slips.values import MISSING, described, facts, value_of

LANGUAGES = ("en", "zh")


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """Every sentence by its key, from `texts/slips_LANG.toml`."""
    file = resources.files("pellucid.checker") / "texts" / f"slips_{lang}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def sentence(lang: str, key: str, /, **values: Any) -> str:
    """A sentence of the catalogue with the values put in.

    Example:
        >>> sentence("en", "is", name="X", value="an array")
        'X is an array'
    """
    return filled(catalogue(lang)[key].strip("\n"), values)


class Told(NamedTuple):
    """What a rule found: its key in the catalogue, and the sentences, what happened first."""

    kind: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """An exception in its place, to be told in a language."""

    error: BaseException
    place: Place
    lang: str

    @property
    def words(self) -> str:
        """What Python says."""
        return str(self.error)

    @property
    def node(self) -> ast.AST | None:
        return self.place.node

    def text(self, key: str, /, **values: Any) -> str:
        """A sentence of the catalogue."""
        return sentence(self.lang, key, **values)

    def told(self, key: str, /, *more: str, **values: Any) -> Told:
        """The sentence of a key, and what else is to be said; empty ones are left out."""
        return Told(key, tuple(part for part in (self.text(key, **values), *more) if part))

    def value(self, node: ast.AST | None) -> Any:
        """What an expression stands for, or MISSING."""
        return value_of(node, self.place.scope)

    def described(self, node: ast.AST | None) -> str:
        """What an expression stands for, in words; "" where it is not known."""
        value = self.value(node)
        return "" if value is MISSING else described(value, self.text)

    def facts(self, node: ast.AST | None = None) -> str:
        """What the names in an expression stand for; by default in the failing one."""
        return facts(node or self.node, self.place.scope, self.text)


Rule: TypeAlias = Callable[[Case], Told | None]
