"""Measuring a case: all its rows in turn, round after round."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.cases import Case
from bench.checking import Checker
from bench.data import problem_of
from bench.peers import missing
from bench.problem import Problem, write
from bench.processes import Child, Failed, environment, once
from bench.recipe import RECIPE
from bench.rows import Row, rows_of

Say = Callable[[str], None]
SEEDS = 10  # of estimators, whose accuracies are compared
PAUSE = 0.1  # seconds between two turns: threads that wait for more work spin for a while before they sleep


@dataclass(frozen=True)
class Plan:
    """How long to measure.

    Attributes:
        rounds: how often each row takes its turn; whole processes that take long take `processes` turns.
        seconds: how long a repeat of a small case is to take.
        quick: leave out the extra rows.
        peers: who takes part; None for everybody.
    """

    rounds: int = 7
    processes: int = 10
    seconds: float = 0.3
    quick: bool = False
    peers: tuple[str, ...] | None = None

    def rows(self, case: Case) -> list[Row]:
        rows = [row for row in rows_of(case) if not (self.quick and row.extra)]
        return [row for row in rows if self.peers is None or row.peer in self.peers]


def measure(case: Case, plan: Plan, say: Say) -> dict[str, Any]:
    """A case's rows, measured: {"case": ..., "rows": [{..., "seconds": [one a round], "refused": None or why}]}."""
    rows = [{**asdict(row), "label": row.label, **nothing()} for row in plan.rows(case)]
    for row in rows:
        if absent := missing(row["peer"]):
            row["refused"] = f"not installed: {', '.join(absent)}"
    present = [row for row in rows if not row["refused"]]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if case.kind in TURNS:
            _whole(case, plan, present, Path(folder), say)
        else:
            _waiting(problem_of(case), plan, present, Path(folder), say)
    return {"case": asdict(case), "rows": rows}


def nothing() -> dict[str, Any]:
    """What is known of a row before it is measured."""
    return {"seconds": [], "peak": None, "loss": None, "refused": None, "note": "", "accuracies": [], "reached": []}


def _waiting(problem: Problem, plan: Plan, rows: list[dict[str, Any]], folder: Path, say: Say) -> None:
    """Rows whose processes wait between their turns."""
    case = problem.case
    write(problem, folder)
    checker = Checker(problem)
    children: list[tuple[dict[str, Any], Child]] = []
    try:
        for row in rows:
            try:
                child = Child(folder, row["peer"], row["variant"], row["threads"])
                children.append((row, child))
                _check(row, child, case, checker, folder / "result.npy")
                if not row["refused"]:
                    child.ask(f"fit {plan.seconds}")
            except Failed as failure:
                row["refused"] = f"it failed: {failure}"
            if row["refused"]:
                say(f"  {row['label']}: {row['refused']}")
        for row, child in in_turn([pair for pair in children if not pair[0]["refused"]], plan.rounds):
            time.sleep(PAUSE)
            answer = child.ask("go")
            row["seconds"].append(answer["seconds"] / (case.steps if case.unit == "step" else 1))
            row["peak"] = answer["peak"]
    finally:
        for _, child in children:
            child.end()


def in_turn(things: list[Any], rounds: int) -> Iterator[Any]:
    """Every thing once a round; each round begins with another one, so that nobody always follows the same."""
    for k in range(rounds):
        at = k % max(len(things), 1)
        yield from things[at:] + things[:at]


def _check(row: dict[str, Any], child: Child, case: Case, checker: Checker, file: Path) -> None:
    file.unlink(missing_ok=True)
    child.ask(f"check {case.check} {file}")
    if file.exists():  # a ceiling has no result
        row["loss"], row["refused"] = checker.complaint(np.load(file))


