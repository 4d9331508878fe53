"""The bars: ratios that Pellucid means to hold, and whether it does on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench import rows
from bench.figures import fastest, paired, spread
from bench.recipe import RECIPE


@dataclass(frozen=True)
class Bar:
    """`above` / `below`, both by their fastest row, paired by round; a bar on one row alone has no `below`.

    Attributes:
        bar: P1 ... P12.
        case: the name of its case; one that ends in a dash is what the names of its cases begin with.
        text: what is demanded, for people.
        above, below: families.
        wanted: the number demanded.
        at_least: whether more is better.
        of: "seconds" or "peak".
    """

    bar: str
    case: str
    text: str
    above: str
    below: str | None
    wanted: float
    at_least: bool = True
    of: str = "seconds"


def faster(bar: str, case: str, than: str, times: float) -> Bar:
    return Bar(bar, case, f"times as fast as {than}", than, "Pellucid", times)


JAX, EAGER, SKLEARN = rows.JAX, rows.EAGER, rows.SKLEARN
BARS = [
    *(faster("P1", "P1-moons-3", *pair) for pair in ((JAX, 4), ("textbook NumPy", 25), (EAGER, 300), (SKLEARN, 100))),
    *(faster("P1", "P1-moons-50", *pair) for pair in ((JAX, 1.5), ("textbook NumPy", 5), (EAGER, 20), (SKLEARN, 12))),
    *(faster("P2", "P2-table", *pair) for pair in ((EAGER, 30), (SKLEARN, 15), (JAX, 1.5))),
    *(faster("P3", "P3-mnist-784-128-10-100", *pair) for pair in ((JAX, 1.25), (EAGER, 3), (SKLEARN, 2))),
    Bar("P3", "P3-mnist-784-128-10-100", "of its time are the matrix products alone", "ceiling", "Pellucid", 0.7),
    Bar("P4", "P4-mnist", "of PyTorch's time to 98 %", "Pellucid", EAGER, 0.33, at_least=False),
    Bar("P5", "P4-mnist", "MB of memory at most, in all", "Pellucid", None, 300, at_least=False, of="peak"),
    Bar("P6", "P6-gradient", "structured: times as fast as naive", "naive", "Pellucid, structured", 300),
    Bar(
        "P6", "P6-gradient", "node: of backpropagation's time", "Pellucid, node", "Pellucid, backpropagation", 10,
        at_least=False,
    ),
    faster("P7", "P7-predict", "scikit-learn predict", 10),
    Bar("P8", "P8-sweep", "times as fast as itself on one thread", "Pellucid, one thread", "Pellucid", 1.8),
    faster("P8", "P8-sweep", "joblib and scikit-learn", 5),
    Bar("P9", "P9-first", "seconds that the first fit takes longer, code kept", "Pellucid", None, 0.3, at_least=False),
    Bar("P10", "P10-import", "of NumPy's import", "Pellucid", "NumPy", 1.5, at_least=False),
    *(faster("P12", f"P12-{data}", SKLEARN, 2) for data in ("digits", "cancer", "mnist")),
    Bar("P11", "P11-", "of the better of one and two threads", "Pellucid", "Pellucid, fixed threads", 1.1, False),
]  # fmt: skip


def judged(measured: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every bar on every case of its own: the number, its quartiles, and whether it is held; None where unmeasured."""
    pairs = [(bar, one) for bar in BARS for one in measured if of_case(bar, one["case"]["name"])]
    return [{"bar": bar, "case": one["case"], **judge(bar, one["rows"])} for bar, one in pairs]


def of_case(bar: Bar, name: str) -> bool:
    """Whether a bar is for the case of that name; one that ends in a dash is for all whose names begin so."""
    return name == bar.case or (bar.case.endswith("-") and name.startswith(bar.case))


def judge(bar: Bar, measured: list[dict[str, Any]]) -> dict[str, Any]:
    above = fastest(measured, bar.above)
    below = fastest([row for row in measured if reached(bar, row)], bar.below) if bar.below else None
    if above is None or (bar.below and below is None):
        return {"value": None, "held": None}
    if below is not None:
        value = paired(above["seconds"], below["seconds"])
    else:
        value = spread(above["seconds"] if bar.of == "seconds" else [above["peak"]])
    held = value.median >= bar.wanted if bar.at_least else value.median <= bar.wanted
    held = held and reached(bar, above)
    return {"value": value, "held": held}


def reached(bar: Bar, row: dict[str, Any]) -> bool:
    """Whether a row's time is one: a time to an accuracy is none where a seed did not reach it."""
    return bar.case != "P4-mnist" or all(share >= RECIPE.wanted for share in row["accuracies"])
