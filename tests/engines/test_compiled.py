"""The compiled engine against the readable one: every formula, every setting, step by step; and against itself."""

from __future__ import annotations

import copy
import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from pellucid import SGD, Activation, AdaGrad, Adam, AdamW, Dense, Dropout, History, Loss, Network, Optimizer, RMSProp
from pellucid.activations import ACTIVATIONS
from pellucid.data import Pixels, Standardizer
from pellucid.engines import compiled, readable
from pellucid.engines.compiled import store, units
from pellucid.errors import InputError, TrainingDiverged
from pellucid.losses import LOSSES
from pellucid.optimizers import Rule
from pellucid.records import resolve

pytest.importorskip("numba", reason="the extra `fast` is not installed")

ROWS, INPUTS = 23, 3
HIDDEN = [name for name, record in ACTIVATIONS.items() if not record.output_only]
# Every output with every loss that it may have; then other numbers of outputs, whose loops are written otherwise.
PAIRS = [
    (output, name, 3 if output == "softmax" else 2)
    for output in ACTIVATIONS
    for name, loss in LOSSES.items()
    if loss.output in (None, output)
] + [
    ("softmax", "huber(0.3)", 6),
    ("softmax", "cross_entropy", 7),
    ("sigmoid", "binary_cross_entropy", 1),
    ("exp", "squared_error", 1),
]
OPTIMIZERS: list[Optimizer] = [
    SGD(0.05),
    SGD(0.02, momentum=0.9),
    SGD(0.02, momentum=0.9, nesterov=True),
    AdaGrad(0.05),
    RMSProp(1e-5),  # at larger rates some parameter passes its optimum, where rounding alone decides which way it jumps
    Adam(0.01),
    AdamW(0.01, weight_decay=0.1),
]


def targets(output: str, count: int) -> Any:
    rng = np.random.default_rng(5)
    if output == "softmax":
        return rng.integers(0, count, ROWS)
    if output == "sigmoid":
        return rng.integers(0, 2, (ROWS, count))
    if output == "exp":
        return rng.poisson(2.0, (ROWS, count)).astype(float)
    return rng.normal(size=(ROWS, count))


def both(net: Network, X: Any, y: Any, **settings: Any) -> tuple[History, History, Network, Network]:
    """The same training by both engines, from copies of one network."""
    one, other = copy.deepcopy(net), copy.deepcopy(net)
    readable = one.fit(X, y, engine="readable", **settings)
    compiled = other.fit(X, y, engine="compiled", **settings)
    assert readable.engine == "readable"
    assert compiled.engine == "compiled"
    return readable, compiled, one, other


def agree(net: Network, X: Any, y: Any, tolerance: float = 1e-9, **settings: Any) -> Network:
    readable, compiled, one, other = both(net, X, y, **settings)
    for name, column in readable.columns().items():
        if name != "seconds":
            scale = np.abs(column) + 1e-300
            assert np.max(np.abs(compiled.columns()[name] - column) / scale) <= tolerance, name
    assert np.allclose(one.theta, other.theta, rtol=1e-6, atol=1e-9 if net.dtype == np.float64 else 1e-3)
    return other


@pytest.fixture(scope="module", autouse=True)
def _built_at_once() -> None:
    """All units of this file in one build: starting Numba takes longer than most of them."""
    dtype = np.dtype("float64")
    wanted: list[Any] = [units.penalized(dtype), units.gathered("float64", "", False, dtype)]
    for name in HIDDEN:
        wanted += [units.forward(ACTIVATIONS[name], dtype, 4), units.backward(ACTIVATIONS[name], dtype, 4)]
    for output, loss, count in PAIRS:
        record = (
            resolve("loss", loss, LOSSES, Loss, None)
            if loss in LOSSES
            else Network([Dense(count, output)], 1, loss=loss).loss_function
        )
        wanted.append(units.output(ACTIVATIONS[output], record, dtype, count, False))
    wanted += [units.update(optimizer.rule(), dtype) for optimizer in OPTIMIZERS]
    store.addresses(wanted)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_both_engines_agree_in_every_cell(pair: tuple[str, str, int], optimizer: Optimizer) -> None:
    output, loss, count = pair
    X, y = np.random.default_rng(1).normal(size=(ROWS, INPUTS)), targets(output, count)
    for hidden in HIDDEN:
        net = Network([Dense(4, hidden), Dense(count, output)], INPUTS, seed=2, loss=loss)
        agree(net, X, y, optimizer=optimizer, epochs=100)


