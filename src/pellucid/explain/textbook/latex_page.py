"""A page of equations in LaTeX: a piece of a document that loads amsmath."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pellucid.explain.notation.latex import Latex, escaped
from pellucid.explain.notation.text import Text
from pellucid.explain.notation.tree import Number
from pellucid.explain.textbook.breaking import lines
from pellucid.explain.textbook.page import Given, Page, notes, shape_signs
from pellucid.explain.textbook.steps import Shape, Statement

LONG = 52  # signs of plain text that fit between name and shape on a page of the usual width
LONG_NOTE = 66  # the same without shape and number
LONG_REMARK = 58  # letters are wider than signs


def latex_page(page: Page) -> str:
    """The page as LaTeX."""
    title = " ".join(page.title.split())  # a line break would end the comment
    lines = [f"% {title}", "% In a document with \\usepackage{amsmath}.", r"\begingroup", r"\allowdisplaybreaks"]
    lines += ["", r"\noindent\textbf{Given}", "", r"\medskip\noindent", r"\begin{tabular}{@{}rll@{}}"]
    lines += [f"  {_given(given)} \\\\" for given in page.given()] + [r"\end{tabular}"]
    for title, steps in page.sections():
        rows = [row for number, step in steps for row in _equation(number, step)]
        lines += ["", rf"\medskip\noindent\textbf{{{escaped(title)}}}", r"\begin{align}"]
        lines += [f"  {row} \\\\" for row in rows[:-1]] + [f"  {rows[-1]}", r"\end{align}"]
    if page.signs():
        lines += ["", r"\noindent\small " + _signs(page.signs())]
    return "\n".join([*lines, r"\par\endgroup"]) + "\n"


def _given(given: Given) -> str:
    names = ", ".join(f"${Latex().write(symbol).text}$" for symbol in given.symbols)
    words = _words(given.words)
    if given.value is not None:
        value = f"$= {Latex().write(Number(given.value)).text}$"
        return f"{names} & {', '.join([value, *([words] if words else [])])} &"
    return f"{names} & {words} & {', '.join(f'${_shape(shape)}$' for shape in given.shapes)}"


def _words(words: str) -> str:
    """Plain words; the few signs in them that are mathematics, as such."""
    signs = {"θ": r"$\theta$", "²": "$^2$", "⊙": r"$\odot$", "Σ": r"$\sum$"}
    return "".join(signs.get(sign) or escaped(sign) for sign in words)


def _signs(signs: list[str]) -> str:
    return _words(" ".join(signs))


def _equation(number: int, step: Statement) -> Iterator[str]:
    left, sign, _ = Latex().line(step.line)
    parts = lines(Latex(), step.line.right, LONG)
    rows = [f"{left} &{sign} {parts[0]}", *(rf"&\quad {part}" for part in parts[1:])]
    rows[0] += rf" && {_shape(step.shape)} \tag{{{number}}}"
    yield rows[0]
    for row in rows[1:]:
        yield row + r" \notag"
    heads = [definition.line.left for definition in step.definitions]
    for line, place in notes(step):
        indent = r"\quad" if line.left in heads else r"\qquad\quad"
        head, equal, _ = Latex().line(line, place)
        parts = lines(Latex(), line.right, LONG, place)
        if len(Text().write(line.left, place).text) + len(Text().write(line.right, place).text) > LONG_NOTE:
            yield rf"&{indent} {head} {equal} \notag"
        else:
            yield rf"&{indent} {head} {equal} {parts.pop(0)} \notag"
        for part in parts:
            yield rf"&{indent}\qquad {part} \notag"
    for remark in step.remarks:
        for part in textwrap.wrap(remark, LONG_REMARK):
            yield rf"&\quad \text{{{_words(part)}}} \notag"


def _shape(shape: Shape) -> str:
    return shape_signs(shape).replace("×", r"\times")
