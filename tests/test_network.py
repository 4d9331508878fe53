"""Network: one flat vector with views, defaults, what it answers, and everything that must stay true when copied."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from pellucid import SGD, Activation, Adam, Dense, Dropout, Initializer, InputError, Loss, Network, Settings
from pellucid.activations import ACTIVATIONS
from pellucid.data import Pixels, Standardizer
from pellucid.training import prepare, run

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 2))
Y = np.array([0, 1, 2, 0, 1, 2, 0, 1])


def network(**options: Any) -> Network:
    return Network([Dense(3, "tanh"), Dropout(0.2), Dense(4, "relu"), Dense(3, "softmax")], inputs=2, **options)


class TestParameters:
    def test_they_lie_in_one_vector_layer_by_layer_weights_before_biases(self) -> None:
        net = network()
        shapes = {"W1": (2, 3), "b1": (3,), "W2": (3, 4), "b2": (4,), "W3": (4, 3), "b3": (3,)}
        assert {name: view.shape for name, view in net.params.items()} == shapes  # dropout takes no number
        assert list(net.params) == list(shapes)
        np.testing.assert_array_equal(net.theta, np.concatenate([view.ravel() for view in net.params.values()]))
        assert net.theta.flags.c_contiguous
        assert net.theta.ndim == 1

    def test_a_view_changes_the_vector_and_the_vector_its_views(self) -> None:
        net = network()
        net.params["W1"][0, 1] = 7
        assert net.theta[1] == 7
        net.theta[6] = 8  # the first number after W1
        assert net.params["b1"][0] == 8
        for view in net.params.values():
            assert np.shares_memory(view, net.theta)

    def test_assigning_copies_into_the_view(self) -> None:
        net = network()
        view, values = net.params["W1"], np.ones((2, 3))
        net.params["W1"] = values
        values[...] = 5
        assert (net.params["W1"] == 1).all()
        assert net.params["W1"] is view
        assert (net.theta[:6] == 1).all()

    def test_a_step_of_gradient_descent_by_hand(self) -> None:
        net, theta = network(), network().theta.copy()
        gradients = net.gradients(X, Y)
        for name in net.params:
            net.params[name] -= 0.1 * gradients[name]
        flat = np.concatenate([gradients[name].ravel() for name in net.params])
        np.testing.assert_array_equal(net.theta, theta - 0.1 * flat)

    def test_theta_takes_a_copy_too(self) -> None:
        net, values = network(), np.zeros(network().theta.size)
        vector = net.theta
        net.theta = values
        values[...] = 1
        assert net.theta is vector
        assert not net.theta.any()
        net.theta -= 1
        assert (net.params["b3"] == -1).all()

    @pytest.mark.parametrize("value", [np.ones((3, 2)), np.ones(6), np.ones((2, 3, 1)), 1.0, np.ones((1, 3))])
    def test_another_shape_is_refused_and_not_broadcast(self, value: Any) -> None:
        net, before = network(), network().theta
        with pytest.raises(InputError, match=r"W1 has shape \(2, 3\); it cannot take values of shape"):
            net.params["W1"] = value
        with pytest.raises(InputError, match=r"theta has shape \(40,\)"):
            net.theta = value
        np.testing.assert_array_equal(net.theta, before)

    def test_an_unknown_name_says_which_there_are(self) -> None:
        net = network()
        with pytest.raises(KeyError, match="There is no parameter 'W4'; this network has W1, b1, W2, b2, W3, b3"):
            net.params["W4"]
        with pytest.raises(KeyError, match="no parameter 'w1'"):
            net.params["w1"] = np.ones((2, 3))
        assert "W4" not in net.params
        assert "W3" in net.params

    def test_none_can_be_deleted(self) -> None:
        net = network()
        with pytest.raises(InputError, match="part of the network"):
            del net.params["W1"]
        with pytest.raises(InputError, match="part of the network"):
            net.params.clear()
        assert len(net.params) == 6

    def test_the_mask_is_one_for_weights_and_zero_for_biases(self) -> None:
        net = network(dtype="float32")
        for name, part in net.named(net.weight_mask).items():
            assert (part == name.startswith("W")).all()
        assert net.weight_mask.dtype == np.float32


class TestCopies:
    @pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
    def test_a_copy_is_whole_alive_and_independent(self, duplicate: Any) -> None:
        net = network(scaler=Standardizer(), dtype="float32")
        net.fit(X, Y, epochs=2)
        net.labels, net.features, net.target = ("a", "b", "c"), ("x", "y"), "kind"
        other = duplicate(net)
        assert other.theta.tobytes() == net.theta.tobytes()
        assert other.theta.dtype == np.float32
        assert repr(other) == repr(net)
        assert (other.labels, other.features, other.target) == (net.labels, net.features, net.target)
        np.testing.assert_array_equal(other.forward(X), net.forward(X))
        other.params["W1"][...] = 0
        assert not other.theta[:6].any()  # its views are of its own vector,
        assert net.theta[:6].all()  # and not of the other one's
        assert other.scaler is not net.scaler
        before = net.theta.copy()
        other.fit(X, Y, epochs=2)
        np.testing.assert_array_equal(net.theta, before)

    def test_drawn_anew_it_is_as_it_was_built(self) -> None:
        for dtype in ("float64", "float32"):
            net = network(dtype=dtype, seed=5)
            first = net.theta.copy()
            net.theta += 1
            again = net.drawn_anew()
            assert again.theta.tobytes() == first.tobytes()
            assert again.loss_function == net.loss_function
            assert not np.array_equal(net.theta, first)

    def test_the_scaler_given_stays_the_users_own(self) -> None:
        scaler = Standardizer()
        net = network(scaler=scaler)
        net.fit(X, Y, epochs=1)
        assert net.scaler.fitted
        assert not scaler.fitted


class TestBuilding:
    def test_the_loss_follows_from_the_output(self) -> None:
        expected = {
            "softmax": "cross_entropy",
            "sigmoid": "binary_cross_entropy",
            "exp": "poisson",
            "identity": "squared_error",
            "tanh": "squared_error",
            "relu": "squared_error",
        }
        for output, loss in expected.items():
            assert Network([Dense(2, output)], inputs=1).loss_function.name == loss

    @pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"softmax", "exp"}))
    def test_the_initial_weights_follow_from_the_activation(self, name: str) -> None:
        relu_like = {"relu", "leaky_relu", "elu", "softplus", "gelu", "swish"}
        layer = Dense(200, name)
        assert layer.init.name == ("he" if name in relu_like else "xavier")
        net = Network([layer, Dense(1)], inputs=300)
        variance = 2 / 300 if name in relu_like else 2 / 500
        assert net.params["W1"].var() == pytest.approx(variance, rel=0.05)
        assert not net.params["b1"].any()

    def test_the_seed_decides_the_weights(self) -> None:
        assert network(seed=3).theta.tobytes() == network(seed=3).theta.tobytes()
        assert network(seed=3).theta.tobytes() != network(seed=4).theta.tobytes()
        assert network().theta.tobytes() == network(seed=0).theta.tobytes()

    def test_dropout_does_not_change_what_is_drawn(self) -> None:
        plain = Network([Dense(3, "tanh"), Dense(2)], inputs=2)
        dropped = Network([Dropout(0.5), Dense(3, "tanh"), Dropout(0.1), Dense(2)], inputs=2)
        assert dropped.theta.tobytes() == plain.theta.tobytes()

    def test_single_precision_starts_from_the_same_numbers_rounded(self) -> None:
        np.testing.assert_array_equal(network(dtype="float32").theta, network().theta.astype(np.float32))

    def test_one_layer_need_not_be_in_a_list(self) -> None:
        assert Network(Dense(1, "sigmoid"), inputs=2).theta.size == 3

    def test_a_generator_of_layers_will_do(self) -> None:
        assert Network((Dense(k) for k in (3, 2)), inputs=1).theta.size == 6 + 8

    @pytest.mark.parametrize(
        ("arguments", "phrases"),
        [
            ({"layers": []}, ["last layer must be a Dense"]),
            ({"layers": [Dense(2), Dropout(0.5)]}, ["last layer must be a Dense"]),
            ({"layers": [Dropout(0.5)]}, ["last layer must be a Dense"]),
            ({"layers": [3, 2]}, ["Dense(...)", "this is 3"]),
            ({"layers": 3}, ["must be a list", "this is 3"]),
            ({"layers": [Dense]}, ["Dense(...)", "class"]),
            ({"layers": "relu"}, ["Dense(...)", "'r'"]),
            ({"layers": [Dense(2, "softmax"), Dense(2)]}, ["softmax", "last layer alone"]),
            ({"layers": [Dense(2, "exp"), Dense(2)]}, ["exp", "last layer alone"]),
            ({"layers": [Dense(1, "softmax")]}, ["always 1", "Dense(1, 'sigmoid')", "Dense(2, 'softmax')"]),
            ({"inputs": 0}, ["inputs", "at least 1", "0"]),
            ({"inputs": 2.0}, ["inputs", "whole number"]),
            ({"inputs": None}, ["inputs", "None"]),
            ({"seed": -1}, ["seed", "at least 0"]),
            ({"seed": None}, ["seed", "None"]),
            ({"dtype": "float16"}, ["'float64' or 'float32'", "float16"]),
            ({"dtype": int}, ["'float64' or 'float32'", "int"]),
            ({"dtype": "double trouble"}, ["'float64' or 'float32'", "double trouble"]),
            ({"dtype": "01"}, ["'float64' or 'float32'", "'01'"]),
            ({"loss": "hinge"}, ["no loss named 'hinge'", "squared_error"]),
            ({"loss": "crossentropy"}, ["Did you mean 'cross_entropy'"]),
            ({"loss": 3}, ["name", "Loss", "int"]),
            ({"loss": "binary_cross_entropy"}, ["sigmoid outputs", "softmax", "'cross_entropy'"]),
            ({"loss": "cross_entropy", "layers": [Dense(2)]}, ["softmax outputs", "identity", "'squared_error'"]),
            ({"loss": "poisson", "layers": [Dense(1)]}, ["exp outputs"]),
            ({"scaler": Standardizer}, ["not a class", "Standardizer()"]),
            ({"scaler": "standard"}, ["Standardizer() or Pixels() of pellucid.data, or None", "'standard'"]),
        ],
    )
    def test_parts_that_do_not_fit_are_refused(self, arguments: dict[str, Any], phrases: list[str]) -> None:
        with pytest.raises(InputError) as caught:
            Network(**({"layers": [Dense(3, "tanh"), Dense(2, "softmax")], "inputs": 2} | arguments))
        for phrase in phrases:
            assert phrase in str(caught.value)

    def test_an_initializer_of_another_shape_is_refused(self) -> None:
        turned = Initializer("turned", lambda rng, fan_in, fan_out: np.zeros((fan_out, fan_in)))
        with pytest.raises(InputError, match=r"'turned' gave weights of shape \(3, 2\).*\(2, 3\)"):
            Network([Dense(3, init=turned)], inputs=2)

    def test_it_shows_what_it_is(self) -> None:
        shown = "Network(2 -> Dense 3 tanh -> Dropout 0.2 -> Dense 4 relu -> Dense 3 softmax"
        assert repr(network(dtype="float32")) == f"{shown}, loss cross_entropy, 40 parameters, float32)"


class TestAnswers:
    def test_a_perceptron_alone(self) -> None:
        net = Network([Dense(1, "sigmoid", init="zeros")], inputs=2)
        y = np.array([0, 1] * 4)
        assert net.loss(X, y) == pytest.approx(np.log(2), rel=1e-15)
        gradients = net.gradients(X, y)
        np.testing.assert_allclose(gradients["W1"], X.T @ (0.5 - y).reshape(-1, 1) / 8, rtol=1e-14)
        np.testing.assert_allclose(gradients["b1"], [0], atol=1e-16)

    def test_a_softmax_classifier_alone(self) -> None:
        net = Network([Dense(3, "softmax", init="zeros")], inputs=2)
        assert net.loss(X, Y) == pytest.approx(np.log(3), rel=1e-15)
        t = np.eye(3)[Y]
        np.testing.assert_allclose(net.gradients(X, Y)["W1"], X.T @ (1 / 3 - t) / 8, rtol=1e-14)
        np.testing.assert_allclose(net.gradients(X, Y)["b1"], (1 / 3 - t).mean(axis=0), rtol=1e-14)

    def test_forward_gives_the_activations_of_the_last_layer(self) -> None:
        net = Network([Dense(3, "tanh"), Dropout(0.9), Dense(1, "sigmoid")], inputs=2)
        a = np.tanh(X @ net.params["W1"] + net.params["b1"])
        expected = 1 / (1 + np.exp(-(a @ net.params["W2"] + net.params["b2"])))
        np.testing.assert_allclose(net.forward(X), expected, rtol=1e-14)  # dropout is off outside training
        assert net.forward(X).shape == (8, 1)

    @pytest.mark.parametrize(
        ("layer", "shape", "kind"),
        [
            (Dense(3, "softmax"), (8,), np.int64),
            (Dense(1, "sigmoid"), (8,), np.int64),
            (Dense(3, "sigmoid"), (8, 3), np.int64),
            (Dense(1), (8,), np.float64),
            (Dense(3), (8, 3), np.float64),
            (Dense(1, "exp"), (8,), np.float64),
        ],
    )
    def test_predict_answers_in_the_shape_of_the_task(self, layer: Dense, shape: tuple[int, ...], kind: Any) -> None:
        net = Network([layer], inputs=2)
        predicted, a = net.predict(X), net.forward(X)
        assert predicted.shape == shape
        assert predicted.dtype == kind
        if layer.activation.name == "softmax":
            np.testing.assert_array_equal(predicted, a.argmax(axis=1))
        elif layer.activation.name == "sigmoid":
            np.testing.assert_array_equal(predicted.reshape(a.shape), a >= 0.5)
        else:
            np.testing.assert_array_equal(predicted.reshape(a.shape), a)
        assert net.predict(X[:1]).shape == (1, *shape[1:])

    def test_the_threshold_of_a_sigmoid(self) -> None:
        net = Network([Dense(1, "sigmoid")], inputs=2)
        p = net.forward(X)[:, 0]
        for threshold in (0.2, 0.5, 0.8, float(p[3])):
            np.testing.assert_array_equal(net.predict(X, threshold=threshold), p >= threshold)
        assert Network([Dense(1, "sigmoid", init="zeros")], inputs=2).predict(X).all()  # exactly a half counts as yes

    def test_accuracy_is_the_share_predicted_rightly(self) -> None:
        for layer, y in ((Dense(3, "softmax"), Y), (Dense(1, "sigmoid"), Y % 2)):
            net = Network([layer], inputs=2)
            assert net.accuracy(X, y) == np.mean(net.predict(X) == y)
        net = Network([Dense(2, "sigmoid")], inputs=2)
        t = np.column_stack([Y % 2, Y > 1])
        assert net.accuracy(X, t) == np.mean((net.predict(X) == t).all(axis=1))

    def test_loss_and_gradients_take_penalties_and_weights(self) -> None:
        net, w = network(), np.arange(1.0, 9.0)
        W = np.concatenate([net.params[f"W{i}"].ravel() for i in (1, 2, 3)])
        plain = [net.loss(X[i : i + 1], Y[i : i + 1]) for i in range(8)]
        expected = np.average(plain, weights=w) + 0.1 / 2 * (W**2).sum() + 0.01 * np.abs(W).sum()
        assert net.loss(X, Y, l2=0.1, l1=0.01, sample_weight=w) == pytest.approx(expected, rel=1e-13)
        gradients = net.gradients(X, Y, l2=0.1, l1=0.01, sample_weight=w)
        rows = [net.gradients(X[i : i + 1], Y[i : i + 1]) for i in range(8)]
        for name, gradient in gradients.items():
            expected = np.average([row[name] for row in rows], axis=0, weights=w)
            if name.startswith("W"):
                expected = expected + 0.1 * net.params[name] + 0.01 * np.sign(net.params[name])
            np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-15)

    def test_asking_changes_nothing(self) -> None:
        net = network(scaler=Standardizer().fit(X))
        before = net.theta.tobytes(), net.scaler.to_dict()
        net.forward(X), net.predict(X), net.loss(X, Y), net.gradients(X, Y), net.accuracy(X, Y)
        assert (net.theta.tobytes(), net.scaler.to_dict()) == before

    def test_gradients_are_no_views_of_the_network(self) -> None:
        net = network()
        gradients = net.gradients(X, Y)
        assert list(gradients) == list(net.params)
        assert not any(np.shares_memory(gradient, net.theta) for gradient in gradients.values())

    def test_many_rows_are_the_same_as_few_at_a_time(self) -> None:
        """20,000 rows go through in blocks; nothing of that is to be seen."""
        X_many = np.random.default_rng(1).normal(size=(20_000, 2))
        y_many = np.random.default_rng(2).integers(0, 3, 20_000)
        net = network()
        halves = [slice(0, 12_345), slice(12_345, None)]
        np.testing.assert_allclose(net.forward(X_many), np.concatenate([net.forward(X_many[h]) for h in halves]))
        sizes = [12_345, 20_000 - 12_345]
        losses = [net.loss(X_many[h], y_many[h]) for h in halves]
        assert net.loss(X_many, y_many) == pytest.approx(np.average(losses, weights=sizes), rel=1e-12)
        parts = [net.gradients(X_many[h], y_many[h])["W1"] for h in halves]
        expected = np.average(parts, axis=0, weights=sizes)
        np.testing.assert_allclose(net.gradients(X_many, y_many)["W1"], expected, rtol=1e-10)

    def test_ones_own_formulas_need_nothing_else(self) -> None:
        sine = Activation("sine", np.sin, np.cos)
        quartic = Loss("quartic", lambda a, t: (a - t) ** 4, lambda a, t: 4 * (a - t) ** 3)
        net = Network([Dense(3, sine), Dense(1)], inputs=2, loss=quartic)
        values = X[:, 0] * X[:, 1]
        a = np.sin(X @ net.params["W1"]) @ net.params["W2"]
        assert net.loss(X, values) == pytest.approx(np.mean((a[:, 0] - values) ** 4), rel=1e-13)
        h, gradient = 1e-6, net.gradients(X, values)["W1"][0, 0]
        up, down = copy.deepcopy(net), copy.deepcopy(net)
        up.params["W1"][0, 0] += h
        down.params["W1"][0, 0] -= h
        assert gradient == pytest.approx((up.loss(X, values) - down.loss(X, values)) / (2 * h), rel=1e-6)

    def test_a_mean_in_ones_own_loss_is_refused(self) -> None:
        mean = Loss("mean", lambda a, t: np.mean((a - t) ** 2), lambda a, t: a - t)
        with pytest.raises(InputError, match=r"'mean' gave values of shape \(\).*one value an output, \(8, 1\)"):
            Network([Dense(1)], inputs=2, loss=mean).loss(X, X[:, 0])


class TestSinglePrecision:
    def test_it_is_single_precision_all_the_way(self) -> None:
        """A constant or a weight in double precision somewhere would turn everything after it into doubles."""
        seen: set[Any] = set()

        def value(z: np.ndarray) -> np.ndarray:
            seen.add(z.dtype)
            return np.tanh(z)

        def slope(z: np.ndarray, a: np.ndarray) -> np.ndarray:
            seen.update((z.dtype, a.dtype))
            return 1 - a * a

        spy = Activation("spy", value, slope)
        layers = [Dense(4, spy), Dropout(0.3), Dense(4, spy), Dense(3, "softmax")]
        net = Network(layers, inputs=2, dtype="float32", scaler=Standardizer())
        settings = Settings(
            optimizer=Adam(np.float64(0.01)),
            epochs=2,
            batch_size=3,
            l2=np.float64(0.01),
            l1=0.001,
            schedule="cosine",
            class_weight="balanced",
            sample_weight=np.arange(1.0, 9.0),
            clip_norm=0.1,
            validation=(X, Y),
        )
        job = prepare(net, X, Y, settings)
        for _ in run(job):
            pass
        single = np.dtype("float32")
        assert seen == {single}
        assert net.theta.dtype == net.params["W1"].dtype == single
        assert [average.dtype for average in job.state.averages] == [single, single]
        assert net.forward(X).dtype == single
        assert all(gradient.dtype == single for gradient in net.gradients(X, Y, l2=0.1, l1=0.1).values())
        assert Network([Dense(1)], inputs=2, dtype=np.float32).predict(X).dtype == single

    def test_it_is_near_double_precision(self) -> None:
        fine, coarse = network(), network(dtype="float32")
        for net in (fine, coarse):
            net.fit(X, Y, epochs=20, optimizer=SGD(0.3, momentum=0.5), batch_size=3)
        np.testing.assert_allclose(coarse.theta, fine.theta, atol=1e-4)
        assert coarse.theta.tobytes() != fine.theta.astype(np.float32).tobytes()


class TestScaler:
    RAW = X * [1000, 0.001] + [5000, 1]

    def test_it_is_applied_by_every_method(self) -> None:
        scaled = network(scaler=Standardizer().fit(self.RAW))
        plain, standardized = network(), Standardizer().fit_transform(self.RAW)
        np.testing.assert_array_equal(scaled.forward(self.RAW), plain.forward(standardized))
        np.testing.assert_array_equal(scaled.predict(self.RAW), plain.predict(standardized))
        assert scaled.loss(self.RAW, Y) == plain.loss(standardized, Y)
        assert scaled.accuracy(self.RAW, Y) == plain.accuracy(standardized, Y)
        for name, gradient in scaled.gradients(self.RAW, Y).items():
            np.testing.assert_array_equal(gradient, plain.gradients(standardized, Y)[name])
        validation = (self.RAW[:4], Y[:4]), (standardized[:4], Y[:4])
        histories = [
            net.fit(data, Y, epochs=3, batch_size=3, validation=held_out)
            for net, data, held_out in zip((scaled, plain), (self.RAW, standardized), validation, strict=True)
        ]
        np.testing.assert_array_equal(histories[0].validation_loss, histories[1].validation_loss)
        assert scaled.theta.tobytes() == plain.theta.tobytes()

    @pytest.mark.parametrize("method", ["forward", "predict", "loss", "gradients", "accuracy"])
    def test_before_fit_every_other_method_says_what_is_missing(self, method: str) -> None:
        net = network(scaler=Standardizer())
        with pytest.raises(InputError, match=r"scaler has not been fitted: call net\.fit\(X, y\)"):
            getattr(net, method)(self.RAW, *([] if method in ("forward", "predict") else [Y]))
        assert not net.scaler.fitted

    def test_fit_fits_it_on_the_rows_trained_on(self) -> None:
        net = network(scaler=Standardizer())
        net.fit(self.RAW, Y, epochs=1, validation=(self.RAW * 100, Y))
        np.testing.assert_array_equal(net.scaler.mean, Standardizer().fit(self.RAW).mean)

    def test_a_second_fit_leaves_it_as_it_is(self) -> None:
        net = network(scaler=Standardizer())
        net.fit(self.RAW, Y, epochs=1)
        before = net.scaler.to_dict()
        net.fit(self.RAW * 3, Y, epochs=1)
        assert net.scaler.to_dict() == before

    def test_one_fitted_on_other_columns_is_refused(self) -> None:
        net = network(scaler=Standardizer().fit(np.eye(3)))
        with pytest.raises(InputError, match="X has 2 columns, and the scaler was fitted on 3"):
            net.fit(X, Y)

    def test_pixels_need_no_fitting(self) -> None:
        images = np.random.default_rng(3).integers(0, 256, (8, 2)).astype(np.uint8)
        net, plain = network(scaler=Pixels()), network()
        np.testing.assert_array_equal(net.forward(images), plain.forward(images / 255))
        net.fit(images, Y, epochs=3, batch_size=3)
        plain.fit(images / 255, Y, epochs=3, batch_size=3)
        assert net.theta.tobytes() == plain.theta.tobytes()
        with pytest.raises(InputError, match=r"pixels are 0 \.\.\. 255"):
            net.predict(X * 1000)


def test_parameters_that_are_known_are_taken_and_none_are_drawn() -> None:
    layers = [Dense(3, "tanh"), Dense(2, "softmax")]
    drawn = Network(layers, inputs=2, seed=7)
    theta = drawn.theta.copy()
    net = Network(layers, inputs=2, theta=theta)
    assert net.theta is theta  # not copied
    np.testing.assert_array_equal(net.params["W2"], drawn.params["W2"])
    net.params["b1"][...] = 5
    assert (theta == 5).sum() == 3
    frozen = drawn.theta.copy()
    frozen.flags.writeable = False
    Network(layers, inputs=2, theta=frozen).theta[:] = 0  # a copy, since this cannot be changed
    assert frozen.any()
    single = Network(layers, inputs=2, dtype="float32", theta=theta.tolist())
    assert single.theta.dtype == np.float32
    with pytest.raises(InputError, match=r"theta has shape \(3,\); this network has 17 parameters"):
        Network(layers, inputs=2, theta=[1, 2, 3])
