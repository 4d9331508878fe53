"""The page: its head, its contents, its sections one after the other, and its foot."""

from __future__ import annotations

from dataclasses import dataclass

import pellucid
from pellucid.report.look import CSS
from pellucid.report.markup import Html, el, join, paragraph

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        key: its name in links.
        title: its heading.
        content: what stands below.
    """

    key: str
    title: str
    content: Html


def page(title: str, head: Html, sections: list[Section], note: str | None, date: str | None) -> str:
    """The whole file.

    Args:
        title: the heading of the page.
        head: what stands below it: the result.
        sections: in the order of reading.
        note: something to be said once, before everything else.
        date: when the report was made, if it is to be said.
    """
    meta = [
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=POLICY),
        el("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name_="generator", content=f"pellucid {pellucid.__version__}"),
        el("title", title),
        el("style", Html(CSS)),
    ]
    header = el(
        "header",
        el("p", "Training report", class_="kicker"),
        el("h1", el("bdi", title)),
        head,
        paragraph(note, class_="note") if note else "",
    )
    body = el(
        "div",
        _contents(sections),
        header,
        el("main", *map(_section, sections), id="report"),
        _foot(date),
        class_="page",
    )
    skip = el("a", "Skip to the report", href="#report", class_="skip")
    return f"<!DOCTYPE html>\n{el('html', el('head', *meta), el('body', skip, body), lang='en')}\n"


def _contents(sections: list[Section]) -> Html:
    links = (el("li", el("a", section.title, href=f"#{section.key}")) for section in sections)
    return el("nav", el("div", el("h2", "Contents", id="contents"), el("ol", *links)), aria_labelledby="contents")


def _section(section: Section) -> Html:
    heading = f"{section.key}-title"
    return el("section", el("h2", section.title, id=heading), section.content, id=section.key, aria_labelledby=heading)


def _foot(date: str | None) -> Html:
    words = f"Written by pellucid {pellucid.__version__}" + (f" on {date}." if date else ".")
    return el("footer", join([words, " Nothing is loaded from elsewhere, and no script is needed."]))
