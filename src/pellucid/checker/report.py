"""What the check found, for people and for programs: findings, a table of parameters, notes; in English or Chinese."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from pellucid.checker.filling import Share, filled
from pellucid.checker.layout import table, wrapped
from pellucid.checker.suspicion import Suspicion
from pellucid.tables import Html, escaped, html_table, notebook

LANGUAGES = ("en", "zh")


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


@dataclass(frozen=True, repr=False)
class CheckReport:
    """The result of `check_my_network`; print it, or look at `ok` and `findings`.

    Attributes:
        findings: what is wrong, the root causes only, the most important first.
        parameters: one row each.
        notes: what was noticed and is not wrong by itself.
        lang: of the texts.
        step_is_wrong: whether a finding is about the update, which has a line of its own in the table.
    """

    findings: tuple[Finding, ...]
    parameters: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    lang: str = field(default="en", compare=False)
    step_is_wrong: bool = False

    def __repr__(self) -> str:
        found = ", ".join(f"{finding.parameter}: {finding.kind}" for finding in self.findings)
        return f"<CheckReport ok={self.ok}, {len(self.parameters)} parameters, findings: [{found}]>"

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
            return filled(words["ok"], {"parameters": len(self.parameters), "entries": compared})
        return filled(words["one" if len(self.findings) == 1 else "some"], {"count": len(self.findings)})

    def rows(self) -> list[list[str]]:
        """Header and one row a parameter, as texts; and one of the update, where that is wrong."""
        words = _words(self.lang)
        header = [words[key] for key in ("parameter", "shape", "error", "entry", "yours", "numerical", "compared", "")]
        rows = [header, *(_cells(row, words) for row in self.parameters)]
        return [*rows, ["step()", "", "", "", "", "", "", words["verdict_wrong"]]] if self.step_is_wrong else rows

    def __str__(self) -> str:
        words = _words(self.lang)
        blocks = [wrapped(self.headline)]
        if self.parameters:
            blocks.append(table(self.rows()))
        for i, finding in enumerate(self.findings, 1):
            title = f"{i}. {self.title(finding)}"
            lines = [wrapped(title, "   ")]
            parts = (("evidence", finding.evidence), ("fix", finding.fix))
            lines += [wrapped(f"   {words[key]}{words['colon']}{text}", "      ") for key, text in parts]
            blocks.append("\n".join(lines))
        blocks += [wrapped(f"{words['note']}{words['colon']}{note}", "  ") for note in self.notes]
        return "\n\n".join(blocks)

    def title(self, finding: Finding) -> str:
        """Where and what, and what else is wrong for the same reason."""
        words = _words(self.lang)
        also = filled(words["also"], {"names": words["comma"].join(finding.also)}) if finding.also else ""
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
    counted = str(row.compared) + (filled(words["left_out"], {"count": row.left_out}) if row.left_out else "")
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
    return filled(_catalogue(lang)["notes"][key], values)


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
        "what": str(values.get("what", suspicion.what)),
        "evidence": str(values.get("evidence", suspicion.evidence)),
        "fix": str(values.get("fix", suspicion.fix)),
    }
    values |= {name: _shared(value, lang) for name, value in values.items() if isinstance(value, Share)}
    said = {part: filled(str(texts.get(key, texts[part])).strip(), values) for part, key in which.items()}
    if (place := values.get("place")) is not None:
        words = _words(lang)
        said["evidence"] += filled(words["place"], {"file": place.name, "line": place.line})
        said["evidence"] += filled(words["place_text" if place.text else "place_end"], {"text": place.text})
    return Finding(suspicion.parameter, suspicion.kind, said["what"], said["evidence"], said["fix"], suspicion.also)


def _shared(error: Share, lang: str) -> str:
    """A relative error in words: 63 %, or 1.7 times."""
    percent = 100 * float(error)
    key, shown = ("share", f"{percent:.3g}") if percent < 105 else ("times", f"{float(error):.2g}")
    return filled(_words(lang)[key], {"number": shown})