def _whole(case: Case, plan: Plan, rows: list[dict[str, Any]], folder: Path, say: Say) -> None:
    """Rows that are a fresh process in every turn."""
    if case.data != "none":
        write(problem_of(case), folder)
    turn = TURNS[case.kind]
    rounds = {"import": plan.rounds, "mnist": plan.processes, "first": min(3, plan.processes)}.get(case.kind)
    rounds = rounds or (SEEDS if plan.rounds >= Plan.rounds else plan.rounds)
    for row in rows:
        if not row["variant"].endswith("empty"):
            _try(turn, row, 0, folder)  # what is kept on the disk is read, or made, once before it counts
            row.update(nothing() | {"refused": row["refused"]})
    for k, row in enumerate(in_turn(rows, rounds)):
        _try(turn, row, k // max(len(rows), 1), folder)
    if case.kind == "estimator":
        _same_work(rows)
        _as_accurate(rows)
    for row in rows:
        if row["refused"]:
            row["seconds"].clear()
            say(f"  {row['label']}: {row['refused']}")


def _try(turn: Callable[..., float], row: dict[str, Any], seed: int, folder: Path) -> None:
    if not row["refused"]:
        try:
            row["seconds"].append(turn(row, seed, folder))
        except Failed as failure:
            row["refused"] = f"it failed: {failure}"


def _import(row: dict[str, Any], seed: int, folder: Path) -> float:
    return once(["-c", f"import {row['variant']}" if row["variant"] else "pass"], environment(row["threads"]))[0]


def _first(row: dict[str, Any], seed: int, folder: Path) -> float:
    variant, _, empty = row["variant"].partition(", ")
    with tempfile.TemporaryDirectory(prefix="bench-") as cache:
        more = {"PELLUCID_CACHE": cache, "TORCHINDUCTOR_CACHE_DIR": cache} if empty else {}
        words = environment(row["threads"], row["peer"], more)
        said = once(["-m", "bench.whole.first_fit", str(folder), row["peer"], variant], words)[1]
    row["peak"] = said["peak"]
    return max(said["first"] - said["second"], 0.0)


def _mnist(row: dict[str, Any], seed: int, folder: Path) -> float:
    """One seed. The highest memory of all counts, and the lowest accuracy."""
    from pellucid.data import mnist

    ours = row["peer"] == "pellucid"
    files = mnist.mnist_files()
    names = [str(files[key]) for key in ("train_images", "train_labels", "test_images", "test_labels")]
    arguments = [
        "-m",
        f"bench.whole.mnist_{'ours' if ours else 'torch'}",
        str(seed),
        *([] if ours else [row["variant"], *names]),
    ]
    seconds, said = once(arguments, environment(row["threads"]))
    row["peak"] = max(said["peak"], row["peak"] or 0.0)
    row["accuracies"].append(said["accuracy"])
    reached = sum(accuracy >= RECIPE.wanted for accuracy in row["accuracies"])
    row["note"] = (
        f"test accuracy {min(row['accuracies']):.2%} to {max(row['accuracies']):.2%}; "
        f"{RECIPE.wanted:.0%} reached with {reached} of {len(row['accuracies'])} seeds"
    )
    return seconds


def _estimator(row: dict[str, Any], seed: int, folder: Path) -> float:
    """One seed of a fit; the time is that of the fit alone."""
    arguments = ["-m", "bench.whole.estimator", row["peer"], *row["variant"].split(), str(seed)]
    said = once(arguments, environment(row["threads"]))[1]
    row["peak"] = max(said["peak"], row["peak"] or 0.0)
    row["accuracies"].append(said["accuracy"])
    row["reached"].append((said["epochs"], said["loss"]))
    mean, worst, best = (float(f(row["accuracies"])) for f in (np.mean, np.min, np.max))
    row["note"] = f"test accuracy {mean:.2%} over {len(row['accuracies'])} seeds, {worst:.2%} to {best:.2%}"
    return said["seconds"]


def _same_work(rows: list[dict[str, Any]]) -> None:
    """Rows count that took as many epochs, seed by seed, and came to the same loss, as the first did."""
    right = rows[0]["reached"] if rows else []
    for row in rows:
        pairs = zip(row["reached"], right, strict=False)
        if not all(
            epochs == other and abs(loss - wanted) <= 1e-2 * wanted for (epochs, loss), (other, wanted) in pairs
        ):
            row["refused"] = row["refused"] or f"it took or reached something else: {row['reached']}, not {right}"
        row["loss"] = row["reached"][-1][1] if row["reached"] else None


def _as_accurate(rows: list[dict[str, Any]]) -> None:
    """Rows count whose mean accuracy is not below the best one's by more than the noise of the seeds.

    The noise is two standard errors of the difference of the means (Welch), and at least one row of the test data in
    a thousand: where every seed comes to the same accuracy there is no spread to go by.
    """
    there = [row for row in rows if row["accuracies"] and not row["refused"]]
    best = max(there, key=lambda row: float(np.mean(row["accuracies"])), default=None)
    for row in there:
        means, errors = zip(*((np.mean(r["accuracies"]), _error(r["accuracies"])) for r in (row, best)), strict=True)
        if means[1] - means[0] > max(2 * float(np.hypot(*errors)), 1e-3):
            row["refused"] = f"its mean test accuracy is {means[0]:.2%}, the best one's {means[1]:.2%}"


def _error(values: list[float]) -> float:
    """The standard error of a mean; of a single value nothing is known."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("inf")


TURNS: dict[str, Callable[..., float]] = {
    "mnist": _mnist,
    "first": _first,
    "import": _import,
    "estimator": _estimator,
}
