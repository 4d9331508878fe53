"""ONNX models of the shape of a multilayer perceptron, as networks.

The nodes are followed in their order, and for each tensor it is kept what it is: a constant, the features (scaled
somehow), the weighted sums of a layer, its outputs, or an answer made of those (a label, say). A node that does
anything else is refused by its name, so what is read is the whole model or nothing.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.scalers import Standardizer
from pellucid.errors import FileError, InputError, did_you_mean, need
from pellucid.files import opening, strict_json
from pellucid.files.onnx_nodes import OPERATORS
from pellucid.files.onnx_parts import Answer, Constant, Features, Outputs, Sums, Unread, Value
from pellucid.files.onnx_tensors import array_of, look_through
from pellucid.layers import Dense
from pellucid.network import Network

LARGEST = 2**28  # bytes
MOST_NODES = 2_000
MOST_COLUMNS = 2**31
DEFAULT_DOMAINS = ("", "ai.onnx")


def import_onnx(path: str | os.PathLike[str]) -> Network:
    """Read a multilayer perceptron from an ONNX model, as this library and others export it.

    Understood are Gemm, or MatMul and Add; the activations of this library; a scaler (Sub, Div, Mul, Add before the
    first layer, or Scaler); what turns outputs into labels; and what does nothing to a row (Cast, Identity, Flatten,
    Dropout, ...). LogSoftmax is read as softmax: probabilities, where the model gives their logarithms. The network is
    float32, or float64 where the parameters are.

    Args:
        path: of the file.

    Raises:
        FileError: no ONNX model, or one that does something else: the message names the first node that is not
            understood.
        MissingExtra: onnx is not installed.

    Example:
        >>> import tempfile
        >>> from pellucid import export_onnx
        >>> net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     export_onnx(net, Path(folder) / "m.onnx")
        ...     import_onnx(Path(folder) / "m.onnx")
        Network(2 -> Dense 3 tanh -> Dense 2 softmax, loss cross_entropy, 17 parameters, float32)
    """
    path = Path(path)
    onnx = need("onnx", "files")
    raw = opening.whole(path, LARGEST)
    look_through(path, raw)
    try:
        model = onnx.ModelProto.FromString(raw)
    except Exception as error:  # of the protobuf library, under names that changed with its versions
        raise FileError(f"{path}: no ONNX model, or a damaged one: its parts cannot be read.") from error
    if not model.HasField("graph") or len(model.graph.node) == 0:
        raise FileError(f"{path}: no ONNX model: there is no graph in it.")
    if not any(entry.domain in DEFAULT_DOMAINS for entry in model.opset_import):
        raise FileError(f"{path}: it does not say its operator set: cut short, or no ONNX model.")
    try:
        result = _followed(path, model)
        net = _network(path, result, len(raw))
    except (Unread, InputError) as error:
        raise FileError(f"{path}: {error}") from error
    _name(path, net, model, result)
    return net


def _followed(path: Path, model: Any) -> tuple[Outputs | Sums, Answer | None]:
    """What the outputs of the graph are: the last layer's, and the labels where there are any."""
    graph = model.graph
    if len(model.functions) or len(graph.node) > MOST_NODES:
        raise Unread("it has functions of its own, or too many nodes to be a multilayer perceptron.")
    known: dict[str, Value] = {t.name: Constant(array_of(path, t)) for t in graph.initializer}
    inputs = [i for i in graph.input if i.name not in known]
    if len(inputs) != 1:
        raise Unread(f"it has {len(inputs)} inputs, {', '.join(_text(i.name) for i in inputs[:5])}; a network has one.")
    known[inputs[0].name] = Features(_columns(inputs[0]), len(inputs[0].type.tensor_type.shape.dim) in (0, 2))
    for k, node in enumerate(graph.node):
        _follow(path, node, k, known)
    found = [known.get(output.name) for output in graph.output]
    if None in found:
        missing = next(output.name for output in graph.output if output.name not in known)
        raise Unread(f"no node gives its output {missing!r:.60}.")
    answers = [value for value in found if isinstance(value, Answer)]
    ends = [value for value in found if isinstance(value, Outputs | Sums)] + [a.of for a in answers]
    if not ends or any(end is not ends[0] for end in ends) or len(ends) != len(found):
        raise Unread("its outputs are not those of one last layer.")
    labelled = next((answer for answer in answers if answer.labels is not None), None)
    return ends[0], labelled


