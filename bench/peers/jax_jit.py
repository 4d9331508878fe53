"""JAX under jit.

* scan: all steps of all epochs in one compiled call, by fori_loop and scan, parameters donated.
* step: one compiled call a step.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bench.cases import EPS
from bench.peers import Run
from bench.problem import Problem, packed

ACTIVATIONS = {"tanh": jnp.tanh, "relu": jax.nn.relu}


def loss(case: Any, layers: Any, X: Any, y: Any) -> Any:
    a = X
    for W, b in layers[:-1]:
        a = ACTIVATIONS[case.activation](a @ W + b)
    W, b = layers[-1]
    logits = jax.nn.log_softmax(a @ W + b)
    penalty = case.l2 / 2 * sum((W**2).sum() for W, _ in layers) if case.l2 else 0.0
    return -jnp.take_along_axis(logits, y[:, None], axis=1).mean() + penalty


def step(case: Any, state: Any, X: Any, y: Any) -> Any:
    layers, m, v, t = state
    gradient = jax.grad(partial(loss, case))(layers, X, y)
    rate, apply = case.learning_rate, jax.tree.map
    if case.optimizer == "sgd":
        return apply(lambda p, g: p - rate * g, layers, gradient), m, v, t
    t = t + 1
    m = apply(lambda m, g: 0.9 * m + 0.1 * g, m, gradient)
    v = apply(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradient)
    first, second = 1 - 0.9**t, 1 - 0.999**t
    layers = apply(lambda p, m, v: p - rate * (m / first) / (jnp.sqrt(v / second) + EPS), layers, m, v)
    return layers, m, v, t


def training(problem: Problem, variant: str) -> Run:
    case, batch = problem.case, problem.batch
    if case.dtype == "float64":
        jax.config.update("jax_enable_x64", True)
    X, y = jnp.asarray(problem.features), jnp.asarray(problem.y)
    whole = len(X) // batch * batch
    blocks = (X[:whole].reshape(-1, batch, X.shape[1]), y[:whole].reshape(-1, batch))
    last = (X[whole:], y[whole:])

    @partial(jax.jit, donate_argnums=0)
    def train(state: Any, epochs: int, blocks: Any, last: Any) -> Any:
        def epoch(_: int, state: Any) -> Any:
            if len(blocks[0]) == 1:
                return step(case, state, blocks[0][0], blocks[1][0])
            state, _ = jax.lax.scan(lambda state, block: (step(case, state, *block), None), state, blocks)
            return step(case, state, *last) if len(last[0]) else state

        return jax.lax.fori_loop(0, epochs, epoch, state)

    one_step = jax.jit(partial(step, case), donate_argnums=0)
    places = [slice(k, k + batch) for k in range(0, len(X), batch)]
    batches = [(X[place], y[place]) for place in places]

    def run(epochs: int) -> tuple[float, Any]:
        state = start(problem)
        started = time.perf_counter()
        if variant == "scan":
            state = train(state, epochs, blocks, last)
        else:
            for _ in range(epochs):
                for rows, labels in batches:
                    state = one_step(state, rows, labels)
        jax.block_until_ready(state)
        return time.perf_counter() - started, packed(state[0])

    return run


def start(problem: Problem) -> Any:
    layers = [(jnp.asarray(W), jnp.asarray(b)) for W, b in problem.layers()]
    adam = problem.case.optimizer == "adam"
    m, v = (jax.tree.map(jnp.zeros_like, layers) if adam else () for _ in range(2))
    return jax.block_until_ready((layers, m, v, jnp.zeros((), dtype=np.dtype(problem.case.dtype))))


KINDS = {"train": training}
