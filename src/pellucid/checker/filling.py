"""Filling in: sentences with values; where Chinese meets Latin letters or numbers stands a space, always."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

CHINESE = r"[\u3400-\u9fff]"
LATIN_FIRST, LATIN_LAST = r"[A-Za-z0-9(\[`'\"+\-]", r"[A-Za-z0-9)\]`'\"%]"


class Share(float):
    """A relative error, which is told in per cent up to 100 and as a multiple beyond."""


def filled(template: str, values: Mapping[str, Any]) -> str:
    """A template with its values, as `str.format` would give it, and spaces where two scripts meet at a value.

    Example:
        >>> filled("{name} 是{value}，", {"name": "W1", "value": "3.5"})
        'W1 是 3.5，'
    """
    text = ""
    for literal, name, spec, conversion in Formatter().parse(template):
        text = _joined(text, literal)
        if name is not None:
            value = Formatter().convert_field(values[name], conversion)
            text = _joined(text, format(value, spec or ""))
    return text


def _joined(before: str, after: str) -> str:
    """Two parts: a space where Chinese and Latin would touch, and none between Chinese and Chinese."""
    if re.search(f"{CHINESE} $", before) and re.match(CHINESE, after):
        return before[:-1] + after
    if re.search(f"{CHINESE}$", before) and re.match(f" {CHINESE}", after):
        return before + after[1:]
    return before + _gap(before, after) + after


def _gap(before: str, after: str) -> str:
    """A space where Chinese and Latin would touch."""
    two = before[-1:] + after[:1]
    apart = rf"{CHINESE}{LATIN_FIRST}|{LATIN_LAST}{CHINESE}"
    return " " if before and after and re.fullmatch(apart, two) else ""
