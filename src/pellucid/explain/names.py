"""Names: which ones equations and programs use themselves, and what an optimizer's own are called beside them.

An average that somebody calls a1, or a constant n, would be taken for the network's: it is then called by the
optimizer too, as in a1_odd, in equations, traces and programs alike.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pellucid.explain.notation.symbols import Sign, sign
from pellucid.explain.program.text import identifier
from pellucid.optimizers import Optimizer
from pellucid.schedules import Place, Watch
from pellucid.source import UNREAD, Source, number_like, read

COUNTED = ("W", "b", "z", "a", "d", "m", "u", "delta")  # with a number behind them
PLAIN = "X y w n t p L losses g theta weights W dp dX clipped rate l2 l1 clip_norm weight_decay pi e"


def _of_programs() -> frozenset[str]:
    prefixes = "W b z a d m dW db da dd delta"
    numbered = {f"{prefix}{i}" for prefix in prefixes.split() for i in range(100)}
    plain = "X y t n w p g L i W dp rng data table labels total norm order rows start rate step steps epoch epochs"
    longer = (
        "losses gradient learning_rate batch_size l1 l2 clip_norm mean scale parameters gradients forward held_out "
        "kept saved ends parts class_weight L_val epoch_loss best_loss best_epoch best_parameters first_parameters"
    )
    of_loops = "inputs a b z k drop da db dW delta layers widths masks drops fan_in units activations through theta"
    ends = {f"{name}{end}" for name in "Xytw" for end in ("_train", "_val")}
    words = {*plain.split(), *longer.split(), *of_loops.split()}
    return frozenset({*numbered, *words, *ends, *Place._fields, *Watch._fields, *dir(builtins), "np", "math"})


RESERVED = _of_programs()  # every name that a program itself may use
_PLAIN = frozenset((s.letter, s.index, s.gradient) for s in map(sign, PLAIN.split()))


class OwnNames(NamedTuple):
    """What the names of an optimizer's rule are in equations, traces and programs.

    Attributes:
        averages: for each of `Rule.averages`, in order.
        inside: those of its constants and of what its formula gives names to, by their names there.
    """

    averages: tuple[str, ...]
    inside: dict[str, str]


def own_names(optimizer: Optimizer) -> OwnNames:
    """The names of an optimizer's rule, those told apart that equations use for something else.

    Example:
        >>> from pellucid import Adam
        >>> own_names(Adam()).averages, own_names(Adam()).inside["m_hat"]
        (('m', 'v'), 'm_hat')
    """
    rule, owner = optimizer.rule(), identifier(type(optimizer).__name__)
    try:
        source = read(rule.formula)
    except UNREAD:
        source = None
    taken: set[Sign] = set()
    averages = tuple(_apart(name, owner, taken, program=True) for name in rule.averages)
    inside: dict[str, str] = {}
    if source is not None:
        # What the formula is given keeps its name where the equations call it the same.
        given = zip(source.arguments[1:4], ("g", "rate", "t"), strict=False)
        inside = {name: name for name, theirs in given if name == theirs}
        same = zip(rule.averages, source.arguments[4:], averages, strict=False)
        inside |= {name: shown for name, argument, shown in same if name == argument and name not in inside}
    for name in (*rule.constants, *_given_inside(source)):
        if name not in inside:
            inside[name] = _apart(name, owner, taken)
    return OwnNames(averages, inside)


def _given_inside(source: Source | None) -> Iterator[str]:
    """What a formula gives names to, and the numbers that it takes from around it."""
    if source is None:
        return
    nodes = (node for statement in source.body for node in ast.walk(statement))
    yield from (node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    yield from (name for name, value in source.constants.items() if number_like(value))


def _apart(name: str, owner: str, taken: set[Sign], program: bool = False) -> str:
    """The name, or the name with its owner where another quantity is written so; `program`: or called so there."""
    for candidate in _candidates(name, owner):
        written = sign(candidate)
        clear = not _is_theirs(written) and written not in taken
        if clear and not (program and (candidate in RESERVED or not candidate.isidentifier())):
            taken.add(written)
            return candidate
    raise AssertionError  # there is always a longer one


def _candidates(name: str, owner: str) -> Iterable[str]:
    yield name
    plain = name if name.isidentifier() else identifier(name)
    yield f"{plain}_{owner}"
    yield from (f"{plain}_{owner}_{i}" for i in range(2, 1000))


def _is_theirs(s: Sign) -> bool:
    """Whether equations write a quantity of the network, or a setting, in this way."""
    if s.accent or s.of:
        return False
    counted = s.letter in COUNTED and s.index.isdigit()
    return counted or (s.letter, s.index, s.gradient) in _PLAIN
