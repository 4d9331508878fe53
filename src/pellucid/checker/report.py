"""What the check found, for people and for programs: findings, a table of parameters, notes; in English or Chinese."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from pellucid.checker.suspicion import Suspicion
from pellucid.tables import Html, escaped, html_table, notebook

LANGUAGES = ("en", "zh")
WIDTH = 88


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        parameter: where, as the learner named it: "W1", "params[0]", "self.W1"; or "loss", "forward", where no single
            parameter is at fault.
        kind: what it is, as an identifier that stays the same in every language: "missing_1_over_n".
        what: the suspect in words.
        evidence: what gave it away, in one line, with numbers.
        fix: the usual fix, with a line of code.
        also: further parameters that are wrong for this same reason.
    """

    parameter: str
    kind: str
    what: str
    evidence: str
    fix: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One parameter in the table.

    Attributes:
        name, shape: of the parameter.
        error: the largest relative error; NaN where nothing could be compared.
        at: the entry where it is.
        yours, numerical: the two gradients there.
        compared: how many entries were compared.
        left_out: how many were left out, for kinks or rounding.
        verdict: "ok", "wrong" or "unseen" (nothing could be compared).
    """

    name: str
    shape: tuple[int, ...]
    error: float
    at: tuple[int, ...]
    yours: float
    numerical: float
    compared: int
    left_out: int
    verdict: str


@dataclass(frozen=True)
class CheckReport:
    """The result of `check_my_network`; print it, or look at `ok` and `findings`.

    Attributes:
        findings: what is wrong, the root causes only, the most important first.
        parameters: one row each.
        notes: what was noticed and is not wrong by itself.
        lang: of the texts.
    """

    findings: tuple[Finding, ...]
    parameters: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    lang: str = field(default="en", compare=False)

    @property
    def ok(self) -> bool:
        """Whether nothing wrong was found."""
        return not self.findings

    @property
    def headline(self) -> str:
        """The result in one sentence."""
        words = _words(self.lang)
        if self.ok:
            compared = sum(row.compared for row in self.parameters)
            return words["ok"].format(parameters=len(self.parameters), entries=compared)
        return words["one" if len(self.findings) == 1 else "some"].format(count=len(self.findings))

    def rows(self) -> list[list[str]]:
        """Header and one row a parameter, as texts."""
        words = _words(self.lang)
        header = [words[key] for key in ("parameter", "shape", "error", "entry", "yours", "numerical", "compared", "")]
        return [header, *(_cells(row, words) for row in self.parameters)]

    def __str__(self) -> str:
        words = _words(self.lang)
        blocks = [_wrapped(self.headline)]
        if self.parameters:
            blocks.append(_table(self.rows()))
        for i, finding in enumerate(self.findings, 1):
            title = f"{i}. {self.title(finding)}"
            lines = [_wrapped(title, "   ")]
            parts = (("evidence", finding.evidence), ("fix", finding.fix))
            lines += [_wrapped(f"   {words[key]}{words['colon']}{text}", "      ") for key, text in parts]
            blocks.append("\n".join(lines))
        blocks += [_wrapped(f"{words['note']}{words['colon']}{note}", "  ") for note in self.notes]
        return "\n\n".join(blocks)

    def title(self, finding: Finding) -> str:
        """Where and what, and what else is wrong for the same reason."""
        words = _words(self.lang)
        also = words["also"].format(names=words["comma"].join(finding.also)) if finding.also else ""
        return f"{finding.parameter}{words['colon']}{finding.what}{also} [{finding.kind}]"

    def _repr_html_(self) -> str:
        words = _words(self.lang)
        parts: list[str] = [Html(f"<p><strong>{escaped(self.headline)}</strong></p>")]
        if self.parameters:
            parts.append(Html(f'<div class="wide">{html_table(self.rows(), right=(2, 4, 5, 6))}</div>'))
        if self.findings:
            items = "".join(
                f"<li><strong>{escaped(self.title(f))}</strong>"
                f"<p>{escaped(words['evidence'])}{words['colon']}{escaped(f.evidence)}</p>"
                f"<p>{escaped(words['fix'])}{words['colon']}{escaped(f.fix)}</p></li>"
                for f in self.findings
            )
            parts.append(Html(f"<ol>{items}</ol>"))
        parts += [f"{words['note']}{words['colon']}{note}" for note in self.notes]
        return notebook(*parts)


def _cells(row: Row, words: Mapping[str, str]) -> list[str]:
    verdict = words[f"verdict_{row.verdict}"]
    if row.error != row.error:
        return [row.name, str(row.shape), "-", "-", "-", "-", "0", verdict]
    counted = str(row.compared) + (words["left_out"].format(count=row.left_out) if row.left_out else "")
    at = str(list(row.at)) if row.at else "-"
    return [
        row.name,
        str(row.shape),
        f"{row.error:.1e}",
        at,
        f"{row.yours:+.5e}",
        f"{row.numerical:+.5e}",
        counted,
        verdict,
    ]


@cache
def _catalogue(lang: str) -> Mapping[str, Any]:
    text = resources.files("pellucid.checker").joinpath("texts", f"{lang}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _words(lang: str) -> Mapping[str, str]:
    return {**_catalogue(lang)["words"], "": ""}


def kinds(lang: str = "en") -> dict[str, str]:
    """Every kind of finding with its title."""
    return {kind: str(texts.get("title", kind)) for kind, texts in _catalogue(lang)["kinds"].items()}


def note(key: str, lang: str, **values: Any) -> str:
    """A note in words."""
    return str(_catalogue(lang)["notes"][key]).format(**values)


class _Values(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def worded(suspicion: Suspicion, lang: str, gradient: str) -> Finding:
    """A suspicion as a finding.

    Args:
        suspicion: what is suspected.
        lang: "en" or "zh".
        gradient: how the gradient of the parameter is written in the learner's code, such as grads["W1"].
    """
    texts = _catalogue(lang)["kinds"][suspicion.kind]
    values = _Values(suspicion.values)
    values |= {
        "parameter": suspicion.parameter,
        "gradient": gradient,
        "all": ", ".join((suspicion.parameter, *suspicion.also)),
    }
    which = {
        "what": suspicion.what,
        "evidence": str(values.get("evidence", suspicion.evidence)),
        "fix": str(values.get("fix", suspicion.fix)),
    }
    said = {part: str(texts.get(key, texts[part])).strip().format_map(values) for part, key in which.items()}
    return Finding(suspicion.parameter, suspicion.kind, said["what"], said["evidence"], said["fix"], suspicion.also)


def columns_of(text: str) -> int:
    """How many terminal columns a text takes: a Chinese character takes two.

    Example:
        >>> columns_of("loss"), columns_of("损失")
        (4, 4)
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(columns_of(cell) for cell in column) for column in zip(*rows, strict=True)]
    right = (2, 4, 5)
    lines = (
        "  ".join(_padded(cell, width, i in right) for i, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _padded(cell: str, width: int, right: bool) -> str:
    gap = " " * (width - columns_of(cell))
    return gap + cell if right else cell + gap


def _wrapped(text: str, indent: str = "") -> str:
    """Lines of at most 88 columns, those after the first indented; Chinese breaks between any two of its characters."""
    lines, line = [], ""
    for piece in _pieces(text):
        if columns_of(line + piece.rstrip()) > WIDTH and line.strip() and piece not in "，。；：！？、）":
            lines.append(line.rstrip())
            line = indent + piece.lstrip()
        else:
            line += piece
    return "\n".join([*lines, line.rstrip()])


def _pieces(text: str) -> Iterable[str]:
    return re.findall(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+", text)
