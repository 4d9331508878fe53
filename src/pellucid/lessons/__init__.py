"""Eight lessons, in the order one learns: each builds something, trains it, and shows what happened.

Run one with `pellucid lesson NAME`, or import it: every lesson is a module with a function `run(page, ...)`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

from pellucid.errors import InputError
from pellucid.lessons.page import Page

LESSONS = (
    "neuron",
    "perceptron",
    "moons",
    "spiral",
    "microchips",
    "activations",
    "mnist-numerical",
    "mnist",
)


def run(
    name: str, lang: str = "en", folder: str | Path | None = None, out: TextIO | None = None, **options: Any
) -> dict[str, Any]:
    """Run a lesson and give its numbers by name.

    Args:
        name: one of LESSONS; an underscore counts as a hyphen.
        lang: "en" or "zh".
        folder: where its pictures go; "lesson-NAME" in the current folder by default.
        out: where its text goes; standard output by default.
        options: what the lesson's own `run` takes beyond the page, such as steps=100.

    Raises:
        InputError: there is no such lesson or language.
    """
    name = name.replace("_", "-")
    if name not in LESSONS:
        raise InputError(f"There is no lesson {name!r}. There are: {', '.join(LESSONS)}.")
    lesson = import_module(f"pellucid.lessons.{name.replace('-', '_')}")
    return lesson.run(Page(name, lang, folder, out), **options)
