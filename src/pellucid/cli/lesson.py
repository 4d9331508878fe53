"""`pellucid lesson`: the list of the lessons, or one of them."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from typing import Any, NamedTuple

from pellucid import lessons
from pellucid.cli import options as opt
from pellucid.cli.mistakes import UsageError, stopped_by_interrupt
from pellucid.cli.screen import Screen
from pellucid.cli.values import choice
from pellucid.lessons.page import LANGUAGES, catalogue

# What each lesson may take beyond the options of all; which of them it does take, its own `run` says.
OPTIONS: dict[str, Any] = {"steps": opt.Steps, "method": opt.Method}
EVERY: dict[str, Any] = {"lang": opt.Lang, "out": opt.LessonOut}


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


def asked_for_help(argv: Sequence[str]) -> str | None:
    """The lesson whose own options are asked for, as in `lesson moons --help`; None where it is something else."""
    if list(argv[:1]) != ["lesson"] or "--help" not in argv:
        return None
    valued = [f"--{option}" for option in {**OPTIONS, **EVERY}]
    words = (word for before, word in pairwise(argv) if before not in valued and not word.startswith("-"))
    return next(words, None)


def explained(name: str) -> int:
    """Print what one lesson is about and each option that it takes, a line each; the exit code."""
    name = _known(name)
    takes = _takes(name)
    screen = Screen()
    screen.line(f"Usage: pellucid lesson {name} [OPTIONS]")
    screen.gap()
    screen.line(catalogue(name)["en"]["title"].strip())
    screen.gap()
    screen.line("Options:")
    for option, annotated in {**{known: OPTIONS[known] for known in takes.own}, **EVERY}.items():
        said = annotated.__metadata__[0]
        usual = {"out": f"lesson-{name}, right here", "lang": "en"}.get(option, takes.own.get(option))
        words = said.help if option != "method" else f"How gradients are taken: {', '.join(takes.methods)}."
        shown = said.show_default if usual is None else f"{usual:,}" if isinstance(usual, int) else usual
        screen.line(f"  {f'--{option} {said.metavar}':<18}{words}  [default: {shown}]")
    return 0


class _Takes(NamedTuple):
    """What a lesson takes: its own options with their defaults, and the methods that it knows."""

    own: dict[str, Any]
    methods: Sequence[str]


def _takes(name: str) -> _Takes:
    module = import_module(f"pellucid.lessons.{name.replace('-', '_')}")
    parameters = inspect.signature(module.run).parameters
    own = {option: parameters[option].default for option in OPTIONS if option in parameters}
    return _Takes(own, tuple(getattr(module, "GRADIENTS", ())))


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
    takes = _takes(name)
    for option in given:
        if option not in takes.own:
            own = [f"--{known}" for known in takes.own]
            raise UsageError(
                f"The lesson {name} does not take --{option}. It takes: {', '.join([*own, '--lang', '--out'])}."
            )
    if "method" in given:
        choice("--method", given["method"], takes.methods)
