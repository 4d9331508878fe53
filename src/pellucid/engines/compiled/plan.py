"""The plan of a run: every array that the kernel touches, made once, and the addresses of its units."""

from __future__ import annotations

import ctypes
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.engines import threads
from pellucid.engines.compiled import store, units
from pellucid.engines.compiled.control import CLAIMED, CLOSED, CONTROL, FINISHED, LEFT, OPEN, PHASE, STEP, SUMS
from pellucid.engines.compiled.graph import CannotCompile
from pellucid.engines.compiled.layout import Layout, layout
from pellucid.layers import Dense, Dropout
from pellucid.optimizers import State

Array = npt.NDArray[Any]

FIRST_CALL, MOST_AT_FIRST = 50_000_000, 2048  # operations, and steps, of the first call
ALIGNED = 64  # bytes: a vector register
TASKS = {"values": 0, "classes": 1, "binary": 2, "labels": 2}


class Plan:
    """All that steps of one run need.

    Args:
        job: the run; its network's parameters are trained in place.

    Raises:
        CannotCompile: something has no place in compiled loops.
        BuildFailed: the build could not make it.
    """

    def __init__(self, job: Any) -> None:
        net, problem = job.net, job.problem
        self.job, self.dtype = job, net.dtype
        self.dense = [layer for layer in net.layers if isinstance(layer, Dense)]
        self.factors, self.dropouts = _dropouts(net.layers)
        self.widths = [net.inputs, *(layer.units for layer in self.dense)]
        self.layout: Layout = layout(self.widths, job.batch_size, self.factors[0] != 1.0, net.dtype.itemsize)
        self.helpers = max(0, min(self.layout.parts, job.settings.threads or threads.allowed()) - 1)
        self._keep: list[Array] = []
        self._data(problem)
        self._units(net, job.settings)
        self._vectors(net, job)
        self._buffers(net)
        self.in_order = np.arange(job.n if job.full_batch else 1)
        # About 10 ms at first; adapted as calls are timed. How steps are cut into calls changes no bit.
        self.steps_a_call = max(1, min(MOST_AT_FIRST, FIRST_CALL // self.layout.operations))
        self.given = self._arguments()
        self.arguments = {name: _address(value) for name, value in self.given.items()}

    def order_of(self, steps: dict[str, Array], step: int) -> Array:
        """The rows of a step of a call."""
        begin = steps["begins"][step]
        return np.asarray(steps["order"][begin : begin + steps["counts"][step]])

    def _data(self, problem: Any) -> None:
        from pellucid.data.scalers import Pixels, Standardizer

        X, scaler = problem.inputs.X, problem.inputs.scaler
        if not isinstance(X, np.ndarray):
            raise CannotCompile("X is a sparse matrix")
        self.X = np.ascontiguousarray(X)
        if self.X.dtype.name not in HELD or not self.X.dtype.isnative:
            self.X = np.ascontiguousarray(problem.inputs.batch(slice(None)))
            scaler = None
        self.mean: Array = np.zeros(self.widths[0])
        self.scale: Array = np.ones(self.widths[0])
        self.scaled = ""
        if isinstance(scaler, Pixels):
            if self.X.dtype != np.uint8:  # which alone cannot be out of range
                scaler.fit(self.X)
            self.scaled = "pixels"
        elif isinstance(scaler, Standardizer):
            self.scaled, self.mean, self.scale = "shifted", np.asarray(scaler.mean), np.asarray(scaler.scale)
        elif scaler is not None:
            raise CannotCompile(f"the scaler {type(scaler).__name__}")
        self.T = np.ascontiguousarray(problem.t)
        self.W = None if problem.w is None else np.ascontiguousarray(problem.w)

    def _units(self, net: Any, settings: Any) -> None:
        dtype, rule = self.dtype, settings.optimizer.rule()
        self.c = np.array([*rule.constants.values(), rule.weight_decay, 0.0])
        hidden = [(layer.activation, layer.units) for layer in self.dense[:-1]]
        wanted: dict[str, Any] = {
            "X": units.gathered(self.X.dtype.name, self.scaled, self.layout.by_row, dtype),
            "T": units.gathered(dtype.name, "", False, dtype),
            "output": units.output(net.output.activation, net.loss_function, dtype, net.outputs, self.W is not None),
            "update": units.update(rule, dtype),
        }
        if settings.l2 or settings.l1:
            wanted["penalized"] = units.penalized(dtype)
        for k, (activation, count) in enumerate(hidden):
            wanted[f"forward{k}"] = units.forward(activation, dtype, count)
            wanted[f"backward{k}"] = units.backward(activation, dtype, count)
        *found, product, kernel = store.addresses(
            [*wanted.values(), store.product(dtype.name), store.kernel(dtype.name)]
        )
        self.product = product
        self.at = dict(zip(wanted, found, strict=True))
        self.kernel = ctypes.CFUNCTYPE(ctypes.c_int64, *_ctypes())(kernel)
        self.arrays = max((unit.arrays for unit in wanted.values()), default=0)
        self.rows = max(3, *(unit.rows for unit in wanted.values()))  # counting right answers takes three

    def _vectors(self, net: Any, job: Any) -> None:
        averages = job.state.averages
        self.averages = np.array(averages, dtype=self.dtype) if averages else np.zeros((1, 1), dtype=self.dtype)
        self.gradients = [self._room(net.theta.size) for _ in range(self.layout.parts)]
        self.gradient = self.gradients[0]  # where the parts are added up
        self.spare = self._room(net.theta.size)
        at, weights_at, biases_at = 0, [], []
        for fan_in, layer in zip(self.widths, self.dense, strict=False):
            weights_at.append(at)
            biases_at.append(at + fan_in * layer.units)
            at += (fan_in + 1) * layer.units
        by_layer = (self.widths[:-1], self.widths[1:], weights_at, biases_at, self.layout.summed)
        self.shape = [np.array(values, dtype=np.int64) for values in by_layer]
        self.kept_factors = np.array(self.factors)
        self.control, self.sums = np.zeros(CONTROL, dtype=np.int64), np.zeros(SUMS)

    def _buffers(self, net: Any) -> None:
        """Room for the numbers of a tile of rows, for each part its own."""
        room, widest, tile, layers = self._room, max(self.widths), self.layout.tile, len(self.dense)
        parts: list[dict[str, Any]] = []
        for _ in range(self.layout.parts):
            outputs = [room(width * tile) for width in self.widths[:-1]]
            inputs = [a if f == 1.0 else room(a.size) for a, f in zip(outputs, self.factors, strict=True)]
            parts.append({
                "outputs": outputs, "inputs": inputs,
                "zs": [room(width * tile) for width in self.widths[1:]],
                "backs": [room(width * tile if k else 0) for k, width in enumerate(self.widths[:-1])],
                "turns": [room(max(self.widths[1:]) * tile)],
                "ts": [room(net.outputs * tile)], "others": [room(net.outputs * tile)],
                "deltas": [room(net.outputs * tile)], "ws": [room(tile)], "row_losses": [room(tile)],
                "arrays": [room(self.arrays * widest * tile)], "rows": [room(self.rows * tile)],
            })  # fmt: skip
        self.places = {name: _addresses(a for part in parts for a in part[name]) for name in parts[0]}
        self.places["gradients"] = _addresses(self.gradients)
        for way in ("forward", "backward"):
            self.places[f"{way}s"] = np.array([*(self.at[f"{way}{k}"] for k in range(layers - 1)), 0], dtype=np.uint64)

    def _room(self, size: int) -> Array:
        """A zeroed array that begins where a vector register does."""
        itemsize = self.dtype.itemsize
        whole = np.zeros(size * itemsize + ALIGNED, dtype=np.uint8)
        self._keep.append(whole)
        start = -whole.ctypes.data % ALIGNED
        return whole[start : start + size * itemsize].view(self.dtype)

    def _arguments(self) -> dict[str, Any]:
        """What stays the same from call to call, by the kernel's names."""
        net, settings = self.job.net, self.job.settings
        most = -(-self.job.batch_size // self.layout.parts)
        one_place = self.job.full_batch and most <= self.layout.tile
        fan_in, widths, weights_at, biases_at, summed = self.shape
        return {
            "control": self.control, "sums": self.sums,
            "l1": settings.l1, "clip": settings.clip_norm or 0.0,
            "layers": len(self.dense), "features": net.inputs, "K": net.outputs, "tile": self.layout.tile,
            "size": net.theta.size, "task": TASKS[net.task], "parts": self.layout.parts,
            "one_place": int(one_place), "by_row": int(self.layout.by_row),
            "fan_in": fan_in, "units": widths, "weights_at": weights_at, "biases_at": biases_at, "summed": summed,
            "factors": self.kept_factors, "theta": net.theta, "new": self.spare, "spare": self.job.finite,
            "mask": net.weight_mask, "averages": self.averages, "c": self.c,
            "X": self.X, "T": self.T, "W": self.T if self.W is None else self.W, "mean": self.mean, "scale": self.scale,
            "gather_X": self.at["X"], "gather_T": self.at["T"], "gather_W": 0 if self.W is None else self.at["T"],
            "output": self.at["output"], "update": self.at["update"], "penalized": self.at.get("penalized", 0),
            "multiply": self.product, "yielding": threads.yielding(), **self.places,
        }  # fmt: skip

    def take(self, count: int, taken: int, **steps: Any) -> int:
        """Take `count` steps, described by arrays; gives what the kernel gives."""
        control = self.control
        control[[CLAIMED, FINISHED, CLOSED, PHASE, STEP, LEFT]] = 0
        control[OPEN] = self.layout.parts
        own = {name: _address(value) for name, value in steps.items() if name in ARGUMENTS}
        given = self.arguments | own | {"last": count, "taken": float(taken)}
        work = partial(_called, self.kernel, [given[name] for name in ARGUMENTS])
        with threads.helping(self.helpers, partial(work, 1), partial(control.__setitem__, CLOSED, 1)):
            reached = work(0)
        # The kernel writes the parameters of each step into the next of three vectors.
        turns = int(control[LEFT]) % 3
        if turns:
            vectors = [self.job.net.theta, self.spare, self.job.finite]
            now, before = vectors[turns].copy(), vectors[turns - 1].copy()
            self.job.net.theta[...], self.job.finite[...] = now, before
        return reached

    def state(self, taken: int) -> State:
        """The optimizer's state; its averages are the plan's own arrays."""
        count = len(self.job.state.averages)
        return State(taken, tuple(self.averages[:count]))


# Numbers that data may be held in; others are converted before.
HELD = ("uint8", "int8", "uint16", "int16", "int32", "uint32", "int64", "uint64", "float32", "float64")

# The kernel's arguments after the first, in its order: d a double, q a whole number, p an address.
ARGUMENTS = {
    "control": "p", "last": "q", "taken": "d", "l2": "p", "l1": "d", "clip": "d",
    "layers": "q", "features": "q", "K": "q", "tile": "q", "size": "q", "task": "q", "parts": "q",
    "one_place": "q", "by_row": "q",
    "fan_in": "p", "units": "p", "weights_at": "p", "biases_at": "p", "summed": "p", "factors": "p",
    "theta": "p", "new": "p", "spare": "p", "mask": "p", "averages": "p", "c": "p",
    "X": "p", "T": "p", "W": "p", "order": "p", "mean": "p", "scale": "p",
    "begins": "p", "counts": "p", "totals": "p", "rates": "p", "kept": "p", "kept_at": "p", "losses": "p",
    "corrects": "p", "sums": "p",
    "gradients": "p", "inputs": "p", "zs": "p", "outputs": "p", "backs": "p", "turns": "p", "ts": "p", "ws": "p",
    "others": "p", "deltas": "p", "row_losses": "p", "arrays": "p", "rows": "p",
    "gather_X": "p", "gather_T": "p", "gather_W": "p", "forwards": "p", "backwards": "p", "output": "p", "update": "p",
    "penalized": "p", "multiply": "p", "yielding": "p",
}  # fmt: skip


def _called(kernel: Any, values: list[Any], helps: int) -> int:
    return int(kernel(helps, *values))


def _address(value: Any) -> Any:
    return value.ctypes.data if isinstance(value, np.ndarray) else value


def _addresses(arrays: Any) -> Array:
    return np.array([a.ctypes.data for a in arrays], dtype=np.uint64)


def _ctypes() -> list[Any]:
    kinds = {"d": ctypes.c_double, "q": ctypes.c_int64, "p": ctypes.c_void_p}
    return [ctypes.c_int64, *(kinds[kind] for kind in ARGUMENTS.values())]


def _dropouts(layers: Any) -> tuple[list[float], list[tuple[int, float]]]:
    """What the kept inputs of each Dense layer are multiplied with, 1 without dropout; and (layer, rate) in order."""
    factors: list[float] = []
    dropouts: list[tuple[int, float]] = []
    waiting = 0.0
    for layer in layers:
        if isinstance(layer, Dropout):
            if waiting and layer.rate:
                raise CannotCompile("two Dropout layers in a row")
            waiting = waiting or layer.rate
        else:
            if waiting:
                dropouts.append((len(factors), waiting))
            factors.append(1 / (1 - waiting))
            waiting = 0.0
    return factors, dropouts
