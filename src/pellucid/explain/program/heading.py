"""The heading of a program: what it is, and which training it repeats."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from pellucid.explain.program.plan import Plan
from pellucid.explain.program.text import WIDTH
from pellucid.layers import Dense
from pellucid.settings import Settings


def heading(plan: Plan) -> list[str]:
    """The lines of the program's docstring."""
    net = plan.net
    widths = " -> ".join(map(str, [net.inputs, *(layer.units for layer in net.layers if isinstance(layer, Dense))]))
    title = f"A neural network from scratch, in NumPy: {widths}, {net.loss_function.name} loss."
    call = f"net.fit(X, y, {', '.join(_settings(plan.settings))})"
    said = f"It does what {call} does in Pellucid, number for number, and prints the loss of each epoch."
    legend = "Rows are samples, n of them at a time. Behind a line stands the shape of what it computes."
    short = "Rows are samples. Behind a line stands the shape of its result."
    body = _wrapped(_harmless(f"{said} {short}")) if plan.compact else [*_wrapped(_harmless(said)), legend]
    return [*_wrapped(f'"""{_harmless(title)}'), "", *body, '"""']


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _harmless(text: str) -> str:
    """The same where a docstring goes on: nothing ends it, and a backslash is one."""
    return text.replace("\\", "\\\\").replace('"', "'")


def _settings(settings: Settings) -> Iterator[str]:
    """The settings that are not the usual ones, as they are written in a call."""
    plain = Settings()
    yield f"optimizer={settings.optimizer!r}"
    yield f"epochs={settings.epochs}"
    for field in fields(Settings):
        value = getattr(settings, field.name)
        if field.name in ("optimizer", "epochs", "engine", "threads") or _same(value, getattr(plain, field.name)):
            continue
        yield f"{field.name}={_said(value)}"


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and not isinstance(a, np.ndarray) and a == b


def _said(value: Any) -> str:
    plain = isinstance(value, int | float | str | bool) or not hasattr(value, "__len__")
    return repr(value) if plain or (isinstance(value, dict) and len(value) <= 10) else "..."
