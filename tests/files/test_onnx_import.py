"""ONNX models of perceptrons, as several libraries write them, become networks; others are refused by their node."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import Activation, Dense, FileError, Network, export_onnx, import_onnx, load
from pellucid.activations import ACTIVATIONS
from pellucid.data import Pixels, Standardizer
from pellucid.files import onnx_tensors

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
helper, numpy_helper = onnx.helper, onnx.numpy_helper

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 4)).astype(np.float32)
W1, b1 = RNG.normal(size=(4, 3)).astype(np.float32), RNG.normal(size=3).astype(np.float32)
W2, b2 = RNG.normal(size=(3, 2)).astype(np.float32), RNG.normal(size=2).astype(np.float32)
CONSTANTS = {"W1": W1, "b1": b1, "W2": W2, "b2": b2, "W1T": W1.T.copy(), "W2T": W2.T.copy()}

node = helper.make_node


def model(nodes: list[Any], outputs: tuple[str, ...] = ("Y",), shape: Any = ("n", 4), **more: Any) -> Any:
    """A model of these nodes, its input X, and of the constants those that they name."""
    constants = CONSTANTS | {name: np.asarray(value) for name, value in more.pop("constants", {}).items()}
    named = {name for one in nodes for name in one.input}
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items() if name in named]
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("X", 1, list(shape))],
        [helper.make_tensor_value_info(name, 1, None) for name in outputs],
        tensors,
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, **more)


def reading(proto: Any, folder: Path) -> Network:
    (folder / "m.onnx").write_bytes(proto if isinstance(proto, bytes) else proto.SerializeToString())
    return import_onnx(folder / "m.onnx")


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("scaler", [None, Standardizer().fit(X * 3 + 1), Pixels()])
def test_what_this_library_wrote_comes_back(name: str, scaler: Any, tmp_path: Path) -> None:
    hidden = "tanh" if ACTIVATIONS[name].output_only else name
    net = Network([Dense(3, hidden), Dense(3, hidden), Dense(2, name)], inputs=4, dtype="float32", scaler=scaler)
    net.features, net.target = ("a", "b", "c", "d"), "y"
    if name == "softmax":
        net.labels = ("no", "yes")
    export_onnx(net, tmp_path / "m.onnx")
    again = import_onnx(tmp_path / "m.onnx")
    assert again.theta.tobytes() == net.theta.tobytes()
    assert [str(layer) for layer in again.layers] == [str(layer) for layer in net.layers]
    assert (again.labels, again.features, again.target) == (net.labels, net.features, net.target)
    rows = np.abs(X)
    np.testing.assert_allclose(again.forward(rows), net.forward(rows), rtol=1e-5, atol=1e-6)
    if not isinstance(scaler, Pixels):
        assert again.scaler == scaler
    assert load(tmp_path / "m.onnx").theta.tobytes() == net.theta.tobytes()


# As exporters write a network of two layers.
WRITTEN: dict[str, Callable[[], Any]] = {
    "PyTorch": lambda: model(
        [
            node("Gemm", ["X", "W1T", "b1"], ["h"], "/0/Gemm", alpha=1.0, beta=1.0, transB=1),
            node("Relu", ["h"], ["r"], "/1/Relu"),
            node("Gemm", ["r", "W2T", "b2"], ["z"], "/2/Gemm", alpha=1.0, beta=1.0, transB=1),
            node("Softmax", ["z"], ["Y"], "/3/Softmax", axis=1),
        ]
    ),
    "PyTorch, with dropout and flatten": lambda: model(
        [
            node("Flatten", ["X"], ["f"], axis=1),
            node("Gemm", ["f", "W1T", "b1"], ["h"], transB=1),
            node("Relu", ["h"], ["r"]),
            node("Dropout", ["r"], ["d"]),
            node("Identity", ["d"], ["i"]),
            node("Gemm", ["i", "W2T", "b2"], ["z"], transB=1),
            node("Softmax", ["z"], ["Y"], axis=-1),
        ],
        shape=("n", 2, 2),
    ),
    "PyTorch, by MatMul": lambda: model(
        [
            node("Constant", [], ["c"], value=numpy_helper.from_array(W1)),
            node("MatMul", ["X", "c"], ["m"]),
            node("Add", ["b1", "m"], ["h"]),
            node("Relu", ["h"], ["r"]),
            node("MatMul", ["r", "W2"], ["m2"]),
            node("Add", ["m2", "b2"], ["z"]),
            node("Softmax", ["z"], ["Y"], axis=-1),
        ]
    ),
    "scikit-learn": lambda: model(
        [
            node("Cast", ["X"], ["x"], to=1),
            node("MatMul", ["x", "W1"], ["m"]),
            node("Add", ["m", "row1"], ["h"]),
            node("Relu", ["h"], ["r"]),
            node("MatMul", ["r", "W2"], ["m2"]),
            node("Add", ["m2", "row2"], ["z"]),
            node("Softmax", ["z"], ["p"], axis=1),
            node("ArgMax", ["p"], ["k"], axis=1),
            node("ArrayFeatureExtractor", ["classes", "k"], ["e"], domain="ai.onnx.ml"),
            node("Cast", ["e"], ["c"], to=7),
            node("Reshape", ["c", "flat"], ["label"]),
            node("ZipMap", ["p"], ["Y"], domain="ai.onnx.ml", classlabels_int64s=[3, 7]),
        ],
        ("label", "Y"),
        constants={
            "row1": b1[None],
            "row2": b2[None],
            "classes": np.array([3, 7], np.int64),
            "flat": np.array([-1], np.int64),
        },
    ),
    "scikit-learn, with a scaler": lambda: model(
        [
            node("Scaler", ["X"], ["x"], domain="ai.onnx.ml", offset=[0.0] * 4, scale=[1.0] * 4),
            node("MatMul", ["x", "W1"], ["m"]),
            node("Add", ["m", "b1"], ["h"]),
            node("Relu", ["h"], ["r"]),
            node("Gemm", ["r", "W2", "b2"], ["z"]),
            node("Softmax", ["z"], ["Y"]),
        ]
    ),
    "Keras": lambda: model(
        [
            node("Reshape", ["X", "flat"], ["f"]),
            node("MatMul", ["f", "W1"], ["sequential/dense/MatMul:0"]),
            node("Add", ["sequential/dense/MatMul:0", "b1"], ["h"]),
            node("Relu", ["h"], ["r"]),
            node("MatMul", ["r", "W2"], ["m2"]),
            node("Add", ["m2", "b2"], ["z"]),
            node("Softmax", ["z"], ["Y"], axis=-1),
        ],
        shape=(None, 4, 1),
        constants={"flat": np.array([-1, 4], np.int64)},
    ),
}


@pytest.mark.parametrize("writer", WRITTEN)
def test_what_other_libraries_write_opens(writer: str, tmp_path: Path) -> None:
    net = reading(WRITTEN[writer](), tmp_path)
    assert repr(net).startswith("Network(4 -> Dense 3 relu -> Dense 2 softmax")
    assert net.dtype == np.float32
    np.testing.assert_array_equal(net.params["W1"], W1)
    np.testing.assert_array_equal(net.params["b2"], b2)
    if writer == "scikit-learn":
        assert net.labels == ("3", "7")
    z = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    p = np.exp(z - z.max(1, keepdims=True))
    np.testing.assert_allclose(net.forward(X), p / p.sum(1, keepdims=True), atol=1e-6)


def test_weights_in_another_shape_are_taken_in_it(tmp_path: Path) -> None:
    net = reading(
        model(
            [node("Reshape", ["w", "s"], ["W"]), node("MatMul", ["X", "W"], ["Y"])],
            constants={"w": W1.reshape(3, 4), "s": np.array([4, -1], np.int64)},
        ),
        tmp_path,
    )
    np.testing.assert_array_equal(net.params["W1"], W1)


def test_two_classes_by_one_sigmoid(tmp_path: Path) -> None:
    net = reading(
        model(
            [
                node("Gemm", ["X", "w"], ["z"]),
                node("Sigmoid", ["z"], ["p"]),
                node("Sub", ["one", "p"], ["q"]),
                node("Concat", ["q", "p"], ["Y"], axis=1),
                node("ArgMax", ["Y"], ["k"], axis=1),
                node("ArrayFeatureExtractor", ["classes", "k"], ["label"], domain="ai.onnx.ml"),
            ],
            ("label", "Y"),
            constants={"w": W1[:, :1], "one": np.float32(1), "classes": np.array(["no", "yes"], dtype=object)},
        ),
        tmp_path,
    )
    assert repr(net).startswith("Network(4 -> Dense 1 sigmoid")
    assert net.labels == ("no", "yes")
    assert not net.params["b1"].any()


@pytest.mark.parametrize(
    ("steps", "mean", "scale"),
    [
        ([("Sub", 2.0), ("Div", 4.0)], 2, 4),
        ([("Div", 255.0)], 0, 255),
        ([("Mul", 0.5)], 0, 2),
        ([("Mul", 0.5), ("Add", -1.0)], 2, 2),
        ([("Sub", [1.0, 2, 3, 4]), ("Mul", [0.5, 0.25, 1, 2])], [1, 2, 3, 4], [2, 4, 1, 0.5]),
        ([("Add", 1.0)], -1, 1),
    ],
)
def test_scalers_of_every_spelling(steps: list[tuple[str, Any]], mean: Any, scale: Any, tmp_path: Path) -> None:
    nodes, at, constants = [], "X", {}
    for i, (operator, number) in enumerate(steps):
        constants[f"c{i}"] = np.array(number, np.float32)
        nodes.append(node(operator, [at, f"c{i}"], [f"x{i}"]))
        at = f"x{i}"
    net = reading(model([*nodes, node("Gemm", [at, "W1", "b1"], ["Y"])], constants=constants), tmp_path)
    np.testing.assert_allclose(net.scaler.mean, np.broadcast_to(mean, 4))  # type: ignore[union-attr]
    np.testing.assert_allclose(net.scaler.scale, np.broadcast_to(scale, 4))  # type: ignore[union-attr]


def test_double_precision_stays(tmp_path: Path) -> None:
    wide = {"W": W1.astype(np.float64) / 3, "b": b1.astype(np.float64)}
    net = reading(model([node("Gemm", ["X", "W", "b"], ["Y"])], constants=wide), tmp_path)
    assert net.dtype == np.float64
    np.testing.assert_array_equal(net.params["W1"], wide["W"])


GEMM = node("Gemm", ["X", "W1", "b1"], ["z"], "first")


def after(*nodes: Any, **more: Any) -> Callable[[], Any]:
    """A first layer, then these."""
    return lambda: model([GEMM, *nodes], **more)


def ending(operator: str, **attributes: Any) -> Callable[[], Any]:
    return after(node(operator, ["z"], ["Y"], "last", **attributes))


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a convolution": (
        lambda: model([node("Conv", ["X", "W1"], ["Y"], "conv")]),
        r"node 0 \('conv'\), Conv: this operator",
    ),
    "an exact GELU": (ending("Gelu"), "Gelu: its approximate is 'none', and gelu here has 'tanh'"),
    "another leak": (ending("LeakyRelu", alpha=0.2), "LeakyRelu: its alpha is 0.2"),
    "another ELU": (ending("Elu", alpha=0.5), "Elu: its alpha is 0.5"),
    "softmax over the batch": (ending("Softmax", axis=0), "Softmax: its axis is 0"),
    "an activation that is unknown": (
        ending("Softsign"),
        "Softsign: this operator is not part.*Did you mean 'Softplus'",
    ),
    "an operator of somebody's domain": (ending("Relu", domain="com.example"), "of the domain 'com.example'"),
    "an activation twice": (
        after(node("Relu", ["z"], ["r"]), node("Tanh", ["r"], ["Y"])),
        "Tanh: it is applied to something else",
    ),
    "an activation of features": (lambda: model([node("Relu", ["X"], ["Y"])]), "Relu: it is applied to something else"),
    "a residual": (
        after(
            node("Gemm", ["z", "S", "b1"], ["y"]),
            node("Add", ["y", "z"], ["Y"]),
            constants={"S": np.eye(3, dtype="f4")},
        ),
        "Add: one of its inputs must be numbers that stand in the file",
    ),
    "a bias twice": (after(node("Add", ["z", "b1"], ["Y"])), "Add: it adds to something that has its bias already"),
    "a bias of another size": (
        lambda: model([node("MatMul", ["X", "W1"], ["m"]), node("Add", ["m", "b2"], ["Y"])]),
        r"Add: its bias has shape \(2,\)",
    ),
    "outputs that are scaled": (after(node("Mul", ["z", "b1"], ["Y"])), "Mul: it multiplies what is neither"),
    "another half of swish": (
        after(
            node("Gemm", ["z", "S"], ["y"]),
            node("Sigmoid", ["z"], ["s"]),
            node("Mul", ["y", "s"], ["Y"]),
            constants={"S": np.eye(3, dtype="f4")},
        ),
        "Mul: ",
    ),
    "features on the right": (
        lambda: model([node("MatMul", ["W1", "X"], ["Y"])]),
        "MatMul: its second input, the weights",
    ),
    "features turned": (lambda: model([node("Gemm", ["X", "W1"], ["Y"], transA=1)]), "Gemm: it turns its first input"),
    "a factor before the weights": (
        lambda: model([node("Gemm", ["X", "W1"], ["Y"], alpha=2.0)]),
        "alpha and beta must be 1",
    ),
    "weights that are not there": (
        lambda: model([node("Gemm", ["X", "V"], ["Y"])]),
        "'V' is given by nothing before it",
    ),
    "a circle": (
        lambda: model(
            [node("Add", ["b", "b1"], ["a"]), node("Add", ["a", "b1"], ["b"]), node("Gemm", ["X", "W1"], ["Y"])]
        ),
        "'b' is given by nothing before it: missing, or a circle",
    ),
    "a node that feeds itself": (lambda: model([node("Relu", ["Y"], ["Y"])]), "'Y' is given by nothing before it"),
    "an output twice": (after(node("Relu", ["z"], ["z"])), "'z' is there already"),
    "an output that nothing gives": (lambda: model([GEMM], ("Y",)), "no node gives its output 'Y'"),
    "no output": (lambda: model([GEMM], ()), "not those of one last layer"),
    "the features as an output": (lambda: model([GEMM], ("z", "X")), "not those of one last layer"),
    "a hidden layer as an output": (
        after(node("Relu", ["z"], ["r"]), node("Gemm", ["r", "W2"], ["Y"]), outputs=("Y", "r")),
        "not those of one last",
    ),
    "layers that do not follow": (after(node("Gemm", ["z", "W1", "b1"], ["Y"])), "the layer before gives 3 numbers"),
    "another number of columns": (
        lambda: model([node("Gemm", ["X", "W2"], ["Y"])]),
        "has 4 columns, and the first layer",
    ),
    "images that are not flattened": (
        lambda: model([node("MatMul", ["X", "W1"], ["Y"])], shape=("n", 7, 4)),
        "nothing has flattened it",
    ),
    "rows taken apart": (
        lambda: model(
            [node("Reshape", ["X", "s"], ["f"]), node("MatMul", ["f", "w"], ["Y"])],
            constants={"s": np.array([-1, 2], np.int64), "w": W2[:2]},
        ),
        "Reshape: it makes rows of shape",
    ),
    "flattened over the batch": (
        lambda: model([node("Flatten", ["X"], ["Y"], axis=0)]),
        "Flatten: it changes the shape",
    ),
    "whole numbers made of outputs": (ending("Cast", to=7), "Cast: it rounds numbers"),
    "a threshold of one's own": (
        after(node("Sigmoid", ["z"], ["p"]), node("Greater", ["p", "t"], ["Y"]), constants={"t": np.float32(0.7)}),
        "Greater: its limit is 0.69",
    ),
    "the best over the batch": (ending("ArgMax", axis=0), "ArgMax: its axis is 0"),
    "the best over the batch, as is usual": (ending("ArgMax"), "ArgMax: its axis is 0"),
    "the second row of the outputs": (
        after(node("Gather", ["z", "one"], ["Y"]), constants={"one": np.array([1], np.int64)}),
        "Gather: it picks something else than labels",
    ),
    "the second output of each row": (
        after(
            node("ArrayFeatureExtractor", ["z", "one"], ["Y"], domain="ai.onnx.ml"),
            constants={"one": np.array([1], np.int64)},
        ),
        "ArrayFeatureExtractor: it picks something else than labels",
    ),
    "a batch of one taken apart": (
        after(node("Squeeze", ["z", "first"], ["Y"]), constants={"first": np.array([0], np.int64)}),
        r"Squeeze: its axes are \[0\]",
    ),
    "probabilities one batch after the other": (
        lambda: model(
            [
                node("Gemm", ["X", "w"], ["z"]),
                node("Sigmoid", ["z"], ["p"]),
                node("Sub", ["one", "p"], ["q"]),
                node("Concat", ["q", "p"], ["Y"], axis=0),
            ],
            constants={"w": W1[:, :1], "one": np.float32(1)},
        ),
        "Concat: its axis is 0",
    ),
    "the mask of dropout": (
        after(node("Dropout", ["z"], ["d", "m"]), node("Gemm", ["m", "W2"], ["Y"])),
        "its input 'm' is given by nothing before it",
    ),
    "dropout that is not over": (
        after(node("Dropout", ["z", "", "yes"], ["Y"]), constants={"yes": np.array(True)}),
        "Dropout: it drops units when the model answers",
    ),
    "a half of what is no probability": (
        after(node("Tanh", ["z"], ["t"]), node("Greater", ["t", "half"], ["Y"]), constants={"half": np.float32(0.5)}),
        "Greater: it is applied to something else than probabilities",
    ),
    "more columns than any number": (
        lambda: model([GEMM, node("Relu", ["z"], ["Y"])], shape=("n", 1, *[2**62] * 20)),
        "its input 'X' has rows of a shape that none have",
    ),
    "columns below zero": (
        lambda: model([GEMM, node("Relu", ["z"], ["Y"])], shape=("n", -2, -2)),
        "its input 'X' has rows of a shape that none have",
    ),
    "an exponent that is limited elsewhere": (
        after(node("Min", ["z", "t"], ["m"]), node("Exp", ["m"], ["Y"]), constants={"t": np.float32(2)}),
        "Min: it limits",
    ),
    "a scaler behind a scaler": (
        lambda: model(
            [node("Div", ["X", "t"], ["x"]), node("Scaler", ["x"], ["Y"], domain="ai.onnx.ml", scale=[2.0])],
            constants={"t": np.float32(2)},
        ),
        "Scaler: it scales something else",
    ),
    "a division by zero": (
        lambda: model(
            [node("Div", ["X", "t"], ["x"]), node("Gemm", ["x", "W1"], ["Y"])], constants={"t": np.float32(0)}
        ),
        "Div: it divides by zero",
    ),
    "a scaler beyond all numbers": (
        lambda: model(
            [node("Sub", ["X", "t"], ["x"]), node("Mul", ["x", "t"], ["y"]), node("Gemm", ["y", "W1"], ["Y"])],
            constants={"t": np.float64(1e300)},
        ),
        "not positive and finite|Mul: |1e|Gemm",
    ),
    "a scale below zero": (
        lambda: model(
            [node("Mul", ["X", "t"], ["x"]), node("Gemm", ["x", "W1"], ["Y"])], constants={"t": np.float32(-1)}
        ),
        "not positive and finite",
    ),
    "a scaler for other columns": (
        lambda: model(
            [node("Sub", ["X", "t"], ["x"]), node("Gemm", ["x", "W1"], ["Y"])], constants={"t": np.ones(3, "f4")}
        ),
        "3 numbers for 4 columns",
    ),
    "texts for weights": (
        lambda: model([node("Gemm", ["X", "W"], ["Y"])], constants={"W": np.array([["a"]], dtype=object)}),
        "must be numbers",
    ),
    "whole numbers for weights": (
        lambda: model([node("Gemm", ["X", "W"], ["Y"])], constants={"W": np.ones((4, 2), np.int64)}),
        "a matrix of floats",
    ),
    "weights of three dimensions": (
        lambda: model([node("MatMul", ["X", "W"], ["Y"])], constants={"W": np.ones((1, 4, 2), "f4")}),
        "a matrix of floats",
    ),
    "NaN for a weight": (
        lambda: model([node("Gemm", ["X", "W"], ["Y"])], constants={"W": np.full((4, 2), np.nan, "f4")}),
        "W1 holds NaN",
    ),
    "too few inputs": (
        lambda: model([node("Gemm", ["X"], ["Y"])]),
        "Gemm: it is not written as the operator is defined",
    ),
    "no inputs": (lambda: model([node("Relu", [], ["Y"])]), "Relu: it is not written as"),
    "an attribute of another kind": (ending("LeakyRelu", alpha="much"), "LeakyRelu: its alpha is 'much'"),
    "a constant of nothing": (lambda: model([node("Constant", [], ["c"]), GEMM]), "Constant: it holds no numbers"),
    "softmax of one output": (
        lambda: model([node("Gemm", ["X", "w"], ["z"]), node("Softmax", ["z"], ["Y"])], constants={"w": W1[:, :1]}),
        "softmax over one unit",
    ),
    "exp inside": (after(node("Exp", ["z"], ["e"]), node("Gemm", ["e", "W2"], ["Y"])), "exp belongs in the last layer"),
    "a graph without nodes": (lambda: model([]), "there is no graph in it"),
    "labels that are too many": (
        after(
            node("Softmax", ["z"], ["p"]),
            node("ArgMax", ["p"], ["k"], axis=1),
            node("Gather", ["c", "k"], ["Y"], axis=0),
            constants={"c": np.array(["a", "b"], dtype=object)},
        ),
        "labels has 2 entries where 3",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_perceptron_is_refused_by_its_node(case: str, tmp_path: Path) -> None:
    make, says = REFUSED[case]
    with pytest.raises(FileError) as caught:
        reading(make(), tmp_path)
    assert str(caught.value).startswith(str(tmp_path / "m.onnx"))
    assert re.search(says, str(caught.value)), str(caught.value)


def test_a_formula_of_ones_own_is_not_read_back(tmp_path: Path) -> None:
    net = Network([Dense(3, Activation("own", np.sin, np.cos)), Dense(1)], inputs=2)
    export_onnx(net, tmp_path / "m.onnx")
    with pytest.raises(FileError, match=r"layer1_sin.*, Sin: this operator"):
        import_onnx(tmp_path / "m.onnx")


def spoilt(change: Callable[[Any], Any]) -> Callable[[], Any]:
    def make() -> Any:
        proto = model([GEMM], ("z",))
        change(proto)
        return proto

    return make


def tensor(proto: Any, name: str = "W1") -> Any:
    return next(t for t in proto.graph.initializer if t.name == name)


def external(proto: Any) -> None:
    entry = tensor(proto).external_data.add()
    entry.key, entry.value = "location", "../../../etc/passwd"
    tensor(proto).data_location = onnx.TensorProto.EXTERNAL
    tensor(proto).ClearField("raw_data")


def dims(*sizes: int) -> Callable[[Any], None]:
    def change(proto: Any) -> None:
        del tensor(proto).dims[:]
        tensor(proto).dims.extend(sizes)

    return change


def same_matrix_a_thousand_times(proto: Any) -> None:
    W = tensor(proto)
    W.CopyFrom(numpy_helper.from_array(np.ones((500, 500), np.float32), "W1"))
    del proto.graph.node[:]
    for i in range(1500):
        proto.graph.node.append(node("MatMul", [f"z{i - 1}" if i else "X", "W1"], [f"z{i}" if i < 1499 else "z"]))
    del proto.graph.input[0].type.tensor_type.shape.dim[:]


HOSTILE: dict[str, tuple[Callable[[], Any], str]] = {
    "external data": (spoilt(external), "'W1' lies in another file"),
    "external data by its list alone": (
        spoilt(lambda p: tensor(p).external_data.add(key="location", value="/etc/passwd")),
        "'W1' lies in another file",
    ),
    "a huge shape": (spoilt(dims(2**62, 2**62)), "claims the shape"),
    "a shape that wraps around": (spoilt(dims(2**32, 2**32)), "claims the shape"),
    "a negative shape": (spoilt(dims(-1, 3)), "which is none"),
    "a shape of thirty dimensions": (spoilt(dims(*[1] * 30)), "which is none"),
    "a shape of one number less": (spoilt(dims(4, 2)), "claims the shape"),
    "no shape": (spoilt(dims()), "claims the shape"),
    "bytes that end within a number": (
        spoilt(lambda p: setattr(tensor(p), "raw_data", tensor(p).raw_data[:-1])),
        "claims the shape",
    ),
    "a type that is unknown": (spoilt(lambda p: setattr(tensor(p), "data_type", 99)), "is of type 99"),
    "complex numbers": (spoilt(lambda p: setattr(tensor(p), "data_type", 14)), "is of type 14"),
    "text for numbers": (spoilt(lambda p: setattr(tensor(p), "data_type", 8)), "is of type 8"),
    "a name that is no text": (
        lambda: model([GEMM], ("z",)).SerializeToString().replace(b"Gemm", b"Ge\xff\xfe"),
        "this operator is not part|cannot be read",
    ),
    "two inputs": (
        spoilt(lambda p: p.graph.input.append(helper.make_tensor_value_info("X2", 1, [1]))),
        "it has 2 inputs, X, X2",
    ),
    "no input": (spoilt(lambda p: p.graph.input.pop()), "it has 0 inputs"),
    "functions of its own": (
        spoilt(lambda p: p.functions.append(helper.make_function("", "Gemm", [], [], [], []))),
        "functions of its own",
    ),
    "too many nodes": (spoilt(lambda p: p.graph.node.extend([GEMM] * 3000)), "too many nodes"),
    "one matrix for a thousand layers": (
        spoilt(same_matrix_a_thousand_times),
        "more parameters than the file has bytes",
    ),
    "names that are no JSON": (
        spoilt(lambda p: (setattr(p, "producer_name", "pellucid"), helper.set_model_props(p, {"features": "["}))),
        "its metadata are? not JSON",
    ),
    "names for other columns": (
        spoilt(lambda p: (setattr(p, "producer_name", "pellucid"), helper.set_model_props(p, {"features": '["a"]'}))),
        "features has 1 entries",
    ),
    "many empty nodes": (lambda: field(7, field(1, b"") * 200_000), "more parts beside its tensors"),
    "many empty parts": (lambda: field(8, b"") * 200_000, "more parts beside its tensors"),
    "many empty parts in a node": (
        lambda: field(7, field(1, field(1, b"") * 3_000_000)),
        "more parts beside its tensors",
    ),
    "many empty parts in an initializer": (
        lambda: field(7, field(5, field(6, b"") * 200_000)),
        "more parts beside its tensors",
    ),
    "a long text": (lambda: field(6, b"a" * 5_000_000), "more parts beside its tensors"),
    "a length past the end": (lambda: b"\x08\x09\x3a\xff\xff\xff\xff\x0f", "no protocol buffer"),
    "a number that does not end": (lambda: b"\x08" + b"\xff" * 20, "no protocol buffer"),
    "groups within groups": (lambda: b"\x3b" * 10_000, "no protocol buffer"),
    "graphs within graphs": (lambda: field(7, nested(5_000)), "no ONNX model|node 0"),
    "text": (lambda: b"ONNX", "no protocol buffer|no ONNX"),
    "an empty model": (lambda: b"\x08\x09", "there is no graph in it"),
}


def field(number: int, body: bytes) -> bytes:
    """A part of a protocol buffer."""
    size, length = len(body), b""
    while size > 127:
        size, length = size >> 7, length + bytes([size & 127 | 128])
    return bytes([number << 3 | 2]) + length + bytes([size]) + body


def nested(depth: int) -> bytes:
    """A graph of a node of an attribute of a graph of a node ..."""
    graph = b""
    for _ in range(depth):
        graph = field(1, field(5, field(6, graph)))
    return graph


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_models_are_refused(case: str, tmp_path: Path) -> None:
    make, says = HOSTILE[case]
    proto = make()
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match=says):
            reading(proto, tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()


def test_cut_off_anywhere_it_is_refused_or_the_same(tmp_path: Path) -> None:
    net = Network([Dense(2, "tanh"), Dense(1)], inputs=2, dtype="float32")
    export_onnx(net, tmp_path / "good.onnx")
    raw = (tmp_path / "good.onnx").read_bytes()
    for length in range(1, len(raw)):
        try:
            again = reading(raw[:length], tmp_path)
        except FileError as error:
            assert str(error).startswith(str(tmp_path))  # noqa: PT017 (both endings are right)
        else:  # what follows the graph, such as the number of the operator set, is not needed
            assert again.theta.tobytes() == net.theta.tobytes()


def test_the_look_through_counts_what_a_parser_would_make() -> None:
    onnx_tensors.look_through(Path("m.onnx"), WRITTEN["PyTorch"]().SerializeToString())
