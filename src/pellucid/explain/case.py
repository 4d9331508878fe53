"""A Case: a network, its data and how training went, measured once so that every rule of a diagnosis can look at it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.engines import readable
from pellucid.engines.readable import Problem
from pellucid.errors import InputError
from pellucid.explain.levels import Levels, levels
from pellucid.history import History, digest
from pellucid.layers import Dense
from pellucid.network import Network
from pellucid.settings import Settings

Array = npt.NDArray[Any]
SAMPLE = 2048  # rows: a share of one in a hundred is then known to about a fifth of itself, and a look takes moments


class LayerLook(NamedTuple):
    """A Dense layer at work on m rows.

    Attributes:
        name: such as "layer 1 (Dense 3 tanh)"; number counts from 1.
        W, b: its parameters.
        z, a: before and after the activation, (m, units).
        dW: the gradient of the mean loss, without penalties, by W.
    """

    name: str
    number: int
    layer: Dense
    W: Array
    b: Array
    z: Array
    a: Array
    dW: Array


class Look(NamedTuple):
    """A network at work on some rows, with certain parameters, dropout off.

    Attributes:
        theta: the parameters.
        X: what the first layer sees, (m, features): scaled, if the network scales.
        t: targets (m, outputs).
        layers: from the first to the last.
        levels: the loss, and what it is to be compared with.
        gradient: of the mean loss without penalties, like theta.
    """

    theta: Array
    X: Array
    t: Array
    layers: tuple[LayerLook, ...]
    levels: Levels
    gradient: Array

    @property
    def outputs(self) -> Array:
        return self.layers[-1].a

    @property
    def finite(self) -> bool:
        """Whether every number on the way is finite."""
        return bool(np.isfinite(self.levels.loss) and np.isfinite(self.gradient).all())


def look(net: Network, theta: Array, problem: Problem) -> Look:
    """Forward and backward pass of at most one block of rows, every number kept."""
    with np.errstate(all="ignore"):  # what is not finite is told by a finding, and not by NumPy
        total = readable.total_weight(len(problem.t), problem.w)
        (block,) = readable.worked(net, theta, problem, total)
        gradient = readable.backpropagate(block.operations, block.delta)
        measured = levels(net, block.t, problem.w, float(np.sum(block.losses)) / total)
    pairs = [(z, a) for z, a in zip(block.operations, block.operations[1:], strict=False) if z.kind == "affine"]
    values, slopes = net.named(theta), net.named(gradient)
    layers = tuple(
        LayerLook(
            f"layer {i} ({z.layer})", i, layer, values[f"W{i}"], values[f"b{i}"], z.output, a.output, slopes[f"W{i}"]
        )
        for i, (z, a) in enumerate(pairs, 1)
        if isinstance(layer := z.layer, Dense)
    )
    return Look(theta, block.X, block.t, layers, measured, gradient)


@dataclass(frozen=True, eq=False)
class Case:
    """What a diagnosis is about; made by `case_of`, which checks everything.

    Attributes:
        net: a copy, whose scaler is fitted.
        X: all features (n, inputs), before scaling; t: all targets (n, outputs).
        history: of its training, or None.
        settings: how it was trained, as the history knows it; None if it does not.
    """

    net: Network
    X: Array
    t: Array
    history: History | None
    settings: Settings | None

    @cached_property
    def rows(self) -> Array:
        """The rows that are looked at closely: all, or a fixed sample of many."""
        return sample(len(self.t))

    @cached_property
    def problem(self) -> Problem:
        """Those rows, weighed as in training if they are the rows of training."""
        run = self.history.run if self.history else None
        weighed = run is not None and run.sample_weight is not None and np.array_equal(run.X, self.X)
        w = run.sample_weight[self.rows] if run is not None and run.sample_weight is not None and weighed else None
        return readable.problem(self.net, self.X[self.rows], self.t[self.rows], w)

    @cached_property
    def now(self) -> Look:
        """The network as it is, on the data given."""
        return look(self.net, self.net.theta, self.problem)

    @cached_property
    def learnt(self) -> Look:
        """The network as it is, on the rows that it was trained on, if they are known; else on the data given."""
        return self.now if self._training is None else look(self.net, self.net.theta, self._training)

    @cached_property
    def training(self) -> Problem:
        """The rows of `learnt`."""
        return self._training or self.problem

    @cached_property
    def _training(self) -> Problem | None:
        run = self.history.run if self.history else None
        if run is None:
            return None
        rows = sample(len(run.y))
        w = None if run.sample_weight is None else run.sample_weight[rows]
        return readable.problem(self.net, run.X[rows], run.y[rows], w)

    @cached_property
    def trained(self) -> bool:
        """Whether it has been trained, as far as one can know."""
        return bool(self.history) or self.net.last_update is not None

    @cached_property
    def drawn(self) -> Array:
        """The parameters as they are drawn from the seed, like theta."""
        return self.net.drawn_anew().theta

    @cached_property
    def start(self) -> Look | None:
        """The network with the parameters that training began or would begin with, where these are known.

        Those drawn from the seed are known to be the ones if the history has their digest or if the network still has
        them. Weights set by hand count as a start until they are trained.
        """
        if self.history is not None:
            known = self.history.initial_weights == digest(self.drawn)
            return look(self.net, self.drawn, self.training) if known else None
        untouched = np.array_equal(self.drawn, self.net.theta)
        return self.now if untouched or (not self.trained and self.now.levels.skill < NOT_LEARNT) else None

    def feature(self, column: int) -> str:
        """What a column of X is called."""
        return f"{self.net.features[column]!r}" if self.net.features else f"column {column}"


NOT_LEARNT = 0.1  # below this skill (see Levels) a network is not told from one that always gives the same answer


def case_of(net: Network, X: Any, y: Any, history: History | None) -> Case:
    """Check what was given, and make a copy of the network with a fitted scaler; nothing given changes.

    Raises:
        InputError: X, y or the history do not belong to the network.
    """
    if not isinstance(net, Network):
        raise InputError(f"diagnose(net, X, y) takes a Network first; this is a {type(net).__name__}.")
    if history is not None and not isinstance(history, History):
        raise InputError(f"history must be what net.fit(...) returned, or None; this is a {type(history).__name__}.")
    if history is not None and history.run is not None and history.run.net.layers != net.layers:
        raise InputError(f"This history is of another network, {history.run.net!r}. Pass what {net!r}.fit returned.")
    X = check.features(X, net.inputs)
    t = net.encode(y, len(X))
    return Case(with_scaler(net, X), X, t, history, None if history is None else history.asked)


def with_scaler(net: Network, X: Array) -> Network:
    """A copy of the network; a scaler that is not fitted yet is fitted as `fit` would do it."""
    copy = deepcopy(net)
    if copy.scaler is not None and not copy.scaler.fitted:
        copy.scaler.fit(X)
    return copy


def sample(n: int, most: int = SAMPLE) -> Array:
    """Which rows of n are looked at: all, or so many drawn with a fixed seed; ascending."""
    return np.arange(n) if n <= most else np.sort(np.random.default_rng(0).choice(n, most, replace=False))


def subject(net: Network, n: int, looked: int) -> str:
    """What was looked at, in words."""
    rows = f"{n:,} row{'' if n == 1 else 's'}" + (f" ({looked:,} of them, drawn at random)" if looked < n else "")
    return f"{net!r} on {rows}"
