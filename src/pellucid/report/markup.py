"""HTML, put together so that nothing from the data can become a part of it: a plain text is escaped where it enters."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Sequence

import numpy as np

from pellucid.tables import Html as Html
from pellucid.tables import escaped
from pellucid.wording import visible

_VOID = ("br", "col", "img", "meta")
LONGEST = 80  # signs of a name


def shown(text: object, most: int = LONGEST) -> str:
    """A text from the data as it can be shown: unseen signs as escapes, and of a long one the beginning and the end.

    Example:
        >>> shown("red\\u202e\\x00")
        'red\\\\u202e\\\\x00'
        >>> shown("abcdefghij", 7)
        'abcd…ij'
    """
    seen = visible(str(text)[: 4 * most] + str(text)[4 * most :][-most:])
    tail = most // 3
    return seen if len(seen) <= most else f"{seen[: most - 1 - tail]}…{seen[-tail:]}"


def el(name: str, *children: str, **attributes: str | int | None) -> Html:
    """An element. Children are Html, or text that is escaped here; an attribute's trailing underscore is dropped.

    Example:
        >>> el("p", "1 < 2 ", el("b", "&"), class_="small")
        '<p class="small">1 &lt; 2 <b>&amp;</b></p>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[str], between: str = "") -> Html:
    """Children one after the other, texts escaped."""
    return Html(html.escape(between).join(map(escaped, children)))


def name(text: object, most: int = LONGEST) -> Html:
    """A name from the data, in its own direction of writing.

    Example:
        >>> name("<script>")
        '<bdi>&lt;script&gt;</bdi>'
    """
    return el("bdi", shown(text, most))


def paragraph(*children: str, class_: str | None = None) -> Html:
    """A paragraph."""
    return el("p", *children, class_=class_)


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    caption: str,
    words: Sequence[int] = (0,),
    class_: str | None = None,
) -> Html:
    """A table in a box of its own that can be scrolled where the page is narrow.

    Args:
        header: the names of the columns.
        rows: as many cells each; the first one names its row.
        caption: what the table shows.
        words: the columns of words, which stand at the left; numbers stand at the right.
        class_: of the table.
    """
    sides = ["w" if k in words else None for k in range(len(header))]
    head = el("tr", *(el("th", cell, scope="col", class_=side) for cell, side in zip(header, sides, strict=True)))
    body = (
        el(
            "tr",
            el("th", row[0], scope="row", class_=sides[0]),
            *(el("td", cell, class_=side) for cell, side in zip(row[1:], sides[1:], strict=True)),
        )
        for row in rows
    )
    return captioned(el("table", el("thead", head), el("tbody", *body), class_=class_), caption)


def captioned(made: Html, caption: str) -> Html:
    """A table below its caption, which keeps its lines where the table is narrow or scrolls."""
    return el("figure", el("figcaption", caption), box(made, caption), class_="table")


def box(content: Html, label: str) -> Html:
    """A box that scrolls sideways, from the keyboard too, so that the page never has to."""
    heard = html.unescape(re.sub("<[^>]*>", "", label)) if isinstance(label, Html) else label
    return el("div", content, class_="box", tabindex=0, role="region", aria_label=heard)


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """A list of names and what they are."""
    return el("dl", *(el("div", el("dt", term), el("dd", meaning)) for term, meaning in pairs), class_="facts")


def folded(summary: str, *content: str) -> Html:
    """What is there for those who open it."""
    return el("details", el("summary", summary), *content)


def number(value: float, digits: int = 4) -> str:
    """A number for people, with a true minus sign; "-" where there is none.

    Example:
        >>> number(-1234567.0), number(0.00012345), number(42.0), number(float("nan")), number(1.5e-9)
        ('−1,234,567', '0.0001234', '42', '-', '1.5e−9')
    """
    value = float(value)
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if value == round(value) and size < 1e9:
        text = f"{int(value):,}"
    elif size >= 1e9 or size < 1e-4:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        text = f"{mantissa}e{int(power)}"
    elif size >= 10 ** (digits - 1):
        text = f"{value:,.0f}"
    else:
        text = f"{value:.{digits}g}"
    return text.replace("-", "−")


def score(value: float) -> str:
    """An R² or the like, to the thousandth; one that is far below zero in few digits.

    Example:
        >>> score(0.98765), score(-3.14159), score(float("nan")), score(-1.5e90)
        ('0.988', '−3.142', '-', '−1.5e90')
    """
    if abs(value) >= 1000:
        return number(value)
    return "-" if math.isnan(value) else f"{value:,.3f}".replace("-", "−")


def minus(text: str) -> str:
    """A number that was written with hyphens, with true minus signs.

    Example:
        >>> minus("-1.5e-07")
        '−1.5e−07'
    """
    return re.sub(r"(?<![^\s\[(e])-(?=\d)", "−", text)


def share(value: float, digits: int = 1) -> str:
    """A share in per cent; never 100 % or 0 % unless it is just that.

    Example:
        >>> [share(part).replace("\\u00a0", " ") for part in (0.5, 0.99999, 1.0, 1e-5, float("nan"))]
        ['50.0 %', '> 99.9 %', '100 %', '< 0.1 %', '-']
    """
    if math.isnan(value):
        return "-"
    if value in (0, 1):
        return f"{value:.0%}".replace("%", "\u00a0%")
    least = 0.1**digits / 100
    if value < least / 2 or value > 1 - least / 2:
        return f"{'<' if value < 0.5 else '>'}\u00a0" + f"{least if value < 0.5 else 1 - least:.{digits}%}".replace(
            "%", "\u00a0%"
        )
    return f"{value:.{digits}%}".replace("%", "\u00a0%")


def evenly(n: int, most: int) -> list[int]:
    """At most so many of n places, evenly spread, the first and the last among them.

    Example:
        >>> evenly(10, 4), evenly(2, 4)
        ([0, 3, 6, 9], [0, 1])
    """
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int)).tolist()
