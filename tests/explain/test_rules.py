"""Every rule of `diagnose` speaks of its illness, and is silent once that is mended and nothing else is changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import SGD, Activation, Adam, Dense, Dropout, Network, diagnose
from pellucid.data import Pixels, Standardizer, make_blobs, make_microchips, make_moons, make_plane, make_xor, one_hot
from pellucid.explain import rules
from pellucid.explain.findings import Diagnosis
from pellucid.initializers import constant, normal

RNG = np.random.default_rng(7)
MOONS = make_moons(200, noise=0.1)
BLOBS = make_blobs(240, centers=3, features=4, spread=1.0, seed=1)
PLANE = make_plane(200, noise=0.05)
NOISE = RNG.normal(size=(240, 3))
DIGITS = np.clip(RNG.normal(100, 80, (240, 64)), 0, 255).astype(np.uint8)  # like images: bright inside, a blank rim
DIGITS.reshape(-1, 8, 8)[:, [0, -1], :] = 0
COUNTS = RNG.poisson(3, 240)
SHUFFLED = RNG.permutation(240)
BY_LABEL = np.argsort(BLOBS[1], kind="stable")
RARE = (np.vstack([RNG.normal(0, 1, (190, 2)), RNG.normal(0.5, 1, (10, 2))]), np.repeat([0, 1], [190, 10]))
CHIPS = make_microchips(118, seed=3)


@dataclass
class Patient:
    """A network and its data; trained where `fit` says how, after `change` by hand; diagnosed on `seen`, if given."""

    net: Network
    X: Any
    y: Any
    fit: dict[str, Any] | None = None
    change: Callable[[Network], Any] | None = None
    seen: Any = None

    def diagnosed(self) -> Diagnosis:
        if self.change is not None:
            self.change(self.net)
        history = None if self.fit is None else self.net.fit(self.X, self.y, **self.fit)
        return diagnose(self.net, self.X if self.seen is None else self.seen, self.y, history)


def net_of(*layers: Any, inputs: int = 2, **more: Any) -> Network:
    return Network(layers, inputs=inputs, **more)


def classifier(X: Any = MOONS[0], outputs: int = 2, activation: Any = "tanh", **more: Any) -> Network:
    return net_of(Dense(16, activation), Dense(outputs, "softmax"), inputs=X.shape[1], **more)


def moons(net: Network | None = None, **fit: Any) -> Patient:
    return Patient(net or classifier(), *MOONS, fit or None)


def blobs(X: Any = None, net: Network | None = None, **more: Any) -> Patient:
    X = BLOBS[0] if X is None else X
    return Patient(net or classifier(X, 3), X, BLOBS[1], **more)


def plane(y: Any = PLANE[1], output: Any = "identity", **fit: Any) -> Patient:
    return Patient(net_of(Dense(16, "tanh"), Dense(1, output)), PLANE[0], y, fit or None)


def stacked(activation: Any, layers: int, init: Any = None, **fit: Any) -> Patient:
    dense = [Dense(10, activation, init) for _ in range(layers)]
    return Patient(net_of(*dense, Dense(2, "softmax", init)), *MOONS, fit or None)


def changed(patient: Patient, **parameters: Any) -> Patient:
    def change(net: Network) -> None:
        for name, factor in parameters.items():
            net.params[name] = factor(net.params[name])

    patient.change = change
    return patient


def times(factor: float) -> Callable[[Any], Any]:
    return lambda view: view * factor


def plus(number: float) -> Callable[[Any], Any]:
    return lambda view: view + number


def large() -> Network:
    return net_of(Dense(64, "relu"), Dense(64, "relu"), Dense(2, "softmax"))


def columns(*more: Any) -> Any:
    """The blobs with more columns beside them."""
    return np.column_stack([BLOBS[0], *more])


def in_order(rows: Any, **fit: Any) -> Patient:
    return Patient(classifier(BLOBS[0], 3), BLOBS[0][rows], BLOBS[1][rows], {"epochs": 20, "batch_size": 16, **fit})


def standardized(X: Any) -> Any:
    return Standardizer().fit_transform(X)


TRAINED = {"optimizer": SGD(0.3), "epochs": 300}
GOOD = {"optimizer": Adam(0.01), "epochs": 100, "batch_size": 32}
SLOW = {"optimizer": SGD(1e-9), "epochs": 1}
OWN_RELU = Activation("step_up", lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0, relu_like=True)
OWN_SQUASH = Activation("squash", lambda z: z / (1 + np.abs(z)), lambda z: 1 / (1 + np.abs(z)) ** 2)
METRES = 1.5 + 0.1 * NOISE[:, 0]
WIDE = (RNG.normal(size=(99, 300)), np.arange(99) % 2)
REAL = BLOBS[1] * 0.5 + 0.1 * NOISE[:, 0]
MULTI = np.column_stack([BLOBS[1] == 0, BLOBS[1] < 2, BLOBS[0][:, 0] > 0]).astype(float)

# kind, the illness, and the same case with its fix applied.
PAIRS: list[tuple[str, str, Callable[[], Patient], Callable[[], Patient]]] = [
    # Features
    ("features_unscaled", "thousands", lambda: blobs(BLOBS[0] * 1000), lambda: blobs(BLOBS[0])),
    ("features_unscaled", "scaler", lambda: blobs(BLOBS[0] * 1000),
     lambda: blobs(BLOBS[0] * 1000, classifier(BLOBS[0], 3, scaler=Standardizer()))),
    ("features_unscaled", "one year", lambda: blobs(columns(1990 + 10 * NOISE[:, 0])),
     lambda: blobs(columns(NOISE[:, 0]))),
    ("features_unscaled", "a thousandth", lambda: blobs(columns(NOISE[:, 0] / 1000)),
     lambda: blobs(columns((NOISE[:, 0] > 2.5) * 1.0))),
    ("features_unscaled", "pixels", lambda: Patient(classifier(DIGITS), DIGITS, COUNTS % 2),
     lambda: Patient(classifier(DIGITS, scaler=Pixels()), DIGITS, COUNTS % 2)),
    ("features_unscaled", "trained", lambda: blobs(BLOBS[0] * 1000, fit=GOOD), lambda: blobs(fit=GOOD)),
    ("other_features", "raw after a scaled copy",
     lambda: blobs(standardized(BLOBS[0] * 9 + 40), fit=GOOD, seen=BLOBS[0] * 9 + 40),
     lambda: blobs(standardized(BLOBS[0] * 9 + 40), fit=GOOD)),
    ("other_features", "scaled twice",
     lambda: blobs(standardized(BLOBS[0]), classifier(BLOBS[0], 3, scaler=Standardizer().fit(BLOBS[0] * 9 + 40))),
     lambda: blobs(BLOBS[0] * 9 + 40, classifier(BLOBS[0], 3, scaler=Standardizer().fit(BLOBS[0] * 9 + 40)))),
    ("other_features", "pixels divided twice",
     lambda: Patient(classifier(DIGITS, scaler=Pixels()), DIGITS / 255, COUNTS % 2),
     lambda: Patient(classifier(DIGITS, scaler=Pixels()), DIGITS, COUNTS % 2)),
    ("other_features", "part of the rows", lambda: blobs(fit=GOOD, seen=BLOBS[0] * 100),
     lambda: blobs(fit=GOOD, seen=BLOBS[0][SHUFFLED])),
    ("features_constant", "a seven", lambda: blobs(columns(np.full(240, 7))), lambda: blobs(columns(NOISE[:, 0]))),
    ("features_constant", "nothing else", lambda: blobs(np.ones((240, 2))), lambda: blobs(NOISE)),
    ("features_constant", "yes and no", lambda: blobs(columns(np.ones(240)) > 0), lambda: blobs(NOISE > 0)),
    ("features_constant", "one pixel stuck",
     lambda: Patient(classifier(DIGITS, scaler=Pixels()), np.where(np.arange(64) == 20, 255, DIGITS), COUNTS % 2),
     lambda: Patient(classifier(DIGITS, scaler=Pixels()), DIGITS, COUNTS % 2)),
    ("features_duplicate", "metres and feet", lambda: blobs(columns(METRES, METRES * 3.28)),
     lambda: blobs(columns(METRES))),
    ("features_duplicate", "a copy", lambda: blobs(columns(BLOBS[0][:, 1])), lambda: blobs(columns(-BLOBS[0][:, 1]))),
    # Targets
    ("targets_unscaled", "thousands", lambda: plane(PLANE[1] * 1000), lambda: plane()),
    ("targets_unscaled", "thousandths", lambda: plane(PLANE[1] / 1000), lambda: plane()),
    ("targets_unscaled", "far from zero", lambda: plane(PLANE[1] + 500), lambda: plane()),
    ("targets_unscaled", "learnt all the same", lambda: plane(PLANE[1] * 20),
     lambda: plane(PLANE[1] * 20, optimizer=Adam(0.1), epochs=400)),
    ("targets_unscaled", "counts are what poisson is for",
     lambda: Patient(net_of(Dense(1), inputs=3), NOISE, COUNTS * 50.0),
     lambda: Patient(net_of(Dense(1, "exp"), inputs=3), NOISE, COUNTS * 50.0)),
    ("labels_sorted", "shuffled by fit", lambda: in_order(BY_LABEL, shuffle=False), lambda: in_order(BY_LABEL)),
    ("labels_sorted", "shuffled by hand", lambda: in_order(BY_LABEL, shuffle=False),
     lambda: in_order(SHUFFLED, shuffle=False)),
    ("labels_sorted", "all at once", lambda: in_order(BY_LABEL, shuffle=False, batch_size=80),
     lambda: in_order(BY_LABEL, shuffle=False, batch_size=None)),
    ("labels_sorted", "values",
     lambda: Patient(net_of(Dense(1)), PLANE[0][np.argsort(PLANE[1])], np.sort(PLANE[1]),
                     {"shuffle": False, "batch_size": 20, "epochs": 5, "optimizer": SGD(0.01)}),
     lambda: Patient(net_of(Dense(1)), *PLANE,
                     {"shuffle": False, "batch_size": 20, "epochs": 5, "optimizer": SGD(0.01)})),
    ("class_imbalance", "weights", lambda: Patient(net_of(Dense(2, "softmax")), *RARE, TRAINED),
     lambda: Patient(net_of(Dense(2, "softmax")), *RARE, {**TRAINED, "class_weight": "balanced"})),
    ("class_imbalance", "before training", lambda: Patient(classifier(), *RARE),
     lambda: Patient(classifier(), RARE[0][150:], RARE[1][150:] * 0 + np.arange(50) % 2)),
    ("one_class", "a bias", lambda: changed(moons(**SLOW), b2=lambda b: b + np.array([9, 0])),
     lambda: moons(**TRAINED)),
    # Output, loss and targets
    ("loss_pairing", "softmax", lambda: blobs(net=classifier(BLOBS[0], 3, loss="squared_error")), blobs),
    ("loss_pairing", "sigmoid", lambda: moons(net_of(Dense(8, "tanh"), Dense(1, "sigmoid"), loss="absolute_error")),
     lambda: moons(net_of(Dense(8, "tanh"), Dense(1, "sigmoid")))),
    ("output_range", "relu", lambda: plane(output="relu"), lambda: plane(np.abs(PLANE[1]), output="relu")),
    ("output_range", "tanh", lambda: plane(PLANE[1] * 3, output="tanh"), lambda: plane(PLANE[1] / 2, output="tanh")),
    ("output_range", "own", lambda: plane(PLANE[1] * 3, output=OWN_SQUASH), lambda: plane(PLANE[1] * 3)),
    ("classes_as_values", "0 and 1", lambda: Patient(net_of(Dense(1)), *MOONS),
     lambda: Patient(net_of(Dense(1)), MOONS[0], MOONS[1] + 0.1 * NOISE[:200, 0])),
    ("classes_as_values", "numbers", lambda: Patient(net_of(Dense(1), inputs=4), *BLOBS),
     lambda: Patient(net_of(Dense(1), inputs=4), BLOBS[0], np.minimum(COUNTS, 5))),
    ("classes_as_values", "grades", lambda: Patient(net_of(Dense(1), inputs=4), *BLOBS),
     lambda: Patient(net_of(Dense(1), inputs=4), BLOBS[0], BLOBS[1] + 1)),
    ("classes_as_values", "one-hot", lambda: Patient(net_of(Dense(3), inputs=4), BLOBS[0], one_hot(BLOBS[1])),
     lambda: Patient(net_of(Dense(3), inputs=4), BLOBS[0], one_hot(BLOBS[1]) + REAL[:, None])),
    ("exclusive_labels", "one-hot", lambda: Patient(net_of(Dense(3, "sigmoid"), inputs=4), BLOBS[0], one_hot(BLOBS[1])),
     lambda: Patient(net_of(Dense(3, "sigmoid"), inputs=4), BLOBS[0], MULTI)),
    ("exclusive_labels", "softmax", lambda: Patient(net_of(Dense(3, "sigmoid"), inputs=4), BLOBS[0], one_hot(BLOBS[1])),
     lambda: Patient(net_of(Dense(3, "softmax"), inputs=4), BLOBS[0], one_hot(BLOBS[1]))),
    # The start
    ("loss_at_start", "wide", lambda: moons(net_of(Dense(64, "relu", normal(3.0)), Dense(2, "softmax", normal(3.0)))),
     lambda: moons(net_of(Dense(64, "relu"), Dense(2, "softmax")))),
    ("loss_at_start", "by hand", lambda: changed(moons(), W2=times(-200)), moons),
    ("loss_at_start", "by hand, then trained",
     lambda: changed(moons(optimizer=SGD(0.01), epochs=3), W2=times(-200)),
     lambda: moons(optimizer=SGD(0.01), epochs=3)),
    ("loss_at_start", "drawn again after training",
     lambda: stacked("tanh", 1, normal(60.0), optimizer=SGD(1e-4), epochs=3),
     lambda: stacked("tanh", 1, optimizer=SGD(1e-4), epochs=3)),
    ("loss_at_start", "values", lambda: changed(plane(), W2=times(80)), plane),
    ("activations_explode", "unit variance",
     lambda: Patient(net_of(Dense(20, "tanh", normal(1.0)), Dense(2, "softmax"), inputs=300), *WIDE),
     lambda: Patient(net_of(Dense(20, "tanh"), Dense(2, "softmax"), inputs=300), *WIDE)),
    ("activations_vanish", "tiny weights", lambda: stacked("tanh", 2, normal(0.01)), lambda: stacked("tanh", 2)),
    ("activations_vanish", "many sigmoid layers", lambda: stacked("sigmoid", 5), lambda: stacked("sigmoid", 1)),
    ("activations_vanish", "many layers", lambda: stacked("sigmoid", 5), lambda: stacked("tanh", 5)),
    ("gradients_vanish", "many sigmoid layers", lambda: stacked("sigmoid", 8), lambda: stacked("relu", 8)),
    ("gradients_explode", "wide weights", lambda: stacked("leaky_relu", 5, normal(2.0)),
     lambda: stacked("leaky_relu", 5)),
    ("symmetric_units", "zeros", lambda: stacked("tanh", 1, "zeros"), lambda: stacked("tanh", 1)),
    ("symmetric_units", "constant", lambda: stacked("tanh", 2, constant(0.5), **GOOD),
     lambda: stacked("tanh", 2, **GOOD)),
    ("symmetric_units", "nothing hidden", lambda: stacked("tanh", 1, "zeros"), lambda: stacked("tanh", 0, "zeros")),
    ("no_nonlinearity", "identity", lambda: stacked("identity", 2), lambda: stacked("tanh", 2)),
    ("no_nonlinearity", "one bends", lambda: stacked("identity", 2),
     lambda: moons(net_of(Dense(4), Dense(4, "tanh"), Dense(2, "softmax")))),
    # Units
    ("not_finite", "overflow",
     lambda: changed(moons(classifier(activation="relu")), W1=times(1e200), W2=times(1e200)), moons),
    ("dead_units", "relu", lambda: changed(moons(classifier(activation="relu")), b1=plus(-50)),
     lambda: moons(classifier(activation="relu"))),
    ("dead_units", "leaky", lambda: changed(moons(classifier(activation="relu")), b1=plus(-50)),
     lambda: changed(moons(classifier(activation="leaky_relu")), b1=plus(-50))),
    ("dead_units", "half",
     lambda: changed(moons(classifier(activation="relu")), b1=lambda b: b - 50 * (np.arange(16) < 8)),
     lambda: changed(moons(classifier(activation="relu")), b1=lambda b: b - 50 * (np.arange(16) < 2))),
    ("dead_units", "own", lambda: changed(moons(classifier(activation=OWN_RELU)), b1=plus(-50)),
     lambda: moons(classifier(activation=OWN_RELU))),
    ("dead_units", "a long step", lambda: moons(classifier(activation="relu"), optimizer=SGD(300.0), epochs=20),
     lambda: moons(classifier(activation="relu"), **TRAINED)),
    ("saturated_units", "tanh", lambda: changed(moons(), W1=times(1000)), moons),
    ("saturated_units", "sigmoid", lambda: changed(moons(classifier(activation="sigmoid")), b1=plus(30)),
     lambda: moons(classifier(activation="sigmoid"))),
    ("saturated_units", "own", lambda: changed(moons(classifier(activation=OWN_SQUASH)), W1=times(1000)),
     lambda: moons(classifier(activation=OWN_SQUASH))),
    # Rates
    ("rate_too_large", "gradient descent", lambda: moons(optimizer=SGD(100.0), epochs=50), lambda: moons(**TRAINED)),
    ("rate_too_large", "Adam", lambda: Patient(classifier(), *CHIPS, {**GOOD, "optimizer": Adam(2.0)}),
     lambda: Patient(classifier(), *CHIPS, GOOD)),
    ("rate_too_large", "values", lambda: plane(optimizer=SGD(1.5), epochs=40),
     lambda: plane(optimizer=SGD(0.1), epochs=200)),
    ("rate_too_small", "gradient descent", lambda: moons(optimizer=SGD(1e-5), epochs=50), lambda: moons(**TRAINED)),
    ("rate_too_small", "on a saddle", lambda: stacked("sigmoid", 2, optimizer=SGD(1e-5), epochs=50),
     lambda: stacked("tanh", 2, **TRAINED)),
    ("rate_too_small", "Adam", lambda: blobs(fit={**GOOD, "optimizer": Adam(1e-7)}), lambda: blobs(fit=GOOD)),
    ("rate_too_small", "values", lambda: plane(optimizer=SGD(1e-6), epochs=50),
     lambda: plane(optimizer=SGD(0.1), epochs=200)),
    # How it went
    ("penalty_too_strong", "l2", lambda: moons(**TRAINED, l2=2.0), lambda: moons(**TRAINED, l2=0.001)),
    ("penalty_too_strong", "nothing left", lambda: moons(**GOOD, l2=3.0), lambda: moons(**GOOD, l2=0.001)),
    ("penalty_too_strong", "l1", lambda: moons(**TRAINED, l1=0.5), lambda: moons(**TRAINED, l1=0.0001)),
    ("dropout_too_high", "nine in ten",
     lambda: moons(net_of(Dense(8, "tanh"), Dropout(0.95), Dense(2, "softmax")), **GOOD),
     lambda: moons(net_of(Dense(8, "tanh"), Dropout(0.2), Dense(2, "softmax")), **GOOD)),
    ("worse_than_guessing", "long steps", lambda: moons(optimizer=SGD(100.0), epochs=50), lambda: moons(**TRAINED)),
    ("plateau", "a saddle", lambda: stacked("tanh", 1, "zeros", **TRAINED), lambda: stacked("tanh", 1, **TRAINED)),
    ("plateau", "a line through xor",
     lambda: Patient(net_of(Dense(2, "softmax")), *make_xor(200, seed=1), TRAINED),
     lambda: Patient(net_of(Dense(8, "tanh"), Dense(2, "softmax")), *make_xor(200, seed=1),
                     {**TRAINED, "optimizer": SGD(1.0)})),
    ("nothing_learnt", "too short", lambda: moons(stacked("sigmoid", 2).net, optimizer=SGD(0.1), epochs=5),
     lambda: moons(classifier(), **TRAINED)),
    ("overfitting", "early stopping",
     lambda: Patient(large(), *CHIPS, {**GOOD, "epochs": 150, "validation": 0.3}),
     lambda: Patient(large(), *CHIPS,
                     {**GOOD, "epochs": 150, "validation": 0.3, "early_stopping": 20})),
    ("overfitting", "penalty",
     lambda: Patient(large(), *CHIPS, {**GOOD, "epochs": 150, "validation": 0.3}),
     lambda: Patient(large(), *CHIPS,
                     {**GOOD, "epochs": 150, "validation": 0.3, "l2": 0.03})),
    ("more_epochs", "longer", lambda: moons(optimizer=Adam(0.01), epochs=10),
     lambda: moons(optimizer=Adam(0.01), epochs=400)),
    ("more_epochs", "small batches", lambda: moons(optimizer=Adam(0.003), epochs=8, batch_size=20),
     lambda: moons(optimizer=Adam(0.01), epochs=80, batch_size=20)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "sick"), [(k, sick) for k, _, sick, _ in PAIRS], ids=[f"{k}-{i}" for k, i, *_ in PAIRS]
)
def test_a_rule_speaks_of_its_illness(kind: str, sick: Callable[[], Patient]) -> None:
    found = sick().diagnosed()
    assert kind in found.kinds
    finding = found[found.kinds.index(kind)]
    assert finding.weight in (1, 2, 3)
    for text in (finding.what, finding.why, finding.evidence, finding.fix):
        assert text.endswith(".")
        assert not re.search(r"\bnan\b|  |None|(?<!\.)\.\.(?!\.)", text)
    for text in (finding.what, finding.why, finding.evidence):
        assert not text[0].islower() or text.startswith(("tanh and", "softmax", "relu"))


@pytest.mark.parametrize(
    ("kind", "well"), [(k, well) for k, _, _, well in PAIRS], ids=[f"{k}-{i}" for k, i, *_ in PAIRS]
)
def test_a_rule_is_silent_once_it_is_mended(kind: str, well: Callable[[], Patient]) -> None:
    assert kind not in well().diagnosed().kinds


def test_every_kind_that_a_rule_can_give_is_tested() -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(rules.__file__).parent.glob("*.py")]
    text = "".join(sources)
    kinds = set(re.findall(r'Finding\(\s*"(\w+)"', text)) | set(re.findall(r'kind, what = "(\w+)"', text))
    assert kinds == {kind for kind, *_ in PAIRS}
    assert set(rules.CAUSES) <= kinds
    assert {cause for causes in rules.CAUSES.values() for cause in causes} <= kinds


def test_dropout_shakes_the_training_loss_at_any_rate() -> None:
    """So where there is a validation loss, that is what must not jump."""
    net = net_of(Dense(16, "tanh"), Dropout(0.3), Dense(2, "softmax"))
    history = net.fit(*MOONS, optimizer=SGD(0.3), epochs=40, validation=0.2)
    calm, shaky = np.linspace(0.6, 0.3, 40), 0.35 + 0.1 * (-1) ** np.arange(40)
    for loss, validation, speaks in [
        (shaky, calm, False),
        (calm, shaky, True),
        (shaky, None, False),
        (3 * shaky, None, True),
    ]:
        told = replace(history, loss=loss, validation_loss=validation)
        assert ("rate_too_large" in diagnose(net, *MOONS, told).kinds) is speaks
    plain = net_of(Dense(16, "tanh"), Dense(2, "softmax"))
    told = replace(plain.fit(*MOONS, optimizer=SGD(0.3), epochs=40), loss=shaky)
    assert "rate_too_large" in diagnose(plain, *MOONS, told).kinds


@pytest.mark.parametrize(
    ("accuracy", "words"), [(1.0, "learns the training rows by heart"), (0.87, "has begun to overfit")]
)
def test_what_is_known_by_heart_is_told_from_what_is_not_and_the_numbers_are_those_of_the_history(
    accuracy: float, words: str
) -> None:
    net = classifier()
    history = net.fit(*MOONS, optimizer=SGD(0.3), epochs=40, validation=0.2)
    rising = np.concatenate([np.linspace(0.6, 0.3, 15), np.linspace(0.3, 0.6, 25)])
    rising += 0.004 * np.cos(np.arange(40))  # so that means of neighbours are other numbers
    assert history.accuracy is not None
    told = replace(
        history,
        loss=np.linspace(0.6, 0.2, 40),
        validation_loss=rising,
        accuracy=np.append(history.accuracy[:-1], accuracy),
    )
    finding = next(one for one in diagnose(net, *MOONS, told) if one.kind == "overfitting")
    assert words in finding.what
    best = int(rising.argmin())
    assert f"lowest in epoch {best + 1} ({rising[best]:.4g}) and is {rising[-1]:.4g} after 40" in finding.evidence
    assert f"from {told.loss[best]:.4g} to 0.2 meanwhile" in finding.evidence


def test_a_validation_loss_that_comes_back_down_is_no_overfitting() -> None:
    net = classifier()
    history = net.fit(*MOONS, optimizer=SGD(0.3), epochs=40, validation=0.2)
    falling = np.linspace(0.6, 0.2, 40)
    rising = np.concatenate([np.linspace(0.6, 0.3, 15), np.linspace(0.3, 0.6, 25)])
    back = np.concatenate([rising[:34], np.full(6, 0.31)])
    for loss, validation, speaks in [(falling, rising, True), (falling, back, False), (rising, rising, False)]:
        told = replace(history, loss=loss, validation_loss=validation)
        assert ("overfitting" in diagnose(net, *MOONS, told).kinds) is speaks
