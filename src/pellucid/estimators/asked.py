"""What an estimator's parameters ask for: checked, and names turned into records, when it is fitted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import engines
from pellucid import inputs as check
from pellucid.activations import ACTIVATIONS, SIGMOID, Activation
from pellucid.errors import InputError, did_you_mean
from pellucid.estimators.rules import Adaptive, InverseScaling, RateAdam, VelocitySGD
from pellucid.layers import Dense, Dropout, Layer
from pellucid.optimizers import OPTIMIZERS, Optimizer
from pellucid.records import resolve
from pellucid.schedules import SCHEDULES, Constant, Schedule

# scikit-learn calls the sigmoid logistic; both names are understood.
HIDDEN = {"logistic": SIGMOID} | {name: record for name, record in ACTIVATIONS.items() if not record.output_only}
SOLVERS = ("lbfgs", "sgd", "adam", *(name for name in OPTIMIZERS if name not in ("sgd", "adam")))
RATES = ("constant", "invscaling", "adaptive", *(name for name in SCHEDULES if name != "constant"))
FLAGS = ("shuffle", "warm_start", "nesterovs_momentum", "early_stopping")


@dataclass(frozen=True)
class Asked:
    """The parameters of a fit.

    Attributes:
        layers: those before the last one: Dense, and Dropout where something is dropped.
        optimizer: the record whose steps are taken; None for L-BFGS.
        rates: "constant", "invscaling" or "adaptive", or another schedule of this library.
        dtype: of the network; None for that of X.
        alpha, batch_size, ...: as in the estimator.
    """

    layers: tuple[Layer, ...]
    optimizer: Optimizer | None
    rates: str | Schedule
    alpha: float
    batch_size: int | None
    max_iter: int
    max_fun: int
    tol: float
    power_t: float
    patience: float
    validation_fraction: float
    shuffle: bool
    early_stopping: bool
    clip_norm: float | None
    dtype: np.dtype[Any] | None
    engine: str

    @property
    def activations(self) -> tuple[Activation, ...]:
        """Those of the hidden layers."""
        return tuple(layer.activation for layer in self.layers if isinstance(layer, Dense))

    def batch(self, n: int) -> int:
        """Rows of a step, of n in all."""
        return min(200 if self.batch_size is None else self.batch_size, n)

    def schedule(self, rows: int, seen: int, fresh: bool) -> Schedule:
        """The rates of a run; see `InverseScaling` for what they may depend on."""
        if isinstance(self.rates, Schedule):
            return self.rates
        if self.rates == "invscaling":
            return InverseScaling(self.power_t, rows, seen, fresh)
        return Adaptive() if self.rates == "adaptive" else Constant()


def asked(estimator: Any) -> Asked:
    """The parameters of an estimator, looked at all together.

    Raises:
        InputError: one that is out of its range or unknown; an InputError is a ValueError too.
    """
    e = estimator
    for name in FLAGS:
        if not isinstance(getattr(e, name), bool | np.bool_):
            raise InputError(f"{name} must be True or False; this is {getattr(e, name)!r}.")
    if not isinstance(e.verbose, bool | int | np.integer | np.bool_) or e.verbose < 0:
        raise InputError(f"verbose must be True, False or a whole number of at least 0; this is {e.verbose!r}.")
    layers = _hidden(e)
    engines.check(e.engine)
    if e.on_epoch is not None and not callable(e.on_epoch):
        raise InputError(f"on_epoch must be a function of an Epoch, or None; this is {e.on_epoch!r}.")
    optimizer, rates = _optimizer(e), _rates(e)
    if optimizer is None and any(isinstance(layer, Dropout) for layer in layers):
        raise InputError('solver="lbfgs" needs the same loss whenever it asks: use "adam" or "sgd" with dropout.')
    by_steps = e.solver not in ("adam", "lbfgs")
    return Asked(
        layers, optimizer,
        rates=rates if by_steps or isinstance(rates, Schedule) else "constant",
        alpha=check.number(e.alpha, "alpha", 0),
        batch_size=None if _is(e.batch_size, "auto") else check.whole(e.batch_size, 'batch_size, if not "auto",', 1),
        max_iter=check.whole(e.max_iter, "max_iter", 1),
        max_fun=check.whole(e.max_fun, "max_fun", 1),
        tol=check.number(e.tol, "tol", 0),
        power_t=check.number(e.power_t, "power_t", 0),
        patience=_patience(e.n_iter_no_change),
        validation_fraction=check.number(e.validation_fraction, "validation_fraction", 0, 1),
        shuffle=bool(e.shuffle),
        early_stopping=bool(e.early_stopping),
        clip_norm=check.number(e.clip_norm, "clip_norm", 0, open_below=True, none=True),
        dtype=_dtype(e.dtype),
        engine=e.engine,
    )  # fmt: skip


def _is(value: Any, word: str) -> bool:
    return isinstance(value, str) and value == word


def _patience(value: Any) -> float:
    if isinstance(value, float) and value == np.inf:
        return value
    return float(check.whole(value, "n_iter_no_change, if not infinite,", 1))


def _dtype(dtype: npt.DTypeLike | None) -> np.dtype[Any] | None:
    if dtype is None:
        return None
    try:
        checked = np.dtype(dtype)
    except TypeError as error:
        raise InputError(f'dtype must be "float64", "float32", or None for that of X; this is {dtype!r}.') from error
    if checked.name not in ("float64", "float32"):
        raise InputError(f'dtype must be "float64", "float32", or None for that of X; this is {dtype!r}.')
    return checked


def _listed(value: Any) -> list[Any]:
    """One for each hidden layer, from a list or an array; [value] for one alone."""
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]


def _each(value: Any, count: int, name: str) -> list[Any]:
    """One for each hidden layer: the same for all, or as many as there are."""
    alone = isinstance(value, str) or not isinstance(value, Iterable)
    given = [value] * count if alone else list(value)
    if len(given) != count:
        raise InputError(f"{name} lists {len(given)} for {count} hidden layers: give one for each, or one for all.")
    return given


def _hidden(e: Any) -> tuple[Layer, ...]:
    """The hidden layers, with their dropout."""
    sizes = _listed(e.hidden_layer_sizes)
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise InputError(
                f"hidden_layer_sizes must be > 0, whole numbers of units such as (100, 50); this is "
                f"{e.hidden_layer_sizes!r}."
            )
    named = _each(e.activation, len(sizes), "activation")
    if not isinstance(e.activation, str | Activation | Iterable):
        raise InputError(f"activation must be a name, an Activation, or a list of them; this is {e.activation!r}.")
    activations = tuple(resolve("activation", name, HIDDEN, Activation) for name in named)
    rates = _each(e.dropout, len(sizes), "dropout")
    layers: list[Layer] = []
    for size, activation, rate in zip(sizes, activations, rates, strict=True):
        share = check.number(rate, "dropout, the share of a hidden layer's outputs that is dropped,", 0, 1)
        layers += [Dense(int(size), activation), *([Dropout(share)] if share else [])]
    return tuple(layers)


def _optimizer(e: Any) -> Optimizer | None:
    """The optimizer of a solver's name, or the record that it is; None for L-BFGS."""
    rate = check.number(e.learning_rate_init, "learning_rate_init", 0, open_below=True)
    momentum = check.number(e.momentum, "momentum", 0, 1, open_above=False)
    beta1, beta2 = check.number(e.beta_1, "beta_1", 0, 1), check.number(e.beta_2, "beta_2", 0, 1)
    eps = check.number(e.epsilon, "epsilon", 0, open_below=True)
    if isinstance(e.solver, Optimizer):
        return e.solver
    match e.solver:
        case "lbfgs":
            return None
        case "sgd":
            return VelocitySGD(rate, momentum, bool(e.nesterovs_momentum))
        case "adam":
            return RateAdam(rate, beta1, beta2, eps)
        case str(name) if name in OPTIMIZERS:
            return OPTIMIZERS[name](rate)
    hint = did_you_mean(e.solver, SOLVERS) if isinstance(e.solver, str) else ""
    raise InputError(
        f"There is no solver {e.solver!r}.{hint} There are: {', '.join(SOLVERS)}; or give an optimizer such as "
        "pellucid.SGD(0.1, momentum=0.9)."
    )


def _rates(e: Any) -> str | Schedule:
    if isinstance(e.learning_rate, Schedule):
        return e.learning_rate
    if isinstance(e.learning_rate, str):
        if e.learning_rate in ("constant", "invscaling", "adaptive"):
            return e.learning_rate
        if e.learning_rate in SCHEDULES:
            return SCHEDULES[e.learning_rate]
    hint = did_you_mean(e.learning_rate, RATES) if isinstance(e.learning_rate, str) else ""
    raise InputError(
        f"There is no learning_rate {e.learning_rate!r}.{hint} There are: {', '.join(RATES)}; or give a schedule of "
        "pellucid.schedules. How large it is to begin with is learning_rate_init."
    )
