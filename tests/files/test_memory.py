"""Files of arrays take at most twice their size while they are read or written."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("safetensors")

from safetensors.numpy import save

from pellucid import Adam, Dense, Network, import_torch, training
from pellucid.files.checkpoints.folder import read
from pellucid.files.checkpoints.sealed import seal
from pellucid.files.checkpoints.state import captured, restore
from pellucid.settings import Settings

MOST = 2.05  # times the file, with room for what does not grow with it
BIG = 1_000


def peak(work: Callable[[], Any]) -> int:
    """The bytes that work takes at most, beyond those that were there."""
    work()  # what is imported late is imported
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def test_weights_of_another_library(tmp_path: Path) -> None:
    weights = {"a.weight": np.ones((BIG, BIG), "f4"), "b.weight": np.ones((1, BIG), "f4")}
    biases = {"a.bias": np.ones(BIG, "f4"), "b.bias": np.ones(1, "f4")}
    path = tmp_path / "w.safetensors"
    path.write_bytes(save(weights | biases))
    taken = peak(lambda: import_torch(path, ("tanh", "sigmoid")))
    assert 1 < taken / path.stat().st_size < MOST


def job() -> Any:
    net = Network([Dense(100 * BIG, "tanh"), Dense(1)], inputs=4, seed=1)
    settings = Settings.of({"optimizer": Adam(0.01), "epochs": 2, "engine": "readable"})
    return training.prepare(net, np.ones((3, 4)), np.ones(3), settings)


def test_a_checkpoint(tmp_path: Path) -> None:
    path, standing = tmp_path / "c.safetensors", job()
    path.write_bytes(seal(captured(standing, 0.0)))
    taken = peak(lambda: restore(standing, read(path), "c"))
    assert 1 < taken / path.stat().st_size < MOST


def test_writing_a_checkpoint() -> None:
    standing = job()
    size = len(seal(captured(standing, 0.0)))
    taken = peak(lambda: seal(captured(standing, 0.0)))
    assert 1 < taken / size < MOST
