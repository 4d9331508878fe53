"""What no NumPy program of a case can do without: its matrix products alone, its transcendental functions alone."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from bench.peers import Run
from bench.problem import Problem

LEAST = 100_000  # numbers that a function is called on, so that the call itself does not count


def training(problem: Problem, variant: str) -> Run:
    return {"products": products, "functions": functions}[variant](problem)


def products(problem: Problem) -> Run:
    """A step's matrix products, written into arrays made once; the gradient of the inputs is not needed."""
    case, X = problem.case, problem.features
    weights = [W for W, _ in problem.layers()]
    outputs = [np.zeros((problem.batch, W.shape[1]), dtype=X.dtype) for W in weights]
    deltas = [np.zeros_like(a) for a in outputs]
    gradients = [np.zeros_like(W) for W in weights]

    def step(rows: Any) -> None:
        k = len(rows)
        a = rows
        for W, out in zip(weights, outputs, strict=True):
            a = np.matmul(a, W, out=out[:k])
        for i in reversed(range(len(weights))):
            below = rows if i == 0 else outputs[i - 1][:k]
            np.matmul(below.T, deltas[i][:k], out=gradients[i])
            if i:
                np.matmul(deltas[i][:k], weights[i].T, out=deltas[i - 1][:k])

    def run(epochs: int) -> tuple[float, Any]:
        started = time.perf_counter()
        for _ in range(epochs):
            for start in range(0, case.rows, problem.batch):
                step(X[start : start + problem.batch])
        return time.perf_counter() - started, None

    return run


def functions(problem: Problem) -> Run:
    """NumPy's tanh of all hidden units and exp of all outputs, of so many steps at a time that calls cost nothing."""
    rows, (*hidden, outputs) = problem.batch, problem.case.widths[1:]
    at_once = max(1, LEAST // (rows * min(*hidden, outputs)))
    rng = np.random.default_rng(0)
    z = [rng.normal(size=(at_once, rows * units)) for units in (*hidden, outputs)]
    a = [np.empty_like(array) for array in z]

    def run(epochs: int) -> tuple[float, Any]:
        calls = max(1, epochs * problem.case.steps // at_once)
        started = time.perf_counter()
        for _ in range(calls):
            for array, out in zip(z[:-1], a[:-1], strict=True):
                np.tanh(array, out=out)
            np.exp(z[-1], out=a[-1])
        seconds = time.perf_counter() - started
        return seconds * (epochs * problem.case.steps / (calls * at_once)), None

    return run


KINDS = {"train": training}
