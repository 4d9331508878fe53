"""What a measured process is given: the case and its arrays, the same for every peer."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from bench.cases import SWEEP, Case

SWEEP_EPOCHS = 10


@dataclass(frozen=True)
class Problem:
    """A case with its data: X (n, features), y (n,) and initial parameters, W1 row by row, b1, W2, b2, ..."""

    case: Case
    X: Any
    y: Any
    theta: Any

    @property
    def features(self) -> Any:
        """X in the case's dtype; pixels divided by 255. Peers call it before their clock starts."""
        if self.X.dtype != np.uint8:
            return self.X
        return self.X.astype(self.case.dtype) / np.asarray(255, dtype=self.case.dtype)

    @property
    def batch(self) -> int:
        return self.case.batch or self.case.rows

    def layers(self) -> list[list[Any]]:
        """Fresh copies of the initial [W, b] of each layer."""
        return [[W.copy(), b.copy()] for W, b in unpacked(self.theta, self.case.widths)]


def unpacked(theta: Any, widths: tuple[int, ...]) -> list[tuple[Any, Any]]:
    """Views of a flat vector: W (fan_in, units) and b (units,) of each layer."""
    layers, at = [], 0
    for fan_in, units in pairwise(widths):
        W = theta[at : at + fan_in * units].reshape(fan_in, units)
        at += fan_in * units
        layers.append((W, theta[at : at + units]))
        at += units
    return layers


def packed(layers: Any) -> Any:
    """The flat vector of [W, b] of each layer."""
    return np.concatenate([np.asarray(array).ravel() for layer in layers for array in layer])


def members(problem: Problem) -> list[tuple[tuple[int, ...], float, Any]]:
    """The networks of a sweep: widths, learning rate, initial parameters."""
    found, at = [], 0
    for member in SWEEP:
        widths = (problem.case.widths[0], member.hidden, problem.case.widths[-1])
        size = sum((a + 1) * b for a, b in pairwise(widths))
        found.append((widths, member.learning_rate, problem.theta[at : at + size]))
        at += size
    return found


def write(problem: Problem, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "case.json").write_text(json.dumps(asdict(problem.case)), encoding="utf-8")
    np.savez(folder / "arrays.npz", X=problem.X, y=problem.y, theta=problem.theta)


def read(folder: Path) -> Problem:
    words = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    words["widths"] = tuple(words["widths"])
    with np.load(folder / "arrays.npz") as arrays:
        return Problem(Case(**words), arrays["X"], arrays["y"], arrays["theta"])
