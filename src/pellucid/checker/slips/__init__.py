"""An exception in a learner's own program, told in plain words: where it happened, what was seen, the likely slip.

A rule is a function from a failure in its place to sentences; the first that knows the failure tells it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pellucid.checker.slips import calls, indices, names, operands, others, overwritten, shapes, syntax
from pellucid.checker.slips.cases import LANGUAGES, Case, Rule, Told, catalogue, sentence
from pellucid.checker.slips.places import Place, Step, columns_of, excerpt, is_own, named, place_of, source_of

__all__ = ["LANGUAGES", "Slip", "catalogue", "explain_exception", "sentence"]

RULES: tuple[Rule, ...] = (
    others.ended,
    calls.endless,
    others.own,
    names.unbound,
    names.name,
    names.key,
    names.module,
    overwritten.misused,
    calls.not_callable,
    calls.not_called,
    calls.arguments,
    names.attribute,
    overwritten.unpacked,
    shapes.product,
    shapes.elementwise,
    shapes.in_place,
    shapes.other_shapes,
    indices.index,
    operands.one_number,
    operands.truth,
    operands.whole_numbers,
    operands.operands,
    operands.sizes,
    operands.unhashable,
    operands.not_a_number,
    others.zero,
    others.beyond,
    others.files,
    others.memory,
    others.asked,
)
MOST_STEPS = 8
LONGEST = 300  # signs of what Python says


@dataclass(frozen=True)
class Slip:
    """An exception, told.

    Attributes:
        kind: which rule knew it, such as "name_near"; a key of the catalogue.
        file: the learner's file, as it was named.
        line: where it failed; None where that is not known.
        where: file, line and function in words.
        what: what happened, and the likely slip, a sentence or paragraph each.
        excerpt: the line with its number and a caret under its failing part; "" where there is none.
        path: the learner's lines on the way there, in words; "" where there was but one.
        words: the exception as Python writes it.
    """

    kind: str
    file: str
    line: int | None
    where: str
    what: tuple[str, ...]
    excerpt: str
    path: str
    words: str

    def __str__(self) -> str:
        hints = "\n".join(part for part in (*self.what[1:], self.path) if part)
        parts = [f"{self.where}{self.what[0]}", self.excerpt, hints, self.words]
        return "\n\n".join(part for part in parts if part)


def explain_exception(error: BaseException, program: Path, lang: str = "en") -> Slip | None:
    """Tell what went wrong in a learner's program.

    Args:
        error: what was raised, with its traceback.
        program: the learner's file; modules beside it count as the learner's too.
        lang: "en" or "zh".

    Returns:
        None where the exception was never in the learner's code: then it is a mistake of somebody else.

    Example:
        >>> path = Path("mine.py")
        >>> try:
        ...     exec(compile("def f(:", "mine.py", "exec"))
        ... except SyntaxError as error:
        ...     print(explain_exception(error, path).kind)
        s_other
    """
    if isinstance(error, SyntaxError) and error.filename and is_own(error.filename, program):
        return _unreadable(error, program, lang)
    place = place_of(error, program)
    if place is None:
        return None
    case = Case(error, place, lang)
    told = _told(case)
    where = sentence(lang, "where_in" if place.function else "where", **_names(place))
    lines = excerpt(place.source, place.line, columns_of(place.source, place.span))
    words = sentence(lang, "python", words=_python(error))
    return Slip(told.kind, place.source.name, place.line, where, told.sentences, lines, _path(place, lang), words)


def _told(case: Case) -> Told:
    for rule in (*RULES, others.anything):
        try:
            told = rule(case)
        except Exception:  # a learner's own objects may raise whenever they are looked at
            continue
        if told is not None:
            return told
    return case.told("other", kind=type(case.error).__name__)


def _names(place: Place) -> dict[str, object]:
    return {"file": place.source.name, "line": place.line, "function": place.function}


def _unreadable(error: SyntaxError, program: Path, lang: str) -> Slip:
    source = source_of(error.filename or "", program)
    kind, what = syntax.told(error, lang, source)
    where = sentence(lang, "where", file=source.name, line=error.lineno)
    lines = excerpt(source, error.lineno, syntax.columns(error)) if error.lineno else ""
    words = sentence(lang, "python", words=f"{type(error).__name__}: {error.msg}")
    return Slip(kind, source.name, error.lineno, where, (what,), lines, "", words)


def _path(place: Place, lang: str) -> str:
    """Through which of the learner's lines the failing one was reached."""
    last = place.steps[-1]
    here = (last.line, named(last.frame.f_code))  # a comprehension is a step of its own in its line
    steps = [step for step in place.steps[:-1] if (step.line, named(step.frame.f_code)) != here]
    if not steps or len(steps) > MOST_STEPS:  # many steps are a function that calls itself
        return ""
    return sentence(lang, "path", steps=sentence(lang, "then").join(_step(step, place, lang) for step in steps))


def _step(step: Step, place: Place, lang: str) -> str:
    name, file = named(step.frame.f_code), Path(step.frame.f_code.co_filename)
    if file != Path(place.frame.f_code.co_filename):
        return sentence(lang, "step_file", line=step.line, file=file.name)
    return sentence(lang, "step_in" if name else "step", line=step.line, function=name)


def _python(error: BaseException) -> str:
    words = " ".join(str(error).split())
    words = words if len(words) <= LONGEST else words[:LONGEST] + "..."
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
