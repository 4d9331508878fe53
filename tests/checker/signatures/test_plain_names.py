"""The plainest name that fits: numbers that are none, flat losses, small but clear deviations, capitals, divisions."""

import numpy as np
import pytest

from pellucid.checker import check_my_network


def told(report):
    return [(finding.parameter, finding.kind) for finding in report.findings]


def network(n=28, seed=4, change=lambda G, parts: G):
    """Two hidden layers of a regression without a logarithm; parameters named by capitals and small letters."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    y = np.column_stack([np.sin(X[:, 0]), X[:, 1] ** 2])
    shapes = {"A": (4, 6), "a": (6,), "B": (6, 5), "b": (5,), "C": (5, 2), "c": (2,)}
    params = {key: 0.6 * rng.normal(size=shape) for key, shape in shapes.items()}

    def run(p):
        h1 = 1 / (1 + np.exp(-(X @ p["A"] + p["a"])))
        h2 = np.tanh(h1 @ p["B"] + p["b"])
        return h1, h2, h2 @ p["C"] + p["c"]

    def loss(p):
        return np.sum((run(p)[2] - y) ** 2) / (2 * n)

    def gradients(p, of=None):
        h1, h2, o = run(p)
        e = (o - y) / n if of is None else of(o, y) / n
        e2 = e @ p["C"].T * (1 - h2**2)
        e1 = e2 @ p["B"].T * h1 * (1 - h1)
        G = {"A": X.T @ e1, "a": e1.sum(0), "B": h1.T @ e2, "b": e2.sum(0), "C": h2.T @ e, "c": e.sum(0)}
        return change(G, (h1, h2, o))

    return loss, gradients, params


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_gradients_that_are_no_numbers_anywhere_are_called_that(number):
    loss, gradients, params = network(change=lambda G, _: {key: value * 0 + number for key, value in G.items()})
    assert told(check_my_network(loss, gradients, params)) == [("A", "not_a_number")]


def test_small_but_clear_deviations_are_mistakes():
    def entry(G, _):
        G["b"][2] *= 1.01
        return G

    def tiny(G, _):
        G["A"][1, 2] *= 1.001
        return G

    for change, name in ((entry, "b"), (tiny, "A")):
        report = check_my_network(*network(change=change))
        assert told(report) == [(name, "gradient_wrong")]
        assert report.notes == ()


def test_one_sample_of_many_left_out_is_no_epsilon_where_there_is_no_logarithm():
    loss, gradients, params = network(n=3000)

    def without_last(o, y):
        e = o - y
        e[-1] = 0
        return e

    report = check_my_network(loss, lambda p: gradients(p, without_last), params)
    assert told(report) == [("C", "gradient_wrong")]
    assert len(report.findings[0].also) == 5
    assert not any("epsilon" in note for note in report.notes)
    assert check_my_network(loss, gradients, params).ok


def test_a_real_epsilon_in_a_logarithm_is_still_no_mistake():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)

    def p_of(p):
        return 1 / (1 + np.exp(-(X @ p["w"] + p["b"])))

    def loss(p):
        q = p_of(p)
        return -np.mean(y * np.log(q + 1e-4) + (1 - y) * np.log(1 - q + 1e-4))

    def gradients(p):
        d = (p_of(p) - y) / 40
        return {"w": X.T @ d, "b": d.sum()}

    assert check_my_network(loss, gradients, {"w": rng.normal(size=3), "b": 0.1}).ok


def test_capital_and_small_letters_are_two_parameters():
    report = check_my_network(*network(change=lambda G, _: {key: value for key, value in G.items() if key != "b"}))
    assert told(report) == [("b", "missing_gradient")]
    for order in (list("AaBbCc"), list("aAbBcC")):
        in_order = network(change=lambda G, _, order=order: {"d" + key: G[key] for key in order})
        assert check_my_network(*in_order).ok


def test_a_derivative_where_there_is_no_activation():
    loss, gradients, params = network()
    report = check_my_network(loss, lambda p: gradients(p, lambda o, y: (o - y) * o * (1 - o)), params)
    assert told(report) == [("C", "derivative_extra")]
    assert "a(1 - a)" in report.findings[0].what
    assert "has not" in report.findings[0].what


CHANGES = {
    "missing_1_over_n": lambda w, b: (60 * w, 60 * b),
    "wrong_sign": lambda w, b: (-w, -b),
    "factor_2": lambda w, b: (2 * w, 2 * b),
}


def hinge(seed, change):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 4))
    y = np.where(X @ rng.normal(size=4) + 0.5 * rng.normal(size=60) > 0, 1, -1)
    params = {"w": rng.normal(size=4), "b": np.zeros(1)}

    def loss(p):
        return np.mean(np.maximum(0, 1 - y * (X @ p["w"] + p["b"])))

    def gradients(p):
        active = y * (1 - y * (X @ p["w"] + p["b"]) > 0)
        w, b = change(-(X * active[:, None]).mean(0), np.array([-active.mean()]))
        return {"w": w, "b": b}

    return check_my_network(loss, gradients, params)


@pytest.mark.parametrize("seed", range(6))
def test_a_loss_of_flat_pieces_hides_no_factor(seed):
    assert hinge(seed, lambda w, b: (w, b)).ok
    for kind, change in CHANGES.items():
        assert told(hinge(seed, change)) == [("w", kind)]
    assert told(hinge(seed, lambda w, b: (w, -b))) == [("b", "wrong_sign")]


def test_a_straight_loss_has_the_same_gradient_everywhere():
    x = np.arange(5.0)
    report = check_my_network(
        lambda p: x @ p["w"] + 3 * p["c"],
        lambda p: {"w": 2 * x, "c": np.array(3.0)},
        {"w": np.ones(5), "c": np.array(2.0)},
    )
    assert told(report) == [("w", "factor_2")]


def test_gradients_at_other_parameters_are_still_found():
    loss, gradients, params = network()
    start = {key: value.copy() for key, value in params.items()}
    assert told(check_my_network(loss, lambda p: gradients(start), params)) == [("A", "gradients_ignore_params")]


def test_half_is_half_where_there_are_four_samples():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(4, 3)), rng.normal(size=4)

    def gradients(p):
        return {"w": X.T @ (X @ p["w"] - y) / 4}

    report = check_my_network(lambda p: np.mean((X @ p["w"] - y) ** 2), gradients, {"w": np.ones(3)})
    assert told(report) == [("w", "factor_half")]


def test_a_loss_divided_by_zero_is_told_as_that():
    params, n = {"W": np.ones(2)}, 0
    report = check_my_network(lambda p: sum(p["W"]) / n, lambda p: {"W": p["W"]}, params)
    (finding,) = report.findings
    assert finding.kind == "overflow"
    assert "divides by zero" in finding.what
    assert "exp" not in finding.fix
    too_large = check_my_network(lambda p: np.exp(800.0 * p["W"][0]), lambda p: {"W": p["W"]}, params)
    assert "exp" in too_large.findings[0].fix
    zero = check_my_network(lambda p: np.log(0 * p["W"][0]), lambda p: {"W": p["W"]}, params)
    assert "divides" not in zero.findings[0].what


def test_a_step_that_gives_back_the_change_alone():
    loss, gradients, params = network()

    def step(p, g):
        return {key: -0.1 * g[key] for key in p}

    report = check_my_network(loss, gradients, params, step=step)
    assert told(report) == [("A", "step_changes_nothing")]
    assert "left out" in report.findings[0].what
    assert "params[key] - " in report.findings[0].fix
    shrinking = {"w": np.array([1.0, -2.0, 0.5])}  # every step of this one is a multiple of its gradient
    right = check_my_network(
        lambda p: np.sum(p["w"] ** 2),
        lambda p: {"w": 2 * p["w"]},
        shrinking,
        step=lambda p, g: {"w": p["w"] - 0.1 * g["w"]},
    )
    assert right.ok


def test_a_right_step_beside_which_the_parameter_is_lost():
    x = np.array([3.0, -1.0, 2.0])

    def loss(p):
        return 1e12 * np.sin(p["w"] @ x)

    def gradients(p):
        return {"w": 1e12 * np.cos(p["w"] @ x) * x}

    params = {"w": np.array([0.2, 0.1, -0.3])}
    assert check_my_network(loss, gradients, params, step=lambda p, g: {"w": p["w"] - 0.1 * g["w"]}).ok


def test_a_parameter_without_a_single_number_is_no_mistake():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(9, 2)), rng.normal(size=9)
    params = {"w": np.ones(2), "empty": np.zeros((0, 2))}

    def gradients(p):
        return {"w": 2 * X.T @ (X @ p["w"] - y) / 9, "empty": np.zeros((0, 2))}

    assert check_my_network(lambda p: np.mean((X @ p["w"] - y) ** 2), gradients, params).ok
