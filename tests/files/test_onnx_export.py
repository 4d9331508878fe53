"""ONNX: what onnxruntime gives is what the network gives, for every activation, output, scaler and own formula."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import Activation, Dense, Dropout, FileError, InputError, Network, export_onnx
from pellucid.activations import ACTIVATIONS, leaky_relu, sigmoid, softplus, swish
from pellucid.data import Pixels, Standardizer
from pellucid.files import onnx_export

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(40, 3)) * 3).astype(np.float32)
SCALERS: dict[str, Any] = {
    "no scaler": lambda: None,
    "standardized": lambda: Standardizer().fit(X),
    "years": lambda: Standardizer().fit(X + 2000),
    "pixels": Pixels,
}


def given(net: Network, rows: np.ndarray, folder: Path) -> dict[str, Any]:
    """What onnxruntime makes of a network and rows, by the names of the outputs."""
    export_onnx(net, folder / "m.onnx")
    session = onnxruntime.InferenceSession(folder / "m.onnx", providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"X": rows}), strict=True))


def close(a: np.ndarray, b: np.ndarray) -> None:
    """To 1e-5, of one or of the number itself where that is more."""
    assert a.shape == b.shape
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("scaler", SCALERS)
@pytest.mark.parametrize("units", [1, 3])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_and_output(name: str, units: int, scaler: str, tmp_path: Path) -> None:
    if name == "softmax":
        units += 1
    hidden = "tanh" if ACTIVATIONS[name].output_only else name
    layers = [Dense(5, hidden), Dropout(0.4), Dense(4, hidden), Dense(units, name)]
    rows = {"years": X + np.float32(2000), "pixels": np.abs(X * 40).clip(0, 255).round()}.get(scaler, X)
    for dtype in ("float64", "float32"):
        net = Network(layers, inputs=3, seed=2, scaler=SCALERS[scaler](), dtype=dtype)
        outputs = given(net, rows, tmp_path)
        expected = net.forward(rows)
        if net.task == "values":
            assert list(outputs) == ["values"]
            close(outputs["values"], expected)
        else:
            assert list(outputs) == ["label", "probabilities"]
            close(outputs["probabilities"], expected)
            sure = np.abs(expected - 0.5).min(axis=1) > 1e-5
            np.testing.assert_array_equal(outputs["label"][sure], net.predict(rows)[sure])
            assert outputs["label"].dtype == np.int64


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_far_out_it_neither_overflows_nor_differs(name: str, tmp_path: Path) -> None:
    far = np.array(
        [[-1e30], [-1e4], [-200], [-100], [-88], [-30], [-1e-8], [-0.0], [1e-8], [17], [72], [88.8], [1e4], [1e30]]
    )
    net = Network([Dense(2, name)], inputs=1, dtype="float32", theta=[1, -1, 0, 0])
    rows = far.astype(np.float32)
    outputs = given(net, rows, tmp_path)
    with np.errstate(all="ignore"):
        close(outputs.get("values", outputs.get("probabilities")), net.forward(rows))


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (("no", "yes"), "text"),
        (("0", "1"), "numbers"),
        (("-3", "12"), "numbers"),
        (("01", "1"), "text"),
        (("1.0", "2.0"), "text"),
        (("是", "é"), "text"),
        (("1" * 19, "2"), "text"),
    ],
)
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_labels_by_name(labels: tuple[str, str], kind: str, output: str, tmp_path: Path) -> None:
    net = Network([Dense(2 if output == "softmax" else 1, output)], inputs=3, seed=1)
    net.labels = labels
    label = given(net, X, tmp_path)["label"]
    names = [labels[k] for k in net.predict(X)]
    assert label.tolist() == (names if kind == "text" else list(map(int, names)))
    assert label.dtype == (object if kind == "text" else np.int64)
    assert set(names) == set(labels)


def test_any_number_of_rows(tmp_path: Path) -> None:
    net = Network([Dense(3, "gelu"), Dense(2, "softmax")], inputs=3)
    for n in (1, 2, 1000):
        rows = RNG.normal(size=(n, 3)).astype(np.float32)
        close(given(net, rows, tmp_path)["probabilities"], net.forward(rows))


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=3, scaler=Standardizer().fit(X))
    net.labels, net.features, net.target = ("a", "b"), ("u", "v", "w"), "kind"
    export_onnx(net, tmp_path / "m.onnx")
    model = onnx.load(tmp_path / "m.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", onnx_export.OPSET)]
    assert {node.domain for node in model.graph.node} == {""}
    assert all(t.data_location == onnx.TensorProto.DEFAULT for t in model.graph.initializer)
    assert {p.key: p.value for p in model.metadata_props}["features"] == '["u", "v", "w"]'
    assert model.producer_name == "pellucid"
    batch = model.graph.input[0].type.tensor_type.shape.dim[0]
    assert batch.dim_param == "batch"
    assert os.listdir(tmp_path) == ["m.onnx"]
    assert [n.op_type for n in model.graph.node][:5] == ["Cast", "Sub", "Div", "Cast", "Gemm"]


def test_dropout_is_left_out(tmp_path: Path) -> None:
    net = Network([Dropout(0.9), Dense(3, "tanh"), Dropout(0.9), Dense(1)], inputs=3)
    close(given(net, X, tmp_path)["values"], net.forward(X))
    assert "Dropout" not in [node.op_type for node in onnx.load(tmp_path / "m.onnx").graph.node]


def helper(z: Any) -> Any:
    return np.maximum(z, -1) ** 2


# Formulas of one's own, in the ways that people write them.
OWN: dict[str, Callable[[Any], Any]] = {
    "sine": np.sin,
    "bent": lambda z: (z + np.sqrt(z * z + 1)) / 2,
    "softsign": lambda z: z / (1 + np.abs(z)),
    "selu": lambda z: 1.0507 * np.where(z > 0, z, 1.67326 * np.expm1(np.where(z > 0, 0, z))),
    "mish": lambda z: z * np.tanh(np.log1p(np.exp(-np.abs(z))) + np.maximum(z, 0)),
    "hard sigmoid": lambda z: np.clip(0.2 * z + 0.5, 0, 1),
    "times a comparison": lambda z: z * (z > 0),
    "with a helper": lambda z: helper(z) - 0.5 * helper(-z),
    "of the library": lambda z: swish(z) + softplus(z) - leaky_relu(z) * sigmoid(z),
    "logic": lambda z: np.where((z > 0) & ~(z > 2) | (z < -2), z, 0.1 * z),
    "powers": lambda z: z**3 / (1 + np.square(z)) + np.float_power(2.0, -(z**2)),
    "real": lambda z: np.where(np.real(z) <= 0, np.zeros_like(z), np.ones_like(z)) + z.real,
    "rounding": lambda z: np.sign(z) * np.floor(np.abs(z)) + np.ceil(z) - np.rint(z / 2),
    "logarithms": lambda z: np.logaddexp(0, z) + np.log2(1 + z * z) - np.log10(z * z + 2) + np.cbrt(z),
    "trigonometry": lambda z: np.arctan(z) + np.cosh(z / 9) - np.sinh(z / 9) + np.arcsinh(z) + np.cos(z),
    "of a whole row": lambda z: z / np.sqrt(np.sum(z * z, axis=-1, keepdims=True) + 1),
    "softmax by hand": lambda z: (
        np.exp(z - z.max(axis=1, keepdims=True)) / np.exp(z - np.max(z, 1, keepdims=True)).sum(-1, keepdims=True)
    ),
    "centred": lambda z: z - z.mean(axis=-1, keepdims=True),
    "a constant of NumPy": lambda z: np.minimum(z, np.pi) * np.float64(0.5) + np.array([1.0, 2.0, 3.0, 4.0]),
    "not a number replaced": lambda z: np.where(np.isnan(z), 0, np.where(z != z, 1, z)),
    "-0": lambda z: -(+z) - np.reciprocal(np.abs(z) + 1),
    "a copy": lambda z: z.copy() * 2,
}


@pytest.mark.parametrize("name", OWN)
def test_a_formula_of_ones_own(name: str, tmp_path: Path) -> None:
    own = Activation(name, OWN[name], np.cos)  # the slope is of no matter here
    for layers in ([Dense(4, own), Dense(2)], [Dense(4, own)]):
        net = Network(layers, inputs=3, seed=5)
        close(given(net, X, tmp_path)["values"], net.forward(X))


def in_place(z: Any) -> Any:
    z[z < 0] = 0
    return z


def by_a_counter() -> Callable[[Any], Any]:
    calls: list[int] = []

    def value(z: Any) -> Any:
        calls.append(1)
        return z * len(calls)

    return value


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "an if on the values": (lambda z: z if z > 0 else -z, "decides by if"),
    "sorted": (lambda z: np.sort(z, axis=-1), r"np\.sort, which is not exported"),
    "over the batch": (lambda z: z - np.mean(z, axis=0), "only the last axis"),
    "over everything": (lambda z: z - z.max(), "only the last axis"),
    "parts of a row": (lambda z: z[:, :1] * z, "parts of the array by their index"),
    "in place": (in_place, "parts of the array in place|index"),
    "accumulated": (lambda z: np.add.accumulate(z, axis=1), "in a way that ONNX does not have"),
    "a constant": (lambda z: 3.0, "gives 3.0 and no array"),
    "of Python's math": (lambda z: __import__("math").exp(z), "on NumPy's arrays alone"),
    "a method that is unknown": (lambda z: z.clip(0, 1), "on NumPy's arrays alone"),
    "another ufunc": (lambda z: np.heaviside(z, 0.5), "np.heaviside, which is not exported"),
    "something that changes": (by_a_counter(), "gives other numbers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_formula_that_onnx_has_not_is_refused(name: str, tmp_path: Path) -> None:
    value, says = REFUSED[name]
    net = Network([Dense(4, Activation("own", value, np.cos)), Dense(2)], inputs=3)
    with pytest.raises(InputError, match=says):
        export_onnx(net, tmp_path / "m.onnx")
    assert not os.listdir(tmp_path)


class TestRefusals:
    def test_numbers_that_do_not_fit(self, tmp_path: Path) -> None:
        net = Network([Dense(1)], inputs=2)
        for value in (1e39, np.nan, -np.inf):
            net.theta[1] = value
            with pytest.raises(FileError, match="W1 holds a number that does not fit single precision"):
                export_onnx(net, tmp_path / "m.onnx")
        assert not os.listdir(tmp_path)

    def test_scalers(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="not fitted"):
            export_onnx(Network([Dense(1)], inputs=2, scaler=Standardizer()), tmp_path / "m.onnx")

        net = Network([Dense(1)], inputs=2)
        net.scaler = object()  # type: ignore[assignment]
        with pytest.raises(InputError, match="your own"):
            export_onnx(net, tmp_path / "m.onnx")

    def test_labels_that_are_not_as_many_as_the_outputs(self, tmp_path: Path) -> None:
        net = Network([Dense(3, "softmax")], inputs=2)
        net.labels = ("a", "b")
        with pytest.raises(InputError, match="2 labels for 3"):
            export_onnx(net, tmp_path / "m.onnx")

    def test_a_place_that_cannot_be_written(self, tmp_path: Path) -> None:
        with pytest.raises(FileError, match="cannot be written"):
            export_onnx(Network([Dense(1)], inputs=2), tmp_path / "no" / "m.onnx")

    def test_more_than_a_protocol_buffer_holds(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(onnx_export, "LARGEST", 100)
        with pytest.raises(FileError, match="do not fit into one ONNX file"):
            export_onnx(Network([Dense(30)], inputs=2), tmp_path / "m.onnx")


def test_the_ending_is_insisted_on(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"ONNX models end in \.onnx; this ends in '\.txt'"):
        export_onnx(Network([Dense(1)], inputs=1), tmp_path / "a.txt")
    assert not list(tmp_path.iterdir())
