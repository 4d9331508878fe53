"""The picture of a run: how many times as long as Pellucid each peer takes, on a logarithmic scale, as SVG."""

from __future__ import annotations

import math
from html import escape
from typing import Any

from bench.figures import fastest, paired, spread
from bench.table import digits, time_of

CASES = {
    "P1-moons-3": "moons 2-3-2, full batch",
    "P1-moons-50": "moons 2-50-2, full batch",
    "P2-table": "4-32-16-4, batches of 32, Adam",
    "P3-mnist-784-128-10-100": "MNIST 784-128-10, batches of 100",
    "P3-mnist-784-128-10-512": "MNIST 784-128-10, batches of 512",
    "P4-mnist": "MNIST to 98 %, whole process",
    "P7-predict": "predict one row",
    "P8-sweep": "sweep of 32 networks",
    "P12-digits": "MLPClassifier on digits, 200 epochs",
    "P12-cancer": "MLPClassifier on breast-cancer",
    "P12-mnist": "MLPClassifier on MNIST, 5 epochs",
}
FAMILIES = [
    "Pellucid", "ceiling", "JAX jit", "textbook NumPy", "scikit-learn", "scikit-learn predict",
    "joblib and scikit-learn", "PyTorch compiled", "PyTorch eager",
]  # fmt: skip
EACH = {"step": " a step", "epoch": " an epoch"}
NAMES = {"ceiling": "matrix products alone", "scikit-learn predict": "scikit-learn"}
WIDTH, LEFT, RIGHT, ROW, HEAD, TOP = 820, 190, 90, 19, 30, 64
STYLE = """
text { font: 12px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: #33394a }
.title { font-size: 15px; font-weight: 600; fill: #151a26 } .case { font-weight: 600; fill: #151a26 }
.soft { fill: #6a7183 } .end { text-anchor: end } .middle { text-anchor: middle }
.page { fill: #ffffff } .line { stroke: #e3e6ed } .one { stroke: #0f766e; stroke-dasharray: 2 3 }
.peer { fill: #7c8aa5 } .ours { fill: #0f9488 } .stem { stroke: #c3cad8; stroke-width: 3 }
.spread { stroke: #7c8aa5; stroke-width: 3 }
@media (prefers-color-scheme: dark) {
text { fill: #c6ccda } .title, .case { fill: #eef1f7 } .soft { fill: #98a1b5 } .page { fill: #12151d }
.line { stroke: #2a3040 } .one { stroke: #2dd4bf } .peer { fill: #98a5be } .ours { fill: #2dd4bf }
.stem { stroke: #3d465b } .spread { stroke: #98a5be }
}"""


def bars_of(one: dict[str, Any]) -> list[dict[str, Any]]:
    """The fastest row of each family, as multiples of Pellucid's time with quartiles, the fastest first."""
    ours = fastest(one["rows"], "Pellucid")
    if ours is None:
        return []
    found = []
    for family in FAMILIES:
        # NumPy's functions alone are no limit: Pellucid has its own.
        rows = [row for row in one["rows"] if row["variant"] != "functions"]
        if row := fastest(rows, family):
            times = paired(row["seconds"], ours["seconds"])
            words = {"family": family, "unit": one["case"]["unit"]}
            found.append({**words, "times": times, "seconds": spread(row["seconds"])})
    return sorted(found, key=lambda bar: bar["times"].median)


def svg(run: dict[str, Any]) -> str:
    """The picture of a run, wherever a browser shows it, light or dark."""
    measured = {one["case"]["name"]: bars_of(one) for one in run["measured"]}
    groups = [(title, measured[name]) for name, title in CASES.items() if len(measured.get(name, [])) > 1]
    values = [part for _, bars in groups for bar in bars for part in bar["times"]] or [1.0]
    low, high = math.floor(min(0.0, *map(math.log10, values))), math.ceil(max(1.0, *map(math.log10, values)))

    def x(value: float) -> float:
        return LEFT + (math.log10(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    height = TOP + sum(HEAD + ROW * len(bars) for _, bars in groups) + 26
    lines, y = _axis(x, low, high, height), float(TOP)
    for title, bars in groups:
        lines.append(f'<text class="case" x="16" y="{y + 18:.0f}">{escape(title)}</text>')
        y += HEAD
        for bar in bars:
            lines += _bar(bar, x, y)
            y += ROW
    return _page(lines, height, run["machine"])


def _axis(x: Any, low: int, high: int, height: int) -> list[str]:
    lines = []
    for power in range(low, high + 1):
        at, kind = x(10.0**power), "one" if power == 0 else "line"
        word = f"{10**power:,}×" if power >= 0 else f"1/{10**-power:,}"
        lines.append(f'<line class="{kind}" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP - 4}" y2="{height - 14}"/>')
        lines.append(f'<text class="soft middle" x="{at:.1f}" y="{TOP - 10}">{word}</text>')
    return lines


def _bar(bar: dict[str, Any], x: Any, y: float) -> list[str]:
    ours = bar["family"] == "Pellucid"
    low, median, high = bar["times"]
    at, middle = x(median), y + ROW / 2
    name = escape(NAMES.get(bar["family"], bar["family"]))
    label = f"{digits(median)}×" if not ours else time_of(bar["seconds"]).split(" (")[0] + EACH.get(bar["unit"], "")
    return [
        f'<text class="end{"" if ours else " soft"}" x="{LEFT - 10}" y="{middle + 4:.1f}">{name}</text>',
        _line("stem", x(1.0), at, middle),
        _line("spread", x(low), x(high), middle),
        f'<circle class="{"ours" if ours else "peer"}" cx="{at:.1f}" cy="{middle:.1f}" r="5"/>',
        f'<text x="{max(at, x(high), x(1.0)) + 11:.1f}" y="{middle + 4:.1f}">{escape(label)}</text>',
    ]


def _line(kind: str, begin: float, end: float, y: float) -> str:
    return f'<line class="{kind}" x1="{begin:.1f}" x2="{end:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _page(lines: list[str], height: int, machine: dict[str, Any]) -> str:
    subtitle = f"{machine['processor']}, {machine['cores']} cores; logarithmic scale, left is faster"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}" rx="8"/>',
        '<text class="title" x="16" y="25">Time, as a multiple of Pellucid’s</text>',
        f'<text class="soft end" x="{WIDTH - 16}" y="25">{escape(subtitle)}</text>',
        *lines,
        "</svg>",
        "",
    ])  # fmt: skip
