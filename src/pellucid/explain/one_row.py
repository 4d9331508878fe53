"""One row all the way: every weighted sum with its numbers, then the activation, the loss, and back again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from pellucid.explain.chain import Link, links_of
from pellucid.explain.notation.symbols import sign
from pellucid.explain.notation.text import Text
from pellucid.explain.step import Step
from pellucid.explain.textbook.text_page import WIDTH, fitted
from pellucid.network import Network
from pellucid.tables import GAP, number

Array = npt.NDArray[Any]
TERMS = 4  # of a long sum, and numbers of a long vector, that are shown
UNITS = 6  # of a wide layer that are shown
WEIGHTS = "Σ_i w_i"  # as equations write the sum of the rows' weights


class Named(Protocol):
    """What is asked of an entry."""

    @property
    def name(self) -> str: ...
    @property
    def formula(self) -> str: ...


@dataclass(frozen=True, eq=False)
class RowLine:
    """One number (or vector) of a row, with the numbers that it was made of.

    Attributes:
        quantity: "z1", as in the equations.
        name: "z1[0]", or "z1" where the whole vector is made at once; delta1 is written δ1.
        value: the number, () or (units,).
        terms: of a weighted sum, (m, 2): the two factors of each product; None for everything else.
        plus: what is added to the products (a bias); None where nothing is.
        formula: the right side of the equation, with the `numbers` to put in by name; "" for a weighted sum.
    """

    quantity: str
    name: str
    value: Array
    terms: Array | None = None
    plus: float | None = None
    formula: str = ""
    numbers: Mapping[str, Array] | None = None

    def written(self, most: int | None = TERMS) -> str:
        """The line as text: long sums and vectors with their middle left out, or in full with most=None."""
        parts = [self.name]
        if self.terms is not None:
            parts.append(_sum(self.terms, self.plus, most))
        elif self.formula:
            # The formula of a whole vector stands here; that of single units once above them all.
            parts += ([] if self.name.endswith("]") else [self.formula]) + [
                put_in(self.formula, self.numbers or {}, most)
            ]
        return " = ".join(dict.fromkeys([*parts, _shown(self.value, most)]))


@dataclass(frozen=True, eq=False)
class RowTrace:
    """One row of a traced step.

    Attributes:
        row: its index in X as given; place: its index in the step, as in trace["z1"].value[place].
        lines: forward, loss and backward, unit by unit. Those of dW1, db1, ... are what this row adds to the sum.
        titles: what stands above the lines of a quantity.
    """

    row: int
    place: int
    lines: tuple[RowLine, ...]
    titles: Mapping[str, str]

    def __iter__(self) -> Iterator[RowLine]:
        return iter(self.lines)

    def quantities(self) -> dict[str, list[RowLine]]:
        """The lines of each quantity, in order."""
        found: dict[str, list[RowLine]] = {}
        for line in self.lines:
            found.setdefault(line.quantity, []).append(line)
        return found

    def __str__(self) -> str:
        parts = [f"row {self.row}"]
        for quantity, lines in self.quantities().items():
            title = self.titles.get(quantity)
            parts += fitted(title, "  ", " " * 6) if title else []
            begin = "    " if title else "  "
            parts += [part for line in lines[:UNITS] for part in _in_lines(line.written(), begin)]
            if len(lines) > UNITS:
                parts.append(f"    {GAP} and {len(lines) - UNITS:,} more")
        return "\n".join(parts)


def _in_lines(text: str, begin: str) -> Iterator[str]:
    """A chain of equals, in one line where it fits; else each = begins a line, and what is still too long is broken."""
    if len(begin + text) <= WIDTH:
        yield begin + text
        return
    name, *sides = text.split(" = ")
    for i, side in enumerate(sides):
        before = begin + (name if i == 0 else " " * len(name)) + " = "
        yield from fitted(side, before, " " * (len(begin + name) + 5))


class _Row(NamedTuple):
    """What the lines are made from: the row's numbers by name, and the parameters that its step began with."""

    numbers: dict[str, Array]
    params: dict[str, Array]
    formulas: dict[str, str]


def written_out(net: Network, step: Step, entries: Sequence[Named], place: int) -> RowTrace:
    """One row of a step, from the quantities that have a number for each row."""
    n = len(step.rows)
    links = links_of(net)
    of_rows = {"X", "y", "w", "losses", *(k.mask for k in links if k.kind == "dropout")}
    of_rows |= {name for link in links for name in (link.name, link.gradient)}
    everything = step.given | step.values
    numbers = {name: array[place] for name, array in everything.items() if name in of_rows}
    numbers |= {"n": np.asarray(n), WEIGHTS: np.sum(step.given.get("w", n))}
    params = {name: array for name, array in step.given.items() if name not in of_rows}
    row = _Row(numbers, params, {entry.name: entry.formula.partition(" = ")[2] for entry in entries})
    # What is not finite is shown as it is: NumPy's warnings would only come before.
    with np.errstate(over="ignore", invalid="ignore"):
        lines = [line for link in links for line in _forward(row, link)]
        lines += _whole(row, "losses")
        lines += [line for k in reversed(range(len(links))) for line in _backward(row, links, k)]
    in_units = {line.quantity for line in lines if line.name.endswith("]")}
    titles = {entry.name: entry.formula for entry in entries if entry.name in in_units}
    added = {
        e.name: f"{e.formula}, of which this row adds"
        for e in entries
        if e.name.startswith("d") and e.name[1:] in params
    }
    return RowTrace(int(step.rows[place]), place, tuple(lines), titles | added)


