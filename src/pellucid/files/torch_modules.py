"""Modules of PyTorch and networks of this library, turned into each other layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pellucid.data.scalers import Pixels, Standardizer
from pellucid.errors import InputError, need
from pellucid.layers import Dense, Dropout, Layer
from pellucid.network import Network

ROWS = 8
TOLERANCE = {"float64": 1e-9, "float32": 1e-4}


def of_sequential(module: Any, output: str | None) -> Network:
    """The network of a Sequential of Linear layers, activations and dropout.

    Raises:
        InputError: another module is in it, or they do not follow each other as layers do.
    """
    nn = need("torch", "peers").nn
    layers: list[Layer] = []
    arrays: list[Any] = []
    waiting = None  # the Linear layer whose activation has not been seen yet
    leaves = list(_leaves(module, nn))
    for i, leaf in enumerate([*leaves, None]):
        name = None if leaf is None else _activation(leaf, nn)
        if waiting is not None and not (isinstance(leaf, nn.Identity) and i + 1 < len(leaves)):
            last = leaf is None or all(isinstance(rest, nn.Identity | nn.Dropout) for rest in leaves[i:])
            layers.append(Dense(waiting.out_features, name or (output if last and output else "identity")))
            waiting = None
            if name:
                continue
        if isinstance(leaf, nn.Linear):
            waiting = leaf
            bias = np.zeros(leaf.out_features) if leaf.bias is None else leaf.bias.detach().cpu().numpy()
            arrays += [leaf.weight.detach().cpu().numpy().T, bias]
        elif isinstance(leaf, nn.Dropout):
            layers.append(Dropout(float(leaf.p)))
        elif leaf is not None and not isinstance(leaf, nn.Identity) and not (isinstance(leaf, nn.Flatten) and i == 0):
            raise InputError(f"from_torch does not understand {leaf} at place {i} of the module.")
    while layers and isinstance(layers[-1], Dropout):
        layers.pop()
    if not arrays:
        raise InputError("The module has no Linear layer.")
    single = all(array.dtype == np.float32 for array in arrays[::2])
    theta = np.concatenate([array.ravel() for array in arrays])
    return Network(layers, arrays[0].shape[0], dtype="float32" if single else "float64", theta=theta)


def _leaves(module: Any, nn: Any) -> Iterator[Any]:
    """The modules that do something, in order."""
    for child in module.children() if isinstance(module, nn.Sequential) else [module]:
        if isinstance(child, nn.Sequential):
            yield from _leaves(child, nn)
        else:
            yield child


def _activation(leaf: Any, nn: Any) -> str | None:
    """The name here of an activation there, where it is the same function."""
    plain = {
        nn.Sigmoid: "sigmoid", nn.Tanh: "tanh", nn.ReLU: "relu", nn.SiLU: "swish", nn.Softmax: "softmax",
        nn.LogSoftmax: "softmax",
    }  # fmt: skip
    if isinstance(leaf, nn.LeakyReLU):
        return "leaky_relu" if leaf.negative_slope == 0.01 else None
    if isinstance(leaf, nn.ELU):
        return "elu" if leaf.alpha == 1 else None
    if isinstance(leaf, nn.Softplus):
        return "softplus" if leaf.beta == 1 else None
    if isinstance(leaf, nn.GELU):
        return "gelu" if leaf.approximate == "tanh" else None
    if getattr(leaf, "forward", None) is need("torch", "peers").exp:
        return "exp"
    return plain.get(type(leaf))


def refuse_other_outputs(module: Any, net: Network) -> None:
    """Ask both for the outputs of a few rows; the module's may also be logits, or logarithms of probabilities.

    Raises:
        InputError: they differ: the module does something that its layers do not show.
    """
    torch = need("torch", "peers")
    X = np.random.default_rng(0).standard_normal((ROWS, net.inputs)).astype(net.dtype)
    training = module.training
    device = next((parameter.device for parameter in module.parameters()), "cpu")
    try:
        with torch.no_grad():
            given = module.eval()(torch.as_tensor(X, device=device)).cpu().numpy()
    except Exception as error:  # whatever a module of somebody's own raises
        raise InputError(f"The module cannot be asked for {ROWS} rows of {net.inputs} numbers: {error}") from error
    finally:
        module.train(training)
    last = net.output
    z = Network([*net.layers[:-1], Dense(last.units)], net.inputs, dtype=net.dtype, theta=net.theta).forward(X)
    a = net.forward(X)
    with np.errstate(divide="ignore"):
        candidates = [a, z, np.log(np.maximum(a, 0))]
    given = given.reshape(len(X), -1) if given.ndim else given
    if not any(given.shape == mine.shape and _close(given, mine, net.dtype.name) for mine in candidates):
        raise InputError(
            f"The module gives {np.array2string(given[:1], precision=4, threshold=8)} where the network gives "
            f"{np.array2string(a[:1], precision=4, threshold=8)}: its forward does something that its layers do not "
            "show, or the activations are others."
        )


def _close(one: Any, other: Any, dtype: str) -> bool:
    scale = max(1.0, float(np.max(np.abs(other), initial=0, where=np.isfinite(other))))
    return bool(np.allclose(one, other, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * scale))


def to_torch(net: Network) -> Any:
    """The network as a torch.nn.Sequential; see `Network.to_torch`."""
    torch = need("torch", "peers")
    modules: list[Any] = []
    first = True
    for layer, arrays in zip(net.layers, net.unpack(net.theta), strict=True):
        if isinstance(layer, Dropout):
            modules.append(torch.nn.Dropout(layer.rate))
            continue
        W, b = _scaled(net, *arrays) if first else arrays
        first = False
        linear = torch.nn.Linear(*W.shape, dtype=torch.float64 if net.dtype == np.float64 else torch.float32)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(np.ascontiguousarray(W.T)))
            linear.bias.copy_(torch.from_numpy(np.array(b)))
        modules.append(linear)
        modules += _modules(layer, torch)
    return torch.nn.Sequential(*modules).eval()


def _scaled(net: Network, W: Any, b: Any) -> tuple[Any, Any]:
    """Parameters of the first layer for features that are not scaled: (x - m)/s W + b = x (W/s) + (b - m/s W)."""
    if net.scaler is None:
        return W, b
    if isinstance(net.scaler, Pixels):
        return W / W.dtype.type(255), b
    if not isinstance(net.scaler, Standardizer) or net.scaler.mean is None or net.scaler.scale is None:
        raise InputError(f"The scaler {net.scaler!r} cannot be folded into the first layer: fit the network first.")
    wide = W.astype(np.float64) / net.scaler.scale[:, None]
    return wide.astype(W.dtype), (b - net.scaler.mean @ wide).astype(b.dtype)


def _modules(layer: Dense, torch: Any) -> list[Any]:
    """The module of an activation; none for the identity."""
    nn = torch.nn
    made: dict[str, Callable[[], Any]] = {
        "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "elu": nn.ELU,
        "swish": nn.SiLU, "softplus": lambda: nn.Softplus(threshold=40), "gelu": lambda: nn.GELU("tanh"),
        "softmax": lambda: nn.Softmax(dim=1), "exp": lambda: _exponential(torch),
    }  # fmt: skip
    from pellucid.activations import ACTIVATIONS

    name = layer.activation.name
    if ACTIVATIONS.get(name) != layer.activation:
        raise InputError(f"The activation {name!r} is your own, and PyTorch has no module for it.")
    return [] if name == "identity" else [made[name]()]


def _exponential(torch: Any) -> Any:
    module = torch.nn.Module()
    module.forward = torch.exp  # there is no module of that name
    return module
