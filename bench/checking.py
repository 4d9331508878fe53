"""What a peer reached, held against what Pellucid's readable engine reaches from the same start."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from bench.data import network
from bench.peers import prepared
from bench.problem import Problem, members
from pellucid.data import Pixels

GRADIENT = 1e-6  # of the largest entry: differences are wrong by about h^2
ANSWER = 1e-9


class Checker:
    """Knows what is right for a problem; works it out when it is first asked."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.right = cache(self._right)

    def complaint(self, result: Any) -> tuple[float | None, str | None]:
        """(the loss reached or None, why the row does not count or None)."""
        case = self.problem.case
        if case.kind == "predict":
            return None, wrong_answers(result, self.right())
        if case.kind == "gradients":
            return None, wrong_gradient(result, self.right())
        return compared(loss_of(self.problem, result), self.right(), case.tolerance)

    def _right(self) -> Any:
        problem = self.problem
        if problem.case.kind == "predict":
            return prepared("pellucid", "forward", problem)(len(problem.X))[1]
        if problem.case.kind == "gradients":
            return prepared("pellucid", "backpropagation", problem)(1)[1]
        return loss_of(problem, prepared("pellucid", "readable", problem)(problem.case.check)[1])


def loss_of(problem: Problem, theta: Any) -> float:
    """The loss at these parameters, penalty included, by Pellucid; of a sweep, the mean over its networks."""
    if problem.case.kind == "sweep":
        losses = []
        for widths, _, part in members(replace(problem, theta=theta)):
            net = network(problem.case, widths)
            net.theta = part
            losses.append(net.loss(problem.X, problem.y))
        return float(np.mean(losses))
    net = network(problem.case, problem.case.widths, scaler=Pixels() if problem.X.dtype == np.uint8 else None)
    net.theta = theta
    return net.loss(problem.X, problem.y, l2=problem.case.l2)


def compared(loss: float, right: float, tolerance: float) -> tuple[float, str | None]:
    """The loss, and why it does not count if it is further from the right one than the tolerance, relatively.

    A loss that is not a number is far from every number.
    """
    if abs(loss - right) <= tolerance * abs(right):
        return loss, None
    return loss, f"it reached the loss {loss:.9g}, Pellucid's readable engine {right:.9g}"


def wrong_gradient(found: Any, right: Any) -> str | None:
    known = ~np.isnan(found)  # a sample of parameters, for the naive method
    worst = float(np.abs(found - right)[known].max(initial=0.0)) if known.any() else np.inf
    if worst <= GRADIENT * np.abs(right).max():
        return None
    return f"its gradient differs by {worst:.3g}; the largest entry is {np.abs(right).max():.3g}"


def wrong_answers(found: Any, right: Any) -> str | None:
    """Classes (n,) or probabilities (n, K)."""
    if found.ndim == 1:
        count = int((found != right.argmax(axis=1)).sum())
        return f"{count} of {len(found)} answers are others" if count else None
    worst = float(np.abs(found - right).max())
    return None if worst <= ANSWER else f"its probabilities differ by {worst:.3g}"
