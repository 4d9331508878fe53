"""`pellucid lesson`: the list of the lessons, or one of them."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from pellucid import lessons
from pellucid.cli.mistakes import UsageError, stopped_by_interrupt
from pellucid.cli.screen import Screen
from pellucid.cli.values import choice
from pellucid.lessons.page import LANGUAGES, catalogue

OPTIONS = ("steps", "method")  # beyond those that every lesson takes


def run(name: str | None, lang: str, out: str | None, **given: Any) -> int:
    """Run a lesson, or list them all where none is named; the exit code. `given`: options, None where not given."""
    lang = choice("--lang", lang, LANGUAGES)
    given = {option: value for option, value in given.items() if value is not None}
    if name is None:
        if given or out is not None:
            first = "--out" if out is not None else f"--{next(iter(given))}"
            raise UsageError(f"{first} is for one lesson: name it, such as pellucid lesson {lessons.LESSONS[1]}.")
        return _list(lang)
    name = _known(name)
    _refuse_foreign(name, given)
    with stopped_by_interrupt():
        lessons.run(name, lang, out, **given)
    return 0


def _list(lang: str) -> int:
    screen = Screen()
    for number, name in enumerate(lessons.LESSONS):
        screen.line(f"{number}  {name:<16} {catalogue(name)[lang]['title'].strip()}")
    return 0


def _known(name: str) -> str:
    """A lesson's name, from its name or its number."""
    if name in map(str, range(len(lessons.LESSONS))):
        return lessons.LESSONS[int(name)]
    key = name.strip().lower().replace("_", "-")
    if key not in lessons.LESSONS:
        raise UsageError(f"There is no lesson {name!r}. There are: {', '.join(lessons.LESSONS)}.")
    return key


def _refuse_foreign(name: str, given: dict[str, Any]) -> None:
    """Refuse options that this lesson has no use for, and methods that it does not know."""
    module = import_module(f"pellucid.lessons.{name.replace('-', '_')}")
    takes = inspect.signature(module.run).parameters
    for option in given:
        if option not in takes:
            own = [f"--{known}" for known in OPTIONS if known in takes]
            raise UsageError(
                f"The lesson {name} does not take --{option}. It takes: {', '.join([*own, '--lang', '--out'])}."
            )
    if "method" in given:
        choice("--method", given["method"], module.GRADIENTS)
