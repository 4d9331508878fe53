"""Settings: every one is checked where it enters, a mistyped one is recognised, and help() shows them by name."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import SGD, Adam, AdamW, Dense, InputError, Network, Settings
from pellucid.data import Standardizer
from pellucid.optimizers import OPTIMIZERS
from pellucid.schedules import SCHEDULES, Constant, Cosine, Step

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 0, 1, 0, 1])

REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"epochs": 0}, ["epochs", "at least 1", "0"]),
    ({"epochs": 10.0}, ["epochs", "whole number", "10.0"]),
    ({"epochs": True}, ["epochs", "True"]),
    ({"epochs": None}, ["epochs", "None"]),
    ({"batch_size": 0}, ["batch_size", "at least 1 or None", "0"]),
    ({"batch_size": "auto"}, ["batch_size", "'auto'"]),
    ({"batch_size": 0.5}, ["batch_size", "0.5"]),
    ({"l2": -0.1}, ["l2", "at least 0", "-0.1"]),
    ({"l2": None}, ["l2", "None"]),
    ({"l1": np.nan}, ["l1", "nan"]),
    ({"l1": np.inf}, ["l1", "inf"]),
    ({"clip_norm": 0}, ["clip_norm", "above 0"]),
    ({"clip_norm": "1"}, ["clip_norm", "'1'"]),
    ({"early_stopping": 0}, ["early_stopping", "at least 1 or None"]),
    ({"early_stopping": True}, ["early_stopping", "True"]),
    ({"early_stopping": 2.5}, ["early_stopping", "2.5"]),
    ({"seed": -1}, ["seed", "at least 0"]),
    ({"seed": None}, ["seed", "None"]),
    ({"optimizer": "adamm"}, ["optimizer", "'adamm'", "Did you mean 'adam'", "rmsprop"]),
    ({"optimizer": 0.1}, ["optimizer", "float", "0.1"]),
    ({"optimizer": SGD}, ["optimizer", "Optimizer", "SGD"]),
    ({"optimizer": None}, ["optimizer", "None"]),
    ({"schedule": "cosin"}, ["schedule", "Did you mean 'cosine'"]),
    ({"schedule": 0.9}, ["schedule", "0.9"]),
    ({"engine": "fast"}, ["engine", "'fast'", "readable"]),
    ({"validation": 0}, ["validation", "above 0"]),
    ({"validation": 1.5}, ["1.5", "between 0 and 1"]),
    ({"validation": 1}, ["between 0 and 1"]),
    ({"validation": -0.1}, ["validation", "-0.1"]),
    ({"validation": 0.01}, ["0.01 of 6 rows", "at least one row"]),
    ({"validation": "0.1"}, ["validation", "'0.1'"]),
    ({"validation": True}, ["validation", "True"]),
    ({"validation": (X, Y, X)}, ["validation", "(X, y)", "3 parts"]),
    ({"validation": (X,)}, ["validation", "1 parts"]),
    ({"class_weight": "even"}, ["class_weight", '"balanced"', "'even'"]),
    ({"class_weight": [1, 2]}, ["class_weight", "dict", "[1, 2]"]),
    ({"class_weight": 2.0}, ["class_weight", "dict", "2.0"]),
    ({"class_weight": {2: 1.0}}, ["class_weight", "class 2", "0 ... 1"]),
    ({"class_weight": {"a": 1.0}}, ["class_weight", "'a'"]),
    ({"class_weight": {True: 1.0}}, ["class_weight", "True"]),
    ({"class_weight": {0: -1.0}}, ["class_weight[0]", "at least 0"]),
    ({"class_weight": {0: "much"}}, ["class_weight[0]", "'much'"]),
    ({"class_weight": {0: 0, 1: 0}}, ["class_weight", "zero for every row"]),
    ({"learning_rate": 0.1}, ["no setting 'learning_rate'", "optimizer"]),
    ({"epoch": 10}, ["no setting 'epoch'", "Did you mean 'epochs'"]),
    ({"batchsize": 10}, ["Did you mean 'batch_size'"]),
    ({"validation_data": (X, Y)}, ["Did you mean 'validation'"]),
]


@pytest.mark.parametrize("case", range(len(REFUSED)), ids=[str(next(iter(given))) for given, _ in REFUSED])
@pytest.mark.parametrize("train", [pellucid.fit, pellucid.train, Network.fit])
def test_what_cannot_be_meant_is_refused_before_anything_changes(case: int, train: Any) -> None:
    given, phrases = REFUSED[case]
    net = Network([Dense(2, "softmax")], inputs=2, scaler=Standardizer())
    before = net.theta.tobytes()
    with pytest.raises(InputError) as caught:
        train(net, X, Y, **given)  # the generator too: right at the call, not at its first epoch
    for phrase in phrases:
        assert phrase in str(caught.value)
    assert net.theta.tobytes() == before
    assert not net.scaler.fitted


@pytest.mark.parametrize("layer", [Dense(1), Dense(3, "sigmoid")])
def test_class_weights_need_classes(layer: Dense) -> None:
    net = Network([layer], inputs=2)
    with pytest.raises(InputError, match=r"class_weight needs classes; this network ends in Dense"):
        net.fit(X, np.ones((6, layer.units)), class_weight="balanced")


def test_names_become_records() -> None:
    for name, kind in OPTIMIZERS.items():
        assert Settings(optimizer=name).optimizer == kind()
        assert Settings(optimizer=name.upper()).optimizer == kind()
    for name, record in SCHEDULES.items():
        assert Settings(schedule=name).schedule is record
    assert Settings(schedule="one-cycle").schedule is SCHEDULES["one_cycle"]
    assert Settings(schedule=None).schedule == Constant()
    records = Settings(optimizer=AdamW(0.02, weight_decay=0.3), schedule=Step(every=7))
    assert records.optimizer == AdamW(0.02, weight_decay=0.3)
    assert records.schedule == Step(every=7)


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = Settings()
    assert settings.optimizer == SGD(0.1)
    assert (settings.epochs, settings.batch_size, settings.seed, settings.shuffle) == (100, None, 0, True)
    assert (settings.l2, settings.l1, settings.clip_norm, settings.early_stopping) == (0.0, 0.0, None, None)
    assert settings.validation is settings.class_weight is settings.sample_weight is None
    assert settings.engine == "auto"


def test_numbers_of_numpy_become_plain_ones() -> None:
    settings = Settings(epochs=np.int64(3), l2=np.float32(0.5), batch_size=np.int32(2), seed=np.uint8(7))
    assert [type(number) for number in (settings.epochs, settings.batch_size, settings.seed)] == [int, int, int]
    assert type(settings.l2) is float


def test_they_cannot_be_changed_afterwards() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize("function", [pellucid.fit, pellucid.train, Network.fit])
def test_help_shows_every_setting_by_name(function: Any) -> None:
    parameters = inspect.signature(function).parameters
    for setting in dataclasses.fields(Settings):
        shown = parameters[setting.name]
        assert shown.kind is inspect.Parameter.KEYWORD_ONLY
        assert shown.default == getattr(Settings(), setting.name)
    assert not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    assert ("progress" in parameters) == ("on_epoch" in parameters) == (function is not pellucid.train)
    assert "early_stopping: stop after so many epochs" in function.__doc__


def test_the_history_remembers_what_was_asked_for() -> None:
    net = Network([Dense(2, "softmax")], inputs=2)
    settings = {"optimizer": Adam(0.05), "epochs": 2, "schedule": Cosine(), "sample_weight": np.ones(6)}
    history = net.fit(X, Y, validation=(X, Y), class_weight={1: 2.0}, **settings)
    assert history.settings is not None
    assert history.settings["optimizer"] == "Adam(learning_rate=0.05, beta1=0.9, beta2=0.999, eps=1e-08)"
    assert history.settings["epochs"] == "2"
    assert history.settings["schedule"] == "Cosine(warmup=0.0)"
    assert history.settings["class_weight"] == "{1: 2.0}"
    assert history.settings["sample_weight"] == history.settings["validation"] == "given"  # data are not repeated
    assert set(history.settings) == {field.name for field in dataclasses.fields(Settings)}
    assert net.fit(X, Y, epochs=1, validation=0.5).settings["validation"] == "0.5"  # type: ignore[index]
