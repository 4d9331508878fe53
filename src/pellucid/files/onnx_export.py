"""Networks as ONNX models, which runtimes of many languages run: scaler, layers, probabilities and labels in one graph.

Source: ONNX specification, https://onnx.ai/onnx/repo-docs/IR.html; operators of the default domain alone.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.scalers import Pixels, Standardizer
from pellucid.errors import FileError, InputError, need
from pellucid.files import description
from pellucid.files.onnx_formula import activated, is_own
from pellucid.files.writing import replace_file
from pellucid.layers import Dense
from pellucid.network import Network

OPSET = 20  # the first that has Gelu
IR_VERSION = 9  # of the first release with that operator set, so that every runtime which knows the set takes the file
LARGEST = 2**31 - 2**20  # bytes; a protocol buffer holds no more than 2 GiB
FLOAT, INT64, STRING, DOUBLE = 1, 7, 8, 11  # TensorProto.DataType
TOLERANCE = 1e-3


def export_onnx(net: Network, path: str | os.PathLike[str]) -> None:
    """Write a network as an ONNX model of operator set 20, in single precision.

    Its input "X" is (batch, inputs) float32, features as they are: the scaler is in the graph. A network that tells
    classes apart has the outputs "label" and "probabilities", any other has "values". "probabilities" and "values" are
    what `net.forward` gives. "label" is what `net.predict` gives, by name where `net.labels` are known: as int64 where
    all names are whole numbers, else as text; of several yes or no, it is int64 (batch, outputs), 0 or 1. Dropout is
    left out, as in every prediction.

    Args:
        net: any network, with formulas of one's own too, as long as they are made of NumPy's usual functions.
        path: where to write; overwritten if it exists.

    Raises:
        FileError: another ending, a number that does not fit single precision, a model larger than 2 GiB, or a place
            that cannot be written.
        InputError: a formula of one's own does something that ONNX cannot, or the scaler is none of this library's or
            not fitted.
        MissingExtra: onnx is not installed.

    Example:
        >>> import tempfile
        >>> net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     export_onnx(net, Path(folder) / "m.onnx")
        ...     (Path(folder) / "m.onnx").stat().st_size < 2000
        True
    """
    path = Path(path)
    if path.suffix.lower() != ".onnx":
        raise FileError(
            f"{path}: ONNX models end in .onnx; this ends in {path.suffix or 'nothing'!r}. For .json and .safetensors "
            "write net.save(path)."
        )
    onnx = need("onnx", "files")
    if net.theta.size * 4 > LARGEST:
        raise FileError(f"{path}: {net.theta.size:,} parameters do not fit into one ONNX file of 2 GiB.")
    model = onnx_model(net, str(path))
    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # of several kinds, none of which a network should lead to
        raise InputError(f"The network cannot be exported: {str(error)[:300]}") from error
    if any(isinstance(layer, Dense) and is_own(layer.activation) for layer in net.layers):
        _refuse_other_outputs(net, model)
    replace_file(path, model.SerializeToString())


class _Builder:
    """Nodes and constants in the order in which they are asked for."""

    def __init__(self, where: str) -> None:
        self.onnx, self.where = need("onnx", "files"), where
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []
        self.layer = ""

    def node(self, operator: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        name = output or f"{self.layer}{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [name], name=f"{name}_node", **attributes))
        return name

    def constant(self, value: Any, name: str = "") -> str:
        array = np.asarray(value)
        if (array.dtype.kind == "f" and array.dtype != np.float64) or isinstance(value, float):
            array = single(array, name or "a constant", self.where)
        name = name or f"{self.layer}constant_{len(self.tensors)}"
        tensor = self.onnx.numpy_helper.from_array(array, name)
        self.tensors.append(tensor)
        return name


def single(array: Any, what: str, where: str) -> Any:
    """Numbers in single precision, or a FileError for one that is too large for it."""
    with np.errstate(over="ignore"):
        narrow = np.asarray(array).astype(np.float32)
    if not np.isfinite(narrow).all():
        raise FileError(f"{where}: {what} holds a number that does not fit single precision, in which ONNX models are.")
    return narrow


def onnx_model(net: Network, where: str = "The network") -> Any:
    """The ModelProto of a network, as `export_onnx` writes it."""
    builder = _Builder(where)
    helper = builder.onnx.helper
    a = _scaled(builder, net)
    i = 0
    for layer, arrays in zip(net.layers, net.unpack(net.theta), strict=True):
        if isinstance(layer, Dense):
            i += 1
            builder.layer = f"layer{i}_"
            W, b = (single(array, f"{letter}{i}", where) for letter, array in zip("Wb", arrays, strict=True))
            inputs = [a, builder.constant(W, f"W{i}"), builder.constant(b, f"b{i}")]
            a = activated(builder, layer.activation, builder.node("Gemm", inputs, f"z{i}"))
    builder.layer = ""
    outputs = _answers(builder, net, a)
    graph = helper.make_graph(
        builder.nodes,
        "pellucid",
        [helper.make_tensor_value_info("X", FLOAT, ["batch", net.inputs])],
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in outputs],
        builder.tensors,
        doc_string=repr(net),
    )
    model = helper.make_model(
        graph,
        producer_name="pellucid",
        producer_version=description.library(),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    names = {"labels": net.labels, "features": net.features, "target": net.target}
    helper.set_model_props(model, {key: json.dumps(value) for key, value in names.items() if value is not None})
    return model


def _scaled(builder: _Builder, net: Network) -> str:
    """Features as the first layer takes them. In double precision: years or timestamps minus their mean need it."""
    builder.layer = "scaler_"
    if net.scaler is None:
        return "X"
    if isinstance(net.scaler, Pixels):
        return builder.node("Div", ["X", builder.constant(np.float32(255), "pixels")])
    if not isinstance(net.scaler, Standardizer):
        raise InputError(f"The scaler {net.scaler!r} is your own, and cannot be exported.")
    if net.scaler.mean is None or net.scaler.scale is None:
        raise InputError("The scaler of the network is not fitted: fit the network before it is exported.")
    wide = builder.node("Cast", ["X"], to=DOUBLE)
    centred = builder.node("Sub", [wide, builder.constant(net.scaler.mean, "mean")])
    divided = builder.node("Div", [centred, builder.constant(net.scaler.scale, "scale")])
    return builder.node("Cast", [divided], to=FLOAT)


def _answers(builder: _Builder, net: Network, a: str) -> list[tuple[str, int, list[Any]]]:
    """The outputs of the graph: name, element type and shape of each."""
    if net.task == "values":
        builder.node("Identity", [a], "values")
        return [("values", FLOAT, ["batch", net.outputs])]
    builder.node("Identity", [a], "probabilities")
    classes = 2 if net.task == "binary" else net.outputs
    if net.labels is not None and len(net.labels) != classes:
        raise InputError(
            f"The network has {len(net.labels)} labels for {classes} classes: net.labels must have one each."
        )
    probabilities = ("probabilities", FLOAT, ["batch", net.outputs])
    if net.task == "classes":
        index = builder.node("ArgMax", ["probabilities"], axis=1, keepdims=0)
    else:
        half = builder.constant(np.float32(0.5), "threshold")
        yes = builder.node("Cast", [builder.node("GreaterOrEqual", ["probabilities", half])], to=INT64)
        if net.task == "labels":
            builder.node("Identity", [yes], "label")
            return [("label", INT64, ["batch", net.outputs]), probabilities]
        index = builder.node("Squeeze", [yes, builder.constant(np.array([1], dtype=np.int64), "column")])
    if net.labels is None:
        builder.node("Identity", [index], "label")
        return [("label", INT64, ["batch"]), probabilities]
    names, kind = _labels(net.labels)
    builder.node("Gather", [builder.constant(names, "labels"), index], "label", axis=0)
    return [("label", kind, ["batch"]), probabilities]


def _labels(labels: tuple[str, ...]) -> tuple[Any, int]:
    """The names of the classes as they are given back: as numbers where each is one, written the usual way."""
    if all(re.fullmatch(r"0|-?[1-9][0-9]{0,17}", label) for label in labels):
        return np.array([int(label) for label in labels], dtype=np.int64), INT64
    return np.array(labels, dtype=object), STRING


def _refuse_other_outputs(net: Network, model: Any) -> None:
    """A formula of one's own that does more than it shows (an if on a shape, say) is found by asking both."""
    need("onnx", "files")
    from onnx.reference import ReferenceEvaluator

    from pellucid.files.self_test import rows_for

    X = rows_for(net)
    with np.errstate(all="ignore"):
        name = "values" if net.task == "values" else "probabilities"
        given: Any = next(iter(ReferenceEvaluator(model).run([name], {"X": X.astype(np.float32)})))
        a = net.forward(X)
    apart = np.abs(given - a) > TOLERANCE * np.maximum(1, np.abs(a))
    if given.shape != a.shape or apart.any():
        raise InputError("The network cannot be exported: as ONNX, an activation of your own gives other numbers.")
