"""Numerical gradients: three methods, one answer; and the check that finds what backpropagation got wrong."""

from __future__ import annotations

import dataclasses
import threading
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from pellucid import (
    Activation,
    Dense,
    Dropout,
    InputError,
    Loss,
    Network,
    check_gradients,
    numerical_gradients,
)
from pellucid import gradients as internals
from pellucid.activations import ACTIVATIONS, RELU, TANH

RNG = np.random.default_rng(0)
X = RNG.standard_normal((7, 4)) * (RNG.random((7, 4)) > 0.3)  # with zeros, which the structured method skips
Y: dict[str, Any] = {
    "softmax": RNG.integers(0, 3, 7),
    "sigmoid": RNG.integers(0, 2, (7, 3)),
    "identity": RNG.standard_normal((7, 3)),
    "exp": RNG.integers(0, 5, (7, 3)),
}
HIDDEN = [name for name, record in ACTIVATIONS.items() if not record.output_only]
METHODS = ["naive", "structured", "node"]


def network(hidden: str | Activation, output: str, depth: int = 3, **settings: Any) -> Network:
    layers = [layer for _ in range(depth - 1) for layer in (Dense(5, hidden), Dropout(0.4))]
    return Network([*layers, Dense(3, output)], inputs=4, seed=3, **settings)


def apart(a: dict[str, Any], b: dict[str, Any]) -> float:
    """The largest difference, relative to the largest gradient."""
    largest = max(np.abs(g).max() for g in a.values())
    return float(max(np.abs(a[name] - b[name]).max() for name in a) / largest)


@pytest.mark.parametrize("output", Y)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_structured_gives_the_numbers_of_naive(hidden: str, output: str, depth: int) -> None:
    net, arguments = network(hidden, output, depth), {"l2": 0.1, "l1": 0.01, "sample_weight": np.arange(7) + 0.5}
    naive = numerical_gradients(net, X, Y[output], "naive", **arguments)
    assert apart(naive, numerical_gradients(net, X, Y[output], "structured", **arguments)) < 1e-9


@pytest.mark.skipif(find_spec("numba") is None, reason="the extra `fast` is not installed")
@pytest.mark.parametrize("output", Y)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_compiled_losses_are_the_same_differences(output: str, depth: int) -> None:
    for hidden in ("tanh", "relu"):
        net, arguments = network(hidden, output, depth), {"l2": 0.1, "sample_weight": np.arange(7) + 0.5}
        naive = numerical_gradients(net, X, Y[output], "naive", **arguments)
        compiled = numerical_gradients(net, X, Y[output], "structured", engine="compiled", **arguments)
        assert apart(naive, compiled) < 1e-9


def test_an_engine_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="auto, readable, compiled"):
        numerical_gradients(network("tanh", "softmax", 1), X, Y["softmax"], "structured", engine="gpu")


def generated(seed: int) -> tuple[Network, Any, Any]:
    """A relu network of some size with rows of its own."""
    rng = np.random.default_rng(seed)
    layers = [Dense(int(rng.integers(1, 20)), "relu") for _ in range(rng.integers(1, 4))]
    output = list(Y)[seed % 4]
    k, n = int(rng.integers(2, 6)), int(rng.integers(1, 40))
    net = Network([*layers, Dense(k, output)], inputs=int(rng.integers(1, 10)), seed=seed)
    X = rng.standard_normal((n, net.inputs))
    kinds = {
        "softmax": lambda: rng.integers(0, k, n),
        "sigmoid": lambda: rng.integers(0, 2, (n, k)),
        "identity": lambda: rng.standard_normal((n, k)),
        "exp": lambda: rng.integers(0, 5, (n, k)),
    }
    return net, X, kinds[output]()


def test_complex_step_agrees_to_the_rounding_of_the_rows_shares_on_relu_networks() -> None:
    """Shares of rows may cancel to far less, so entries by themselves may be further off; kinks play no part."""
    for seed in range(120):
        net, X, y = generated(seed)
        ours, exact = net.gradients(X, y), numerical_gradients(net, X, y, "node", complex_step=True)
        assert apart(ours, exact) < 1e-14
        by_row = [net.gradients(X[i : i + 1], y[i : i + 1]) for i in range(len(X))]
        sizes = {name: np.mean([np.abs(g[name]) for g in by_row], axis=0) for name in ours}
        largest = max(size.max() for size in sizes.values())
        for name, size in sizes.items():
            assert (np.abs(ours[name] - exact[name]) <= 1e-13 * (size + 1e-3 * largest)).all()


