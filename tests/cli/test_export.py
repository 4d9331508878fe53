"""`pellucid export`: the same model in another format, and what it says where that cannot be."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run

from pellucid import Dense, Network, load
from pellucid.data import Standardizer

pytest.importorskip("safetensors")
pytest.importorskip("onnx")

X = np.random.default_rng(0).normal(size=(10, 4))


@pytest.fixture
def net(tmp_path: Path) -> Network:
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=4, scaler=Standardizer().fit(X))
    net.labels, net.features, net.target = ("no", "yes"), ("a", "b", "c", "d"), "bought"
    net.save(tmp_path / "m.json")
    return net


def test_to_safetensors_and_back_to_the_bit(net: Network, run: Run) -> None:
    for source, target in (("m.json", "m.safetensors"), ("m.safetensors", "again.json")):
        ran = run("export", source, target)
        assert (ran.code, ran.out) == (0, "")
        assert ran.err.startswith(f"{target}: Network(4 -> Dense 3 tanh -> Dense 2 softmax")
    assert Path("again.json").read_bytes() == Path("m.json").read_bytes()


def test_to_onnx_with_names(net: Network, run: Run, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    ran = run("export", "m.json", "new folder/m.onnx")
    assert ran.code == 0
    assert "outputs are label and probabilities" in ran.err
    session = runtime.InferenceSession("new folder/m.onnx", providers=["CPUExecutionProvider"])
    label, p = session.run(None, {"X": X.astype(np.float32)})
    np.testing.assert_allclose(p, net.forward(X), atol=1e-5)
    assert label.tolist() == [("no", "yes")[k] for k in net.predict(X)]


def test_predictions_of_every_format_are_the_same(net: Network, run: Run) -> None:
    rows = "a,b,c,d\n" + "\n".join(",".join(f"{v:.3f}" for v in row) for row in X) + "\n"
    Path("rows.csv").write_text(rows, encoding="utf-8")
    answers = set()
    for name in ("m.json", "m.safetensors", "m.onnx"):
        assert name == "m.json" or run("export", "m.json", name).code == 0
        answers.add(run("predict", name, "rows.csv").out)
    assert len(answers) == 1
    assert "yes" in answers.pop()


def test_weights_of_tutorials_with_their_activations(run: Run) -> None:
    params = {"W1": np.ones((2, 3)), "b1": np.zeros(3), "W2": np.ones((3, 1)), "b2": np.zeros(1)}
    Path("p.pkl").write_bytes(pickle.dumps(params))
    ran = run("export", "p.pkl", "p.json", "--activations", "relu,sigmoid")
    assert ran.code == 0
    assert repr(load("p.json")).startswith("Network(2 -> Dense 3 relu -> Dense 1 sigmoid")


def test_what_train_saves_as_safetensors_can_be_used(flowers: Path, run: Run) -> None:
    options = ["--target", "species", "--epochs", "3", "--no-plots", "-q", "--save", "flowers.safetensors"]
    assert run("train", "iris.csv", *options).code == 0
    assert load("flowers.safetensors").labels == ("setosa", "versicolor", "virginica")
    assert run("predict", "flowers.safetensors", "iris.csv").out.startswith("species\n")
    assert run("explain", "flowers.safetensors").code == 0


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (["m.json"], 2, "Missing argument"),
        (["m.json", "m.txt"], 2, "must be .onnx, .safetensors or .json"),
        (["m.json", "m"], 2, "must be .onnx, .safetensors or .json"),
        (["m.json", "m.json"], 2, "it is not overwritten"),
        (["m.json", "folder.onnx"], 2, "this is a folder"),
        (["m.json", "m.onnx", "--activations", "relu,softmax"], 1, "says its activations itself"),
        (["nowhere.json", "m.onnx"], 1, "there is no such file"),
        (["folder.onnx", "m.json"], 1, "this is a folder"),
        (["p.pkl", "m.json"], 1, "a pickle"),
        (["p.pkl", "m.json"], 1, "--activations relu,softmax"),
        (["p.pkl", "m.json", "--activations", "relu"], 1, "2 layers"),
        (["p.pkl", "m.json", "--activations", "relu,softmox"], 2, "softmax"),
        (["evil.pkl", "m.onnx", "--activations", "relu"], 1, "it names posix.system"),
        (["own.json", "m.onnx"], 1, "not a pellucid model"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(net: Network, argv: list[str], code: int, says: str, run: Run) -> None:
    Path("folder.onnx").mkdir()
    params = {"W1": np.ones((2, 3)), "b1": np.zeros(3), "W2": np.ones((3, 2)), "b2": np.zeros(2)}
    Path("p.pkl").write_bytes(pickle.dumps(params))
    Path("evil.pkl").write_bytes(b"cposix\nsystem\n(S'touch pwned'\ntR.")
    Path("own.json").write_text(json.dumps({"weights": [1]}), encoding="utf-8")
    before = set(os.listdir())
    ran = run("export", *argv)
    assert ran.code == code
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert set(os.listdir()) == before


def test_help_has_an_example(run: Run) -> None:
    ran = run("export", "--help")
    assert ran.code == 0
    assert "pellucid export pellucid-iris/model.json iris.onnx" in ran.out
