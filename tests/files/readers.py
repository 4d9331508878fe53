"""Every reader of files, with a good file for it: what is tested of all of them is told once."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pellucid import (
    Adam,
    Dense,
    Dropout,
    FileError,
    Network,
    engines,
    export_onnx,
    import_onnx,
    import_torch,
    load,
    training,
)
from pellucid.data import Standardizer, read_csv, read_idx
from pellucid.files import load_weights_json, load_weights_pickle
from pellucid.settings import Settings


class Reader(NamedTuple):
    """A reader, good files for it to begin with, and what it needs to be installed."""

    name: str
    read: Callable[[Path], Any]
    seeds: Callable[[Path], list[bytes]]
    needs: tuple[str, ...] = ()

    @property
    def missing(self) -> str:
        """What it needs and is not installed."""
        return ", ".join(library for library in self.needs if importlib.util.find_spec(library) is None)


def networks() -> list[Network]:
    one = Network([Dense(2, "tanh"), Dropout(0.25), Dense(2, "softmax")], inputs=2, seed=1)
    one.labels, one.features, one.target = ("a", "b"), ("x", "y"), "z"
    scaler = Standardizer().fit([[1.0, 5.0], [2.0, 9.0]])
    return [one, Network([Dense(1, "sigmoid")], inputs=2, dtype="float32", scaler=scaler, seed=2)]


def saved(ending: str) -> Callable[[Path], list[bytes]]:
    def seeds(folder: Path) -> list[bytes]:
        files = []
        for i, net in enumerate(networks()):
            path = folder / f"seed{i}{ending}"
            export_onnx(net, path) if ending == ".onnx" else net.save(path)
            files.append(path.read_bytes())
        return files

    return seeds


def foreign_onnx(folder: Path) -> list[bytes]:
    """What this library writes, and a graph of MatMul, Add and labels as scikit-learn has it."""
    from onnx import helper, numpy_helper

    nodes = [
        helper.make_node("Cast", ["X"], ["x"], to=1),
        helper.make_node("MatMul", ["x", "W"], ["m"]),
        helper.make_node("Add", ["m", "b"], ["z"]),
        helper.make_node("Softmax", ["z"], ["p"]),
        helper.make_node("ArgMax", ["p"], ["k"], axis=1),
        helper.make_node("ArrayFeatureExtractor", ["c", "k"], ["l"], domain="ai.onnx.ml"),
    ]
    constants = {"W": np.ones((2, 2), np.float32), "b": np.ones((1, 2), np.float32), "c": np.array([3, 7])}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("X", 1, [None, 2])],
        [helper.make_tensor_value_info("l", 7, [None]), helper.make_tensor_value_info("p", 1, [None, 2])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return [*saved(".onnx")(folder), helper.make_model(graph).SerializeToString()]


PARAMS = {"W1": np.ones((2, 2)), "b1": np.zeros((1, 2)), "W2": np.ones((2, 1)), "b2": np.zeros((1, 1))}
CLASSIC = {"weights1": [[1.0, 2.0]], "bias1": [0.5, 1e-3], "weights2": [[1.0], [-2.5]], "bias2": [[0.0]]}


def pickles(folder: Path) -> list[bytes]:
    return [pickle.dumps(kind(PARAMS), protocol) for protocol in range(6) for kind in (dict, OrderedDict)]


def state_dictionaries(folder: Path) -> list[bytes]:
    import torch

    files = []
    module = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    for value in (module.state_dict(), {"model_state_dict": dict(module.state_dict()), "epoch": 3}):
        file = io.BytesIO()
        torch.save(value, file)
        files.append(file.getvalue())
    return files


def loose_safetensors(folder: Path) -> list[bytes]:
    from safetensors.numpy import save

    arrays = {"fc1.weight": np.ones((2, 2), "f4"), "fc1.bias": np.zeros(2, "f4"), "fc2.weight": np.ones((1, 2), "f4")}
    return [save(arrays), save(arrays, {"format": "pt"})]


def job() -> Any:
    """A run of three steps an epoch, all of whose features are in a checkpoint of it."""
    layers = [Dense(2, "tanh"), Dropout(0.25), Dense(2, "softmax")]
    settings = {"batch_size": 2, "epochs": 3, "validation": 0.2, "early_stopping": 2, "engine": "readable"}
    X, y = np.arange(16.0).reshape(8, 2), np.arange(8) % 2
    return training.prepare(Network(layers, inputs=2, seed=1), X, y, Settings.of({"optimizer": Adam(0.01), **settings}))


def checkpoints(folder: Path) -> list[bytes]:
    """Of the beginning, of the middle of an epoch, and of the end of one."""
    from pellucid.files.checkpoints.sealed import seal
    from pellucid.files.checkpoints.state import captured

    files, running = [], job()
    for step in (2, 3, 5):
        engines.module("readable").run(running, running.step, step)
        running.step = step
        if step == 3:
            running.finish(0, 0.5, None)
        files.append(seal(captured(running, 1.0)))
    return files


def restored(path: Path) -> Network:
    """The network of a run that goes on from a checkpoint; an error must leave the run as it was."""
    from pellucid.files.checkpoints.folder import read
    from pellucid.files.checkpoints.state import restore

    standing = job()
    before = standing.net.theta.copy()
    try:
        restore(standing, read(path), str(path))
    except FileError:
        assert standing.step == 0
        assert (standing.net.theta == before).all()
        raise
    return standing.net  # type: ignore[no-any-return]


IDX = [
    bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]),
    bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 9, 8, 7, 6]),
    bytes([0, 0, 0x0D, 1, 0, 0, 0, 1, 63, 128, 0, 0]),
]
CSV = [
    b"a,b,y\n1,2,yes\n3,4,no\n5,6,yes\n",
    b'"a";"b";"y"\r\n1.5;2e3;1\r\n-3;.4;0\r\n',
    "größe\tb\ty\n1\t2\t3.5\n4\t5\t6.5\n".encode(),
]

READERS = [
    Reader("model.json", load, saved(".json")),
    Reader("model.safetensors", load, saved(".safetensors"), ("safetensors",)),
    Reader("model.onnx", import_onnx, foreign_onnx, ("onnx",)),
    Reader("weights.json", load_weights_json, lambda folder: [json.dumps(CLASSIC).encode()]),
    Reader("params.pkl", lambda path: load_weights_pickle(path, ("tanh", "sigmoid")), pickles),
    Reader("state.pth", lambda path: import_torch(path, ("tanh", "sigmoid")), state_dictionaries, ("torch",)),
    Reader(
        "state.safetensors", lambda path: import_torch(path, ("tanh", "sigmoid")), loose_safetensors, ("safetensors",)
    ),
    Reader("step-000000000005.safetensors", restored, checkpoints, ("safetensors",)),
    Reader("data.idx", read_idx, lambda folder: IDX),
    Reader("data.idx.gz", read_idx, lambda folder: [gzip.compress(raw, mtime=0) for raw in IDX]),
    Reader("data.csv", lambda path: read_csv(path, target="-1"), lambda folder: CSV),
]
