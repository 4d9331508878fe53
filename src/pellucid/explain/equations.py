"""Equations: what a network computes in one training step, as a textbook writes it, from the records' own source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from pellucid.errors import InputError, did_you_mean
from pellucid.explain.notation.latex import Latex, escaped
from pellucid.explain.notation.text import Text
from pellucid.explain.notation.tree import Line
from pellucid.explain.notation.writing import OUTSIDE, Context
from pellucid.explain.textbook.html_page import html_page, whole
from pellucid.explain.textbook.latex_page import latex_page
from pellucid.explain.textbook.page import Page, notes
from pellucid.explain.textbook.steps import Section, Shape, Statement, Steps
from pellucid.explain.textbook.text_page import text_page
from pellucid.explain.textbook.updates import Updates
from pellucid.network import Network
from pellucid.settings import Settings

PAGES: dict[str, Callable[[Page], str]] = {"text": text_page, "latex": latex_page, "html": html_page}


@dataclass(frozen=True)
class Note:
    """What stands beside an equation: the definition of a function, what a name in one stands for, or a sentence.

    Attributes:
        text, latex, mathml: as in an Equation; of a sentence, the mathml is plain HTML.
        sentence: whether it is one, on a function that cannot be read.
    """

    text: str
    latex: str
    mathml: str
    sentence: bool = False


@dataclass(frozen=True)
class Equation:
    """One numbered equation.

    Attributes:
        number: from 1.
        section: "forward", "loss", "backward" or "update".
        name: of the quantity on its left, as in Python: "z1", "delta2", "dW2", "m".
        shape: of that quantity; "n" is the number of rows.
        text, latex, mathml: the equation in three ways of writing; LaTeX without dollars, MathML with <math>.
        notes: definitions of functions that it is the first to call, and sentences on those that cannot be read.
    """

    number: int
    section: Section
    name: str
    shape: Shape
    text: str
    latex: str
    mathml: str
    notes: tuple[Note, ...] = ()


def equations(
    net: Network,
    format: str = "text",
    optimizer: Any = None,
    l2: float = 0.0,
    l1: float = 0.0,
    clip_norm: float | None = None,
    sample_weight: bool = False,
) -> str:
    """Forward pass, loss, backward pass and update of a network as numbered equations, with the shape of everything.

    Formulas are read from the functions of the activations, the loss, the penalties and the optimizer themselves: one
    of your own explains itself. A function whose source cannot be read appears by its name, with a line that says why.

    Args:
        net: any network.
        format: "text" for a terminal of 100 columns, "latex" for a document with amsmath, or "html" with MathML,
            which browsers show without any script.
        optimizer: a record such as Adam(0.01) or a name; by default what `fit` takes, SGD(0.1).
        l2, l1, clip_norm: as in `fit`.
        sample_weight: whether rows have weights (of their own or of their class).

    Raises:
        InputError: an unknown format, or a setting out of its range.

    Source: the notation of Bishop, Pattern Recognition and Machine Learning (2006), section 5.3, rows being samples.

    Example:
        >>> from pellucid.layers import Dense
        >>> net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
        >>> print(equations(net, l2=0.01).split("\\n\\n")[4])
        Backward pass
         (7)      δ2 = (p - y)/n                                           (n, 2)
         (8)     dW2 = a1ᵀ δ2 + λ W2                                       (3, 2)
         (9)     db2 = Σ_i δ2_i                                            (2,)
        (10)     da1 = δ2 W2ᵀ                                              (n, 3)
        (11)      δ1 = da1 ⊙ (1 - a1²)                                     (n, 3)
        (12)     dW1 = Xᵀ δ1 + λ W1                                        (2, 3)
        (13)     db1 = Σ_i δ1_i                                            (3,)
    """
    if format not in PAGES:
        hint = did_you_mean(str(format), PAGES)
        raise InputError(f"The format must be 'text', 'latex' or 'html'; this is {format!r}.{hint}")
    settings = _settings(optimizer, l2, l1, clip_norm)
    page = Page(net, settings, bool(sample_weight), tuple(_steps(net, settings, bool(sample_weight))))
    return PAGES[format](page)


def equations_of(
    net: Network,
    optimizer: Any = None,
    l2: float = 0.0,
    l1: float = 0.0,
    clip_norm: float | None = None,
    weighted: bool = False,
) -> tuple[Equation, ...]:
    """The same as records, one for each quantity; the names are those of a trace's entries.

    Args:
        net, optimizer, l2, l1, clip_norm: as in `equations`.
        weighted: whether rows have weights.

    Raises:
        InputError: a setting out of its range.

    Example:
        >>> from pellucid.layers import Dense
        >>> first = equations_of(Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2))[0]
        >>> first.name, first.shape, first.text
        ('z1', ('n', 3), 'z1 = X W1 + b1')
    """
    steps = _steps(net, _settings(optimizer, l2, l1, clip_norm), weighted)
    return tuple(_equation(number, step) for number, step in enumerate(steps, 1))


def _settings(optimizer: Any, l2: float, l1: float, clip_norm: float | None) -> Settings:
    given = {} if optimizer is None else {"optimizer": optimizer}
    return Settings(l2=l2, l1=l1, clip_norm=clip_norm, **given)


def _steps(net: Network, settings: Settings, weighted: bool) -> list[Statement]:
    steps = Steps(net, settings, weighted)
    steps.forward()
    steps.loss()
    steps.backward()
    return steps.found + Updates(net, settings, steps.definitions).steps()


def _equation(number: int, step: Statement) -> Equation:
    here = _note(step.line)
    beside = tuple(_note(line, place) for line, place in notes(step)) + tuple(map(_sentence, step.remarks))
    return Equation(number, step.section, step.name, step.shape, here.text, here.latex, here.mathml, beside)


def _sentence(remark: str) -> Note:
    return Note(remark, rf"\text{{{escaped(remark)}}}", escape(remark), sentence=True)


def _note(line: Line, place: Context = OUTSIDE) -> Note:
    return Note(" ".join(Text().line(line, place)), " ".join(Latex().line(line, place)), whole(line, place))
