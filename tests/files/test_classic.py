"""The JSON of classic tutorials: exactly four keys, biases in either shape, and no other surprises."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import Dense, Dropout, FileError, InputError, Network
from pellucid.files import load_weights_json, save_weights_json

X = np.random.default_rng(0).normal(size=(6, 2))


def network(outputs: int = 1) -> Network:
    net = Network([Dense(10, "sigmoid"), Dense(outputs, "sigmoid")], inputs=2, seed=3)
    net.params["b1"][...] = np.linspace(-1, 1, 10)
    net.params["b2"][...] = 0.1 + 0.2
    return net


def written(net: Network, folder: Path) -> dict[str, Any]:
    save_weights_json(net, folder / "as_written.json")
    return json.loads((folder / "as_written.json").read_text(encoding="utf-8"))


def loading(record: Any, folder: Path, **options: Any) -> Network:
    (folder / "model.json").write_text(json.dumps(record), encoding="utf-8")
    return load_weights_json(folder / "model.json", **options)


@pytest.mark.parametrize("outputs", [1, 3])
def test_every_bit_comes_back(outputs: int, tmp_path: Path) -> None:
    net = network(outputs)
    again = loading(written(net, tmp_path), tmp_path)
    assert again.theta.tobytes() == net.theta.tobytes()
    np.testing.assert_array_equal(again.predict(X), net.predict(X))


def test_the_keys_are_exactly_those_of_the_tutorials(tmp_path: Path) -> None:
    record = written(network(), tmp_path)
    assert list(record) == ["weights1", "bias1", "weights2", "bias2"]
    assert [np.shape(value) for value in record.values()] == [(2, 10), (10,), (10, 1), (1,)]


def test_a_bias_may_be_a_row(tmp_path: Path) -> None:
    net = network(3)
    record = written(net, tmp_path)
    for name in ("bias1", "bias2"):
        record[name] = [record[name]]
    assert loading(record, tmp_path).theta.tobytes() == net.theta.tobytes()


def test_whole_numbers_are_numbers(tmp_path: Path) -> None:
    net = loading({"weights1": [[1], [2]], "bias1": [0], "weights2": [[-1]], "bias2": [[3]]}, tmp_path)
    assert net.theta.tolist() == [1, 2, 0, -1, 3]


def test_the_activations_are_the_readers_choice(tmp_path: Path) -> None:
    record = written(network(3), tmp_path)
    net = loading(record, tmp_path, activations=("tanh", "softmax"))
    np.testing.assert_allclose(net.forward(X).sum(axis=1), 1)
    with pytest.raises(InputError, match="no activation named 'tan'"):
        loading(record, tmp_path, activations=("tan", "softmax"))


SPOILT: dict[str, tuple[Any, list[str]]] = {
    "a key missing": (lambda r: r.pop("bias1"), ["lacks 'bias1'"]),
    "a key too many": (lambda r: r.update(weights3=[[1]]), ["'weights3'", "not understood"]),
    "other names": (lambda r: r.update(W1=r.pop("weights1")), ["lacks 'weights1'"]),
    "weights in one row": (lambda r: r.update(weights1=[0] * 20), ["weights1", "rows of numbers"]),
    "no weights": (lambda r: r.update(weights1=[]), ["weights1", "rows of numbers"]),
    "weights of no columns": (lambda r: r.update(weights1=[[], []]), ["weights1", "rows of numbers"]),
    "weights as text": (lambda r: r.update(weights2="0.5"), ["weights2", "rows of numbers"]),
    "ragged weights": (lambda r: r["weights1"][1].pop(), ["weights1", "different lengths"]),
    "a row that is none": (lambda r: r["weights2"].__setitem__(4, 0.5), ["weights2", "different lengths"]),
    "weights turned": (lambda r: r.update(weights2=[[0.0] * 10]), ["weights1 has 10 columns, weights2 1 rows"]),
    "a bias too long": (lambda r: r["bias1"].append(0), ["bias1", "(10,)"]),
    "a bias as a column": (lambda r: r.update(bias1=[[b] for b in r["bias1"]]), ["bias1", "(10,)"]),
    "two rows of biases": (lambda r: r.update(bias1=[r["bias1"]] * 2), ["bias1", "(10,)"]),
    "a bias as a number": (lambda r: r.update(bias2=0.5), ["bias2", "(1,)"]),
    "text for a number": (lambda r: r["weights1"][0].__setitem__(0, "1"), ["weights1", "(2, 10)"]),
    "true for a number": (lambda r: r["bias1"].__setitem__(0, True), ["bias1"]),
    "a number beyond all": (lambda r: r["bias1"].__setitem__(0, 10**400), ["bias1", "too large"]),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_file_is_refused_by_name(case: str, tmp_path: Path) -> None:
    spoil, phrases = SPOILT[case]
    record = written(network(), tmp_path)
    spoil(record)
    with pytest.raises(FileError) as caught:
        loading(record, tmp_path)
    for phrase in ["model.json: ", *phrases]:
        assert phrase in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"weights1": NaN}', b'{"bias1": 1, "bias1": 2}', b"\xff"])
def test_what_is_no_json_object_is_refused(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_bytes(raw)
    with pytest.raises(FileError):
        load_weights_json(tmp_path / "model.json")


def test_no_file_and_no_place(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file"):
        load_weights_json(tmp_path / "model.json")
    with pytest.raises(FileError, match="cannot be written"):
        save_weights_json(network(), tmp_path / "nowhere" / "model.json")


def test_a_small_file_cannot_claim_a_huge_matrix(tmp_path: Path) -> None:
    n = 100_000
    record = {"weights1": [[0] * n] + [0] * n, "bias1": [0] * n, "weights2": [[0]] * n, "bias2": [0]}
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match="weights1 has rows of different lengths"):
            loading(record, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "layers",
    [[Dense(1, "sigmoid")], [Dense(3), Dense(3), Dense(1)]],
)
def test_another_number_of_layers_does_not_fit_the_format(layers: list[Any], tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"holds two Dense layers.*net\.save"):
        save_weights_json(Network(layers, inputs=2), tmp_path / "model.json")
    assert not os.listdir(tmp_path)


def test_dropout_holds_no_numbers_and_is_no_hindrance(tmp_path: Path) -> None:
    net = Network([Dense(3, "sigmoid"), Dropout(0.5), Dense(1, "sigmoid")], inputs=2)
    assert loading(written(net, tmp_path), tmp_path).theta.tobytes() == net.theta.tobytes()


def test_nan_is_not_written(tmp_path: Path) -> None:
    net = network()
    net.theta[3] = np.nan
    with pytest.raises(FileError, match="nothing was saved"):
        save_weights_json(net, tmp_path / "model.json")
    assert not os.listdir(tmp_path)