# Settings: whatever the readable engine does with a step, so does the compiled one.

CLASSIFIER = Network([Dense(6, "tanh"), Dense(3, "softmax")], INPUTS, seed=1)
X = np.random.default_rng(3).normal(size=(ROWS, INPUTS))
Y = np.arange(ROWS) % 3
SETTINGS: dict[str, dict[str, Any]] = {
    "mini-batches": {"batch_size": 5},
    "in order": {"batch_size": 5, "shuffle": False},
    "one row": {"batch_size": 1},
    "penalties": {"l2": 0.1, "l1": 0.02},
    "clipped": {"clip_norm": 0.05},
    "class weights": {"class_weight": {0: 3.0, 2: 0.5}, "batch_size": 7},
    "sample weights": {"sample_weight": np.arange(ROWS) % 4, "batch_size": 2},  # some batches weigh nothing
    "one cycle": {"schedule": "one_cycle", "batch_size": 6},
    "plateau": {"schedule": "plateau", "batch_size": 6},
    "validation": {"validation": 0.3, "early_stopping": 5, "batch_size": 4},
    "decay": {"optimizer": AdamW(0.01, weight_decay=0.3), "l2": 0.1},
}


@pytest.mark.parametrize("case", SETTINGS)
def test_both_engines_agree_whatever_the_settings(case: str) -> None:
    agree(CLASSIFIER, X, Y, epochs=30, **SETTINGS[case])


@pytest.mark.parametrize(
    "layers",
    [
        [Dropout(0.5), Dense(2, "softmax")],
        [Dense(8, "relu"), Dropout(0.3), Dense(2, "softmax")],
        [Dropout(0.1), Dense(8, "relu"), Dropout(0.3), Dense(5, "tanh"), Dropout(0.5), Dense(2, "softmax")],
    ],
    ids=len,
)
@pytest.mark.parametrize("batch_size", [None, 4])
def test_dropout_drops_the_same_units(layers: list[Any], batch_size: int | None) -> None:
    agree(Network(layers, INPUTS, seed=1), X, Y % 2, epochs=30, batch_size=batch_size)


def test_many_rows_are_the_sum_of_their_blocks() -> None:
    rng = np.random.default_rng(0)
    many, labels = rng.normal(size=(20_000, INPUTS)), rng.integers(0, 3, 20_000)
    net = Network([Dense(6, "tanh"), Dropout(0.2), Dense(3, "softmax")], INPUTS, seed=1)
    agree(net, many, labels, epochs=3)
    agree(net, many, labels, epochs=2, batch_size=9_000)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("batch_size", [None, 32])
def test_large_layers_go_to_the_blas(dtype: str, batch_size: int | None) -> None:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (200, 150)).astype(np.uint8), rng.integers(0, 10, 200)
    net = Network([Dense(64, "relu"), Dense(40, "sigmoid"), Dense(10, "softmax")], 150, dtype=dtype, scaler=Pixels())
    agree(net, images, labels, 1e-9 if dtype == "float64" else 1e-4, epochs=10, batch_size=batch_size)


KINDS = ["uint8", "int16", "int64", "float32", "float64", "bool"]
EVERY_TIME = {("uint8", Pixels), ("int64", Pixels), ("float32", Standardizer), ("bool", Standardizer)}


