"""Findings: what was found, why it matters, the evidence and the fix; and a Diagnosis: all of them, in order."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from pellucid.tables import Html, escaped, notebook

WIDTH = 79  # fits a terminal of 80 columns
LABEL = 10  # columns of the widest label, "evidence", and a gap
STYLE = """<style>
.pellucid ol { max-width: 56em; padding-left: 1.6em; }
.pellucid li { margin: 0.6em 0; }
.pellucid dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.15em 1em; margin: 0.3em 0; }
.pellucid dt { opacity: 0.7; font-weight: normal; }
.pellucid dd { margin: 0; }
</style>"""


@dataclass(frozen=True)
class Finding:
    """One thing that is probably wrong.

    Attributes:
        kind: what programs call it, such as "features_unscaled"; it does not change between versions.
        what: the finding, in a sentence.
        why: what it does to the network.
        evidence: the numbers that gave it away.
        fix: what to write, concretely.
        weight: 3 where the network cannot learn, 2 where it costs accuracy or time, 1 where it is worth knowing.
        cause: the kind of another finding of the same diagnosis that this one probably follows from; "" for none.

    Example:
        >>> print(Finding("too_few", "There are too few.", "One cannot count them.", "0 of 3.", "Add 3."))
        There are too few. [too_few]
           why       One cannot count them.
           evidence  0 of 3.
           fix       Add 3.
    """

    kind: str
    what: str
    why: str
    evidence: str
    fix: str
    weight: int = 2
    cause: str = ""

    @property
    def parts(self) -> list[tuple[str, str]]:
        """What stands below the title: labels and texts."""
        return [("why", self.why), ("evidence", self.evidence), ("fix", self.fix)]

    def __str__(self) -> str:
        return paragraph("", f"{self.what} [{self.kind}]", self.parts)


@dataclass(frozen=True)
class Diagnosis(Sequence[Finding]):
    """The findings, the weightiest first; one that probably follows from another comes after it.

    Attributes:
        findings: all of them.
        seen: what was looked at, in words.

    Example:
        >>> diagnosis = Diagnosis((), "100 rows")
        >>> diagnosis.ok, len(diagnosis), str(diagnosis)
        (True, 0, 'Nothing wrong was found in 100 rows.')
    """

    findings: tuple[Finding, ...]
    seen: str

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the findings, in their order."""
        return tuple(finding.kind for finding in self.findings)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        return self.findings[index]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    @property
    def headline(self) -> str:
        """How much was found, and in what."""
        n = len(self.findings)
        found = "Nothing wrong was" if self.ok else "1 thing was" if n == 1 else f"{n} things were"
        return f"{found} found in {self.seen}."

    def title(self, finding: Finding) -> str:
        """What was found, and which of the others it probably follows from."""
        if finding.cause not in self.kinds:
            return finding.what
        return f"{finding.what} (This probably follows from {self.kinds.index(finding.cause) + 1}.)"

    def __str__(self) -> str:
        numbered = enumerate(self.findings, 1)
        blocks = [
            paragraph(f"{i}.", f"{self.title(finding)} [{finding.kind}]", finding.parts) for i, finding in numbered
        ]
        return "\n\n".join([textwrap.fill(self.headline, WIDTH), *blocks])

    def _repr_html_(self) -> str:
        return as_html(self.headline, [(self.title(finding), finding.parts) for finding in self.findings])


def paragraph(number: str, title: str, parts: Iterable[tuple[str, str]]) -> str:
    """A title and labelled texts below it, for a terminal of 80 columns.

    Example:
        >>> print(paragraph("1.", "A title.", [("why", "A reason."), ("fix", "")]))
        1. A title.
           why       A reason.
    """
    filled = textwrap.fill(title, WIDTH, initial_indent=f"{number:<3}" if number else "", subsequent_indent="   ")
    below = " " * (3 + LABEL)
    texts = [
        textwrap.fill(text, WIDTH, initial_indent=f"   {label:<{LABEL}}", subsequent_indent=below)
        for label, text in parts
        if text
    ]
    return "\n".join([filled, *texts])


def as_html(headline: str, blocks: Iterable[tuple[str, Iterable[tuple[str, str]]]]) -> str:
    """The same as a numbered list for a notebook; no script, and it follows the page's colours, light or dark.

    Example:
        >>> "<dt>why</dt><dd>1 &lt; 2</dd>" in as_html("Seen.", [("A title.", [("why", "1 < 2"), ("fix", "")])])
        True
    """
    items = []
    for title, parts in blocks:
        said = "".join(f"<dt>{escaped(label)}</dt><dd>{escaped(text)}</dd>" for label, text in parts if text)
        items.append(f"<li><strong>{escaped(title)}</strong><dl>{said}</dl></li>")
    return notebook(headline, Html(f"{STYLE}<ol>{''.join(items)}</ol>" if items else ""))
