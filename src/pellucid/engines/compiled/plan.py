"""The plan of a run: every array that the kernel touches, made once, and the addresses of its units."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.engines.compiled import store, units
from pellucid.engines.compiled.graph import CannotCompile
from pellucid.layers import Dense, Dropout
from pellucid.optimizers import State

Array = npt.NDArray[Any]

LARGE = 2048  # weights from which a layer's products go to the BLAS
NEAR = 2**14  # numbers that the widest layer may have in a tile, so that a tile's layers stay in the cache
TILE = 1024  # rows at the most
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
        self.n, self.batch = job.n, job.batch_size
        self.widths = [net.inputs, *(layer.units for layer in self.dense)]
        self.tile = min(self.batch, max(64, min(TILE, NEAR // max(self.widths))))
        self.large = [fan_in * layer.units >= LARGE for fan_in, layer in zip(self.widths, self.dense, strict=False)]
        self.by_row = self.large[0] and self.factors[0] == 1.0
        if any(self.large):
            self.tile = min(self.batch, TILE)  # products gain more by many rows than they lose in the cache
        self._keep: list[Array] = []
        self._data(problem)
        self._units(net, job.settings)
        self._vectors(net, job)
        self._buffers(net)
        self.in_order = np.arange(self.n if job.full_batch else 1)
        self.steps_a_call = 32  # adapted as calls are timed; how steps are cut into calls changes no bit
        self.arguments = self._arguments()

    def order_of(self, steps: dict[str, Array], step: int) -> Array:
        """The rows of a step of a call."""
        begin = steps["begins"][step]
        return np.asarray(steps["order"][begin : begin + steps["counts"][step]])

    def _data(self, problem: Any) -> None:
        from pellucid.data.scalers import Pixels, Standardizer

        X, scaler = problem.inputs.X, problem.inputs.scaler
        self.X = np.ascontiguousarray(X)
        if self.X.dtype.name not in HELD or not self.X.dtype.isnative:
            self.X = np.ascontiguousarray(problem.inputs.batch(slice(None)))
            scaler = None
        self.mean: Array = np.zeros(self.widths[0])
        self.scale: Array = np.ones(self.widths[0])
        self.scaled = ""
        if isinstance(scaler, Pixels):
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
            "X": units.gathered(self.X.dtype.name, self.scaled, bool(self.by_row), dtype),
            "T": units.gathered(dtype.name, "", False, dtype),
            "output": units.output(net.output.activation, net.loss_function, dtype, net.outputs, self.W is not None),
            "update": units.update(rule, dtype),
        }
        if settings.l2 or settings.l1:
            wanted["penalized"] = units.penalized(dtype)
        for k, (activation, count) in enumerate(hidden):
            wanted[f"forward{k}"] = units.forward(activation, dtype, count)
            wanted[f"backward{k}"] = units.backward(activation, dtype, count)
        self.product, wide = store.multiplication(dtype.name)
        if not self.product:
            self.large = [False] * len(self.dense)
            self.by_row = False
        *found, kernel = store.addresses([*wanted.values(), store.kernel(dtype.name, wide)])
        self.at = dict(zip(wanted, found, strict=True))
        self.kernel = ctypes.CFUNCTYPE(ctypes.c_int64, *_ctypes())(kernel)
        self.arrays = max((unit.arrays for unit in wanted.values()), default=0)
        self.rows = max((unit.rows for unit in wanted.values()), default=0)

    def _vectors(self, net: Any, job: Any) -> None:
        averages = job.state.averages
        self.averages = np.array(averages, dtype=self.dtype) if averages else np.zeros((1, 1), dtype=self.dtype)
        self.gradient = np.zeros_like(net.theta)
        at, weights_at, biases_at = 0, [], []
        for fan_in, layer in zip(self.widths, self.dense, strict=False):
            weights_at.append(at)
            biases_at.append(at + fan_in * layer.units)
            at += (fan_in + 1) * layer.units
        self.shape = [
            np.array(v, dtype=np.int64) for v in (self.widths[:-1], self.widths[1:], weights_at, biases_at, self.large)
        ]
        self.kept_factors = np.array(self.factors)

    def _buffers(self, net: Any) -> None:
        room, widest = self._room, max(self.widths)
        tile = self.tile
        self.outputs = [room(width * tile) for width in self.widths[:-1]]
        self.inputs = [a if f == 1.0 else room(a.size) for a, f in zip(self.outputs, self.factors, strict=True)]
        self.zs = [room(width * tile) for width in self.widths[1:]]
        self.backs = [room(width * tile) for width in self.widths[:-1]]
        self.t, self.w, self.a, self.delta = (
            room(net.outputs * tile),
            room(tile),
            room(net.outputs * tile),
            room(net.outputs * tile),
        )
        self.row_losses = room(tile)
        self.array_buffers, self.row_buffers = room(self.arrays * widest * tile), room(self.rows * tile)
        self.inputs_at, self.zs_at, self.outputs_at, self.backs_at = (
            np.array([a.ctypes.data for a in arrays], dtype=np.uint64)
            for arrays in (self.inputs, self.zs, self.outputs, self.backs)
        )
        hidden = range(len(self.dense) - 1)
        self.forwards_at = np.array([*(self.at[f"forward{k}"] for k in hidden), 0], dtype=np.uint64)
        self.backwards_at = np.array([*(self.at[f"backward{k}"] for k in hidden), 0], dtype=np.uint64)

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
        one_place = self.job.full_batch and self.n <= self.tile
        fan_in, widths, weights_at, biases_at, large = self.shape
        return {
            "l2": settings.l2, "l1": settings.l1, "clip": settings.clip_norm or 0.0,
            "layers": len(self.dense), "features": net.inputs, "K": net.outputs, "tile": self.tile,
            "size": net.theta.size, "task": TASKS[net.task], "one_place": int(one_place), "by_row": int(self.by_row),
            "fan_in": fan_in, "units": widths, "weights_at": weights_at, "biases_at": biases_at, "large": large,
            "factors": self.kept_factors, "theta": net.theta, "new": self.job.finite, "g": self.gradient,
            "mask": net.weight_mask, "averages": self.averages, "c": self.c,
            "X": self.X, "T": self.T, "W": self.T if self.W is None else self.W, "mean": self.mean, "scale": self.scale,
            "inputs": self.inputs_at, "zs": self.zs_at, "outputs": self.outputs_at, "backs": self.backs_at,
            "t": self.t, "w": self.w, "a": self.a, "delta": self.delta, "row_losses": self.row_losses,
            "arrays": self.array_buffers, "rows": self.row_buffers,
            "gather_X": self.at["X"], "gather_T": self.at["T"], "gather_W": 0 if self.W is None else self.at["T"],
            "forwards": self.forwards_at, "backwards": self.backwards_at, "output": self.at["output"],
            "update": self.at["update"], "penalized": self.at.get("penalized", 0), "product": self.product,
        }  # fmt: skip

    def take(self, count: int, taken: int, **steps: Any) -> int:
        """Take `count` steps, described by arrays; gives what the kernel gives."""
        given = self.arguments | steps | {"first": 0, "last": count, "taken": float(taken)}
        values = [given[name] for name in ARGUMENTS]  # what else is known of the steps is not for the kernel
        return int(self.kernel(*(v.ctypes.data if isinstance(v, np.ndarray) else v for v in values)))

    def state(self, taken: int) -> State:
        """The optimizer's state; its averages are the plan's own arrays."""
        count = len(self.job.state.averages)
        return State(taken, tuple(self.averages[:count]))


HELD = ("uint8", "int8", "uint16", "int16", "int32", "uint32", "int64", "uint64", "float32", "float64")

# The kernel's arguments, in its order: d a double, q a whole number, p an address.
ARGUMENTS = {
    "first": "q", "last": "q", "taken": "d", "l2": "d", "l1": "d", "clip": "d",
    "layers": "q", "features": "q", "K": "q", "tile": "q", "size": "q", "task": "q", "one_place": "q", "by_row": "q",
    "fan_in": "p", "units": "p", "weights_at": "p", "biases_at": "p", "large": "p", "factors": "p",
    "theta": "p", "new": "p", "g": "p", "mask": "p", "averages": "p", "c": "p",
    "X": "p", "T": "p", "W": "p", "order": "p", "mean": "p", "scale": "p",
    "begins": "p", "counts": "p", "totals": "p", "rates": "p", "kept": "p", "kept_at": "p", "losses": "p",
    "corrects": "p",
    "inputs": "p", "zs": "p", "outputs": "p", "backs": "p", "t": "p", "w": "p", "a": "p", "delta": "p",
    "row_losses": "p", "arrays": "p", "rows": "p",
    "gather_X": "p", "gather_T": "p", "gather_W": "p", "forwards": "p", "backwards": "p", "output": "p", "update": "p",
    "penalized": "p", "product": "p",
}  # fmt: skip


def _ctypes() -> list[Any]:
    return [{"d": ctypes.c_double, "q": ctypes.c_int64, "p": ctypes.c_void_p}[kind] for kind in ARGUMENTS.values()]


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