@pytest.mark.parametrize(
    ("kind", "scaler"),
    [
        pytest.param(kind, scaler, marks=() if scaler is None or (kind, scaler) in EVERY_TIME else pytest.mark.nightly)
        for scaler in (None, Standardizer, Pixels)
        for kind in KINDS
    ],
    ids=str,
)
def test_features_of_any_kind_are_used_as_they_are(kind: str, scaler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readable, "SCALED_AT_ONCE", 0)  # as for a data set that is large
    features = (np.random.default_rng(0).integers(0, 2 if kind == "bool" else 100, (ROWS, INPUTS))).astype(kind)
    net = Network([Dense(4, "tanh"), Dense(3, "softmax")], INPUTS, scaler=scaler and scaler())
    agree(net, features, Y, epochs=20, batch_size=8)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_single_precision_agrees_as_far_as_it_goes(optimizer: Optimizer) -> None:
    net = Network([Dense(6, "tanh"), Dense(4, "gelu"), Dense(3, "softmax")], INPUTS, seed=1, dtype="float32")
    agree(net, X, Y, 1e-4, optimizer=optimizer, epochs=30, batch_size=8)


# A user's own formulas.


def bent(z: Any) -> Any:
    root = np.sqrt(z * z + 1)
    return (root - 1) / 2 + z


def bent_slope(z: Any) -> Any:
    return z / (2 * np.sqrt(z * z + 1)) + 1


@dataclass(frozen=True)
class Signed(Optimizer):
    learning_rate: float = 0.01
    share: float = 0.5

    def rule(self) -> Rule:
        return Rule(signed, ("m",), {"share": self.share})


def signed(p: Any, g: Any, rate: float, t: int, m: Any, share: float) -> tuple[Any, ...]:
    m = share * m + (1 - share) * g
    return p - rate * m / (1 + np.abs(m)), m


def test_formulas_of_ones_own_are_compiled_too() -> None:
    k = 0.5
    own = Activation("bent", bent, bent_slope)
    sine = Activation("sine", lambda z: z + k * np.sin(z), lambda z, a: 1 + k * np.cos(z))
    soft = Activation("soft", lambda z: np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True),
                      pull=lambda a, g: a * (g - np.sum(g * a, axis=-1, keepdims=True)))  # fmt: skip
    loss = Loss("log_cosh", lambda a, t: np.log(np.cosh(a - t)), lambda a, t: np.tanh(a - t))
    net = Network([Dense(5, own), Dense(4, sine), Dense(6, soft), Dense(2)], INPUTS, loss=loss)
    agree(net, X, X[:, :2] ** 2, optimizer=Signed(), epochs=50, batch_size=9)


@pytest.mark.parametrize("count", [1, *(pytest.param(count, marks=pytest.mark.nightly) for count in (2, 4, 7)), 5])
@pytest.mark.parametrize("reduced", [np.sum, np.mean, np.max], ids=lambda f: f.__name__)
def test_losses_of_one_number_a_row_may_end_in_a_reduction(count: int, reduced: Any) -> None:
    values = {
        np.sum: lambda a, t: np.sum((a - t) ** 2, axis=1),
        np.mean: lambda a, t: np.mean((a - t) ** 2, axis=1),
        np.max: lambda a, t: np.max((a - t) ** 2, axis=1),
    }
    net = Network([Dense(4, "tanh"), Dense(count)], INPUTS, loss=Loss("s", values[reduced], lambda a, t: 2 * (a - t)))
    y = np.random.default_rng(0).normal(size=(ROWS, count))
    agree(net, X, y, epochs=10, batch_size=7)
    agree(net, X, y, epochs=10, early_stopping=3)


def test_what_is_clipped_in_a_formula_is_compiled() -> None:
    hard = Activation("hard", lambda z: np.clip(z, -0.4, 0.6), lambda z, a: np.where((z > -0.4) & (z < 0.6), 1.0, 0.0))
    net = agree(Network([Dense(6, hard), Dense(3, "softmax")], INPUTS), X, Y, epochs=20)
    z = X @ net.params["W1"] + net.params["b1"]
    assert (z < -0.4).any()
    assert (z > 0.6).any()


SCALE = 0.5


def scaled(z: Any) -> Any:
    return np.tanh(SCALE * z)


def scaled_slope(z: Any, a: Any) -> Any:
    return SCALE * (1 - a * a)


def test_a_constant_of_a_module_may_change_between_two_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network([Dense(4, Activation("scaled", scaled, scaled_slope)), Dense(3, "softmax")], INPUTS, seed=1)
    agree(net, X, Y, epochs=5)
    monkeypatch.setitem(globals(), "SCALE", 2.0)
    agree(net, X, Y, epochs=5)


