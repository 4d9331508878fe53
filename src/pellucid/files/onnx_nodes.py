"""What ONNX operators make of the parts of a multilayer perceptron: the vocabulary of the import.

Source: ONNX operator specification, https://onnx.ai/onnx/operators/; what PyTorch, skl2onnx and tf2onnx write.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.files.onnx_parts import (
    Answer,
    Array,
    Attributes,
    Constant,
    Features,
    Layer,
    Limited,
    Operator,
    Outputs,
    Sums,
    Unread,
    Value,
)

MOST_STEPS = 8


def _numbers(value: Value | None, what: str) -> Array:
    if not isinstance(value, Constant) or value.array.dtype.kind not in "fiu" or value.array.size == 0:
        raise Unread(f"{what} must be numbers that stand in the file.")
    return value.array


def _affine(value: Value | None, W: Array, b: Array | None) -> Sums:
    """The weighted sums of whatever a layer may take."""
    if W.ndim != 2 or W.dtype.kind != "f":
        raise Unread(f"its weights have shape {W.shape} and dtype {W.dtype}; a matrix of floats is expected.")
    before: tuple[Layer, ...] = ()
    if isinstance(value, Features):
        features = value
        if not value.flat:
            raise Unread("its input has more than two dimensions, and nothing has flattened it.")
    elif isinstance(value, Sums):
        before, features = (*value.before, value.closed()), value.features
    elif isinstance(value, Outputs):
        before, features = value.layers, value.of.features
    else:
        raise Unread("its first input must be the features or the outputs of a layer.")
    if before and before[-1].W.shape[1] != W.shape[0]:
        raise Unread(f"the layer before gives {before[-1].W.shape[1]} numbers, and this takes {W.shape[0]}.")
    return Sums(before, W, b, features)


def _bias(array: Array, W: Array) -> Array:
    array = array.astype(W.dtype, copy=False)
    if array.size == 1 and array.ndim <= 2:
        return np.broadcast_to(array.reshape(()), (W.shape[1],))
    if array.shape not in ((W.shape[1],), (1, W.shape[1])):
        raise Unread(f"its bias has shape {array.shape}, and ({W.shape[1]},) is expected.")
    return array.reshape(-1)


def gemm(inputs: list[Value | None], attributes: Attributes) -> Value:
    """alpha A B + beta C, of which B may be turned."""
    if attributes.get("transA", 0):
        raise Unread("it turns its first input, whose rows are samples.")
    if attributes.get("alpha", 1.0) != 1 or attributes.get("beta", 1.0) != 1:
        raise Unread("its alpha and beta must be 1, as they are where nobody chose them.")
    W = _numbers(inputs[1], "its second input, the weights,")
    W = W.T if attributes.get("transB", 0) else W
    biased = len(inputs) > 2 and inputs[2] is not None
    if W.ndim != 2:
        raise Unread(f"its weights have shape {W.shape}, and a matrix is expected.")
    return _affine(inputs[0], W, _bias(_numbers(inputs[2], "its third input, the bias,"), W) if biased else None)


def matmul(inputs: list[Value | None], attributes: Attributes) -> Value:
    return _affine(inputs[0], _numbers(inputs[1], "its second input, the weights,"), None)


def add(inputs: list[Value | None], attributes: Attributes) -> Value:
    value, other = _constant_last(inputs)
    number = _numbers(other, "one of its inputs")
    if isinstance(value, Features):
        return _shifted(value, number)
    if isinstance(value, Sums) and value.b is None:
        return replace(value, b=_bias(number, value.W))
    raise Unread("it adds to something that has its bias already.")


def sub(inputs: list[Value | None], attributes: Attributes) -> Value:
    if isinstance(inputs[0], Constant):
        if np.all(inputs[0].array == 1) and isinstance(inputs[1], Outputs) and inputs[1].activation == "sigmoid":
            return Answer(inputs[1])  # 1 - p, the probability of the first of two classes
        raise Unread("it subtracts from a constant what is no probability of two classes.")
    number = _numbers(inputs[1], "its second input")
    if isinstance(inputs[0], Features):
        return replace(_shifted(inputs[0], -number), mean=_row(number) if inputs[0].factor is None else None)
    raise Unread("it subtracts from something else than features.")


def mul(inputs: list[Value | None], attributes: Attributes) -> Value:
    for one, other in (inputs, inputs[::-1]):
        if isinstance(one, Sums) and isinstance(other, Outputs) and other.of is one and other.activation == "sigmoid":
            return _outputs(one, "swish")
    value, other = _constant_last(inputs)
    number = _numbers(other, "one of its inputs")
    if isinstance(value, Features):
        return _stretched(value, number)
    raise Unread("it multiplies what is neither features nor the two halves of swish.")


def div(inputs: list[Value | None], attributes: Attributes) -> Value:
    number = _numbers(inputs[1], "its second input").astype(np.float64)
    if not isinstance(inputs[0], Features) or not np.all(number):
        raise Unread("it divides by zero, or divides something else than features.")
    known = inputs[0].mean is not None or inputs[0].factor is None
    scale = _row(number) if known and inputs[0].scale is None else None
    return replace(_stretched(inputs[0], 1 / number), mean=inputs[0].mean, scale=scale)


def _constant_last(inputs: list[Value | None]) -> tuple[Value | None, Value | None]:
    first, second = inputs
    return (second, first) if isinstance(first, Constant) else (first, second)


def _row(number: Array) -> Array:
    row = np.asarray(number, dtype=np.float64)
    if row.ndim > 2 or (row.ndim == 2 and row.shape[0] != 1):
        raise Unread(f"numbers of shape {row.shape} are not one for each column.")
    return row.ravel() if row.size > 1 else row.reshape(())


def _fits(features: Features, row: Array) -> None:
    if features.steps >= MOST_STEPS:
        raise Unread(f"features are scaled in more than {MOST_STEPS} steps.")
    width = features.columns
    for known in (features.factor, features.shift):
        width = known.size if known is not None and known.size > 1 else width
    if row.size not in (1, width) and width is not None:
        raise Unread(f"{row.size} numbers for {width} columns.")


def _shifted(features: Features, number: Array) -> Features:
    row = _row(number)
    _fits(features, row)
    factor = np.ones(()) if features.factor is None else features.factor
    shift = row if features.shift is None else features.shift + row
    return Features(features.columns, features.flat, factor, shift, steps=features.steps + 1)


def _stretched(features: Features, number: Array) -> Features:
    row = _row(number)
    _fits(features, row)
    factor = row if features.factor is None else features.factor * row
    shift = np.zeros(()) if features.shift is None else features.shift * row
    return Features(features.columns, features.flat, factor, shift, steps=features.steps + 1)


def scaler(inputs: list[Value | None], attributes: Attributes) -> Value:
    """Of the domain ai.onnx.ml: (x - offset) scale."""
    if not isinstance(inputs[0], Features) or inputs[0].factor is not None:
        raise Unread("it scales something else than features.")
    offset = _row(np.array(attributes.get("offset", [0.0])))
    centred = replace(_shifted(inputs[0], -offset), mean=offset)
    return replace(_stretched(centred, np.array(attributes.get("scale", [1.0]))), mean=offset)


def _outputs(sums: Sums, activation: str) -> Outputs:
    return Outputs((*sums.before, sums.closed(activation)), sums)


def activation(name: str, **expected: Any) -> Operator:
    """An operator that is an activation here, if its attributes have the values that it has here."""

    def operator(inputs: list[Value | None], attributes: Attributes) -> Value:
        for key, (wanted, usual) in expected.items():
            value = attributes.get(key, usual)
            value = value.decode("ascii", "replace") if isinstance(value, bytes) else value
            single = [float(np.float32(one)) for one in wanted] if isinstance(value, float) else []
            if value not in wanted and value not in single:
                raise Unread(f"its {key} is {value!r:.40}, and {name} here has {wanted[0]!r}.")
        value = inputs[0]
        if isinstance(value, Limited) and name == "exp":
            return _outputs(value.of, name)
        if not isinstance(value, Sums):
            raise Unread("it is applied to something else than the weighted sums of a layer.")
        return _outputs(value, name)

    return operator


def minimum(inputs: list[Value | None], attributes: Attributes) -> Value:
    value, other = _constant_last(inputs)
    if not isinstance(value, Sums) or not np.all(_numbers(other, "its second input") >= 70):
        raise Unread("it limits something else than the exponent of exp.")
    return Limited(value)


def dropout(inputs: list[Value | None], attributes: Attributes) -> Value:
    """Nothing where a network answers; in training, which a third input may ask for, it leaves numbers out."""
    training = inputs[2] if len(inputs) > 2 else None
    if training is not None and not (isinstance(training, Constant) and not training.array.any()):
        raise Unread("it drops units when the model answers, and not in training alone.")
    return unchanged(inputs, attributes)


def unchanged(inputs: list[Value | None], attributes: Attributes) -> Value:
    """What does nothing to the numbers of a row."""
    if inputs[0] is None:
        raise Unread("it has no input.")
    return inputs[0]


def cast(inputs: list[Value | None], attributes: Attributes) -> Value:
    """Nothing to numbers, where it is to another kind of float; of an answer, anything."""
    value = inputs[0]
    if value is None or (not isinstance(value, Answer) and attributes.get("to") not in (1, 11)):
        raise Unread("it rounds numbers, and no layer does.")
    return value


def shaped(inputs: list[Value | None], attributes: Attributes) -> Value:
    """Rows made flat, and nothing else."""
    value = inputs[0]
    if isinstance(value, Answer):
        return value
    if isinstance(value, Constant):
        return _reshaped(value, inputs, attributes)
    if attributes.get("axis", 1) != 1 or not isinstance(value, Features | Sums | Outputs):
        raise Unread("it changes the shape of more than a row.")
    width = value.columns if isinstance(value, Features) else _units(value)
    if len(inputs) > 1:
        shape = _numbers(inputs[1], "the shape").ravel().tolist()
        if len(shape) != 2 or shape[0] not in (0, -1) or (shape[1] != -1 and width not in (None, shape[1])):
            raise Unread(f"it makes rows of shape {shape}, and they have {width} numbers.")
        width = width if shape[1] == -1 else shape[1]
        if shape == [-1, -1] or (shape[0] == -1 and width is None):
            raise Unread("it does not say what a row is.")
    return replace(value, columns=width, flat=True) if isinstance(value, Features) else value


def _reshaped(value: Constant, inputs: list[Value | None], attributes: Attributes) -> Constant:
    """Numbers of the file in another shape, a 0 in which is the size that there was."""
    before = value.array.shape
    if len(inputs) < 2:  # Flatten
        at = range(len(before) + 1)[attributes.get("axis", 1)] if before else 0
        return Constant(value.array.reshape(int(np.prod(before[:at])), -1))
    shape = [int(n) for n in _numbers(inputs[1], "the shape").ravel()]
    return Constant(value.array.reshape([n or before[k] for k, n in enumerate(shape)]))


def _units(value: Sums | Outputs) -> int:
    return (value.W if isinstance(value, Sums) else value.layers[-1].W).shape[1]


def best(inputs: list[Value | None], attributes: Attributes) -> Value:
    """The index of the largest output of a row."""
    axis = attributes.get("axis", 0)
    if axis not in (-1, 1):
        raise Unread(f"its axis is {axis}, and a row's answer is found along axis 1.")
    return answered(inputs, attributes)


def squeezed(inputs: list[Value | None], attributes: Attributes) -> Value:
    """A column as the numbers in it."""
    axes = list(attributes.get("axes", ()))
    if len(inputs) > 1 and inputs[1] is not None:
        axes = _numbers(inputs[1], "its axes").ravel().tolist()
    if axes not in ([], [1], [-1]):
        raise Unread(f"its axes are {axes}, and a row's answer is found along axis 1.")
    return answered(inputs[:1], {})


def looked_up(inputs: list[Value | None], attributes: Attributes) -> Value:
    """Labels by their index: those stand in the file, and it is the answer."""
    if not isinstance(inputs[0], Constant) or not isinstance(inputs[1], Answer):
        raise Unread("it picks something else than labels that stand in the file, by the index of the best.")
    if inputs[0].array.ndim == 1 and attributes.get("axis", 0) not in (0, -1):
        raise Unread(f"its axis is {attributes['axis']}, and the labels have one.")
    return answered(inputs, attributes)


def answered(inputs: list[Value | None], attributes: Attributes) -> Value:
    """Labels, and tables of probabilities, from outputs: not part of the network any more."""
    of = next((value for value in inputs if isinstance(value, Outputs | Sums | Answer)), None)
    if of is None:
        raise Unread("it is applied to something else than the outputs of the last layer.")
    names = next((v.array for v in inputs if isinstance(v, Constant) and v.array.ndim == 1 and v.array.size > 1), None)
    known = of.labels if isinstance(of, Answer) else None
    if names is not None and names.dtype.kind in "Oiu":
        known = [str(name) for name in names.tolist()]
    return Answer(of.of if isinstance(of, Answer) else of, known)


def above_half(inputs: list[Value | None], attributes: Attributes) -> Value:
    """Yes or no, where the probability decides as it does here."""
    limit = attributes.get("threshold") if len(inputs) < 2 else float(_numbers(inputs[1], "its limit").ravel()[0])
    if limit != 0.5 or not isinstance(inputs[0], Outputs | Answer):
        raise Unread(f"its limit is {limit}; yes or no is decided at a probability of 0.5 here.")
    if isinstance(inputs[0], Outputs) and inputs[0].activation != "sigmoid":
        raise Unread("it is applied to something else than probabilities of yes.")
    return answered(inputs[:1], {})


def joined(inputs: list[Value | None], attributes: Attributes) -> Value:
    """The probabilities of two classes, side by side: 1 - p and p."""
    if len(inputs) != 2 or not isinstance(inputs[0], Answer) or inputs[0].of is not inputs[1]:
        raise Unread("it joins something else than the probabilities of two classes.")
    if (axis := attributes.get("axis")) not in (1, -1):
        raise Unread(f"its axis is {axis}, and the probabilities of a row stand along axis 1.")
    return Answer(inputs[0].of)


def constant(inputs: list[Value | None], attributes: Attributes) -> Value:
    for key in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        if key in attributes:
            kind = np.float32 if "float" in key else np.int64
            value = attributes[key]
            return Constant(value if isinstance(value, np.ndarray) else np.array(value, dtype=kind))
    raise Unread("it holds no numbers.")


OPERATORS: dict[tuple[str, str], Operator] = {
    ("", "Gemm"): gemm,
    ("", "MatMul"): matmul,
    ("", "Add"): add,
    ("", "Sub"): sub,
    ("", "Mul"): mul,
    ("", "Div"): div,
    ("", "Constant"): constant,
    ("", "Sigmoid"): activation("sigmoid"),
    ("", "Tanh"): activation("tanh"),
    ("", "Relu"): activation("relu"),
    ("", "LeakyRelu"): activation("leaky_relu", alpha=((0.01,), 0.01)),
    ("", "Elu"): activation("elu", alpha=((1.0,), 1.0)),
    ("", "Softplus"): activation("softplus"),
    ("", "Gelu"): activation("gelu", approximate=(("tanh",), "none")),
    ("", "Swish"): activation("swish", alpha=((1.0,), 1.0)),
    ("", "Exp"): activation("exp"),
    ("", "Softmax"): activation("softmax", axis=((-1, 1), -1)),
    ("", "LogSoftmax"): activation("softmax", axis=((-1, 1), -1)),
    ("", "Min"): minimum,
    ("", "Identity"): unchanged,
    ("", "Dropout"): dropout,
    ("", "Cast"): cast,
    ("", "Flatten"): shaped,
    ("", "Reshape"): shaped,
    ("", "Squeeze"): squeezed,
    ("", "ArgMax"): best,
    ("", "Gather"): looked_up,
    ("", "GreaterOrEqual"): above_half,
    ("", "Greater"): above_half,
    ("", "Concat"): joined,
    ("ai.onnx.ml", "Scaler"): scaler,
    ("ai.onnx.ml", "ArrayFeatureExtractor"): looked_up,
    ("ai.onnx.ml", "ZipMap"): answered,
    ("ai.onnx.ml", "Binarizer"): above_half,
}
