"""Kinds that need a word of their own: what is told, where, with which numbers, and what is left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from nets import X, check, forward, gradients, loss, start, told, y

from pellucid.checker import check_my_network


def changed(**parts: Any) -> Any:
    """The gradients with some of them put through a function of (gradient, params)."""

    def spoilt(params: Any) -> Any:
        made = gradients(params)
        return made | {key: change(made[key], params) for key, change in parts.items()}

    return spoilt


def test_the_network_itself_is_right() -> None:
    report = check(forward=forward, X=X, y=y)
    assert report.ok
    assert report.findings == ()
    assert [row.verdict for row in report.parameters] == ["ok"] * 4


def test_evidence_has_the_numbers() -> None:
    report = check(gradients=lambda p: {key: 9 * g for key, g in gradients(p).items()})
    (finding,) = report.findings
    assert (finding.parameter, finding.kind, finding.also) == ("W1", "missing_1_over_n", ("b1", "W2", "b2"))
    assert "= 9 in all 26 compared entries" in finding.evidence
    assert "n = 9 samples" in finding.evidence
    assert 'grads["W1"] = ... / n' in finding.fix


def test_without_any_data_a_whole_number_is_taken_for_n() -> None:
    def bowl(params: Any) -> Any:
        return np.mean(params["w"] ** 2)

    def slope(params: Any) -> Any:
        return {"w": 2 * params["w"]}

    report = check_my_network(bowl, slope, {"w": np.arange(1.0, 8.0)})
    assert told(report) == [("w", "missing_1_over_n")]
    assert "n = 7" in report.findings[0].evidence


FACTORS = [
    (2, "factor_2"),
    (0.5, "factor_half"),
    (-1, "wrong_sign"),
    (-2, "wrong_sign"),
    (1 / 9, "extra_1_over_n"),
    (18, "missing_1_over_n"),
    (1.7, "constant_factor"),
    (9 / 8, "constant_factor"),
]


@pytest.mark.parametrize(("factor", "kind"), FACTORS)
def test_factors(factor: float, kind: str) -> None:
    report = check(gradients=changed(W1=lambda g, _: factor * g))
    assert told(report) == [("W1", kind)]
    if factor == 9 / 8:
        assert "n/(n-1), n = 9" in report.findings[0].evidence


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (lambda g, _: None, "missing_gradient"),
        (lambda g, _: np.zeros(4), "zero_gradient"),
        (lambda g, _: "0.1", "not_a_number"),
        (lambda g, _: g * np.nan, "not_a_number"),
        (lambda g, _: np.append(g, np.inf)[1:], "not_a_number"),
        (lambda g, _: g[:, None], "wrong_shape"),
        (lambda g, _: g[:2], "wrong_shape"),
        (lambda g, _: np.zeros(9), "bias_wrong_axis"),
        (lambda g, _: g.sum(), "bias_wrong_axis"),
        (lambda g, _: np.full(4, g.sum()), "bias_wrong_axis"),
        (lambda g, _: np.outer(np.full(9, 1 / 9), g), "bias_wrong_axis"),
        (lambda g, p: g + 0.3 * p["b1"], "penalty_on_biases"),
        (lambda g, p: p["b1"], "other_parameter"),
        (lambda g, _: g + np.array([0, 0.1, 0, 0]), "gradient_wrong"),
    ],
)
def test_gradients_of_a_bias(given: Any, kind: str) -> None:
    assert told(check(gradients=changed(b1=given))) == [("b1", kind)]


@pytest.mark.parametrize("shape", [(1, 4), (4,), (1, 1, 4)])
def test_harmless_shapes_are_left_alone(shape: tuple[int, ...]) -> None:
    assert check(gradients=changed(b1=lambda g, _: g.reshape(shape))).ok


def test_the_array_that_two_parameters_share() -> None:
    params = start()
    params["b1"] = params["W2"][:, 0]
    report = check(params=params)
    assert ("b1", "aliased") in told(report)
    assert "b1 and W2 share memory" in report.findings[0].evidence


def test_one_array_for_two_gradients() -> None:
    def one(params: Any) -> Any:
        made = gradients(params)
        total = np.zeros(4)
        made["b1"] = total
        total += made["W2"][:, 0]
        made["W2"] = np.stack([total, total], axis=1)
        made["b2"] = made["b1"][:2]
        return made

    kinds = {kind for _, kind in told(check(gradients=one))}
    assert "aliased" in kinds or "other_parameter" in kinds


@pytest.mark.parametrize(
    ("made", "kind", "evidence"),
    [
        (lambda p: None, "loss_not_a_number", "None"),
        (lambda p: "0.3", "loss_not_a_number", "str"),
        (lambda p: {"loss": 0.3}, "loss_not_a_number", "dict"),
        (lambda p: np.sum((forward(p) - y) ** 2, axis=1), "loss_not_a_number", "(9,)"),
        (lambda p: (forward(p)[:, :1] - y[:, 0]) ** 2, "broadcasting", "(9, 9)"),
        (lambda p: loss(p) * np.nan, "overflow", "nan"),
        (lambda p: np.exp(1e4 * loss(p)), "overflow", "inf"),
    ],
)
def test_losses_that_are_not_one_number(made: Any, kind: str, evidence: str) -> None:
    report = check(loss=made, X=X, y=y)
    assert told(report) == [("loss", kind)]
    assert evidence in report.findings[0].evidence


def test_an_overflow_says_at_which_size_it_would_not_be_one() -> None:
    def naive(params: Any) -> Any:
        p = np.exp(forward(params))
        return -np.mean(np.log(p[:, 0] / p.sum(axis=1)))

    params = {key: 1e4 * value for key, value in start().items()}
    (finding,) = check_my_network(naive, gradients, params).findings
    assert finding.kind == "overflow"
    assert "0.01 * params" in finding.evidence
    assert "z - z.max(axis=1" in finding.fix


def test_losses_in_arrays_and_tuples_are_numbers() -> None:
    for made in (lambda p: np.array([[loss(p)]]), lambda p: (loss(p), "cache"), lambda p: np.float32(loss(p))):
        assert check(loss=made).ok


PENALTIES = [
    (0, "penalty_forgotten"),
    (2, "penalty_doubled"),
    (1 / 9, "penalty_divided_by_n"),
    (0.3, "penalty_wrong_factor"),
    (-1, "penalty_wrong_factor"),
]


def test_a_penalty_is_named_by_its_strength() -> None:
    lam = 0.4

    def penalised(params: Any) -> Any:
        return loss(params) + lam / 2 * sum((params[key] ** 2).sum() for key in ("W1", "W2"))

    for factor, kind in PENALTIES:

        def add(g: Any, params: Any, key: str, factor: float = factor) -> Any:
            return g + factor * lam * params[key]

        spoilt = changed(W1=lambda g, p: add(g, p, "W1"), W2=lambda g, p: g + lam * p["W2"])
        report = check_my_network(penalised, spoilt, start())
        assert told(report) == [("W1", kind)]
        assert "0.4" in report.findings[0].fix
    report = check(gradients=changed(W2=lambda g, p: g + lam * p["W2"]))
    assert told(report) == [("W2", "penalty_not_in_loss")]


def test_a_penalty_without_a_network_that_is_known() -> None:
    """A loss of no perceptron: what the functions call their numbers tells the strength."""
    lam = 0.2
    A = np.random.default_rng(3).normal(size=(4, 4))

    def odd(params: Any) -> Any:
        return np.sin(params["W"] @ A).sum() ** 2 + lam / 2 * (params["W"] ** 2).sum()

    def slope(params: Any, strength: float = lam) -> Any:
        inner = params["W"] @ A
        return {"W": 2 * np.sin(inner).sum() * np.cos(inner) @ A.T + strength * params["W"]}

    params = {"W": np.random.default_rng(4).normal(size=(3, 4))}
    assert check_my_network(odd, slope, params).ok
    for strength, kind in ((0.0, "penalty_forgotten"), (2 * lam, "penalty_doubled")):
        assert told(check_my_network(odd, lambda p, s=strength: slope(p, s), params)) == [("W", kind)]


def test_gradients_that_do_not_follow_the_parameters() -> None:
    first = gradients(start())
    assert told(check(gradients=lambda p: first)) == [("W1", "gradients_ignore_params")]


def test_a_parameter_that_nobody_uses() -> None:
    params = start() | {"W3": np.ones((2, 2))}
    report = check(params=params, gradients=lambda p: gradients(p) | {"W3": np.zeros((2, 2))})
    assert told(report) == [("W3", "not_reaching_loss")]
    assert {row.name: row.verdict for row in report.parameters}["W3"] == "wrong"


def test_settings_beside_parameters_are_none() -> None:
    params = start() | {"rate": 0.1, "units": 4, "sizes": np.array([3, 4, 2]), "name": "mine"}
    report = check(params=params)
    assert report.ok
    assert [row.name for row in report.parameters] == ["W1", "b1", "W2", "b2"]


def test_dead_units_are_no_mistake() -> None:
    params = start()
    params["b1"] = np.full(4, -50.0)

    def hidden(p: Any) -> Any:
        return np.maximum(X @ p["W1"] + p["b1"], 0)

    def relu_loss(p: Any) -> Any:
        return np.mean((hidden(p) @ p["W2"] + p["b2"] - y) ** 2)

    def relu_gradients(p: Any) -> Any:
        a = hidden(p)
        delta = 2 * (a @ p["W2"] + p["b2"] - y) / y.size
        back = delta @ p["W2"].T * (a > 0)
        return {"W1": X.T @ back, "b1": back.sum(axis=0), "W2": a.T @ delta, "b2": delta.sum(axis=0)}

    assert check_my_network(relu_loss, relu_gradients, params).ok


def cross_entropy(keep: Any) -> tuple[Any, Any]:
    labels = np.arange(9) % 2

    def probabilities(p: Any) -> Any:
        z = forward(p)
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def entropy(p: Any) -> Any:
        return -np.mean(np.log(keep(probabilities(p))[np.arange(9), labels]))

    def slope(p: Any) -> Any:
        a = np.tanh(X @ p["W1"] + p["b1"])
        delta = (probabilities(p) - np.eye(2)[labels]) / 9
        back = delta @ p["W2"].T * (1 - a**2)
        return {"W1": X.T @ back, "b1": back.sum(axis=0), "W2": a.T @ delta, "b2": delta.sum(axis=0)}

    return entropy, slope


@pytest.mark.parametrize("keep", [lambda p: p + 1e-8, lambda p: np.clip(p, 1e-7, 1 - 1e-7), lambda p: p + 1e-12])
@pytest.mark.parametrize("size", [1.0, 30.0])
def test_an_epsilon_for_safety_is_no_mistake(keep: Any, size: float) -> None:
    entropy, slope = cross_entropy(keep)
    params = {key: size * value for key, value in start().items()}
    assert check_my_network(entropy, slope, params).ok
    wrong = check_my_network(entropy, lambda p: {key: 2 * g for key, g in slope(p).items()}, params)
    assert not wrong.ok


def test_a_loss_that_is_clipped_for_good_is_told() -> None:
    entropy, slope = cross_entropy(lambda p: np.clip(p, 0.2, 0.8))
    assert told(check_my_network(entropy, slope, start())) == [("loss", "loss_clipped")]
    entropy, slope = cross_entropy(lambda p: p + 0.01)
    report = check_my_network(entropy, slope, start())
    assert told(report) == [("loss", "loss_clipped")]
    assert "1e-02" in report.findings[0].evidence


def test_an_unknown_network_with_a_wrong_way_back() -> None:
    """No perceptron (its output is multiplied by its input), so only the numbers tell where it goes wrong."""

    def output(p: Any) -> Any:
        return np.tanh(X @ p["W1"] + p["b1"]) @ p["W2"] * X[:, :2]

    def odd(p: Any) -> Any:
        return np.mean((output(p) - y) ** 2)

    def slope(p: Any, slip: Any) -> Any:
        a = np.tanh(X @ p["W1"] + p["b1"])
        delta = 2 * (output(p) - y) * X[:, :2] / y.size
        back = delta @ p["W2"].T * slip(a)
        return {"W1": X.T @ back, "b1": back.sum(axis=0), "W2": a.T @ delta}

    params = {key: value for key, value in start().items() if key != "b2"}
    assert check_my_network(odd, lambda p: slope(p, lambda a: 1 - a**2), params).ok
    for slip in (lambda a: 1 - a, lambda a: np.ones_like(a)):
        report = check_my_network(odd, lambda p, s=slip: slope(p, s), params)
        assert [f.kind for f in report.findings] in (["wrong_chain"], ["derivative_left_out"])
        assert report.findings[0].parameter == "W1"
        assert report.findings[0].also == ("b1",)
        assert "The gradients above are right" in report.findings[0].evidence


def test_one_wrong_entry_of_a_large_parameter_is_found() -> None:
    big = np.random.default_rng(6).normal(size=(40, 60))
    inputs, targets = np.random.default_rng(7).normal(size=(5, 40)), np.random.default_rng(8).normal(size=(5, 60))

    def error(p: Any) -> Any:
        return ((inputs @ p["W"] - targets) ** 2).sum() / 2

    def slope(p: Any, wrong: bool) -> Any:
        g = inputs.T @ (inputs @ p["W"] - targets)
        if wrong:
            g[17, 30:] = 0
        return {"W": g}

    assert check_my_network(error, lambda p: slope(p, False), {"W": big}).ok
    assert told(check_my_network(error, lambda p: slope(p, True), {"W": big})) == [("W", "gradient_wrong")]


def test_single_precision_is_judged_as_such() -> None:
    params = {key: value.astype(np.float32) for key, value in start().items()}

    def single(p: Any) -> Any:
        return np.float32(loss({key: value.astype(np.float32) for key, value in p.items()}))

    def single_gradients(p: Any) -> Any:
        return {key: g.astype(np.float32) for key, g in gradients(p).items()}

    assert check_my_network(single, single_gradients, params).ok
    wrong = check_my_network(single, lambda p: {k: -g for k, g in single_gradients(p).items()}, params)
    assert told(wrong) == [("W1", "wrong_sign")]
    assert params["W1"].dtype == np.float32


@pytest.mark.parametrize("scale", [1e-100, 1e-30, 1e30, 1e100])
def test_losses_of_any_size(scale: float) -> None:
    def small(params: Any) -> Any:
        return scale * loss(params)

    def scaled(params: Any, sign: float = 1) -> Any:
        return {key: sign * scale * g for key, g in gradients(params).items()}

    assert check(loss=small, gradients=scaled).ok
    assert told(check(loss=small, gradients=lambda p: scaled(p, -1))) == [("W1", "wrong_sign")]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def of_squares(slope: Any) -> tuple[Any, Any]:
    """Squared error of a sigmoid output, with a derivative of the output to be chosen."""
    t = (y > 0) * 1.0

    def error(p: Any) -> Any:
        return np.mean(np.sum((sigmoid(forward(p)) - t) ** 2, axis=1))

    def made(p: Any) -> Any:
        a, out = np.tanh(X @ p["W1"] + p["b1"]), sigmoid(forward(p))
        delta = 2 * (out - t) * slope(out) / 9
        back = delta @ p["W2"].T * (1 - a**2)
        return {"W1": X.T @ back, "b1": back.sum(axis=0), "W2": a.T @ delta, "b2": delta.sum(axis=0)}

    return error, made


@pytest.mark.parametrize(("lang", "said"), [("en", "where the gradient starts"), ("zh", "梯度开始的地方")])
def test_the_derivative_of_the_output_left_out_is_told_of_the_output(lang: str, said: str) -> None:
    assert check_my_network(*of_squares(lambda a: a * (1 - a)), start()).ok
    (finding,) = check_my_network(*of_squares(lambda a: 1), start(), lang=lang).findings
    assert (finding.parameter, finding.kind) == ("W2", "derivative_left_out")
    assert said in finding.what
    assert "delta = 2 * (a - y) * f'(z) / n" in finding.fix
    assert "delta_next" not in finding.fix


def test_the_penalty_alone_is_no_gradient() -> None:
    lam = 0.3

    def penalised(params: Any) -> Any:
        return loss(params) + lam / 2 * (params["W1"] ** 2).sum()

    report = check(loss=penalised, gradients=changed(W1=lambda g, p: lam * p["W1"]))
    assert told(report) == [("W1", "zero_gradient")]
    assert "0.3 times the parameter and nothing else" in report.findings[0].evidence


@pytest.mark.parametrize(("axis", "largest"), [(0, 0), (0, 1), (0, None), (None, 0), (None, 1), (None, None), (1, 0)])
def test_softmax_over_the_samples_or_over_everything(axis: int | None, largest: int | None) -> None:
    """In loss and gradients alike, whichever maximum is subtracted first; or only that maximum is over the samples."""
    t = np.eye(2)[np.arange(9) % 2]

    def outputs(p: Any) -> Any:
        z = forward(p)
        e = np.exp(z - z.max(axis=largest, keepdims=True))
        return e / e.sum(axis=axis, keepdims=True)

    def made(p: Any) -> Any:
        a, delta = np.tanh(X @ p["W1"] + p["b1"]), (outputs(p) - t) / 9
        back = delta @ p["W2"].T * (1 - a**2)
        return {"W1": X.T @ back, "b1": back.sum(axis=0), "W2": a.T @ delta, "b2": delta.sum(axis=0)}

    def entropy(p: Any) -> Any:
        return -np.sum(t * np.log(outputs(p))) / 9

    for more in ({}, {"forward": lambda p, X: outputs(p), "X": X, "y": t}):
        report = check_my_network(entropy, made, start(), **more)
        assert [f.kind for f in report.findings] == ["softmax_wrong_axis"]
        assert {row.verdict for row in report.parameters} == {"wrong"}
        assert not any("epsilon" in note for note in report.notes)
