"""`pellucid train --report`: the run as one page for a browser, in the words of the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.cli import again, findings
from pellucid.cli.recipe import Outcome, Parts, Recipe
from pellucid.cli.words import in_options
from pellucid.data.tables import Table
from pellucid.explain.diagnose import diagnose
from pellucid.explain.findings import Diagnosis

if TYPE_CHECKING:
    from pellucid.cli.train import TableSource


def write(path: Path, source: TableSource, recipe: Recipe, table: Table, parts: Parts, outcome: Outcome) -> None:
    """Write the page; rows are called as the table numbers them.

    Raises:
        FileError: it cannot be written.
    """
    from pellucid import report

    assert table.y is not None
    pairs = {name: (table.X[rows], table.y[rows]) for name, rows in parts.named().items()}
    task = None if source.task == "auto" else source.task
    read = {"--target": source.target, "--task": task, "--delimiter": source.delimiter}
    report.write(
        path,
        outcome.net,
        *pairs["training"],
        history=outcome.history,
        validation=pairs.get("validation"),
        test=pairs.get("test"),
        data=table.name,
        notes=[in_options(note) for note in table.notes],
        rows=parts.named(),
        command=again.command(source.file, read, source.drop, source.header, recipe),
        diagnosis=diagnosis(table, parts, outcome),
        target_was_scaled=outcome.net.task == "values",
    )


def diagnosis(table: Table, parts: Parts, outcome: Outcome) -> Diagnosis:
    """What is found in the network as it was while it learnt, with fixes in terms of options."""
    run = outcome.history.run
    assert run is not None
    found = diagnose(findings.as_trained(outcome.net, table, parts), run.X, run.y, outcome.history)
    said = (replace(finding, fix=findings.fix(finding)) for finding in found)
    return Diagnosis(tuple(said), found.seen)
