"""The screen: labelled paragraphs and aligned tables, with a little weight on a terminal and none elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Literal, NoReturn

from pellucid.errors import need
from pellucid.wording import visible

need("rich", "cli")

from rich.cells import cell_len  # noqa: E402  # after the check that says how to install it
from rich.console import Console  # noqa: E402
from rich.text import Text  # noqa: E402

WIDTH = 100
INDENT = 11


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        raise  # rich would exit on its own; `main` knows what to do


class Screen:
    """Where a command speaks.

    Args:
        quiet: say nothing at all.
        stderr: speak on standard error.
    """

    def __init__(self, quiet: bool = False, stderr: bool = False) -> None:
        # Without colours there is no bold either: NO_COLOR then means not a single escape code.
        colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
        self.console = _Console(
            stderr=stderr, quiet=quiet, color_system=colours, highlight=False, markup=False, emoji=False
        )
        self.is_terminal = self.console.is_terminal
        self.width = min(self.console.width, WIDTH) if self.is_terminal else WIDTH

    def gap(self) -> None:
        """An empty line."""
        self.console.print()

    def line(self, text: str, style: str = "") -> None:
        """A line as it is."""
        self._print(Text(visible(text), style))

    def say(self, label: str, text: str, style: str = "", wrap: bool = True) -> None:
        """A paragraph behind its label; paths and commands are better not wrapped."""
        paragraph = Text(visible(text), style)
        for k, line in enumerate(self._wrapped(paragraph, INDENT) if wrap else [paragraph]):
            self._print(Text.assemble((f"{label if k == 0 else '':<{INDENT}}", "bold"), line))

    def remark(self, label: str, text: str) -> None:
        """A message behind its label, in the lines that it has."""
        for line in self._wrapped(Text.assemble((label, "bold red"), text)):
            self._print(line)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]], last: str = "") -> None:
        """Aligned columns, the first to the left, numbers to the right; `last` is the style of the last row."""
        cells = [[visible(cell) for cell in row] for row in (header, *rows)]
        widths = [max(cell_len(row[i]) for row in cells) for i in range(len(header))]
        for k, row in enumerate(cells):
            style = "dim" if k == 0 else last if k == len(rows) else ""
            padded = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
            texts = [row[0] + padded[0], *(space + cell for space, cell in zip(padded[1:], row[1:], strict=True))]
            self._print(Text(" " * INDENT).append("   ".join(texts).rstrip(), style))

    def _wrapped(self, paragraph: Text, indent: int = 0) -> Iterable[Text]:
        """Lines that fit a terminal; elsewhere the paragraph stays in one, which is easier to search."""
        if not self.is_terminal:
            return [paragraph]
        lines = paragraph.wrap(self.console, max(self.width - indent, 20))
        for line in lines:
            line.rstrip()
        return lines

    def _print(self, line: Text) -> None:
        self.console.print(line, soft_wrap=True)
