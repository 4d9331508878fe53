"""The command: python -m bench [--quick] [--only P1,P3] [--out FOLDER]."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.cases import CASES, Case
from bench.machine import machine
from bench.measure import Plan, measure
from bench.peers import PEERS
from bench.picture import svg
from bench.processes import ROOT
from bench.recipe import RECIPE
from bench.table import page

QUICK = Plan(rounds=3, processes=1, seconds=0.1, quick=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the page, write it; 1 where a row does not count because what it reached is wrong."""
    given = parser().parse_args(arguments)
    plan = plan_of(given)
    cases = [case for case in chosen(given.only) if not (plan.quick and case.extra)]
    started = time.perf_counter()
    run: dict[str, Any] = {"machine": machine(), "rounds": plan.rounds, "quick": plan.quick, "recipe": str(RECIPE)}
    run["measured"] = []
    for case in cases:
        say(f"[{time.perf_counter() - started:4.0f} s] {case.bar}: {case.title}")
        run["measured"].append(measure(case, plan, say))
    say(f"[{time.perf_counter() - started:4.0f} s] done")
    partial = bool(given.only or given.quick or given.peers)
    out = given.out or (None if partial else ROOT / "docs")
    print(page(run, "images/benchmarks.svg" if out else None))
    if out:
        write(run, out)
    wrong = [row for one in run["measured"] for row in one["rows"] if row["refused"] and not absent(row)]
    return 1 if wrong else 0


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m bench", description="Pellucid beside its peers, as many of them as are installed.",
        epilog="example: python -m bench --quick --only P1,P3 --out /tmp/bench",
    )  # fmt: skip
    p.add_argument("--quick", action="store_true", help="few rounds, few rows: under four minutes")
    p.add_argument("--only", default="", help="bars, such as P1,P3")
    p.add_argument("--peers", default="", help=f"some of {','.join(PEERS)}")
    p.add_argument("--rounds", type=int, help="turns that each row takes")
    p.add_argument("--seconds", type=float, help="what a repeat of a small case is to take")
    p.add_argument(
        "--out",
        type=Path,
        help="folder for benchmarks.md, benchmarks.json and images/benchmarks.svg; a full run writes into docs",
    )
    return p


def chosen(only: str) -> list[Case]:
    """The cases of the bars named; all where none is. P5 is measured with P4."""
    wanted = {name.strip().upper() for name in only.split(",") if name.strip()}
    bars = {case.bar for case in CASES}
    if unknown := wanted - bars - {"P5"}:
        raise SystemExit(f"There is no bar {', '.join(sorted(unknown))}. There are P1 to P11.")
    wanted |= {"P4"} if "P5" in wanted else set()
    return [case for case in CASES if not wanted or case.bar in wanted]


def plan_of(given: argparse.Namespace) -> Plan:
    plan = QUICK if given.quick else Plan()
    if given.rounds is not None:
        plan = replace(plan, rounds=given.rounds, processes=min(given.rounds, plan.processes))
    if given.seconds is not None:
        plan = replace(plan, seconds=given.seconds)
    if given.peers:
        peers = tuple(name.strip() for name in given.peers.split(","))
        if unknown := [name for name in peers if name not in PEERS]:
            raise SystemExit(f"There is no peer {', '.join(unknown)}. There are {', '.join(PEERS)}.")
        plan = replace(plan, peers=peers)
    return plan


def absent(row: dict[str, Any]) -> bool:
    return str(row["refused"]).startswith("not installed")


def write(run: dict[str, Any], out: Path) -> None:
    (out / "images").mkdir(parents=True, exist_ok=True)
    (out / "benchmarks.md").write_text(page(run, "images/benchmarks.svg"), encoding="utf-8")
    (out / "images" / "benchmarks.svg").write_text(svg(run), encoding="utf-8")
    (out / "benchmarks.json").write_text(json.dumps(run, indent=1, default=str) + "\n", encoding="utf-8")
    say(f"Written: benchmarks.md, benchmarks.json and images/benchmarks.svg in {out}")


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