@pytest.mark.parametrize("output", Y)
@pytest.mark.parametrize("hidden", ["identity", "sigmoid", "tanh", "softplus", "gelu", "swish"])
def test_node_by_complex_step_is_exact(hidden: str, output: str) -> None:
    net, arguments = network(hidden, output), {"l2": 0.1, "sample_weight": np.arange(7) + 0.5}
    exact = net.gradients(X, Y[output], **arguments)
    assert apart(exact, numerical_gradients(net, X, Y[output], "node", complex_step=True, **arguments)) < 1e-11
    assert apart(exact, numerical_gradients(net, X, Y[output], "node", **arguments)) < 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_the_error_falls_with_the_square_of_h(method: str) -> None:
    net = network("tanh", "softmax")
    exact = net.gradients(X, Y["softmax"])
    wide, narrow = (apart(exact, numerical_gradients(net, X, Y["softmax"], method, h=h)) for h in (1e-2, 1e-3))
    assert wide / narrow == pytest.approx(100, rel=0.05)


def test_many_rows_are_worked_through_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network("tanh", "softmax")
    whole = [numerical_gradients(net, X, Y["softmax"], method) for method in METHODS]
    monkeypatch.setattr("pellucid.gradients.CHUNK", 16)
    for method, gradients in zip(METHODS, whole, strict=True):
        again = numerical_gradients(net, X, Y["softmax"], method)
        assert all(np.array_equal(again[name], gradients[name]) for name in gradients)


def test_equal_inputs_of_a_row_are_evaluated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    few = RNG.integers(0, 3, (7, 40)) / 2.0  # zeros, halves and ones; a bias is an input of one
    net = Network([Dense(5, "tanh"), Dense(3, "softmax")], inputs=40)
    naive = numerical_gradients(net, few, Y["softmax"], "naive", sample_weight=np.arange(7) + 0.5)
    seen: list[int] = []
    moved = internals._Unrolled.moved
    monkeypatch.setattr(
        internals._Unrolled,
        "moved",
        lambda self, place, units, by: seen.append(len(by)) or moved(self, place, units, by),
    )
    structured = numerical_gradients(net, few, Y["softmax"], "structured", sample_weight=np.arange(7) + 0.5)
    assert apart(naive, structured) < 1e-9
    assert seen == [2 * 7] * 2 + [6 * 7] * 2  # (row, input) pairs up and down: of W1 and b1, of W2 and b2