def _follow(path: Path, node: Any, k: int, known: dict[str, Value]) -> None:
    """What the outputs of a node are, from what its inputs are."""
    kind, domain = _text(node.op_type), _text(node.domain)
    kind = kind if kind.isidentifier() else repr(kind)
    domain = "" if domain in DEFAULT_DOMAINS else domain
    where = f"node {k}{f' ({_text(node.name)!r:.60})' if node.name else ''}, {kind:.40}"
    operator = OPERATORS.get((domain, kind))
    if operator is None:
        own = f" of the domain {node.domain!r:.60}" if domain else ""
        hint = did_you_mean(kind, [name for at, name in OPERATORS if at == domain])
        raise Unread(f"{where}: this operator{own} is not part of a multilayer perceptron as it is read here.{hint}")
    inputs: list[Value | None] = []
    for name in node.input:
        if name and name not in known:
            raise Unread(f"{where}: its input {name!r:.60} is given by nothing before it: missing, or a circle.")
        inputs.append(known[name] if name else None)
    attributes = {attribute.name: _attribute(path, attribute) for attribute in node.attribute}
    try:
        with np.errstate(all="ignore"):  # what becomes infinite is refused where it is used
            value = operator(inputs, attributes)
    except Unread as error:
        raise Unread(f"{where}: {error}") from error
    except (TypeError, ValueError, IndexError, KeyError, AttributeError) as error:  # too few inputs, odd attributes
        raise Unread(f"{where}: it is not written as the operator is defined ({str(error)[:100]}).") from error
    for name in node.output:
        if name in known:
            raise Unread(f"{where}: its output {name!r:.60} is there already.")
    if node.output and node.output[0]:  # what others there are, such as the mask of Dropout, nothing here goes on from
        known[node.output[0]] = value


def _text(value: str | bytes) -> str:
    """A text of a protocol buffer, which is bytes where it is not UTF-8."""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _attribute(path: Path, attribute: Any) -> Any:
    """A plain value of an attribute; None for a kind that no operator here takes."""
    kind = attribute.type
    if kind == 4:
        return array_of(path, attribute.t)
    plain = {1: "f", 2: "i", 3: "s", 6: "floats", 7: "ints", 8: "strings"}
    return getattr(attribute, plain[kind]) if kind in plain else None


def _columns(value: Any) -> int | None:
    """How many features an input has; None where the model does not say."""
    shape = value.type.tensor_type.shape.dim
    sizes = [int(dimension.dim_value) for dimension in shape[1:] if dimension.HasField("dim_value")]
    if len(sizes) != len(shape) - 1 or not sizes:
        return None
    if min(sizes) < 0 or (columns := math.prod(sizes)) > MOST_COLUMNS:
        raise Unread(f"its input {_text(value.name)!r:.60} has rows of a shape that none have: {sizes!s:.60}.")
    return columns


def _network(path: Path, result: tuple[Outputs | Sums, Answer | None], size: int) -> Network:
    end = result[0]
    layers = list(end.layers) if isinstance(end, Outputs) else [*end.before, end.closed()]
    arrays = [array for layer in layers for array in (layer.W, layer.b)]
    if sum(array.size for array in arrays) > size:  # a node takes ten bytes, and a matrix may be named by many
        raise Unread("its layers have more parameters than the file has bytes.")
    for i, layer in enumerate(layers, 1):
        for letter, array in (("W", layer.W), ("b", layer.b)):
            if not np.isfinite(array).all():
                raise Unread(f"{letter}{i} holds NaN or infinity, and a model has only finite numbers.")
    columns = layers[0].W.shape[0]
    features = layers[0].features
    if features.columns not in (None, columns, 0):
        raise Unread(f"its input has {features.columns} columns, and the first layer takes {columns}.")
    single = all(array.dtype == np.float32 for array in arrays)
    dense = [Dense(layer.W.shape[1], layer.activation) for layer in layers]
    theta = np.concatenate([array.ravel() for array in arrays])
    dtype = "float32" if single else "float64"
    return Network(dense, columns, dtype=dtype, scaler=_scaler(features, columns), theta=theta)


def _scaler(features: Features, columns: int) -> Standardizer | None:
    """(x - mean)/scale, from x times a factor plus a shift."""
    if features.factor is None:
        return None
    factor, shift = (np.broadcast_to(part, (columns,)).astype(np.float64) for part in (features.factor, features.shift))
    scaler = Standardizer()
    with np.errstate(all="ignore"):
        scaler.scale, scaler.mean = features.scale_of(columns), -shift / factor
    if features.mean is not None:
        scaler.mean = np.broadcast_to(features.mean, (columns,)).astype(np.float64)
    good = np.isfinite(scaler.scale).all() and np.isfinite(scaler.mean).all() and (scaler.scale > 0).all()
    if not good:
        raise Unread("its scaler divides by numbers that are not positive and finite.")
    return scaler


def _name(path: Path, net: Network, model: Any, result: tuple[Outputs | Sums, Answer | None]) -> None:
    """Names of classes and features, where the file has them."""
    labels = result[1].labels if result[1] else None
    counts = {"classes": net.outputs, "binary": 2, "labels": net.outputs, "values": None}
    said = {entry.key: entry.value for entry in model.metadata_props} if model.producer_name == "pellucid" else {}
    try:
        names = {key: json.loads(text) for key, text in said.items() if key in ("labels", "features", "target")}
    except (ValueError, RecursionError) as error:
        raise FileError(f"{path}: the names in its metadata are not JSON.") from error
    labels = names.get("labels", labels)
    net.labels = strict_json.names(path, "labels", labels, counts[net.task])
    net.features = strict_json.names(path, "features", names.get("features"), net.inputs)
    target = names.get("target")
    net.target = target if isinstance(target, str) else None
