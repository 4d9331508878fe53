"""How a trace is shown: as text for a terminal, as HTML for a notebook, as a dict for programs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pellucid.explain.one_row import RowTrace, shown_name
from pellucid.explain.textbook.text_page import fitted
from pellucid.tables import Html, cells, escaped, html_table, notebook, number, text_table

if TYPE_CHECKING:
    from pellucid.explain.trace import Entry, Trace

Array = npt.NDArray[Any]
ROWS, COLUMNS = 4, 6  # of each array that are shown as text
COLUMNS_ON_A_PAGE = 5  # beside a formula

LOOK = """<style>
.pellucid .trace td { vertical-align: top; }
.pellucid .trace table { margin: 0; font-size: 11px; }
.pellucid .trace table td { padding: 0 0.8em 0 0; }
.pellucid .trace math { font-size: 115%; }
.pellucid .trace .note { font-size: 13px; opacity: 0.9; margin-top: 0.2em; }
.pellucid .trace .words { white-space: normal; max-width: 36em; }
.pellucid .trace .part td { font-weight: 600; padding-top: 1em; }
.pellucid .trace .broken { outline: 2px solid #d55e00; outline-offset: -2px; }
.pellucid pre { margin: 0.4em 0; font-size: 12px; color: inherit; background: none; }
</style>"""


def title(trace: Trace) -> list[str]:
    """What was traced, a line each."""
    s = trace.settings
    used = [f"{n} ({shown_name(n)}) {s[n]}" for n in ("l2", "l1", "clip_norm") if s[n] not in ("0.0", "None")]
    rate = f"learning rate ({shown_name('rate')}) {number(trace.learning_rate)} in this step"
    rows = f"{len(trace.rows):,} row{'s' if len(trace.rows) != 1 else ''}"
    lines = [
        f"One training step of {trace.network}",
        "; ".join([f"{rows} of X", s["optimizer"], rate, *used]),
        f"loss {number(trace.loss, 6)}",
    ]
    first = trace.first_not_finite
    if first is not None:
        lines.append(
            f"NOT FINITE: the first quantity with such a number is {first.name} ({first.section}), {_where(first)}"
        )
    if trace.diverged is not None:
        lines.append(f"This step is not taken, and W1, b1, ... below are what it would have led to. {trace.diverged}")
    return lines


def _where(entry: Entry) -> str:
    bad = np.argwhere(~np.isfinite(entry.value))
    return f"{len(bad):,} of {entry.value.size:,}, first at {bad[0].tolist()}"


def _numbers(entry: Entry) -> str:
    if entry.value.ndim == 0:
        return number(float(entry.value))
    low, mean, high = entry.min, entry.mean, entry.max
    # What rounding, here or on the way here, leaves of a mean that is 0 would look like a number.
    precision = np.finfo(entry.value.dtype).eps ** 0.75 if entry.value.dtype.kind == "f" else 0.0
    mean = 0.0 if abs(mean) <= precision * max(abs(low), abs(high)) else mean
    return f"min {number(low)}, mean {number(mean)}, max {number(high)}"


def text(trace: Trace) -> str:
    """The trace in plain text."""
    lines = [part for line in title(trace) for part in fitted(line)]
    for section, entries in groupby((*trace.given, *trace.entries), key=lambda entry: entry.section):
        lines += ["", section]
        for entry in entries:
            lines += _entry(entry, trace.first_not_finite is entry)
    if trace.row is not None:
        lines += ["", str(trace.row)]
    return "\n".join(lines)


def _entry(entry: Entry, first: bool) -> list[str]:
    mark = "" if entry.finite else f"   NOT FINITE: {_where(entry)}{', the first' if first else ''}"
    label = f"({entry.number})" if entry.number else ""
    lines = fitted(entry.formula, f"{label:>5} ", " " * 10)
    for note in entry.notes:
        lines += fitted(note.text, " " * 8 if note.sentence else "        with ", " " * 12)
    lines += fitted(f"{entry.shape}, {_numbers(entry)}{mark}", " " * 6, " " * 8)
    if entry.value.ndim:
        shown = cells(entry.value, ROWS, COLUMNS)
        table = text_table(shown, range(len(shown[0])))
        lines += [f"        {line}" for line in table.splitlines()]
    return lines


def page(trace: Trace) -> str:
    """The trace as HTML."""
    rows = []
    for section, entries in groupby((*trace.given, *trace.entries), key=lambda entry: entry.section):
        rows.append(f'<tr class="part"><td colspan="3">{escaped(section)}</td></tr>')
        rows += [_row(entry) for entry in entries]
    head = "<thead><tr><th></th><th>quantity</th><th>first rows and columns</th></tr></thead>"
    table = f'<table class="trace">{head}<tbody>{"".join(rows)}</tbody></table>'
    worked = [] if trace.row is None else [Html(f'<pre class="wide">{escaped(str(trace.row))}</pre>')]
    return notebook(Html(LOOK), *title(trace), Html(f'<div class="wide">{table}</div>'), *worked)


def _row(entry: Entry) -> str:
    label = f"({entry.number})" if entry.number else ""
    notes = "".join(f'<div class="note{" words" * note.sentence}">{note.mathml}</div>' for note in entry.notes)
    said = f"{entry.shape}, {_numbers(entry)}" if entry.value.ndim else "a number"
    mark = "" if entry.finite else f"<div>not finite: {escaped(_where(entry))}</div>"
    quantity = f'{entry.mathml}{notes}<div class="note">{said}</div>{mark}'
    shown = cells(entry.value, ROWS, COLUMNS_ON_A_PAGE)
    values = html_table(shown, range(len(shown[0])), header=0)
    broken = "" if entry.finite else ' class="broken"'
    return f"<tr{broken}><td>{label}</td><td>{quantity}</td><td>{values}</td></tr>"


def as_dict(trace: Trace, lists: bool) -> dict[str, Any]:
    """The trace as a dict; with lists, one that JSON can write."""

    def plain(value: Any) -> Any:
        if not lists:
            return value
        return _jsonable(np.asarray(value))

    def entry(e: Entry) -> dict[str, Any]:
        size = {
            "shape": list(e.shape),
            "finite": e.finite,
            "min": plain(e.min),
            "mean": plain(e.mean),
            "max": plain(e.max),
        }
        return {
            "number": e.number,
            "section": e.section,
            "formula": e.formula,
            "notes": [note.text for note in e.notes],
            **size,
            "value": plain(e.value),
        }

    return {
        "network": trace.network,
        "settings": trace.settings,
        "rows": plain(trace.rows),
        "loss": plain(trace.loss),
        "learning_rate": trace.learning_rate,
        "diverged": trace.diverged,
        "first_not_finite": None if trace.first_not_finite is None else trace.first_not_finite.name,
        "given": {e.name: entry(e) for e in trace.given},
        "entries": {e.name: entry(e) for e in trace.entries},
        "theta": plain(trace.theta),
        "row": None if trace.row is None else _row_dict(trace.row, plain),
    }


def _row_dict(row: RowTrace, plain: Any) -> dict[str, Any]:
    lines = [
        {
            "quantity": line.quantity,
            "name": line.name,
            "value": plain(line.value),
            "terms": None if line.terms is None else plain(line.terms),
            "plus": None if line.plus is None else plain(line.plus),
            "text": line.written(most=None),
        }
        for line in row
    ]
    return {"row": row.row, "place": row.place, "lines": lines}


def _jsonable(array: Array) -> Any:
    """Nested lists, with None where a number is not finite."""
    if np.isfinite(array).all():
        return array.tolist()
    objects = array.astype(object)
    objects[~np.isfinite(array)] = None
    return objects.tolist()
