"""Pellucid, through its public face."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from bench.cases import EPS
from bench.data import network
from bench.peers import Run
from bench.problem import SWEEP_EPOCHS, Problem, members
from pellucid import SGD, Adam, fit_many, numerical_gradients
from pellucid.data import Pixels

SAMPLE = 100  # parameters of which the naive method is timed


def training(problem: Problem, engine: str) -> Run:
    """`engine` is "compiled" or "readable"."""
    case = problem.case
    net = network(case, case.widths, scaler=Pixels() if problem.X.dtype == np.uint8 else None)
    settings = settings_of(problem, case.learning_rate, engine)

    def run(epochs: int) -> tuple[float, Any]:
        net.theta = problem.theta
        started = time.perf_counter()
        history = net.fit(problem.X, problem.y, epochs=epochs, **settings)
        seconds = time.perf_counter() - started
        if history.engine != engine:
            raise RuntimeError(f"the {history.engine} engine ran, not the {engine} one")
        return seconds, net.theta.copy()

    return run


def settings_of(problem: Problem, learning_rate: float, engine: str) -> dict[str, Any]:
    case = problem.case
    optimizer = Adam(learning_rate, eps=EPS) if case.optimizer == "adam" else SGD(learning_rate)
    return {"optimizer": optimizer, "batch_size": case.batch, "l2": case.l2, "shuffle": False, "engine": engine}


def gradients(problem: Problem, method: str) -> Run:
    net = network(problem.case, problem.case.widths)
    net.theta = problem.theta
    X, y = problem.features, problem.y
    derived = method == "backpropagation"

    def run(count: int) -> tuple[float, Any]:
        started = time.perf_counter()
        for _ in range(count):
            found = net.gradients(X, y) if derived else numerical_gradients(net, X, y, method, engine="auto")
        return time.perf_counter() - started, np.concatenate([array.ravel() for array in found.values()])

    return run if method != "naive" else _naive(net, X, y)


def _naive(net: Any, X: Any, y: Any, h: float = 1e-4) -> Run:
    """Some parameters of all, moved up and down as the method does; the time is scaled to all of them."""
    chosen = np.linspace(0, net.theta.size - 1, SAMPLE).astype(int)

    def run(count: int) -> tuple[float, Any]:
        found = np.full(net.theta.size, np.nan)
        started = time.perf_counter()
        for _ in range(count):
            for i in chosen:
                value = net.theta[i]
                net.theta[i] = value + h
                up = net.loss(X, y)
                net.theta[i] = value - h
                down = net.loss(X, y)
                net.theta[i] = value
                found[i] = (up - down) / (2 * h)
        return (time.perf_counter() - started) * (net.theta.size / SAMPLE), found

    return run


def predicting(problem: Problem, variant: str) -> Run:
    net = network(problem.case, problem.case.widths)
    net.theta = problem.theta
    answer = {"predict": net.predict, "forward": net.forward}[variant]
    rows = [problem.X[i : i + 1] for i in range(len(problem.X))]

    def run(count: int) -> tuple[float, Any]:
        started = time.perf_counter()
        answers = [answer(rows[k % len(rows)]) for k in range(count)]
        return time.perf_counter() - started, np.concatenate(answers[: len(rows)])

    return run


def sweeping(problem: Problem, variant: str) -> Run:
    """All networks in one call, several at a time; "one thread" trains one after the other."""
    nets = [(network(problem.case, widths), rate, theta) for widths, rate, theta in members(problem)]

    def run(count: int) -> tuple[float, Any]:
        started = time.perf_counter()
        for _ in range(count):
            for net, _, theta in nets:
                net.theta = theta
            each = [settings_of(problem, rate, variant) for _, rate, _ in nets]
            fit_many([net for net, _, _ in nets], problem.X, problem.y, each=each, epochs=SWEEP_EPOCHS)
        return time.perf_counter() - started, np.concatenate([net.theta for net, _, _ in nets])

    return run


KINDS = {"train": training, "gradients": gradients, "predict": predicting, "sweep": sweeping}
