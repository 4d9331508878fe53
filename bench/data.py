"""The arrays of a case: data and initial weights, made by Pellucid and given to everybody."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.cases import SWEEP, Case
from bench.problem import Problem
from pellucid import Dense, Network
from pellucid.data import load_mnist, make_moons


def problem_of(case: Case) -> Problem:
    """A case with its arrays; always the same ones."""
    X, y = _data(case)
    chains = [(case.widths[0], member.hidden, case.widths[-1]) for member in SWEEP]
    chains = chains if case.kind == "sweep" else [case.widths]
    nets = [network(case, widths, seed) for seed, widths in enumerate(chains)]
    return Problem(case, X, y, np.concatenate([net.theta for net in nets]))


def network(case: Case, widths: tuple[int, ...], seed: int = 0, scaler: Any = None) -> Network:
    """The network of a case, as Pellucid builds it."""
    hidden = [Dense(units, case.activation) for units in widths[1:-1]]
    return Network(
        [*hidden, Dense(widths[-1], "softmax")], inputs=widths[0], seed=seed, dtype=case.dtype, scaler=scaler
    )


def _data(case: Case) -> tuple[Any, Any]:
    if case.data == "mnist":
        (X, y), _ = load_mnist()
        order = np.random.default_rng(0).permutation(len(X))[: case.rows]
        return X[order], y[order]
    if case.data == "table":
        return four_classes(case.rows, case.widths[0])
    return make_moons(case.rows, noise=0.2, seed=0)


def four_classes(rows: int, features: int) -> tuple[Any, Any]:
    """Rows drawn from a normal distribution, in four classes by the signs of two products of features."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, features))
    return X, 2 * (X[:, 0] * X[:, 1] > 0) + (X[:, 2] * X[:, 3] > 0)
