"""A page of equations for a browser: MathML in a table, no script, and the colours of the page around it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from pellucid.explain.notation.mathml import MathML
from pellucid.explain.notation.text import Text
from pellucid.explain.notation.tree import Line, Number
from pellucid.explain.notation.writing import OUTSIDE, Context
from pellucid.explain.textbook.breaking import lines
from pellucid.explain.textbook.page import Given, Page, notes, shape_signs
from pellucid.explain.textbook.steps import Statement

STYLE = """
.pellucid-equations{overflow-x:auto;line-height:1.5}
.pellucid-equations table{border-collapse:collapse;font:inherit;margin:0;width:auto}
.pellucid-equations tr{background:none!important}
.pellucid-equations td,.pellucid-equations th{border:0;background:none;padding:.25em 0;vertical-align:baseline;
 text-align:left!important;font-weight:normal;white-space:nowrap}
.pellucid-equations th{font-weight:600;padding:1.3em 0 .3em;
 border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent)}
.pellucid-equations tbody:first-child th{padding-top:0}
.pellucid-equations th+td,.pellucid-equations th~td{padding:0}
.pellucid-equations tr:nth-child(2)>td{padding-top:.6em}
.pellucid-equations .no,.pellucid-equations .shape{opacity:.75;font-size:.9em;font-variant-numeric:tabular-nums}
.pellucid-equations .no{padding-right:1.2em}
.pellucid-equations .left{text-align:right!important}
.pellucid-equations .shape{padding-left:2.5em}
.pellucid-equations .words{white-space:normal;padding-left:.8em}
.pellucid-equations .note td{padding-top:0;padding-bottom:.45em}
.pellucid-equations .in{padding-left:1.3em}
.pellucid-equations .note .in2{padding-left:3.2em}
.pellucid-equations .note .words{max-width:38em}
.pellucid-equations .signs{font-size:.92em;opacity:.85;margin:1.4em 0 0;max-width:46em;white-space:normal}
.pellucid-equations math{font-size:1.08em}
.pellucid-equations .cases mtd{text-align:left;padding:.22em .4em}
@media print{.pellucid-equations{overflow:visible}.pellucid-equations tr{break-inside:avoid}}
"""
LONG = 64  # signs of plain text in a line of an equation


def html_page(page: Page) -> str:
    """The page as a piece of HTML."""
    bodies = [_body("Given", [_given(given) for given in page.given()])]
    bodies += [
        _body(title, [row for number, step in steps for row in _equation(number, step)])
        for title, steps in page.sections()
    ]
    signs = f'<p class="signs">{escape(" ".join(page.signs()))}</p>' if page.signs() else ""
    return (
        f'<div class="pellucid-equations"><style>{STYLE}</style>\n'
        f'<table aria-label="{escape(page.title)}">\n{"".join(bodies)}</table>\n{signs}</div>\n'
    )


def _body(title: str, rows: list[str]) -> str:
    return f'<tbody><tr><th colspan="4" scope="rowgroup">{escape(title)}</th></tr>\n{"".join(rows)}</tbody>\n'


def _row(cells: list[tuple[str, str]]) -> str:
    return "<tr>" + "".join(f'<td class="{kind}">{content}</td>' for kind, content in cells) + "</tr>\n"


def _math(content: str, told: str = "") -> str:
    alttext = f' alttext="{escape(told)}"' if told else ""
    return f'<math{alttext} displaystyle="true">{content}</math>'


def _given(given: Given) -> str:
    writer = MathML()
    names = "<mo>,</mo>".join(writer.write(symbol).text for symbol in given.symbols)
    words = escape(given.words)
    if given.value is not None:
        value = _math("<mo>=</mo>" + writer.write(Number(given.value)).text)
        words = ", ".join([value, *([words] if words else [])])
    shapes = ", ".join(map(shape_signs, given.shapes))
    return _row([("no", ""), ("left", _math(f"<mrow>{names}</mrow>")), ("right words", words), ("shape", shapes)])


def _equation(number: int, step: Statement) -> Iterator[str]:
    left, sign, _ = MathML().line(step.line)
    right, *more = lines(MathML(), step.line.right, LONG)
    told = " ".join(Text().line(step.line))
    yield _row(
        [
            ("no", f"({number})"),
            ("left", _math(left)),
            ("right", _math(f"<mrow>{sign}{right}</mrow>", told)),
            ("shape", shape_signs(step.shape)),
        ]
    )
    for part in more:
        yield _row([("no", ""), ("left", ""), ("right in", _math(f"<mrow>{part}</mrow>")), ("shape", "")])
    heads = [definition.line.left for definition in step.definitions]
    for line, place in notes(step):
        kind = "in" if line.left in heads else "in2"
        yield f'<tr class="note"><td></td><td></td><td class="{kind}" colspan="2">{whole(line, place)}</td></tr>\n'
    for remark in step.remarks:
        yield f'<tr class="note"><td></td><td></td><td class="in words" colspan="2">{escape(remark)}</td></tr>\n'


def whole(line: Line, place: Context = OUTSIDE) -> str:
    """A line as one formula, with its plain text for those who cannot see it."""
    return _math(f"<mrow>{''.join(MathML().line(line, place))}</mrow>", " ".join(Text().line(line, place)))
