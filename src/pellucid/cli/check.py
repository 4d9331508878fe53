"""`pellucid check`: a learner's own network is run and checked; what it gets wrong is told in words."""

from __future__ import annotations

import io
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import check_my_network
from pellucid.checker.running.calling import role_of
from pellucid.checker.slips import LANGUAGES, catalogue, explain_exception, sentence
from pellucid.checker.slips.places import is_own, source_of
from pellucid.cli import programs
from pellucid.cli.mistakes import UsageError
from pellucid.cli.screen import Screen
from pellucid.cli.values import choice
from pellucid.cli.wanted import WELCOME, wanted
from pellucid.errors import InputError, PellucidError
from pellucid.wording import visible

INTERRUPTED = 130
HOME = Path(__file__).resolve().parents[1]
PATIENCE = 10.0  # seconds after which it is said what a check is still at


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
    except (BrokenPipeError, MemoryError):  # every command tells these
        raise
    except Exception as error:
        _tell(sentence(lang, "own_mistake", **_our_own(error), file=file), lang)
    return 1


def _our_own(error: Exception) -> dict[str, str]:
    """A mistake of the check's own, for whoever is to mend it: what it is, and where."""
    last = traceback.extract_tb(error.__traceback__)
    ours = [step for step in last if Path(step.filename).is_relative_to(HOME)]
    where = f"{Path(ours[-1].filename).relative_to(HOME)}:{ours[-1].lineno}" if ours else "?"
    return {"kind": type(error).__name__, "words": " ".join(str(error).split()), "where": where}


def _checked(file: str, lang: str) -> int:
    hints: tuple[str, ...] = ()
    raw = programs.read(file, lang)
    source = source_of(file, Path(file))
    aside = programs.Aside(
        sys.stderr, sentence(lang, "aside", file=file), lambda count: sentence(lang, "aside_rest", count=count)
    )
    try:
        with programs.prepared(file, aside) as module, _told_of_waiting(file, lang):
            names = programs.execute(module, raw)
            found = wanted(source, names, lang)
            hints = _alike_data(names, found.arguments, lang)
            report = check_my_network(**found.arguments, lang=lang)
            shown = str(report)
    except BaseException as error:
        aside.end()
        if isinstance(error, InputError) and hints:  # it may be about data that the check has not got
            raise InputError("\n\n".join([str(error).partition("\n")[0], *hints])) from error
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


@contextmanager
def _told_of_waiting(file: str, lang: str) -> Iterator[None]:
    """Where a file runs for long, say once on standard error where it is: a loop may have no end."""
    watched = threading.get_ident()

    def tell() -> None:
        here = sys._current_frames().get(watched)
        line = 0
        while here is not None and not line:
            line = here.f_lineno if is_own(here.f_code.co_filename, Path(file)) else 0
            name = here.f_code.co_filename
            here = here.f_back
        key = "waiting" if line else "waiting_unknown"
        where = {"file": Path(name).name, "line": line} if line else {}
        print(sentence(lang, key, seconds=f"{PATIENCE:g}", **where), file=sys.stderr, flush=True)

    timer = threading.Timer(PATIENCE, tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


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
