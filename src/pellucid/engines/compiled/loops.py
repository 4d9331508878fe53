"""A formula's graph as loops: the lines of a small Python function that Numba turns into machine code.

An array has a row for each output and a column for each row of the data, (K, M), so that the innermost loop runs over
many numbers that all go through the same formula, and becomes vector instructions. Three shapes of loop:

* formulas without sums over outputs: one loop over all K M numbers;
* few outputs: one loop over the rows of the data, the outputs written out one after the other, all in registers;
* many outputs: a pass for each sum, what a later pass needs kept in a buffer unless it is cheap to compute again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pellucid.engines.compiled.graph import Graph

FEW = 4  # outputs that are written out
SUMS = ("sum", "max", "min", "mean")
TRUE_OR_FALSE = ("<", "<=", ">", ">=", "==", "!=", "logical_and", "logical_or", "logical_not", "isnan")
# Worth a buffer rather than being computed in two passes.
EXPENSIVE = {"exp", "expm1", "exp2", "log", "log2", "log1p", "tanh", "sqrt", "divide", "power", "sin", "cos", "tan",
             "arctan", "sinh", "cosh", "arcsinh", "reciprocal"}  # fmt: skip
INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
         "==": "==", "!=": "!=", "logical_and": "&", "logical_or": "|"}  # fmt: skip


@dataclass(frozen=True)
class Output:
    """A node that leaves the loops.

    Attributes:
        node: its index.
        into: the pointer that it is written to, at [k, i] for an array and [i] for one number a row.
        how: written there; added to what is there; an array summed over its outputs, into one number a row; or
            totalled over everything, in double precision, in a variable `into` that the function gives back.
    """

    node: int
    into: str
    how: Literal["written", "added", "summed", "totalled"] = "written"

    def line(self, place: str, name: str) -> str:
        match self.how:
            case "totalled":
                return f"{self.into} += float64({name})"
            case "added":
                return f"{self.into}[{place}] += {name}"
        return f"{self.into}[{place}] = {name}"


@dataclass
class Loops:
    """The loops of a function over arrays (K, M).

    Args:
        graph: what is computed.
        outputs: what of it is wanted.
        numbers: Python expressions for those inputs that are one number.
        by_output: names of inputs, arrays by kind, that have one number for each output, [k], the same for all rows.
        written_out: K, where the outputs are to be written out; None for loops over them.
    """

    graph: Graph
    outputs: list[Output]
    numbers: Mapping[str, str] = field(default_factory=dict)
    written_out: int | None = None
    by_output: frozenset[str] = frozenset()
    arrays: int = 0  # buffers (K, M) that the function needs
    rows: int = 0  # and (M,)

    def __post_init__(self) -> None:
        self.nodes = self.graph.nodes
        self.needed = self._needed()
        self.level = [0] * len(self.nodes)
        for i, node in enumerate(self.nodes):
            below = max((self.level[j] for j in node.arguments), default=0)
            self.level[i] = below + (node.operation in SUMS)
        self.kept: dict[int, str] = {}

    def _needed(self) -> list[int]:
        needed: set[int] = set()
        waiting = [output.node for output in self.outputs]
        while waiting:
            i = waiting.pop()
            if i not in needed:
                needed.add(i)
                waiting += self.nodes[i].arguments
        return sorted(needed)  # arguments come before what takes them

    def lines(self) -> list[str]:
        """The body of the function."""
        lines = [*self._numbers(), *(f"{o.into} = 0.0" for o in self.outputs if o.how == "totalled")]
        if all(self.nodes[i].kind != "row" for i in self.needed) and all(o.how != "summed" for o in self.outputs):
            return [*lines, "for i in range(K * M):", *("    " + line for line in self._written_out(1))]
        if self.written_out is not None and self.written_out <= FEW:
            return [*lines, "for i in range(M):", *("    " + line for line in self._written_out(self.written_out))]
        self._decide_buffers()
        for number in range(max(self.level[i] for i in self.needed) + 1):
            lines += self._row_loop(number)
            lines += self._array_loop(number)
        return lines

    def _numbers(self) -> Iterator[str]:
        """What is one number for all: computed once, in double precision, then rounded to that of the arrays."""
        for i in self.needed:
            node = self.nodes[i]
            if node.kind != "number":
                continue
            if node.operation == "input":
                text = self.numbers[node.value]
            elif node.operation == "constant":
                text = f"float64({float(node.value)!r})"
            else:
                text = _expression(node, [f"d{j}" for j in node.arguments], "float64", "np.")
            yield f"d{i} = {text}"
            yield f"s{i} = {f'd{i}' if node.operation in TRUE_OR_FALSE else f'F(d{i})'}"

    # Few outputs: straight lines.

    def _written_out(self, count: int) -> Iterator[str]:
        for i in self.needed:
            node = self.nodes[i]
            if node.kind == "array":
                for k in range(count):
                    yield f"v{i}_{k} = {self._at(i, k)}"
            elif node.kind == "row":
                if node.operation in SUMS:
                    yield from self._sum_of(i, node, count)
                else:
                    yield f"v{i} = {self._at(i, 0)}"
        for output in self.outputs:
            kind = self.nodes[output.node].kind
            name = f"{'s' if kind == 'number' else 'v'}{output.node}"
            if kind == "array" and output.how == "summed":
                yield output.line("i", " + ".join(f"{name}_{k}" for k in range(count)))
            elif kind == "array":
                for k in range(count):
                    yield output.line(_place(k), f"{name}_{k}")
            else:
                yield output.line("i", name)

    def _at(self, i: int, k: int) -> str:
        node = self.nodes[i]
        if node.operation == "input":
            if node.value in self.by_output:
                return f"{node.value}[{k}]"
            return f"{node.value}[{_place(k) if node.kind == 'array' else 'i'}]"
        names = {"number": "s{}", "row": "v{}", "array": f"v{{}}_{k}"}
        return _expression(node, [names[self.nodes[j].kind].format(j) for j in node.arguments], "F", "")

    def _sum_of(self, i: int, node: Any, count: int) -> Iterator[str]:
        parts = [f"v{node.arguments[0]}_{k}" for k in range(count)]
        if node.operation in ("sum", "mean"):
            yield f"v{i} = {' + '.join(parts)}"
            if node.operation == "mean":
                yield f"v{i} = v{i} / F({count})"
            return
        yield f"v{i} = {parts[0]}"
        for part in parts[1:]:
            yield f"v{i} = {_further(node.operation, part, f'v{i}')}"

    # Many outputs: passes.

    def _when(self, i: int) -> int:
        """The pass in which a node is computed; a sum is known one pass later."""
        return self.level[i] - (self.nodes[i].operation in SUMS)

    def _decide_buffers(self) -> None:
        roots = {output.node for output in self.outputs}
        used_in: dict[int, set[int]] = {i: set() for i in self.needed}
        for i in reversed(self.needed):
            is_sum = self.nodes[i].operation in SUMS
            if is_sum or i in roots:
                used_in[i].add(self._when(i))
            for j in self.nodes[i].arguments:
                used_in[j] |= {self._when(i)} if is_sum else used_in[i]
        for i in self.needed:
            node = self.nodes[i]
            if node.kind == "row" and node.operation != "input":
                self.kept[i] = f"rows[{self.rows} * M + i]"
                self.rows += 1
            elif node.kind == "array" and node.operation in EXPENSIVE and len(used_in[i]) > 1:
                self.kept[i] = f"arrays[({self.arrays} * K + k) * M + i]"
                self.arrays += 1

    def _row_loop(self, number: int) -> Iterator[str]:
        """What follows from sums: one number a row."""
        here = [i for i in self.needed if self.nodes[i].kind == "row" and self.level[i] == number]
        means = [i for i in here if self.nodes[i].operation == "mean"]
        own = [i for i in here if self.nodes[i].operation not in (*SUMS, "input")]
        outputs = [o for o in self.outputs if o.node in here]
        if not (means or own or outputs):
            return
        yield "for i in range(M):"
        known: dict[int, str] = {}
        for i in means:
            yield f"    {self.kept[i]} /= F(K)"
        for i in own:
            yield from (f"    {line}" for line in self._compute(i, known, writing=True))
            yield f"    {self.kept[i]} = v{i}"
        for output in outputs:
            yield from (f"    {line}" for line in self._compute(output.node, known))
            yield "    " + output.line("i", f"v{output.node}")

    def _array_loop(self, number: int) -> Iterator[str]:
        nodes = self.nodes
        sums = [i for i in self.needed if nodes[i].operation in SUMS and self._when(i) == number]
        kept = [i for i in self.kept if nodes[i].kind == "array" and self.level[i] == number]
        outputs = [o for o in self.outputs if nodes[o.node].kind == "array" and self.level[o.node] == number]
        starts = [f"{self.kept[i]} = {_START[nodes[i].operation]}" for i in sums]
        starts += [f"{o.into}[i] = F(0)" for o in outputs if o.how == "summed"]
        if starts:
            yield "for i in range(M):"
            yield from ("    " + line for line in starts)
        if sums or kept or outputs:
            yield "for k in range(K):"
            yield "    for i in range(M):"
            yield from ("        " + line for line in self._innermost(sums, kept, outputs))

    def _innermost(self, sums: list[int], kept: list[int], outputs: list[Output]) -> Iterator[str]:
        known: dict[int, str] = {}
        for i in kept:
            yield from self._compute(i, known, writing=True)
            yield f"{self.kept[i]} = v{i}"
        for i in sums:
            argument, operation = self.nodes[i].arguments[0], self.nodes[i].operation
            yield from self._compute(argument, known)
            if operation in ("sum", "mean"):
                yield f"{self.kept[i]} += v{argument}"
            else:
                held = self.kept[i]
                yield f"{held} = {_further(operation, f'v{argument}', held)}"
        for output in outputs:
            yield from self._compute(output.node, known)
            name = f"v{output.node}"
            yield f"{output.into}[i] += {name}" if output.how == "summed" else output.line("k * M + i", name)

    def _compute(self, i: int, known: dict[int, str], writing: bool = False) -> Iterator[str]:
        """Lines that compute a node into v{i}, after what it needs; or read it where it is kept."""
        node = self.nodes[i]
        if i in known or node.kind == "number":
            return
        if node.operation == "input":
            place = "k" if node.value in self.by_output else "k * M + i"
            yield f"v{i} = {node.value}[{place if node.kind == 'array' else 'i'}]"
        elif i in self.kept and not writing:
            yield f"v{i} = {self.kept[i]}"
        else:
            for j in node.arguments:
                yield from self._compute(j, known)
            names = [f"{'s' if self.nodes[j].kind == 'number' else 'v'}{j}" for j in node.arguments]
            yield f"v{i} = {_expression(node, names, 'F', '')}"
        known[i] = f"v{i}"


def _further(operation: str, value: str, held: str) -> str:
    """The larger or smaller of two, as Python; NaN where either is."""
    sign = ">" if operation == "max" else "<"
    return f"{value} if {value} {sign} {held} or {value} != {value} else {held}"


_START = {"sum": "F(0)", "mean": "F(0)", "max": "F(-np.inf)", "min": "F(np.inf)"}


def _place(k: int) -> str:
    return "i" if k == 0 else f"{k} * M + i"


def _expression(node: Any, a: list[str], number: str, prefix: str) -> str:
    """One operation as Python; without a prefix, `exp` and its kin are those of arithmetic.py."""
    operation = node.operation
    if operation in INFIX:
        return f"{a[0]} {INFIX[operation]} {a[1]}"
    match operation:
        case "negative":
            return f"-{a[0]}"
        case "logical_not":
            return f"{a[0]} == False"
        case "like":
            return f"{number}({node.value!r})"
        case "where":
            return f"{a[1]} if {a[0]} else {a[2]}"
        case "sign":
            return f"{a[0]} if {a[0]} != {a[0]} else {number}({a[0]} > 0) - {number}({a[0]} < 0)"
        case "minimum":
            return f"{a[0]} if {a[0]} <= {a[1]} or {a[0]} != {a[0]} else {a[1]}"
        case "maximum":
            return f"{a[0]} if {a[0]} >= {a[1]} or {a[0]} != {a[0]} else {a[1]}"
        case "power":
            return f"{a[0]} ** {a[1]}"
        case "reciprocal":
            return f"{number}(1) / {a[0]}"
        case "isnan":
            return f"{a[0]} != {a[0]}"
        case "abs":
            return f"abs({a[0]})"
    return f"{prefix}{operation}({a[0]})"
