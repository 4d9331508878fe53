"""`pellucid train`: from a CSV file to a model that `pellucid predict` uses, with a report and pictures."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pellucid.cli import findings, page, results, sources
from pellucid.cli.mistakes import UsageError, terminated_by_signal, uninterrupted
from pellucid.cli.recipe import Outcome, Recipe, learnt, network, parted, refuse_target
from pellucid.cli.screen import Screen
from pellucid.cli.words import in_options
from pellucid.data.real import load
from pellucid.data.tables import Table, read_csv
from pellucid.errors import FileError, MissingExtra, need
from pellucid.wording import visible

MODEL = "model.json"
MOST_DRAWN = 100  # classes in a picture of a confusion matrix


@contextmanager
def hushed(quiet: bool) -> Iterator[None]:
    """While it lasts, a first compilation says nothing, if all is to be quiet."""
    before = os.environ.get("PELLUCID_QUIET")
    if quiet:
        os.environ["PELLUCID_QUIET"] = "1"
    try:
        yield
    finally:
        if quiet and before is None:
            del os.environ["PELLUCID_QUIET"]


@contextmanager
def warnings_as_remarks() -> Iterator[None]:
    """While it lasts, a warning of the library is a line for people, without the place in the program."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *place: Screen(stderr=True).remark("warning: ", in_options(str(message)))
        yield


@dataclass(frozen=True)
class TableSource:
    """The file and how it is to be read; without a file, the handwritten digits."""

    file: str | None = None
    target: str | None = None
    task: Literal["auto", "classes", "values"] = "auto"
    drop: tuple[str, ...] = ()
    header: bool | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class Places:
    """Where everything goes."""

    folder: Path
    model: Path
    history: Path | None
    page: Path | None
    plots: bool


def run(
    source: TableSource,
    recipe: Recipe,
    save: str | None,
    out: str | None,
    history: str | None,
    shown: str | None = None,
    keep: Mapping[str, Any] | None = None,
    **flags: bool,
) -> int:
    """Do what `pellucid train` was asked for; the exit code, 130 after Ctrl-C.

    `shown`: where the report for a browser goes; `keep`: the checkpoints, as `fit` takes them; `flags`: quiet (say
    nothing but errors) and plots (draw pictures).
    """
    if not keep:
        return _run(source, recipe, save, out, history, shown, {}, **flags)
    with terminated_by_signal(f"terminated; {_again(keep)}"):
        return _run(source, recipe, save, out, history, shown, keep, **flags)


def _again(keep: Mapping[str, Any]) -> str:
    return f"the same command{'' if keep['resume'] else ' with --resume added'} goes on, from {keep['checkpoint']}"


def _run(
    source: TableSource,
    recipe: Recipe,
    save: str | None,
    out: str | None,
    history: str | None,
    shown: str | None,
    keep: Mapping[str, Any],
    **flags: bool,
) -> int:
    places = _places(source, save, out, history, shown, flags["plots"])
    screen = Screen(quiet=flags["quiet"])
    table = _table(source)
    refuse_target(table, recipe)
    parts = parted(table, recipe)
    net = network(table, recipe)
    results.data(screen, table)
    results.plan(screen, net, parts, recipe)
    with hushed(flags["quiet"]), warnings_as_remarks():
        outcome = learnt(net, table, parts, recipe, not flags["quiet"], keep)
    with uninterrupted():
        _save(outcome, places)
    results.ending(screen, outcome.history)
    part, predicted = results.results(screen, table, parts, outcome)
    findings.say(screen, table, parts, outcome)
    screen.gap()
    screen.say("Model", str(places.model), wrap=False)
    if places.history:
        screen.say("History", str(places.history), wrap=False)
    if places.plots:
        _draw(screen, places.folder, table, outcome, (part, getattr(parts, part), predicted))
    if places.page:
        page.write(places.page, source, recipe, table, parts, outcome)
        screen.say("Report", str(places.page), wrap=False)
    data = shlex.quote(source.file) if source.file and source.file != sources.STDIN else "NEW.csv"
    screen.say("Predict", f"{program()} predict {shlex.quote(str(places.model))} {data}", wrap=False)
    return _interrupted(outcome, places, keep) if outcome.history.stopped == "interrupted" else 0


def program() -> str:
    """How this program is called here: by its name where the shell finds it, else as it was just called."""
    called = Path(sys.argv[0])
    if shutil.which("pellucid") or called.name not in ("pellucid", "__main__.py"):
        return "pellucid"
    return shlex.quote(sys.argv[0]) if called.name == "pellucid" else "python -m pellucid"


def _interrupted(outcome: Outcome, places: Places, keep: Mapping[str, Any]) -> int:
    """Say so even where all else is quiet: the model is not the one that was asked for."""
    done = len(outcome.history)
    how = f"after {done} epoch{'' if done == 1 else 's'}" if done else "before the first epoch was complete"
    then = f"; {_again(keep)}" if keep else ""
    Screen(stderr=True).remark("", f"interrupted {how}; what was learnt until then is saved in {places.model}{then}")
    return 130


