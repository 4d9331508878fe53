"""The page a lesson writes on: sentences from the catalogue, tables of numbers, and pictures in a folder."""

from __future__ import annotations

import re
import sys
import textwrap
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TextIO

from pellucid.errors import InputError
from pellucid.network import Network

LANGUAGES = ("en", "zh")
WIDTH = 88
SIGNS = "，。；：！？、（）《》“”‘’"


@cache
def catalogue(lesson: str) -> Mapping[str, Mapping[str, str]]:
    """The texts of a lesson by language and key, from `texts/LESSON.toml`."""
    text = resources.files("pellucid.lessons").joinpath("texts", f"{lesson}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


class Page:
    """Where a lesson speaks, in one language, to one stream, with its pictures in one folder.

    Args:
        lesson: its name, which chooses the texts.
        lang: "en" or "zh".
        folder: for pictures and files; made when the first one is written. By default "lesson-NAME" right here.
        out: a text stream; standard output by default.

    Raises:
        InputError: a language that there is not.

    Example:
        >>> page = Page("perceptron", lang="en")
        >>> page.text("title")
        'The perceptron: one neuron learns to tell two kinds apart'
    """

    def __init__(
        self, lesson: str, lang: str = "en", folder: str | Path | None = None, out: TextIO | None = None
    ) -> None:
        if lang not in LANGUAGES:
            raise InputError(f"Lessons speak {' and '.join(LANGUAGES)}; there is no {lang!r} yet.")
        self.lesson = lesson
        self.lang = lang
        self.folder = Path(f"lesson-{lesson}" if folder is None else folder)
        self.out = out
        self.pictures: list[Path] = []

    def text(self, key: str, **values: Any) -> str:
        """A text of the catalogue with the values put in; those that all lessons share stand in common.toml."""
        return self._text_in(self.lang, key, values)

    def label(self, key: str, **values: Any) -> str:
        """A text for a picture: in English where this computer's fonts cannot write the page's language."""
        from pellucid import plots

        text = self.text(key, **values)
        return text if plots.can_write(text) else self._text_in("en", key, values)

    def _text_in(self, lang: str, key: str, values: Mapping[str, Any]) -> str:
        own, common = catalogue(self.lesson)[lang], catalogue("common")[lang]
        return (own[key] if key in own else common[key]).strip("\n").format(**values)

    def say(self, key: str, **values: Any) -> None:
        """Print a text, wrapped paragraph by paragraph; a paragraph that starts with spaces keeps its lines."""
        for paragraph in self.text(key, **values).split("\n\n"):
            self.show(paragraph if paragraph.startswith(" ") else wrapped(paragraph))

    def heading(self, key: str, **values: Any) -> None:
        """Print a text underlined, as the title of a part."""
        title = self.text(key, **values)
        self.show(f"{title}\n{'=' * columns_of(title)}")

    def show(self, text: str) -> None:
        """Print lines as they are, and an empty line after them."""
        print(text, end="\n\n", file=self.out or sys.stdout, flush=True)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print aligned columns; `header` are keys of the catalogue, numbers are printed to six decimals."""
        lines = [[self.text(key) for key in header], *([_cell(value) for value in row] for row in rows)]
        widths = [max(columns_of(line[i]) for line in lines) for i in range(len(header))]
        self.show("\n".join("   ".join(_right(c, w) for c, w in zip(line, widths, strict=True)) for line in lines))

    def picture(self, figure: Any, name: str) -> Path:
        """Save a figure in the folder and say where."""
        from pellucid import plots

        path = plots.save(figure, self.folder / name)
        self.pictures.append(path)
        self.say("picture", path=path)
        return path

    def file(self, name: str) -> Path:
        """The place of a file in the folder, which is made if need be."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / name


def losses_by_step(net: Network, X: Any, y: Any, steps: int, every: int, **settings: Any) -> dict[int, float]:
    """Train full batch and give the classic table: the loss that step 0, every, 2 every, ... and the end saw.

    Example:
        >>> from pellucid import SGD, Dense
        >>> net = Network([Dense(1, "sigmoid", init="zeros")], inputs=1)
        >>> losses_by_step(net, [[-1.0], [1.0]], [0, 1], 4, every=2, optimizer=SGD(0.1))[0]
        0.6931471805599453
    """
    history = net.fit(X, y, epochs=steps, **settings)
    kept = {step: float(history.loss[step]) for step in range(0, steps, every)}
    penalties = {name: settings[name] for name in ("l1", "l2") if name in settings}
    return kept | {steps: net.loss(X, y, **penalties)}


def _cell(value: Any) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def columns_of(text: str) -> int:
    """How many terminal columns a text takes: a Chinese character takes two.

    Example:
        >>> columns_of("loss"), columns_of("损失")
        (4, 4)
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _right(text: str, width: int) -> str:
    return " " * (width - columns_of(text)) + text


def wrapped(paragraph: str) -> str:
    """A paragraph in lines of at most 88 terminal columns; Chinese breaks between any two of its characters.

    Example:
        >>> wrapped("one two")
        'one two'
    """
    # A line break is a space next to a number or an English word, and nothing between Chinese characters or signs.
    paragraph = re.sub(rf"(?<=[!-~])\n(?![{SIGNS}])|(?<![{SIGNS}])\n(?=[!-~])", " ", paragraph).replace("\n", "")
    if columns_of(paragraph) == len(paragraph):
        return textwrap.fill(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)
    lines, line = [], ""
    for piece in re.findall(r"[!-~]+|.", paragraph):  # a number or an English word stays whole
        closing = piece in "，。；：！？、）》”’"  # may not begin a line
        if columns_of(line + piece) > WIDTH and not closing:
            kept = line.rstrip().rstrip("（《“‘")  # may not end a line
            lines.append(kept)
            line = line[len(kept) :].strip()
        line += piece if line else piece.lstrip()
    return "\n".join([*lines, line])