def temperature(z: Any) -> float:
    return 1.0 if np.max(np.abs(z)) < 5 else 0.1


def judged(z: Any) -> Any:
    return np.tanh(temperature(z) * z)


WITHOUT_LOOPS = {
    "a helper that looks at the numbers": (Activation("j", judged, lambda z: np.ones_like(z)), None),
    "two conditions added": (Activation("b", lambda z: (z > 0) + (z > 0.3), lambda z: np.ones_like(z)), None),
}


@pytest.mark.parametrize("case", WITHOUT_LOOPS)
def test_what_loops_might_read_otherwise_is_left_to_numpy(case: str) -> None:
    activation, _ = WITHOUT_LOOPS[case]
    net = Network([Dense(4, activation), Dense(3, "softmax")], INPUTS, seed=1)
    with pytest.warns(RuntimeWarning, match="The readable engine runs instead"):
        assert net.fit(X, Y, epochs=3, engine="compiled").engine == "readable"


REFUSED = {
    "a loss of one number": Loss("one", lambda a, t: 1.0, lambda a, t: a - t),
    "a gradient of one column": Loss("g", lambda a, t: (a - t) ** 2, lambda a, t: (a - t)[:, :1]),
    "a flat row in a gradient": Loss(
        "f", lambda a, t: (a - t) ** 2, lambda a, t: (a - t) / np.sqrt(np.sum((a - t) ** 2, axis=1))
    ),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.filterwarnings("ignore:The readable engine runs:RuntimeWarning")
def test_what_the_readable_engine_refuses_is_refused_before_anything_is_changed(case: str) -> None:
    net = Network([Dense(4, "tanh"), Dense(7)], INPUTS, seed=1, loss=REFUSED[case])
    before, y = net.theta.copy(), np.zeros((ROWS, 7))
    ends = []
    for engine in ("readable", "compiled"):
        with pytest.raises(Exception) as raised:  # noqa: PT011  # whatever it is, both engines say the same
            net.fit(X, y, epochs=3, engine=engine)
        ends.append((raised.type, str(raised.value)))
        assert np.array_equal(net.theta, before)
    assert ends[0] == ends[1] or "broadcast" in ends[0][1]


class Unremembered:
    """A rule that is an object without a hash, so that nothing that reads formulas can remember it."""

    __hash__ = None  # type: ignore[assignment]

    def __call__(self, p: Any, g: Any, rate: float, t: int) -> tuple[Any, ...]:
        return (p - rate * g,)


@dataclass(frozen=True)
class Hidden(Optimizer):
    learning_rate: float = 0.1

    def rule(self) -> Rule:
        return Rule(Unremembered())


def test_a_formula_that_cannot_be_read_runs_readably_and_traces() -> None:
    net = Network([Dense(3, "softmax")], INPUTS)
    with pytest.warns(RuntimeWarning, match="The readable engine runs instead"):
        assert net.fit(X, Y, optimizer=Hidden(), epochs=2, engine="compiled").engine == "readable"
    trace = net.trace(X, Y, optimizer=Hidden())
    one = copy.deepcopy(net)
    one.fit(X, Y, optimizer=Hidden(), epochs=1, engine="readable")
    assert np.array_equal(trace.theta, one.theta)


def test_what_cannot_be_compiled_runs_readably_and_says_so() -> None:
    odd = Activation("odd", lambda z: np.array([np.sort(row) for row in z]), lambda z: np.ones_like(z))
    net = Network([Dense(3, odd), Dense(3, "softmax")], INPUTS)
    with pytest.warns(RuntimeWarning, match="The readable engine runs instead"):
        history = net.fit(X, Y, epochs=2, engine="compiled")
    assert history.engine == "readable"


# With itself: the same bits, however it is cut up.


@pytest.mark.parametrize("count", [3, 7])
def test_one_number_that_is_none_among_several_is_not_passed_over(count: int) -> None:
    def worst(a: Any, t: Any) -> Any:
        return np.max(np.sqrt(a - t), axis=-1)

    loss = Loss("worst", worst, lambda a, t: np.ones_like(a))
    y = np.zeros((ROWS, count))
    y[:, 1] = 1000.0  # whose root, and no other, is NaN
    for engine in ("readable", "compiled"):
        net = Network([Dense(count, "exp")], INPUTS, loss=loss)
        with pytest.raises(TrainingDiverged) as raised:
            net.fit(X, y, optimizer=SGD(1e-9), epochs=3, engine=engine)
        assert raised.value.step == 0


def test_pixels_out_of_range_are_refused_by_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readable, "SCALED_AT_ONCE", 0)
    bright = np.full((ROWS, INPUTS), 255.0)
    bright[-1, -1] = 256.0
    for engine in ("readable", "compiled"):
        net = Network([Dense(3, "softmax")], INPUTS, scaler=Pixels())
        before = net.theta.copy()
        with pytest.raises(InputError, match="256"):
            net.fit(bright, Y, epochs=3, engine=engine)
        assert np.array_equal(net.theta, before)


