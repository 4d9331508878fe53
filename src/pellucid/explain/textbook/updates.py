"""The update as steps: clipping, the averages that the optimizer keeps, and the parameters."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.explain.names import own_names
from pellucid.explain.notation import algebra as al
from pellucid.explain.notation.definitions import Definitions
from pellucid.explain.notation.formulas import Formula
from pellucid.explain.notation.inlining import inlined
from pellucid.explain.notation.numpy_words import Unreadable
from pellucid.explain.notation.reasons import remark
from pellucid.explain.notation.tree import (
    Apply,
    Expression,
    Function,
    Line,
    Listing,
    Symbol,
    axes,
    walk,
)
from pellucid.explain.textbook import own_lines
from pellucid.explain.textbook.quantities import gradient_at, parameter
from pellucid.explain.textbook.steps import Shape, Statement
from pellucid.jobs import clipped
from pellucid.network import Network
from pellucid.optimizers import Optimizer, Rule
from pellucid.settings import Settings

G, THETA, RATE, T = parameter("g"), parameter("theta"), "rate", Symbol("t")


@dataclass
class Updates:
    """The steps of an update.

    Args:
        net: the network.
        settings: the optimizer and the clipping.
        definitions: where functions are looked up.
    """

    net: Network
    settings: Settings
    definitions: Definitions

    def __post_init__(self) -> None:
        self.found: list[Statement] = []
        self.optimizer: Optimizer = self.settings.optimizer
        self.rule: Rule = self.optimizer.rule()
        self.size = int(self.net.theta.size)
        self.rate = Symbol(RATE, value=self.optimizer.learning_rate)
        self.names = own_names(self.optimizer)
        self.averages = [parameter(name) for name in self.names.averages]
        self.clips = self.settings.clip_norm is not None
        self.gradients = Listing(tuple(gradient_at(parameter(name)) for name in self.net.params))

    def add(self, line: Line, shape: Shape | None = None, name: str = "", remark: str = "") -> None:
        assert name or isinstance(line.left, Symbol)
        name = name or line.left.name  # type: ignore[union-attr]
        while any(step.name == name for step in self.found):
            name += "'"  # a name that is given again, as in g ← g + ...
        if shape is None:
            shape = (self.size,) if axes(line.left) else ()
        fresh = self.definitions.fresh([line.right])
        remarks = self.definitions.remarks([line.right], fresh) + ((remark,) if remark else ())
        self.found.append(Statement("update", name, shape, line, fresh, remarks))

    def steps(self) -> list[Statement]:
        """All steps, in the order in which they are taken."""
        formula, error = None, None
        try:
            formula = None if type(self.optimizer).update is not Optimizer.update else self._formula()
        except Unreadable as unreadable:
            error = unreadable.__cause__
        if formula is None or self.clips or self.averages or formula.lines:
            self.add(Line(G, "=", self.gradients))
        if self.clips:
            self.add(Line(G, "←", self._clipped()), name="clipped")
        if formula is None:
            self._by_name(error)
        else:
            self._by_formula(formula)
        return self.found

    def _clipped(self) -> Expression:
        limit = Symbol("clip_norm", value=self.settings.clip_norm)
        try:
            return inlined(self.definitions.formula(clipped, [G, limit]))[1]
        except Unreadable:
            return Apply(Function("clipped"), (G, limit))

    def _formula(self) -> Formula:
        """The rule's formula of the whole parameter vector."""
        inside = self.names.inside
        constants = {name: Symbol(inside[name], value=value) for name, value in self.rule.constants.items()}
        given = [THETA, G, self.rate, T, *self.averages]
        formula = self.definitions.formula(self.rule.formula, given, constants, sequential=True, shown=inside)
        if len(formula.results) != 1 + len(self.averages):
            raise Unreadable
        return formula

    def _by_formula(self, formula: Formula) -> None:
        decay = self._decayed(THETA, parameter("weights"))
        for line in formula.lines:
            self.add(Line(line.left, line.sign, al.substituted(line.right, {THETA: decay})))
        pairs = zip(self.averages, formula.results[1:], strict=True)
        kept = [(average, tree) for average, tree in pairs if tree != average]
        updated = [average for average, _ in kept]
        if self._clash(kept):
            for average, tree in kept:
                self.add(Line(parameter(f"{average.name}'"), "=", al.substituted(tree, {THETA: decay})))
            kept = [(average, parameter(f"{average.name}'")) for average in updated]
        for name, view in self.net.params.items():
            self.add(Line(parameter(name), "←", self._part(formula.results[0], name)), view.shape)
        for average, tree in kept:
            self.add(Line(average, "←", tree))

    def _clash(self, kept: list[tuple[Symbol, Expression]]) -> bool:
        """Whether one of the averages' new values needs what was replaced before its turn."""
        replaced: set[Expression] = {THETA}
        for average, tree in kept:
            if any(node in replaced for node in walk(tree)):
                return True
            replaced.add(average)
        return False

    def _decayed(self, p: Symbol, weights: Expression) -> Expression:
        """Parameters as the formula takes them: after decoupled weight decay, if the rule has it."""
        if not self.rule.weight_decay:
            return p
        amount = Symbol("weight_decay", value=self.rule.weight_decay)
        return own_lines.decayed(p, self.rate, amount, weights)

    def _part(self, tree: Expression, name: str) -> Expression:
        """The new value of one parameter: everything cut down to it."""
        own = parameter(name)
        by: dict[Symbol, Expression] = {
            node: Symbol(node.name, node.axes, part=name)
            for node in walk(tree)
            if isinstance(node, Symbol) and node.axes == "W"
        }
        by[THETA] = self._decayed(own, al.ONE if name.startswith("W") else al.ZERO)
        if not self.clips:
            by[G] = gradient_at(own)
        return al.substituted(tree, by)

    def _by_name(self, error: BaseException | None) -> None:
        """One equation for everything, where the formula cannot be read."""
        whole = type(self.optimizer).update is not Optimizer.update
        function = self.rule.formula
        name = f"{type(self.optimizer).__name__}.update" if whole else getattr(function, "__name__", "rule")
        name = "rule" if name == "<lambda>" else name
        decay = THETA if whole else self._decayed(THETA, parameter("weights"))
        inputs = (decay, G, self.rate, T, *self.averages)
        left = Listing((THETA, *self.averages)) if self.averages else THETA
        said = f"{name} is shown by its name alone: it is a method of its own. Say in rule() what a step does."
        said = said if whole else remark(name, function, error)
        self.add(Line(left, "←", Apply(Function(name), inputs)), (self.size,), "theta", said)
        for parameter_name, view in self.net.params.items():
            own = parameter(parameter_name)
            self.add(Line(own, "←", Symbol("theta", "W", part=parameter_name)), view.shape)
