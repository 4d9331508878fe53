"""Arrays in a program: written out where they are short, as a text where they are not, or saved beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError
from pellucid.explain.program.text import WIDTH, number
from pellucid.explain.program.text import comment as comment_lines

Array = npt.NDArray[Any]

ROWS = 4  # of a matrix that is written out row by row
WRAPPED = 1_000  # characters of a text that stands in lines; a longer one would hide the program
TEXT_WIDTH = 100  # of these lines
LONGEST = 5_000_000  # characters of a text that is still put into a program


@dataclass
class Store:
    """Where the arrays of a program go.

    Args:
        path: the program's file, if long arrays are to be saved beside it, in an .npz of the same name.
        compact: whether a long text and what is made of it stand in one line.

    Attributes:
        saved: those arrays, by name.
    """

    path: Path | None = None
    compact: bool = False
    saved: dict[str, Array] = field(default_factory=dict)

    def lines(self, name: str, given: Array, comment: str = "", kind: str = "float") -> list[str]:
        """The lines that give an array its name in the program, as float64, or as int64 where kind is "int".

        Raises:
            InputError: it is too long for a program, and no path was given.

        Example:
            >>> Store().lines("y", np.array([0, 1, 1]), "(3,)", "int")
            ['y = np.array([0, 1, 1])  # (3,)']
        """
        note = f"  # {comment}" if comment else ""
        short = _written_out(name, _as(kind, given)) if given.size <= WIDTH else None
        if short is not None and len(short[0] + note) <= WIDTH:
            return [short[0] + note, *short[1:]]
        if self.path is not None:
            self.saved[name] = given
            cast = "" if given.dtype == _as(kind, given[:0]).dtype else f".astype({kind})"
            return [f'{name} = saved["{name}"]{cast}{note}']
        text = _as_text(_as(kind, given)) if given.size < LONGEST // 2 else ""
        if not 0 < len(text) <= LONGEST:
            raise InputError(
                f"{name} has {given.size:,} numbers, too many to stand in a program. Give path='program.py': long "
                "arrays are then saved beside it, in program.npz."
            )
        shape = f".reshape({', '.join(map(str, given.shape))})" if given.ndim > 1 else ""
        one = f'{name} = np.array("{text}".split(), dtype={kind}){shape}'
        if len(one) <= WIDTH or self.compact:
            return [one + ("" if len(one) <= WIDTH else "  # noqa: E501")]
        made = f"{name} = np.array({name}, dtype={kind}){shape or note}"
        line = f'{name} = "{text}".split()'
        if len(line) <= WIDTH:
            return [line, made]
        if len(text) <= WRAPPED:
            return [f'{name} = """', *wrap(text, TEXT_WIDTH), '""".split()', made]
        return [f"{line}  # noqa: E501", made]

    def loading(self) -> list[str]:
        """The line that reads what is saved beside the program; none where nothing is."""
        if not self.saved:
            return []
        named = ", ".join(f"{name} {array.shape}" for name, array in self.saved.items())
        said = f"Saved beside this program: {named}"
        return [*comment_lines(said), 'saved = np.load(__file__.removesuffix(".py") + ".npz")']


def _as(kind: str, given: Array) -> Array:
    return given.astype(np.float64 if kind == "float" else np.int64)


def _as_text(values: Array) -> str:
    """All numbers with a space between them."""
    return " ".join(number(value).removesuffix(".0") for value in values.ravel().tolist())


def _written_out(name: str, values: Array) -> list[str] | None:
    """As a list of lists, if it is short: in one line, or a row in each."""
    one = f"{name} = np.array({_listed(values)})"
    if len(one) <= WIDTH:
        return [one]
    rows = [f"        {_listed(row)}," for row in values[: ROWS + 1]]
    if values.ndim < 2 or len(rows) > ROWS or max(map(len, rows)) > WIDTH:
        return None
    return [f"{name} = np.array(", "    [", *rows, "    ]", ")"]


def _listed(values: Array) -> str:
    if values.ndim == 0:
        return number(values.item())
    if values.size > WIDTH:
        return "." * 2 * WIDTH  # too long in any case
    return f"[{', '.join(_listed(value) for value in values)}]"