def _forward(row: _Row, link: Link) -> Iterator[RowLine]:
    if link.kind == "affine":
        x, W, b = row.numbers[link.takes], row.params[f"W{link.number}"], row.params[f"b{link.number}"]
        for k, z in enumerate(row.numbers[link.name]):
            yield RowLine(link.name, f"{shown_name(link.name)}[{k}]", z, np.stack([x, W[:, k]], axis=1), float(b[k]))
    elif link.kind == "dropout":
        yield from _whole(row, link.mask)
        yield from _by_unit(row, link.name)
    else:
        yield from _by_unit(row, link.name) if _elementwise(link) else _whole(row, link.name)


def _backward(row: _Row, links: Sequence[Link], k: int) -> Iterator[RowLine]:
    """The gradient at the output of link k, and what the row adds to the gradients of its parameters."""
    link = links[k]
    if link.gradient not in row.numbers:
        return
    if k >= len(links) - 2:
        yield from _whole(row, link.gradient)  # a loss, or softmax, may mix the outputs
    elif links[k + 1].kind == "affine":
        delta, W = row.numbers[links[k + 1].gradient], row.params[f"W{links[k + 1].number}"]
        for j, slope in enumerate(row.numbers[link.gradient]):
            yield RowLine(link.gradient, f"{shown_name(link.gradient)}[{j}]", slope, np.stack([delta, W[j]], axis=1))
    else:
        yield from _by_unit(row, link.gradient)
    if link.kind == "affine":
        x, delta = row.numbers[link.takes], row.numbers[link.gradient]
        formula, quantity = f"{link.takes} · {shown_name(link.gradient)}", f"dW{link.number}"
        for j, value in enumerate(x):
            numbers = {link.takes: value, link.gradient: delta}
            yield RowLine(quantity, f"{quantity}[{j}]", value * delta, None, None, formula, numbers)
        yield RowLine(f"db{link.number}", f"db{link.number}", delta)


def _elementwise(link: Link) -> bool:
    return link.activation is not None and link.activation.slope is not None


def shown_name(name: str) -> str:
    """How a text writes a name: delta1 as δ1."""
    return Text().symbol(sign(name), "", ())


def _whole(row: _Row, name: str) -> Iterator[RowLine]:
    """All units of a quantity in one line."""
    yield RowLine(name, shown_name(name), row.numbers[name], None, None, row.formulas.get(name, ""), row.numbers)


def _by_unit(row: _Row, name: str) -> Iterator[RowLine]:
    """A line for each unit: the formula acts on each by itself, so it has the number of that unit alone."""
    values = row.numbers[name]
    same = {other: array for other, array in row.numbers.items() if array.shape in ((), values.shape)}
    for k, value in enumerate(values):
        numbers = {other: array[k] if array.ndim else array for other, array in same.items()}
        yield RowLine(name, f"{shown_name(name)}[{k}]", value, None, None, row.formulas.get(name, ""), numbers)


def put_in(formula: str, numbers: Mapping[str, Array], most: int | None = None) -> str:
    """A formula with numbers in the place of names.

    Example:
        >>> put_in("δ1 ⊙ tanh(z1) - z1² + z10", {"z1": np.array(-0.5), "delta1": np.array([1.0, 2.0])})
        '(1, 2) · tanh(-0.5) - (-0.5)² + z10'
    """
    by_shown = {shown_name(name): array for name, array in numbers.items()}

    def instead(found: re.Match[str]) -> str:
        array = by_shown.get(found[0])
        if array is None:
            return found[0]
        text = _shown(array, most)
        before, after = formula[: found.start()], formula[found.end() :]
        if before.endswith("(") and after.startswith(")"):
            return text.strip("()")
        first = (not before or before.endswith(("(", ", "))) and not after.startswith(("²", "³", "^"))
        return f"({text})" if text.startswith("-") and not first else text

    # A name begins with a letter, Latin or Greek, and goes on with digits; Σ_i w_i is what rows weigh in all.
    written = re.sub(rf"{WEIGHTS}|(?<![\w.])[A-Za-zα-ω][A-Za-z0-9_]*", instead, formula).replace("⊙", "·")
    return re.sub(r"(?<=[\d)²³]) (?=\d)", "·", written)  # two names side by side are a product, two numbers are not


def _shown(array: Array, most: int | None) -> str:
    """A number, or a vector in parentheses."""
    if np.size(array) == 1:
        return number(float(np.ravel(array)[0]))
    texts = [number(value) for value in np.ravel(array).tolist()]
    if most is not None and len(texts) > most:
        texts = [*texts[: most - 1], GAP, texts[-1]]
    return f"({', '.join(texts)})"


def _sum(terms: Array, plus: float | None, most: int | None) -> str:
    """0.52·1.3 + 0.1·(-2) + ... + 0.25, the middle left out of a long one."""
    at = range(len(terms)) if most is None or len(terms) <= most else [*range(most - 1), -1]
    summands = [f"{_factor(terms[i, 0])}·{_factor(terms[i, 1])}" for i in at]
    if len(at) < len(terms):
        summands.insert(-1, GAP)
    return " + ".join(summands + ([] if plus is None else [_factor(plus)]))


def _factor(value: float) -> str:
    text = number(value)
    return f"({text})" if text.startswith("-") else text