def _table(source: TableSource) -> Table:
    """The data, with the target column asked for."""
    if source.file is None:
        return load("digits")
    with sources.opened(source.file) as path:
        if source.target is None:
            raise _no_target(source, path)
        return read_csv(
            path,
            source.target,
            header="auto" if source.header is None else source.header,
            task=source.task,
            drop=source.drop,
            delimiter=source.delimiter,
        )


def _no_target(source: TableSource, path: Path) -> UsageError:
    columns = sources.columns_of(path, source.header, source.delimiter, None)
    if columns.names is None:
        there = (
            f"{source.file} has {columns.width} columns and no names above them: "
            "--target -1 is the last, --target 0 the first."
        )
    else:
        there = f"The columns of {source.file} are: {', '.join(columns.names)}."
    return UsageError(f"--target is missing: which column is to be predicted? {there}")


def _places(
    source: TableSource, save: str | None, out: str | None, history: str | None, shown: str | None, plots: bool
) -> Places:
    """Where results go, checked before anything is trained."""
    name = "digits" if source.file is None else "stdin" if source.file == sources.STDIN else Path(source.file).stem
    folder = Path("pellucid-" + re.sub(r"[^-.\w]+", "-", name) if out is None else out)
    model = Path(save) if save is not None else folder / MODEL
    read = [] if source.file is None else [source.file]
    if model.suffix.lower() not in (".json", ".safetensors"):
        raise UsageError(f"--save {save}: name a file that ends in .json or .safetensors, such as {MODEL}.")
    if model.suffix.lower() == ".safetensors":
        need("safetensors", "files")  # before the training, and not after it
    sources.writable("--save", model, *read)
    if save is None:
        _refuse_foreign(model)
    sources.writable("--out", folder / "curves.png", *read)
    if shown is not None and Path(shown).suffix.lower() != ".html":
        raise UsageError(f"--report {shown}: name a file that ends in .html, such as {name}.html.")
    place = None if shown is None else sources.writable("--report", Path(shown), *read)
    if history is None:
        return Places(folder, model, None, place, plots)
    if Path(history).suffix.lower() not in (".csv", ".json") or Path(history).absolute() == model.absolute():
        raise UsageError(f"--history {history}: name a file of its own that ends in .csv or .json.")
    return Places(folder, model, sources.writable("--history", Path(history), *read), place, plots)


def _refuse_foreign(model: Path) -> None:
    """A file that was named is overwritten, as cp does it; one that only happens to be there is not."""
    if model.exists():
        with model.open("rb") as file:
            if b'"format": "pellucid"' not in file.read(200):
                raise FileError(
                    f"{model}: this file is no model of pellucid, so it is not overwritten. "
                    "Name another place with --save or --out."
                )


def _save(outcome: Outcome, places: Places) -> None:
    with sources.writing(places.model):
        outcome.net.save(places.model)
    if places.history is not None:
        with sources.writing(places.history):
            as_json = places.history.suffix.lower() == ".json"
            (outcome.history.to_json if as_json else outcome.history.to_csv)(places.history)


def _draw(screen: Screen, folder: Path, table: Table, outcome: Outcome, last: tuple[str, Any, Any]) -> None:
    """Draw what can be drawn, and say where it is and what could not."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            drawn = [str(path) for path in _pictures(folder, table, outcome, *last)]
        except MissingExtra as error:
            screen.say("Pictures", f"none: {error}")
            return
    for k, path in enumerate(drawn):
        screen.say("" if k else "Pictures", path, wrap=False)
    if table.labels and len(table.labels) > MOST_DRAWN:
        screen.say("", f"no confusion matrix: one of {len(table.labels):,} classes could not be read", style="dim")
    if any("missing from font" in str(warning.message) for warning in heard):
        screen.say("", "boxes stand for letters that no font on this computer has", style="dim")


def _pictures(folder: Path, table: Table, outcome: Outcome, part: str, rows: Any, predicted: Any) -> Iterator[Path]:
    """Curves, and a confusion matrix or predicted against true values, of some rows."""
    from pellucid import metrics, plots

    assert table.y is not None
    title = visible(f"{table.target}: {part} rows")
    if len(outcome.history):
        figure = plots.curves(outcome.history, title=visible(f"{table.name}: how training went"))
        yield plots.save(figure, folder / "curves.png")
    if not table.labels:
        yield plots.save(plots.residuals(table.y[rows], predicted, title=title), folder / "residuals.png")
    elif len(table.labels) <= MOST_DRAWN:
        matrix = metrics.confusion_matrix(table.y[rows], predicted, len(table.labels))
        figure = plots.confusion(matrix, [visible(label) for label in table.labels], title=title)
        yield plots.save(figure, folder / "confusion.png")
