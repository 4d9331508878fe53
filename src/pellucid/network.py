"""Network: layers, and one flat parameter vector with a named view of it for each weight matrix and bias."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from copy import deepcopy
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from pellucid import inputs as check
from pellucid.activations import Activation
from pellucid.errors import InputError
from pellucid.layers import Dense, Dropout, Layer, Parameters
from pellucid.losses import LOSSES, MAKERS, Loss, default_loss
from pellucid.records import resolve
from pellucid.settings import takes_settings
from pellucid.targets import Task, encode, task_of

if TYPE_CHECKING:
    import os

    from pellucid.explain.summary import Summary
    from pellucid.explain.trace import Trace
    from pellucid.history import Epoch, History

Array = npt.NDArray[Any]


class Scaler(Protocol):
    """What a network asks of a scaler; `pellucid.data` has Standardizer and Pixels."""

    @property
    def fitted(self) -> bool: ...
    def fit(self, X: Array) -> Any: ...
    def transform(self, X: Array, dtype: Any = ...) -> Array: ...


class Params(MutableMapping[str, Array]):
    """Named views into a flat vector: changing one changes the network; assigning copies into the view."""

    def __init__(self, views: dict[str, Array]) -> None:
        self._views = views

    def __getitem__(self, name: str) -> Array:
        if name not in self._views:
            raise KeyError(f"There is no parameter {name!r}; this network has {', '.join(self._views)}.")
        return self._views[name]

    def __setitem__(self, name: str, value: Any) -> None:
        view, array = self[name], np.asarray(value)
        if array.shape != view.shape:
            raise InputError(f"{name} has shape {view.shape}; it cannot take values of shape {array.shape}.")
        view[...] = array

    def __delitem__(self, name: str) -> None:
        raise InputError(f"{name} is part of the network and cannot be deleted; build another Network instead.")

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    def __repr__(self) -> str:
        return "Params(" + ", ".join(f"{name} {view.shape}" for name, view in self._views.items()) + ")"


class Network:
    """A stack of layers, ending in a Dense one whose activation decides what the network answers.

    softmax tells K classes apart, sigmoid answers yes or no, everything else predicts values.

    Args:
        layers: Dense and Dropout records, in order; the last one Dense.
        inputs: how many features a row has.
        seed: decides the initial weights.
        loss: a name or a `Loss`; by default what belongs to the output (softmax: cross_entropy, sigmoid:
            binary_cross_entropy, exp: poisson, else squared_error).
        dtype: "float64" or "float32".
        scaler: applied to X by every method; fitted by `fit` if it is not fitted yet. A copy is kept.
        theta: all parameters, (size,), where they are known already: then none are drawn. An array of the network's
            dtype is taken as it is, not copied.

    Attributes:
        theta: all parameters in one contiguous vector.
        params: views into it: params["W1"] (fan_in, units), params["b1"] (units,), numbered by Dense layers.
        labels: names of the classes, if they have any (data read from a file); features and target likewise.
        last_update: what the last training step added to theta, (size,); None before any.

    Raises:
        InputError: layers, inputs, loss or dtype that do not fit together.

    Example:
        >>> net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
        >>> net
        Network(2 -> Dense 3 tanh -> Dense 2 softmax, loss cross_entropy, 17 parameters, float64)
        >>> net.forward([[0.0, 0.0]])
        array([[0.5, 0.5]])
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        inputs: int,
        seed: int = 0,
        loss: str | Loss | None = None,
        dtype: npt.DTypeLike = "float64",
        scaler: Scaler | None = None,
        theta: Any = None,
    ) -> None:
        self.layers = _checked_layers(layers)
        self.inputs: int = check.whole(inputs, "inputs", 1)
        self.seed: int = check.whole(seed, "seed", 0)
        self.dtype = _checked_dtype(dtype)
        output = self.output.activation
        self.loss_function = default_loss(output) if loss is None else resolve("loss", loss, LOSSES, Loss, MAKERS)
        _check_pair(output, self.loss_function)
        self.scaler = _own_copy(scaler)
        self.labels: tuple[str, ...] | None = None
        self.features: tuple[str, ...] | None = None
        self.target: str | None = None
        self.last_update: Array | None = None
        self._places = _places(self._shapes())
        self._theta = self._drawn() if theta is None else self._taken(theta)
        self._views = self._viewed(self._theta)
        self.params = Params(self.named(self._theta))

    def _shapes(self) -> list[list[tuple[int, ...]]]:
        """Of the parameters of each layer."""
        shapes: list[list[tuple[int, ...]]] = []
        width = self.inputs
        for layer in self.layers:
            shapes.append([(width, layer.units), (layer.units,)] if isinstance(layer, Dense) else [])
            width = layer.units if isinstance(layer, Dense) else width
        return shapes

    def _drawn(self) -> Array:
        """Initial parameters, (size,), from the seed."""
        rng = np.random.default_rng(self.seed)
        dense = [layer for layer in self.layers if isinstance(layer, Dense)]
        widths = [self.inputs, *(layer.units for layer in dense)]
        drawn = [array for layer, width in zip(dense, widths, strict=False) for array in layer.draw(rng, width)]
        return np.concatenate([array.ravel() for array in drawn]).astype(self.dtype)

    def _taken(self, theta: Any) -> Array:
        """Parameters that are given, (size,), in a vector that can be changed."""
        size = sum(math.prod(shape) for shapes in self._shapes() for shape in shapes)
        array = np.require(theta, self.dtype, ["C", "W"])
        if array.shape != (size,):
            raise InputError(f"theta has shape {array.shape}; this network has {size} parameters, ({size},).")
        return array

    @property
    def output(self) -> Dense:
        """The last layer."""
        last = self.layers[-1]
        assert isinstance(last, Dense)
        return last

    @property
    def outputs(self) -> int:
        """How many numbers the network gives for a row."""
        return self.output.units

    @property
    def task(self) -> Task:
        """What the network answers: "classes", "binary", "labels" (several yes or no) or "values"."""
        return task_of(self.output.activation.name, self.outputs)

    @property
    def theta(self) -> Array:
        """All parameters, (size,): W1 row by row, b1, W2, b2, ... Assigning copies into it."""
        return self._theta

    @theta.setter
    def theta(self, values: Any) -> None:
        array = np.asarray(values)
        if array.shape != self._theta.shape:
            raise InputError(f"theta has shape {self._theta.shape}; it cannot take values of shape {array.shape}.")
        self._theta[...] = array

    def unpack(self, theta: Array) -> list[Parameters]:
        """Views of a vector like `theta` as the parameters of each layer: (W, b) for Dense, () for Dropout."""
        return self._views if theta is self._theta else self._viewed(theta)

    def _viewed(self, theta: Array) -> list[Parameters]:
        return [tuple(theta[place].reshape(shape) for place, shape in places) for places in self._places]

    def named(self, theta: Array) -> dict[str, Array]:
        """Views of a vector like `theta` by name: {"W1": (fan_in, units), "b1": (units,), ...}."""
        dense = [arrays for arrays in self.unpack(theta) if arrays]
        return {f"{letter}{i}": array for i, (W, b) in enumerate(dense, 1) for letter, array in (("W", W), ("b", b))}

    @cached_property
    def weight_mask(self) -> Array:
        """1 where theta holds a weight, 0 where it holds a bias: (size,), in the network's dtype."""
        mask = np.zeros_like(self._theta)
        for name, view in self.named(mask).items():
            view[...] = name.startswith("W")
        return mask

    def drawn_anew(self) -> Network:
        """Another network as this one was when it was built: its seed draws the weights once more; no scaler."""
        return Network(self.layers, self.inputs, self.seed, self.loss_function, self.dtype)

    def encode(self, y: Any, n: int, what: str = "y") -> Array:
        """Targets of n rows as the matrix (n, outputs) that the loss compares with; InputError if they do not fit."""
        return encode(y, self.task, self.outputs, n, self.loss_function.name, self.dtype, what)

    def forward(self, X: Any) -> Array:
        """Outputs of the last layer, (n, outputs), for features X (n, inputs).

        Raises:
            InputError: X does not fit the network.
        """
        from pellucid.engines import readable

        return readable.outputs(self, self._theta, readable.inputs_of(self, X))

    def predict(self, X: Any, threshold: float = 0.5) -> Array:
        """What the network answers for features X (n, inputs).

        Returns:
            softmax: class indices (n,); sigmoid: 1 where the output is at least `threshold`, else 0; otherwise the
            outputs. (n,) for a network of one output, (n, outputs) for several.

        Raises:
            InputError: X does not fit the network.
        """
        a = self.forward(X)
        if self.task == "classes":
            return a.argmax(axis=1)
        answers = a if self.task == "values" else (a >= threshold).astype(np.int64)
        return answers[:, 0] if self.outputs == 1 else answers

    def loss(self, X: Any, y: Any, l2: float = 0.0, l1: float = 0.0, sample_weight: Any = None) -> float:
        """The (weighted) mean loss over the rows of X, plus l2/2 sum W^2 + l1 sum |W|; dropout off.

        Raises:
            InputError: X, y or the weights do not fit the network, or a penalty is negative.
        """
        from pellucid.engines import readable

        l2, l1 = check.number(l2, "l2", 0), check.number(l1, "l1", 0)
        return float(readable.loss(self, self._theta, *readable.problem(self, X, y, sample_weight), l2, l1)[0])

    def gradients(
        self, X: Any, y: Any, l2: float = 0.0, l1: float = 0.0, sample_weight: Any = None
    ) -> dict[str, Array]:
        """The gradient of exactly `loss` with these arguments, by name: {"W1": (fan_in, units), ...}.

        Raises:
            InputError: X, y or the weights do not fit the network, or a penalty is negative.
        """
        from pellucid.engines import readable

        l2, l1 = check.number(l2, "l2", 0), check.number(l1, "l1", 0)
        problem = readable.problem(self, X, y, sample_weight)
        return self.named(readable.loss_and_gradient(self, self._theta, *problem, l2, l1)[2])

    def accuracy(self, X: Any, y: Any) -> float:
        """The share of rows of X that are predicted rightly (with several sigmoid outputs: in every one of them).

        Raises:
            InputError: X or y do not fit, or the network predicts values.
        """
        from pellucid.engines import readable

        if self.task == "values":
            raise InputError(
                f"accuracy is for classes; this network ends in {self.output} and predicts values. "
                "Use net.loss(X, y), or pellucid.metrics.r2(y, net.predict(X))."
            )
        return readable.accuracy(self, self._theta, *readable.problem(self, X, y, None))

    @takes_settings
    def fit(
        self,
        X: Any,
        y: Any,
        *,
        progress: bool | None = None,
        on_epoch: Callable[[Epoch], Any] | None = None,
        **settings: Any,
    ) -> History:
        """Train on X (n, inputs) and y; see `pellucid.fit` and `pellucid.Settings` for what everything means."""
        from pellucid.training import fit

        return fit(self, X, y, progress=progress, on_epoch=on_epoch, **settings)

    def equations(self, format: str = "text", **settings: Any) -> str:
        """Forward pass, loss, backward pass and update as numbered equations, with the shape of every quantity.

        They are read from the functions that run: an activation, a loss or an optimizer of your own explains itself,
        and where one cannot be read, a line says why.

        Args:
            format: "text" for a terminal of 100 columns, "latex" for a document with amsmath, or "html" with MathML.
            settings: optimizer, l2, l1 and clip_norm as in `fit`; sample_weight=True for rows that have weights.

        Returns:
            The page, as text in that format.

        Raises:
            InputError: an unknown format, or a setting out of its range.

        Example:
            >>> net = Network([Dense(3, "tanh"), Dense(1)], inputs=2)
            >>> print(net.equations().split("\\n\\n")[2])
            Forward pass
             (1)      z1 = X W1 + b1                      (n, 3)
             (2)      a1 = tanh(z1)                       (n, 3)
             (3)      z2 = a1 W2 + b2                     (n, 1)
             (4)      a2 = z2                             (n, 1)
        """
        from pellucid.explain.equations import equations

        return equations(self, format, **settings)

    def script(self, X: Any = None, y: Any = None, **settings: Any) -> str:
        """The from-scratch program that imports NumPy alone, trains this network as `fit` would, and prints its losses.

        Args:
            X, y: features (n, inputs) and targets, put into the program; without them it loads a file data.npz.
            settings: those of `fit`, and of `pellucid.explain.script`: csv and target to read a file instead of X and
                y, weights="auto", "included" or "redrawn", and path, where to write the program.

        Returns:
            The text of the program.

        Raises:
            InputError: data or settings that `fit` would refuse, a formula whose source cannot be read, or too much
                data for a program.
            FileError: the CSV file cannot be read, or the program cannot be written to its path.

        Example:
            >>> net = Network([Dense(1, "sigmoid")], inputs=1)
            >>> exec(net.script([[-1.0], [1.0]], [0, 1], epochs=1))
            epoch 0  loss 0.6322567809053807
        """
        from pellucid.explain.script import script

        return script(self, X, y, **settings)

    @takes_settings
    def trace(self, X: Any, y: Any, row: int | None = None, **settings: Any) -> Trace:
        """One training step with every intermediate, the first of `fit` with the same settings; nothing changes.

        Args:
            X, y: features (n, inputs) and targets, as for `fit`.
            row: a row of X, from 0, that is written out all the way, each weighted sum with its numbers.
            settings: those of `fit`.

        Returns:
            A Trace: print it, or ask for a quantity: trace["z1"].value, trace["dW1"].finite, trace.theta.

        Raises:
            InputError: data or settings that do not fit, or a row that the step does not use.

        Example:
            >>> net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
            >>> step = net.trace([[0.5, -1.0], [2.0, 0.0]], [0, 1], row=1)
            >>> step["delta2"].formula, step["delta2"].shape
            ('δ2 = (p - y)/n', (2, 2))
        """
        from pellucid.explain.trace import trace

        return trace(self, X, y, row, **settings)

    def summary(self) -> Summary:
        """Layers with shapes, parameter counts and sizes; see `pellucid.explain.summary`."""
        from pellucid.explain.summary import summary

        return summary(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write architecture, parameters, scaler and labels to a file; see `pellucid.files.save`."""
        from pellucid.files import save

        save(self, path)

    @staticmethod
    def from_sklearn(estimator: Any) -> Network:
        """The network of a fitted MLPClassifier or MLPRegressor, or of a pipeline of a scaler and one.

        Those of `pellucid.estimators` are taken as well as scikit-learn's; of a pipeline the scaler comes along.

        Args:
            estimator: binary, of several classes, of several labels or of values, with one output or several.

        Returns:
            A network with the same parameters, to the bit, with the classes' names as `labels` and the features' as
            `features`; its `predict` gives class indices.

        Raises:
            InputError: another estimator, one that is not fitted, or a step that is no scaler.
            MissingExtra: scikit-learn is not installed.

        Example:
            >>> from sklearn.neural_network import MLPRegressor
            >>> mlp = MLPRegressor(hidden_layer_sizes=(2,), solver="lbfgs", random_state=0)
            >>> mlp = mlp.fit([[0.0], [1.0]], [0.0, 1.0])
            >>> Network.from_sklearn(mlp)
            Network(1 -> Dense 2 relu -> Dense 1 identity, loss squared_error, 7 parameters, float64)
        """
        from pellucid.files.scikit_learn import from_sklearn

        return from_sklearn(estimator)

    @staticmethod
    def from_torch(
        module: Any, activations: Sequence[str | Activation] | None = None, output: str | None = None
    ) -> Network:
        """The network of a PyTorch module that is made of Linear layers.

        A torch.nn.Sequential says its activations itself; of another module they are told. Either way both are asked
        for the outputs of a few rows, and a module that does something else is refused.

        Args:
            module: the module, on any device.
            activations: of each Linear layer, such as ("relu", "softmax"), where the module is no Sequential.
            output: the activation of the last layer, where PyTorch's loss contains it: "softmax" for CrossEntropyLoss,
                "sigmoid" for BCEWithLogitsLoss.

        Raises:
            InputError: a layer that is not understood, activations that are missing or wrong.
            MissingExtra: torch is not installed.

        Example:
            >>> net = Network([Dense(3, "tanh"), Dense(1)], inputs=2)
            >>> Network.from_torch(net.to_torch())  # doctest: +SKIP
            Network(2 -> Dense 3 tanh -> Dense 1 identity, loss squared_error, 13 parameters, float64)
        """
        from pellucid.files.pytorch import from_torch

        return from_torch(module, activations, output)

    def to_torch(self) -> Any:
        """The network as a torch.nn.Sequential, in its dtype and in evaluation mode; a scaler goes into layer 1.

        Raises:
            InputError: an activation of one's own, or a scaler that is not fitted.
            MissingExtra: torch is not installed.

        Example:
            >>> net = Network([Dense(3, "tanh"), Dense(1)], inputs=2)
            >>> net.to_torch()  # doctest: +SKIP
            Sequential(
              (0): Linear(in_features=2, out_features=3, bias=True)
              (1): Tanh()
              (2): Linear(in_features=3, out_features=1, bias=True)
            )
        """
        from pellucid.files.torch_modules import to_torch

        return to_torch(self)

    def __repr__(self) -> str:
        chain = " -> ".join([str(self.inputs), *(str(layer) for layer in self.layers)])
        return f"Network({chain}, loss {self.loss_function.name}, {self._theta.size} parameters, {self.dtype})"

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("params", "_views")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Copied and pickled views would be arrays of their own: they are made again from the vector.
        self.__dict__.update(state)
        self._views = self._viewed(self._theta)
        self.params = Params(self.named(self._theta))


def _places(shapes: list[list[tuple[int, ...]]]) -> list[list[tuple[slice, tuple[int, ...]]]]:
    """Where in the flat vector each array of each layer stands."""
    ends = np.cumsum([0] + [math.prod(shape) for of_layer in shapes for shape in of_layer]).tolist()
    slices = iter([slice(begin, end) for begin, end in pairwise(ends)])
    return [[(next(slices), shape) for shape in of_layer] for of_layer in shapes]


def _checked_layers(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    if isinstance(layers, Dense | Dropout):
        layers = [layers]
    try:
        layers = tuple(layers)
    except TypeError as error:
        raise InputError(f"layers must be a list such as [Dense(3, 'tanh'), Dense(1)]; this is {layers!r}.") from error
    for layer in layers:
        if not isinstance(layer, Dense | Dropout):
            raise InputError(f"Layers are Dense(...) and Dropout(...) records; this is {layer!r}.")
    if not layers or not isinstance(layers[-1], Dense):
        raise InputError("The last layer must be a Dense one: its units are the outputs of the network.")
    for layer in layers[:-1]:
        if isinstance(layer, Dense) and layer.activation.output_only:
            raise InputError(
                f"{layer.activation.name} belongs in the last layer alone; this network has it in a hidden one."
            )
    if layers[-1].units == 1 and layers[-1].activation.name == "softmax":
        raise InputError(
            "softmax over one unit is always 1. For two classes write Dense(1, 'sigmoid') or Dense(2, 'softmax')."
        )
    return layers


def _checked_dtype(dtype: npt.DTypeLike) -> np.dtype[Any]:
    try:
        checked = np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError) as error:  # NumPy reads a text as a little language
        raise InputError(f"dtype must be 'float64' or 'float32'; this is {dtype!r}.") from error
    if checked not in (np.dtype("float64"), np.dtype("float32")):
        raise InputError(f"dtype must be 'float64' or 'float32'; this is {checked.name!r}.")
    return checked


def _check_pair(output: Activation, loss: Loss) -> None:
    if loss.output is not None and loss.output != output.name:
        raise InputError(
            f"The loss {loss.name} is defined for {loss.output} outputs; the last layer here is {output.name}. "
            f"End the network with {loss.output!r}, or use the loss {default_loss(output).name!r}."
        )


def _own_copy(scaler: Scaler | None) -> Scaler | None:
    if isinstance(scaler, type):
        raise InputError(f"scaler must be an object, not a class: write {scaler.__name__}() with parentheses.")
    if scaler is not None and not (hasattr(scaler, "transform") and hasattr(scaler, "fitted")):
        raise InputError(
            f"scaler must be Standardizer() or Pixels() of pellucid.data, or None; this is {scaler!r}. One of another "
            "library is used by hand: transform X before fit and before predict."
        )
    return deepcopy(scaler)