@pytest.mark.parametrize("output", Y)
def test_threads_give_the_bits_of_one(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network([Dense(30, "gelu"), Dense(20, "tanh"), Dense(3, output)], inputs=4, seed=3)
    alone = numerical_gradients(net, X, Y[output], "structured")
    monkeypatch.setattr(internals, "WORTH_THREADS", 1)
    monkeypatch.setattr(internals.threads, "allowed", lambda: 3)
    together = numerical_gradients(net, X, Y[output], "structured")
    assert all(np.array_equal(alone[name], together[name]) for name in alone)


def test_what_goes_wrong_in_a_thread_is_raised_and_the_callers_errstate_holds_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(internals, "WORTH_THREADS", 1)

    def angry(z: Any) -> Any:
        return z / np.zeros_like(z)

    net = network(Activation("angry", angry, lambda z, a: z), "softmax", depth=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        assert np.isnan(numerical_gradients(net, X, Y["softmax"], "structured")["W2"]).all()

    def refusing(z: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            raise ArithmeticError("not here")
        return z

    with pytest.raises(ArithmeticError, match="not here"):
        numerical_gradients(
            network(Activation("refusing", refusing, lambda z, a: z), "softmax"), X, Y["softmax"], "structured"
        )


def test_nothing_in_the_network_changes() -> None:
    net = network("relu", "softmax", dtype="float32")
    before = net.theta.tobytes()
    for method in METHODS:
        gradients = numerical_gradients(net, X, Y["softmax"], method)
        assert {g.dtype for g in gradients.values()} == {np.dtype(np.float64)}
    assert net.theta.tobytes() == before


def test_what_is_refused() -> None:
    net = network("tanh", "softmax")
    with pytest.raises(InputError, match="no method 'backprop'"):
        numerical_gradients(net, X, Y["softmax"], "backprop")
    with pytest.raises(InputError, match="complex_step goes with"):
        numerical_gradients(net, X, Y["softmax"], "naive", complex_step=True)
    with pytest.raises(InputError, match="h must be"):
        numerical_gradients(net, X, Y["softmax"], h=0)


def soft(z: Any) -> Any:
    return z / (1 + np.abs(z))


def soft_of_real_part(z: Any) -> Any:
    return z / (1 + z * np.sign(np.real(z)))


def soft_slope(z: Any, a: Any) -> Any:
    return 1 / (1 + np.abs(z)) ** 2


def test_a_formula_that_loses_the_imaginary_part_is_refused() -> None:
    distance = Loss("distance", lambda a, t: np.abs(a - t), lambda a, t: np.sign(a - t))
    blind = Activation("soft", soft, soft_slope)
    for net, y in (
        (network(blind, "softmax"), Y["softmax"]),
        (network("tanh", "identity", loss=distance), Y["identity"]),
    ):
        with pytest.raises(InputError, match="loses the imaginary part"):
            numerical_gradients(net, X, y, "node", complex_step=True)
    net = network(Activation("soft", soft_of_real_part, soft_slope), "softmax")
    exact = numerical_gradients(net, X, Y["softmax"], "node", complex_step=True)
    assert apart(exact, net.gradients(X, Y["softmax"])) < 1e-13


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("scale", [0.0, 1e-8, 1e-3, 1.0, 30.0, 1e4])
def test_neither_kinks_nor_sizes_refuse_the_complex_step(hidden: str, scale: float) -> None:
    for output, y in Y.items():
        net = network(hidden, output)
        net.theta = net.theta * (1.0 if output == "exp" and scale > 1 else scale)
        numerical_gradients(net, X, y, "node", complex_step=True)


# check_gradients


@pytest.mark.parametrize("output", Y)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_right_gradients_pass(hidden: str, output: str, dtype: str) -> None:
    report = check_gradients(network(hidden, output, dtype=dtype), X, Y[output], l2=0.1, l1=0.01)
    assert report.ok, str(report)
    assert list(report.by_parameter) == ["W1", "b1", "W2", "b2", "W3", "b3"]


WRONG = {
    "derivative of another function": Activation("wrong", TANH.value, lambda z, a: a * (1 - a)),
    "derivative at a": Activation("wrong", TANH.value, lambda z, a: 1 - z * z),
    "no derivative": Activation("wrong", TANH.value, lambda z, a: np.ones_like(z)),
    "a factor": Activation("wrong", RELU.value, lambda z, a: 1.01 * (z > 0)),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_activation_is_found_below_it_and_not_above(name: str) -> None:
    report = check_gradients(network(WRONG[name], "softmax", depth=2), X, Y["softmax"])
    assert not report.ok
    errors = {name: part.error for name, part in report.by_parameter.items()}
    assert min(errors["W1"], errors["b1"]) > report.tolerance
    assert max(errors["W2"], errors["b2"]) < 1e-6
    assert "WRONG" in str(report)
    assert "ok" in str(report)


@pytest.mark.parametrize("directions", [None, 5])
def test_a_wrong_loss_gradient_is_found_everywhere(directions: int | None) -> None:
    half = Loss("half", lambda a, t: (a - t) ** 2 / 2, lambda a, t: (a - t) / 2)
    report = check_gradients(network("tanh", "identity", loss=half), X, Y["identity"], directions=directions)
    assert all(part.error > 0.4 for part in report.by_parameter.values())


def test_a_kink_within_reach_is_left_out_and_counted() -> None:
    net = Network([Dense(2, "relu"), Dense(1)], inputs=1)
    net.params["W1"] = [[1.0, 1.0]]
    net.params["b1"] = [-1.0 + 3e-5, 0.5]  # z = 3e-5 in row 0 of unit 1: h = 1e-4 crosses zero
    report = check_gradients(net, [[1.0], [2.0]], [0.0, 5.0])
    assert report.ok, str(report)
    assert report.by_parameter["b1"].kinks == 1
    assert report.by_parameter["W1"].kinks == 1
    assert report.by_parameter["W2"].kinks == 0


def test_a_weight_of_zero_under_l1_is_a_kink() -> None:
    net = Network([Dense(1, init="zeros")], inputs=4)
    report = check_gradients(net, X, Y["identity"][:, 0], l1=0.1)
    assert report.ok
    assert report.by_parameter["W1"].kinks == 0  # the differences are symmetric: their mean is the slope 0 of |W|


def test_a_wrong_slope_is_not_excused_as_a_kink() -> None:
    wrong = dataclasses.replace(RELU, name="wrong", slope=lambda z, a: np.where(z > 0, 0.9, 0.0))
    net = network(wrong, "softmax")
    net.theta += 0.05 * np.random.default_rng(5).standard_normal(net.theta.size)  # no unit is at its kink exactly
    report = check_gradients(net, X, Y["softmax"])
    assert not report.ok
    assert sum(part.kinks for part in report.by_parameter.values()) == 0


def test_random_directions() -> None:
    net = network("tanh", "softmax")
    a, b = (check_gradients(net, X, Y["softmax"], directions=5, l2=0.1) for _ in range(2))
    assert a == b
    assert a.ok
    assert a.method == "along 5 random directions a parameter"
    assert check_gradients(net, X, Y["softmax"], directions=5, l2=0.1, seed=1) != a


def test_a_large_network_is_checked_along_directions() -> None:
    net = Network([Dense(150, "tanh"), Dense(3, "softmax")], inputs=150)
    data = np.random.default_rng(1).standard_normal((5, 150))
    assert "directions" in check_gradients(net, data, [0, 1, 2, 0, 1]).method


def test_nan_is_not_right() -> None:
    broken = Activation("broken", TANH.value, lambda z, a: np.full_like(z, np.nan))
    report = check_gradients(network(broken, "softmax"), X, Y["softmax"])
    assert not report.ok
    assert report.max_error == float("inf")


def test_html_is_a_table_without_script() -> None:
    page = check_gradients(network("tanh", "softmax"), X, Y["softmax"])._repr_html_()
    assert page.count("<tr>") == 7
    assert "<script" not in page
    assert "gradients right" in page


@pytest.mark.parametrize("seed", range(10))
def test_kinks_that_rows_hide_from_each_other_are_no_mistake(seed: int) -> None:
    """Weights of 0: every z is 0, where relu bends, some rows switch on one way and some the other."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 3))
    zeros = Network([Dense(4, "relu", init="zeros"), Dense(2, "softmax")], inputs=3, seed=seed)
    for y in (X[:, 0] > 0, rng.integers(0, 2, 40)):
        result = check_gradients(zeros, X, np.asarray(y, dtype=int))
        assert result.ok, result
    coarse = Network([Dense(4, "relu"), Dense(2, "softmax")], inputs=3, seed=seed)
    coarse.params["W1"] = np.round(2 * coarse.params["W1"]) / 2
    assert check_gradients(coarse, rng.integers(-1, 2, (40, 3)), rng.integers(0, 2, 40)).ok


def test_a_wrong_slope_is_still_found_beside_kinks() -> None:
    wrong = Activation("wrong", lambda z: np.where(z > 0, z, 0), lambda z: np.where(z > 0, 2.0, 0.0))
    rng = np.random.default_rng(0)
    for X in (rng.normal(size=(40, 3)), rng.integers(-1, 2, (40, 3))):
        net = Network([Dense(4, wrong), Dense(2, "softmax")], inputs=3)
        assert not check_gradients(net, X, rng.integers(0, 2, 40)).ok


def test_what_could_not_be_compared_is_said() -> None:
    net = Network([Dense(2, "relu", init="zeros"), Dense(2, "softmax")], inputs=1)
    result = check_gradients(net, [[1.0], [2.0], [-1.0]], [0, 1, 0])
    assert result.ok
    assert "nothing of W1, b1 could be compared" in str(result)


def slopes_doubled(name: str) -> Activation:
    known = ACTIVATIONS[name]
    return Activation(f"wrong {name}", known.value, lambda z, a: 2 * known.slope_at(z, a))


@pytest.mark.parametrize("directions", [None, 5])
@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("output", Y)
def test_the_layer_with_the_wrong_slope_is_the_suspect(k: int, output: str, directions: int | None) -> None:
    hidden: list[str | Activation] = ["tanh", "tanh", "tanh"]
    hidden[k - 1] = slopes_doubled("tanh")
    net = Network([*(layer for a in hidden for layer in (Dense(5, a), Dropout(0.2))), Dense(3, output)], inputs=4)
    result = check_gradients(net, X, Y[output], directions=directions)
    assert not result.ok
    assert result.wrong == tuple(f"{letter}{i}" for i in range(1, k + 1) for letter in "Wb")
    sentence = (
        f"The suspect is layer {k} (Dense 5 wrong tanh): its gradients are wrong, and those of every later layer are "
        "right. Look at the slope of wrong tanh."
    )
    assert result.suspect == sentence
    assert str(result).splitlines()[-1] == sentence
    assert sentence in result._repr_html_()


def test_a_wrong_loss_or_output_makes_the_last_layer_the_suspect() -> None:
    twice = Loss("twice", lambda a, t: (a - t) ** 2, lambda a, t: a - t)
    net = Network([Dense(5, "tanh"), Dense(3, "identity")], inputs=4, loss=twice)
    assert check_gradients(net, X, Y["identity"]).suspect == (
        "The suspect is layer 2 (Dense 3 identity), the last one: "
        "look at the gradient of the loss twice, or the slope of identity."
    )
    net = Network([Dense(5, "tanh"), Dense(3, slopes_doubled("tanh"))], inputs=4)
    assert "the slope of wrong tanh" in check_gradients(net, X, Y["identity"]).suspect


def test_right_gradients_have_no_suspect() -> None:
    result = check_gradients(network("tanh", "softmax"), X, Y["softmax"])
    assert (result.wrong, result.suspect) == ((), "")
    assert "suspect" not in str(result) + result._repr_html_()


def test_nan_is_a_suspect_too() -> None:
    broken = Activation("broken", TANH.value, lambda z, a: np.full_like(z, np.nan))
    for directions in (None, 3):
        result = check_gradients(network(broken, "softmax", 2), X, Y["softmax"], directions=directions)
        assert not result.ok
        assert "layer 1 (Dense 5 broken)" in result.suspect


def mixed(z: Any) -> Any:
    return z / 2 + np.mean(z, axis=1, keepdims=True)


def mixed_pull(a: Any, g: Any) -> Any:
    return g / 2 + np.mean(g, axis=1, keepdims=True)


@pytest.mark.parametrize("pull", [mixed_pull, lambda a, g: g / 2], ids=["right", "wrong"])
def test_hidden_units_that_depend_on_each_other(pull: Any) -> None:
    layers = [Dense(4, Activation("mixed", mixed, pull=pull)), Dense(5, "tanh"), Dense(3, "softmax")]
    for some in (layers, layers[:1] + layers[2:], [layers[1], layers[0], layers[2]]):
        net = Network(some, inputs=X.shape[1], seed=1)
        naive = numerical_gradients(net, X, Y["softmax"], "naive")
        assert apart(naive, numerical_gradients(net, X, Y["softmax"], "structured")) < 1e-9
        assert apart(naive, numerical_gradients(net, X, Y["softmax"], "node")) < 1e-7  # other numbers move by h
        for directions in (None, 5):
            report = check_gradients(net, X, Y["softmax"], directions=directions)
            assert report.ok == (pull is mixed_pull)
            assert report.ok or "pull of mixed" in report.suspect


@pytest.mark.parametrize("hidden", ["relu", "leaky_relu"])
def test_kinks_are_left_out_along_directions_too(hidden: str) -> None:
    rng = np.random.default_rng(0)
    data, labels = rng.random((100, 200)) * (rng.random((100, 200)) < 0.3), rng.integers(0, 5, 100)
    left_out = 0
    for seed in range(6):
        net = Network([Dense(64, hidden), Dense(64, hidden), Dense(5, "softmax")], inputs=200, seed=seed)
        report = check_gradients(net, data, labels, directions=10)
        assert report.ok
        left_out += sum(part.kinks for part in report.by_parameter.values())
    assert left_out > 0
    flat = Activation("flat", ACTIVATIONS[hidden].value, lambda z, a: 0.98 * ACTIVATIONS[hidden].slope_at(z, a))
    for seed in range(6):
        net = Network([Dense(64, flat), Dense(64, hidden), Dense(5, "softmax")], inputs=200, seed=seed)
        report = check_gradients(net, data, labels, directions=10)
        assert not report.ok
        assert "layer 1" in report.suspect
