"""The plain NumPy programs that a tutorial ends with, and one that reuses its buffers."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from bench.cases import EPS
from bench.peers import Run
from bench.problem import Problem, packed, unpacked

SAMPLE = 200  # parameters of which the naive gradient is timed


def training(problem: Problem, variant: str) -> Run:
    program = {"moons": moons, "table": table, "mnist": digits}[problem.case.data]
    program = digits_in_place if variant == "buffers" else program
    X, y = problem.features, problem.y

    def run(epochs: int) -> tuple[float, Any]:
        layers = problem.layers()
        started = time.perf_counter()
        layers = program(problem.case, layers, X, y, epochs)
        return time.perf_counter() - started, packed(layers)

    return run


def moons(case: Any, layers: Any, X: Any, y: Any, epochs: int) -> Any:
    """Full batch gradient descent with a penalty; tanh, softmax."""
    (W1, b1), (W2, b2) = layers
    n, rate, l2 = len(X), case.learning_rate, case.l2
    for _ in range(epochs):
        # Forward.
        a1 = np.tanh(X @ W1 + b1)
        scores = a1 @ W2 + b2
        exps = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities = exps / exps.sum(axis=1, keepdims=True)
        # Backward.
        delta2 = probabilities
        delta2[np.arange(n), y] -= 1
        delta2 /= n
        delta1 = (delta2 @ W2.T) * (1 - a1**2)
        dW2 = a1.T @ delta2 + l2 * W2
        dW1 = X.T @ delta1 + l2 * W1
        # Update.
        W1 -= rate * dW1
        b1 -= rate * delta1.sum(axis=0)
        W2 -= rate * dW2
        b2 -= rate * delta2.sum(axis=0)
    return [(W1, b1), (W2, b2)]


def table(case: Any, layers: Any, X: Any, y: Any, epochs: int) -> Any:
    """Mini-batches and Adam; two hidden layers of tanh, softmax."""
    (W1, b1), (W2, b2), (W3, b3) = layers
    parameters = [W1, b1, W2, b2, W3, b3]
    m = [np.zeros_like(p) for p in parameters]
    v = [np.zeros_like(p) for p in parameters]
    rate, t = case.learning_rate, 0
    for _ in range(epochs):
        for start in range(0, len(X), case.batch):
            rows, labels = X[start : start + case.batch], y[start : start + case.batch]
            a1 = np.tanh(rows @ W1 + b1)
            a2 = np.tanh(a1 @ W2 + b2)
            scores = a2 @ W3 + b3
            exps = np.exp(scores - scores.max(axis=1, keepdims=True))
            delta3 = exps / exps.sum(axis=1, keepdims=True)
            delta3[np.arange(len(rows)), labels] -= 1
            delta3 /= len(rows)
            delta2 = (delta3 @ W3.T) * (1 - a2**2)
            delta1 = (delta2 @ W2.T) * (1 - a1**2)
            gradients = [rows.T @ delta1, delta1.sum(axis=0), a1.T @ delta2, delta2.sum(axis=0), a2.T @ delta3]
            gradients.append(delta3.sum(axis=0))
            t += 1
            for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.999 * v[i] + 0.001 * g**2
                p -= rate * (m[i] / (1 - 0.9**t)) / (np.sqrt(v[i] / (1 - 0.999**t)) + EPS)
    return [(W1, b1), (W2, b2), (W3, b3)]


def digits(case: Any, layers: Any, X: Any, y: Any, epochs: int) -> Any:
    """Mini-batches and gradient descent; relu, softmax."""
    (W1, b1), (W2, b2) = layers
    rate = np.float32(case.learning_rate)
    for _ in range(epochs):
        for start in range(0, len(X), case.batch):
            rows, labels = X[start : start + case.batch], y[start : start + case.batch]
            z1 = rows @ W1 + b1
            a1 = np.maximum(0, z1)
            scores = a1 @ W2 + b2
            exps = np.exp(scores - scores.max(axis=1, keepdims=True))
            delta2 = exps / exps.sum(axis=1, keepdims=True)
            delta2[np.arange(len(rows)), labels] -= 1
            delta2 /= len(rows)
            delta1 = delta2 @ W2.T
            delta1[z1 <= 0] = 0
            dW1, dW2 = rows.T @ delta1, a1.T @ delta2
            W1 -= rate * dW1
            b1 -= rate * delta1.sum(axis=0)
            W2 -= rate * dW2
            b2 -= rate * delta2.sum(axis=0)
    return [(W1, b1), (W2, b2)]


def digits_in_place(case: Any, layers: Any, X: Any, y: Any, epochs: int) -> Any:
    """The same with every array made once and written into: what NumPy can do when it is told where to write."""
    (W1, b1), (W2, b2) = layers
    rate, most = np.float32(case.learning_rate), case.batch
    hidden, outputs = W1.shape[1], W2.shape[1]
    a1s, delta1s = np.empty((2, most, hidden), dtype=X.dtype)
    delta2s, positives = np.empty((most, outputs), dtype=X.dtype), np.empty((most, hidden), dtype=bool)
    dW1, dW2, db1, db2, column = (*map(np.empty_like, (W1, W2, b1, b2)), np.empty((most, 1), dtype=X.dtype))
    for _ in range(epochs):
        for start in range(0, len(X), most):
            rows, labels = X[start : start + most], y[start : start + most]
            k = len(rows)
            a1, delta1, delta2, positive, one = a1s[:k], delta1s[:k], delta2s[:k], positives[:k], column[:k]
            np.matmul(rows, W1, out=a1)
            a1 += b1
            np.maximum(a1, 0, out=a1)
            np.matmul(a1, W2, out=delta2)
            delta2 += b2
            np.max(delta2, axis=1, keepdims=True, out=one)
            delta2 -= one
            np.exp(delta2, out=delta2)
            np.sum(delta2, axis=1, keepdims=True, out=one)
            delta2 /= one
            delta2[np.arange(k), labels] -= 1
            delta2 *= rate / np.float32(k)
            np.matmul(delta2, W2.T, out=delta1)
            np.greater(a1, 0, out=positive)
            delta1 *= positive
            W2 -= np.matmul(a1.T, delta2, out=dW2)
            W1 -= np.matmul(rows.T, delta1, out=dW1)
            b2 -= np.sum(delta2, axis=0, out=db2)
            b1 -= np.sum(delta1, axis=0, out=db1)
    return [(W1, b1), (W2, b2)]


def gradients(problem: Problem, variant: str) -> Run:
    """The naive numerical gradient of some parameters; the time is scaled to all of them."""
    theta, X, y, h = problem.theta.copy(), problem.features, problem.y, 1e-4
    (W1, b1), (W2, b2) = unpacked(theta, problem.case.widths)
    chosen = np.linspace(0, theta.size - 1, SAMPLE).astype(int)

    def loss() -> float:
        scores = 1 / (1 + np.exp(-(X @ W1 + b1))) @ W2 + b2
        scores -= scores.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y]))

    def run(count: int) -> tuple[float, Any]:
        found = np.full(theta.size, np.nan)
        started = time.perf_counter()
        for _ in range(count):
            for i in chosen:
                value = theta[i]
                theta[i] = value + h
                up = loss()
                theta[i] = value - h
                down = loss()
                theta[i] = value
                found[i] = (up - down) / (2 * h)
        return (time.perf_counter() - started) * (theta.size / SAMPLE), found

    return run


KINDS = {"train": training, "gradients": gradients}
