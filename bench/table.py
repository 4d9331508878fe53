"""The page of a run, in Markdown: the machine, the bars, and a table for each case."""

from __future__ import annotations

from typing import Any

from bench.bars import judged
from bench.figures import Spread, fastest, paired, spread

INTRODUCTION = """\
# How fast it is

What `make bench` printed on the machine below; on another one it prints other numbers, and ratios that are more alike.
Every row is a process of its own. All start from the same weights, take the same rows in the same order and compute in
the same dtype, and a row counts only if it reaches the loss that Pellucid's readable engine reaches (to 1e-6 in
float64, 1e-3 in float32, relatively). Rows take turns, round after round: a time is the median of {rounds} rounds, of
fewer for the whole processes of P4 and P9 and of 10 for P12, with quartiles in brackets, and a ratio is the median of
the ratios within each round. Threads are what each library chooses by itself, unless a row says otherwise. Data lie in
memory in the form that each library likes best, prepared before the clock starts; Pellucid gets MNIST as bytes, the
others as float32, but in P12, where both get the same. A bar is held against the fastest row of a peer, that
of P4 against the fastest with which every seed reached the accuracy.
"""

NOTES = {
    "P1": "scikit-learn would give two classes a single sigmoid output; here it trains the same two softmax outputs.",
    "P2": "Adam's eps is 1e-12 everywhere: at the usual 1e-8 scikit-learn, which adds it in another place, would "
    "differ in the sixth digit. PyTorch's own Adam is not among the compiled rows: there it corrects its averages in "
    "float32.",
    "P3": "The ceiling is NumPy's five matrix products of a step, and nothing else.",
    "P4": "{recipe}. Weights and the order of the rows come from each program's own generator, a seed a round. "
    "Imports, reading the files and the accuracy on the test digits are in the time; Pellucid's machine code is kept "
    "from before (P9 has what it takes to make it). Memory is the most that a process held (P5).",
    "P6": "Naive is the time of a sample of the 39,760 parameters, scaled to all of them.",
    "P7": "Rows of a table, one at a time. Pellucid looks at every number of a row, so the bar is scikit-learn as it "
    "comes; without its checks (assume_finite) it is a row of its own. There is no bar on probabilities.",
    "P8": "Pellucid trains all in one call (fit_many). joblib's workers are started before the clock, and "
    "the memory is without them.",
    "P9": "Imports are not in these times. PyTorch keeps compiled code too; JAX keeps none unless it is told to.",
    "P10": "Whole processes, by the clock on the wall.",
    "P11": "The bar: the default takes at most 1.1 times as long as the better of one thread and two.",
    "P12": "The fit alone, by a clock inside the process, after another one of one epoch. Both draw the same weights "
    "and batches, take as many epochs and come to the same loss; a seed a round.",
}


def page(run: dict[str, Any], picture: str | None = None) -> str:
    """The whole page of a run; `picture`: where the picture is, seen from the page."""
    parts = [INTRODUCTION.format(rounds=run["rounds"])]
    if picture:
        parts.append(
            f"![Time that each library takes, as a multiple of Pellucid's, on a logarithmic scale]({picture})\n"
        )
    if run["quick"]:
        parts.append("**A quick run: few rounds, few rows. Not for quoting.**\n")
    parts += ["## Machine\n", machine_table(run["machine"]), "## Bars\n", bar_table(run["measured"])]
    seen: set[str] = set()
    for one in run["measured"]:
        bar = one["case"]["bar"]
        parts.append(f"## {bar}: {one['case']['title']}\n")
        parts.append(case_table(one))
        if bar in NOTES and bar not in seen:
            parts.append(NOTES[bar].format(recipe=run["recipe"]) + "\n")
        seen.add(bar)
    return "\n".join(parts)


def machine_table(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    rows = [
        ("processor", f"{machine['processor']}; {machine['cores']} cores"),
        ("two processes at once", f"take {machine['together']:g} times as long as one alone (1 on two whole cores)"),
        ("memory", machine["memory"]),
        ("system", f"{machine['system']}, Python {machine['python']}"),
        ("versions", versions),
        ("NumPy's BLAS", machine["blas"]),
        ("load when it began", machine["load"]),
    ]
    return markdown(("", ""), [(name, str(value)) for name, value in rows if value is not None])


def bar_table(measured: list[dict[str, Any]]) -> str:
    rows = []
    for found in judged(measured):
        bar, value = found["bar"], found["value"]
        wanted = f"{'at least' if bar.at_least else 'at most'} {bar.wanted:g}"
        held = {True: "yes", False: "**no**", None: "not measured"}[found["held"]]
        rows.append((bar.bar, found["case"]["title"], bar.text, wanted, ratio(value), held))
    return markdown(("bar", "case", "what", "wanted", "measured", "held"), rows)


def case_table(one: dict[str, Any]) -> str:
    ours = fastest(one["rows"], "Pellucid")
    unit = one["case"]["unit"]
    rows = []
    for row in one["rows"]:
        label = row["label"] if row["note"] == "" else f"{row['label']} ({row['note']})"
        if row["refused"] or not row["seconds"]:
            rows.append((label, f"does not count: {row['refused'] or 'not measured'}", "", "", ""))
            continue
        times = ratio(paired(row["seconds"], ours["seconds"])) if ours else ""
        threads = "default" if row["threads"] is None else str(row["threads"])
        rows.append(
            (label, threads, time_of(spread(row["seconds"])), times, f"{row['peak']:.0f}" if row["peak"] else "")
        )
    heads = ("", "threads", f"time of one {unit}", "times Pellucid's", "memory, MB")
    return markdown(heads, rows)


def ratio(value: Spread | None) -> str:
    """As 12.3 (11.9 to 12.8)."""
    if value is None:
        return ""
    low, median, high = map(digits, value)
    return median if low == high else f"{median} ({low} to {high})"


def digits(value: float) -> str:
    """Three digits, written out."""
    return f"{value:.3g}" if value < 1000 else f"{round(value, 3 - len(str(int(value)))):,.0f}"


def time_of(value: Spread) -> str:
    """As 12.3 µs (11.9 to 12.8)."""
    unit, factor = next((u for u in UNITS if value.median >= 1 / u[1]), UNITS[-1])
    return f"{digits(value.median * factor)} {unit} ({digits(value.low * factor)} to {digits(value.high * factor)})"


UNITS = [("s", 1.0), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9)]


def markdown(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table; what stands in a cell cannot break it."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells) + "\n"
