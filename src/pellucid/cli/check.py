"""`pellucid check`: a learner's own network is run and checked; what it gets wrong is told in words."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import check_my_network
from pellucid.checker.running.calling import role_of
from pellucid.checker.slips import LANGUAGES, catalogue, explain_exception, sentence
from pellucid.checker.slips.places import source_of
from pellucid.cli import programs
from pellucid.cli.mistakes import UsageError
from pellucid.cli.screen import Screen
from pellucid.cli.values import choice
from pellucid.cli.wanted import WELCOME, wanted
from pellucid.errors import InputError, PellucidError
from pellucid.wording import visible

INTERRUPTED = 130


def run(file: str | None, lang: str, example: bool) -> int:
    """Do what `pellucid check` was asked for; 0 where the network is right, 1 where it is not or does not run."""
    lang = choice("--lang", lang, LANGUAGES)
    if example:
        if file is not None:
            raise UsageError(f"--example prints a file and reads none: leave {file} out, or --example.")
        if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
            sys.stdout.reconfigure(encoding="utf-8")  # it goes into a file that is to be a program
        print(catalogue(lang)["example"].strip("\n"))
        return 0
    if file is None:
        raise UsageError(
            "Missing argument 'FILE.py': the program to be checked.\nTry: pellucid check --example, or --help"
        )
    try:
        return _checked(file, lang)
    except PellucidError as error:
        _tell(str(error), lang)
        return 1


def _checked(file: str, lang: str) -> int:
    hints: tuple[str, ...] = ()
    raw = programs.read(file, lang)
    source = source_of(file, Path(file))
    aside = programs.Aside(
        sys.stderr, sentence(lang, "aside", file=file), lambda count: sentence(lang, "aside_rest", count=count)
    )
    try:
        with programs.prepared(file, aside) as module:
            names = programs.execute(module, raw)
            found = wanted(source, names, lang)
            hints = _alike_data(names, found.arguments, lang)
            report = check_my_network(**found.arguments, lang=lang)
            shown = str(report)
    except BaseException as error:
        aside.end()
        if isinstance(error, InputError) and hints:  # it may be about data that the check has not got
            raise InputError("\n\n".join([str(error), *hints])) from error
        return _failed(error, file, lang)
    aside.end()
    screen = Screen()
    screen.line(sentence(lang, "looked_at", file=file, names=", ".join(found.names)))
    absent = [name for name in WELCOME if name not in found.arguments]
    remarks = [*found.remarks, *hints]
    if absent:
        remarks.append(sentence(lang, "not_there", names=", ".join(absent)))
    for remark in remarks:
        screen.line(remark, style="dim")
    screen.gap()
    for line in shown.splitlines():
        screen.line(line)
    return 0 if report.ok else 1


def _alike_data(names: Mapping[str, Any], given: Mapping[str, Any], lang: str) -> tuple[str, ...]:
    """X and y under another name, such as X_train and labels: how to call them, a sentence each."""
    hints = []
    for role in ("X", "y"):
        alike = [name for name, value in names.items() if role_of(name) == role and isinstance(value, np.ndarray)]
        if role not in given and alike:
            hints.append(sentence(lang, "data_alike", name=role, other=alike[0]))
    return tuple(hints)


def _failed(error: BaseException, file: str, lang: str) -> int:
    """Tell what ended the program; what is no mistake of it goes on."""
    slip = explain_exception(error, Path(file), lang)
    if isinstance(error, KeyboardInterrupt):
        where = f"{sentence(lang, 'interrupted')}{slip.where.rstrip(' :：')}\n\n{slip.excerpt}\n\n" if slip else ""
        _tell(where + sentence(lang, "interrupted_hint"), lang, label="")
        return INTERRUPTED
    if slip is None:
        raise error
    _tell(str(slip), lang)
    return 1


def _tell(text: str, lang: str, label: str = "error") -> None:
    Screen(stderr=True).remark(label and sentence(lang, label), visible(text, keep="\n"))