def test_the_kernel_is_given_what_it_takes() -> None:
    from numba import float64, int64, types, uint64

    from pellucid.engines.compiled import kernel, plan

    work, kinds = kernel.steps(float64)
    assert list(inspect.signature(work).parameters) == ["helps", *plan.ARGUMENTS]
    for kind, (name, told) in zip(kinds[1:], plan.ARGUMENTS.items(), strict=True):
        assert told == {int64: "q", float64: "d", uint64: "p"}.get(kind, "p"), name
        assert isinstance(kind, types.CPointer) or kind in (int64, float64, uint64), name


def test_dropout_of_many_rows_is_drawn_a_few_steps_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    take = compiled.Plan.take
    monkeypatch.setattr(compiled, "MOST_KEPT", 3 * ROWS * INPUTS)
    monkeypatch.setattr(
        compiled.Plan,
        "take",
        lambda plan, count, *rest, **more: (drawn.append(count), take(plan, count, *rest, **more))[1],
    )
    agree(Network([Dropout(0.5), Dense(3, "softmax")], INPUTS), X, Y, epochs=20)
    assert max(drawn) == 3


@pytest.mark.parametrize("case", ["mini-batches", "class weights", "one cycle", "decay"])
def test_the_bits_do_not_depend_on_who_watches(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network([Dense(6, "tanh"), Dropout(0.2), Dense(3, "softmax")], INPUTS, seed=1)
    settings = {"epochs": 40, "engine": "compiled"} | SETTINGS[case]
    results = []
    for on_epoch, calls in ((None, None), (lambda epoch: None, None), (None, 1), (None, 7)):
        twin = copy.deepcopy(net)
        with monkeypatch.context() as patch:
            if calls is not None:
                patch.setattr(compiled, "steps_of_next_call", lambda plan, steps, seconds, calls=calls: calls)
            history = twin.fit(X, Y, on_epoch=on_epoch, **settings)
        results.append((twin.theta.tobytes(), history.loss.tobytes(), history.accuracy.tobytes()))
    assert len(set(results)) == 1


def test_the_last_update_and_the_state_are_those_of_the_last_step() -> None:
    _, _, one, other = both(CLASSIFIER, X, Y, epochs=7, batch_size=5, optimizer=Adam(0.01))
    assert one.last_update is not None
    assert other.last_update is not None
    assert np.allclose(one.last_update, other.last_update, rtol=1e-7)


def test_divergence_says_the_same_and_keeps_the_same_parameters() -> None:
    from pellucid import TrainingDiverged

    net = Network([Dense(4, "identity"), Dense(4, "leaky_relu"), Dense(1)], INPUTS, seed=3)
    seen = []
    for engine in ("readable", "compiled"):
        twin = copy.deepcopy(net)
        with pytest.raises(TrainingDiverged) as raised:
            twin.fit(X * 10, X[:, 0] * 100, optimizer=SGD(5.0), epochs=100, engine=engine)
        seen.append((str(raised.value), raised.value.step, len(raised.value.history.loss)))
        assert np.isfinite(twin.theta).all()
    assert seen[0] == seen[1]
