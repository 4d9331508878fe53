"""Training is the loop that one writes by hand; held-out rows, early stopping, weights and Ctrl-C do what they say."""

from __future__ import annotations

import copy
import inspect
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from typing import Any

import numpy as np
import pytest

from pellucid import (
    SGD,
    Activation,
    Adam,
    Dense,
    Dropout,
    Epoch,
    History,
    InputError,
    Network,
    TrainingDiverged,
    fit,
    jobs,
    train,
)
from pellucid.data import Pixels, Standardizer
from pellucid.engines import readable
from pellucid.splits import split_indices

RNG = np.random.default_rng(0)
X = RNG.normal(size=(23, 2))
Y = np.array([0, 1, 2] * 7 + [0, 1])
T = np.eye(3)[Y]
VALUES = np.sin(X[:, 0]) + X[:, 1]
X_VAL, Y_VAL = RNG.normal(size=(12, 2)), np.arange(12) % 3


def classifier(*between: Any, **options: Any) -> Network:
    return Network([Dense(4, "tanh"), *between, Dense(3, "softmax")], inputs=2, **options)


def by_hand(
    net: Network,
    batch_size: int,
    epochs: int = 6,
    rate: float = 0.5,
    seed: int = 0,
    shuffle: bool = True,
    l2: float = 0.0,
    l1: float = 0.0,
    w: np.ndarray | None = None,
    dropout: float = 0.0,
) -> tuple[list[np.ndarray], list[float], list[float]]:
    """The loop of a textbook for tanh and softmax: parameters, losses and accuracies epoch by epoch.

    What it records is written down row by row: each row's loss, penalty included, in the step that used it.
    """
    W1, b1, W2, b2 = (net.params[name].copy() for name in ("W1", "b1", "W2", "b2"))
    w = np.ones(len(X)) if w is None else w
    thetas, losses, accuracies = [], [], []
    for epoch in range(epochs):
        rng = np.random.default_rng((seed, epoch))
        full = batch_size >= len(X)
        order = rng.permutation(len(X)) if shuffle and not full else np.arange(len(X))
        seen, right = np.zeros(len(X)), np.zeros(len(X))
        for begin in range(0, len(X), batch_size):
            rows = order[begin : begin + batch_size]
            a = np.tanh(X[rows] @ W1 + b1)
            mask = (rng.random(a.shape, dtype=np.float32) >= dropout) / (1 - dropout) if dropout else 1.0
            h = a * mask
            scores = np.exp(h @ W2 + b2)
            p = scores / scores.sum(axis=1, keepdims=True)
            penalty = l2 / 2 * ((W1**2).sum() + (W2**2).sum()) + l1 * (np.abs(W1).sum() + np.abs(W2).sum())
            seen[rows] = -np.log((p * T[rows]).sum(axis=1)) + penalty
            right[rows] = p.argmax(axis=1) == Y[rows]
            delta2 = (p - T[rows]) * w[rows, None] / w[rows].sum()
            delta1 = delta2 @ W2.T * mask * (1 - a**2)
            W2 = W2 - rate * (h.T @ delta2 + l2 * W2 + l1 * np.sign(W2))
            b2 = b2 - rate * delta2.sum(axis=0)
            W1 = W1 - rate * (X[rows].T @ delta1 + l2 * W1 + l1 * np.sign(W1))
            b1 = b1 - rate * delta1.sum(axis=0)
        thetas.append(np.concatenate([W1.ravel(), b1, W2.ravel(), b2]))
        losses.append(float(np.average(seen, weights=w)))
        accuracies.append(float(right.mean()))
    return thetas, losses, accuracies


HAND_CASES: dict[str, dict[str, Any]] = {
    "full batch": {"batch_size": 23},
    "full batch with penalties": {"batch_size": 23, "l2": 0.1, "l1": 0.02},
    "full batch with weights": {"batch_size": 23, "w": np.arange(1.0, 24.0)},
    "full batch with dropout": {"batch_size": 23, "dropout": 0.3, "seed": 5},
    "mini-batches": {"batch_size": 5},  # the last one has three rows
    "mini-batches of another seed": {"batch_size": 5, "seed": 11},
    "mini-batches unshuffled": {"batch_size": 5, "shuffle": False},
    "mini-batches with penalties and weights": {"batch_size": 4, "l2": 0.1, "l1": 0.02, "w": np.arange(1.0, 24.0)},
    "mini-batches with dropout": {"batch_size": 8, "dropout": 0.5, "l2": 0.01},
    "unshuffled with dropout": {"batch_size": 8, "dropout": 0.5, "shuffle": False},
    "single rows": {"batch_size": 1},
    "all rows but one": {"batch_size": 22},
}


@pytest.mark.parametrize("case", HAND_CASES)
def test_fit_is_the_loop_written_by_hand(case: str) -> None:
    given = HAND_CASES[case]
    rate = given.get("dropout", 0.0)
    net = classifier(Dropout(rate)) if rate else classifier()
    thetas, losses, accuracies = by_hand(net, **given)
    seen: list[np.ndarray] = []
    settings = {name: value for name, value in given.items() if name not in ("w", "dropout")}
    history = net.fit(
        X,
        Y,
        optimizer=SGD(0.5),
        epochs=6,
        sample_weight=given.get("w"),
        on_epoch=lambda epoch: seen.append(epoch.network.theta.copy()),
        **settings,
    )
    np.testing.assert_allclose(seen, thetas, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-12)
    np.testing.assert_array_equal(history.accuracy, accuracies)


def test_none_is_the_full_batch() -> None:
    nets = [classifier() for _ in range(3)]
    for net, batch_size in zip(nets, (None, 23, 500), strict=True):
        net.fit(X, Y, batch_size=batch_size, epochs=5)
    assert len({net.theta.tobytes() for net in nets}) == 1


def test_the_first_loss_is_that_of_the_initial_parameters() -> None:
    net = classifier()
    expected = net.loss(X, Y, l2=0.3, l1=0.1), net.accuracy(X, Y)
    history = net.fit(X, Y, epochs=3, l2=0.3, l1=0.1)
    assert (history.loss[0], history.accuracy[0]) == expected
    losses: list[float] = []
    net = classifier()
    history = net.fit(X, Y, epochs=4, on_epoch=lambda epoch: losses.append(epoch.network.loss(X, Y)))
    assert history.loss[1:].tolist() == losses[:-1]  # of a full batch: exactly what the epoch's forward pass saw


@pytest.mark.parametrize("settings", [{}, {"batch_size": 4}, {"optimizer": Adam(0.05)}])
def test_validation_is_taken_after_the_epoch_without_dropout_and_with_the_same_penalty(settings: Any) -> None:
    def compare(epoch: Epoch) -> None:
        assert epoch.validation_loss == epoch.network.loss(X_VAL, Y_VAL, l2=0.1, l1=0.02)
        assert epoch.validation_accuracy == epoch.network.accuracy(X_VAL, Y_VAL)

    history = classifier(Dropout(0.5)).fit(
        X, Y, epochs=4, l2=0.1, l1=0.02, validation=(X_VAL, Y_VAL), on_epoch=compare, **settings
    )
    assert len(history) == len(history.validation_loss) == 4


def test_a_validation_set_changes_nothing_in_training() -> None:
    nets = [classifier(Dropout(0.3)) for _ in range(2)]
    nets[0].fit(X, Y, epochs=5, batch_size=4)
    nets[1].fit(X, Y, epochs=5, batch_size=4, validation=[X_VAL.tolist(), np.eye(3)[Y_VAL]])
    assert nets[0].theta.tobytes() == nets[1].theta.tobytes()


class TestValidationShare:
    def test_it_is_stratified_and_decided_by_the_seed(self) -> None:
        for seed in (0, 1):
            rows, held_out = split_indices(Y, 0.25, np.random.default_rng(seed))
            np.testing.assert_array_equal(np.bincount(Y[held_out]), [2, 2, 2])  # 6 of 8, 8 and 7
            shared, direct = classifier(), classifier()
            one = shared.fit(X, Y, validation=0.25, seed=seed, epochs=4, batch_size=4)
            two = direct.fit(X[rows], Y[rows], validation=(X[held_out], Y[held_out]), seed=seed, epochs=4, batch_size=4)
            assert shared.theta.tobytes() == direct.theta.tobytes()
            for name, column in one.columns().items():
                if name != "seconds":
                    assert column.tobytes() == two.columns()[name].tobytes()

    @pytest.mark.parametrize(
        ("output", "y"),
        [
            (Dense(3, "softmax"), Y),
            (Dense(1, "sigmoid"), Y % 2),
            (Dense(3, "sigmoid"), T),
            (Dense(1), VALUES),
            (Dense(2), np.column_stack([VALUES, X[:, 0]])),
        ],
        ids=str,
    )
    def test_rows_held_out_are_never_trained_on_nor_scaled_by(self, output: Dense, y: np.ndarray) -> None:
        _, held_out = split_indices(y, 0.3, np.random.default_rng(4))
        spoilt = X.copy()
        spoilt[held_out] = 1e3 * X[held_out][::-1] + 17
        results = []
        for data in (X, spoilt):
            net = Network([Dense(3, "tanh"), output], inputs=2, scaler=Standardizer())
            history = net.fit(data, y, validation=0.3, seed=4, epochs=5, batch_size=4)
            results.append((net.theta.tobytes(), history.loss.tobytes(), net.scaler.to_dict(), history.validation_loss))
        assert results[0][:3] == results[1][:3]
        assert (results[0][3] != results[1][3]).all()

    def test_weights_stay_with_their_rows(self) -> None:
        w = np.arange(1.0, 24.0)
        rows, _ = split_indices(Y, 0.25, np.random.default_rng(0))
        one, two = classifier(), classifier()
        one.fit(X, Y, validation=0.25, sample_weight=w, epochs=3, batch_size=4)
        two.fit(X[rows], Y[rows], sample_weight=w[rows], epochs=3, batch_size=4)
        assert one.theta.tobytes() == two.theta.tobytes()

    def test_another_seed_holds_other_rows_out(self) -> None:
        losses = {classifier().fit(X, Y, validation=0.25, seed=s, epochs=1).validation_loss[0] for s in range(5)}
        assert len(losses) > 1


class TestEarlyStopping:
    # Labels at random: what is learnt of the training rows soon makes the others worse.
    NOISE = np.random.default_rng(8).integers(0, 3, 23)

    @pytest.mark.parametrize("patience", [1, 3, 10])
    @pytest.mark.parametrize("settings", [{}, {"batch_size": 5, "l2": 0.001}])
    def test_it_waits_as_long_as_asked_and_goes_back_to_the_best(self, patience: int, settings: Any) -> None:
        net = classifier()
        settings = {"optimizer": Adam(0.05), "validation": (X_VAL, Y_VAL), "epochs": 2000, **settings}
        history = net.fit(X, self.NOISE, early_stopping=patience, **settings)
        assert history.stopped == "early stopping"
        assert history.best_epoch == np.argmin(history.validation_loss)
        assert len(history) == history.best_epoch + 1 + patience
        assert net.loss(X_VAL, Y_VAL, l2=settings.get("l2", 0.0)) == history.validation_loss.min()

    def test_a_loss_that_stays_the_same_is_no_improvement(self) -> None:
        history = classifier().fit(X, Y, epochs=100, optimizer=SGD(1e-300), validation=(X_VAL, Y_VAL), early_stopping=4)
        assert (history.stopped, history.best_epoch, len(history)) == ("early stopping", 0, 5)

    def test_every_shorter_wait_was_forgiven(self) -> None:
        """No run of `patience` epochs without a lower loss happened before the last one."""
        history = classifier().fit(
            X, self.NOISE, epochs=2000, batch_size=2, optimizer=SGD(0.3), validation=(X_VAL, Y_VAL), early_stopping=4
        )
        lowest = np.minimum.accumulate(history.validation_loss)
        better = np.flatnonzero(np.diff(lowest, prepend=np.inf) < 0)
        assert len(better) > 1
        assert (np.diff(better) <= 4).all()

    def test_a_full_batch_without_validation_goes_back_to_the_lowest_loss_seen(self) -> None:
        net = Network([Dense(1)], inputs=2)
        # So much momentum that the parameters swing through the valley and up again.
        history = net.fit(X, VALUES, epochs=500, optimizer=SGD(0.2, momentum=0.97), early_stopping=3, l2=0.01)
        assert history.stopped == "early stopping"
        assert 0 < history.best_epoch == np.argmin(history.loss)
        assert len(history) == history.best_epoch + 4
        assert net.loss(X, VALUES, l2=0.01) == history.loss.min()

    def test_mini_batches_without_validation_go_by_the_mean_loss_of_the_epoch(self) -> None:
        net, thetas = classifier(), []
        history = net.fit(
            X,
            self.NOISE,
            epochs=500,
            batch_size=5,
            optimizer=SGD(2.0),
            early_stopping=2,
            on_epoch=lambda epoch: thetas.append(epoch.network.theta.copy()),
        )
        assert history.stopped == "early stopping"
        assert history.best_epoch == np.argmin(history.loss)
        assert len(history) == history.best_epoch + 3
        np.testing.assert_array_equal(net.theta, thetas[history.best_epoch])

    def test_all_epochs_done_goes_back_too(self) -> None:
        net = classifier()
        history = net.fit(X, self.NOISE, epochs=60, optimizer=Adam(0.2), validation=(X_VAL, Y_VAL), early_stopping=1000)
        assert (history.stopped, len(history)) == ("epochs", 60)
        assert history.best_epoch < 59
        assert net.loss(X_VAL, Y_VAL) == history.validation_loss.min()

    def test_leaving_the_loop_goes_back_too(self) -> None:
        net, losses = classifier(), []
        settings = {"optimizer": Adam(0.2), "validation": (X_VAL, Y_VAL), "early_stopping": 1000, "epochs": 60}
        for epoch in train(net, X, self.NOISE, **settings):
            losses.append(epoch.validation_loss)
            if epoch.index == 40:
                break
        assert np.argmin(losses) < 40
        assert net.loss(X_VAL, Y_VAL) == min(losses)

    def test_on_epoch_and_errors_go_back_too(self) -> None:
        settings = {"optimizer": Adam(0.2), "validation": (X_VAL, Y_VAL), "early_stopping": 1000, "epochs": 60}
        net = classifier()
        history = net.fit(X, self.NOISE, on_epoch=lambda epoch: epoch.index == 40, **settings)
        assert (history.stopped, len(history)) == ("on_epoch", 41)
        assert net.loss(X_VAL, Y_VAL) == history.validation_loss.min() < history.validation_loss[-1]

        def fail(epoch: Epoch) -> None:
            if epoch.index == 40:
                raise ZeroDivisionError

        other = classifier()
        with pytest.raises(ZeroDivisionError):
            other.fit(X, self.NOISE, on_epoch=fail, **settings)
        assert other.theta.tobytes() == net.theta.tobytes()

    def test_without_it_the_last_parameters_stay(self) -> None:
        net = classifier()
        history = net.fit(X, self.NOISE, epochs=60, optimizer=Adam(0.2), validation=(X_VAL, Y_VAL))
        assert history.best_epoch is None
        assert net.loss(X_VAL, Y_VAL) == history.validation_loss[-1] > history.validation_loss.min()


class TestWeights:
    def test_class_weights_are_row_weights(self) -> None:
        table = {0: 3.0, 2: 0.5}  # a class that is left out weighs 1
        one, two = classifier(), classifier()
        first = one.fit(X, Y, class_weight=table, epochs=5, batch_size=4)
        second = two.fit(X, Y, sample_weight=np.array([3.0, 1.0, 0.5])[Y], epochs=5, batch_size=4)
        assert one.theta.tobytes() == two.theta.tobytes()
        assert first.loss.tobytes() == second.loss.tobytes()

    def test_they_multiply_with_row_weights(self) -> None:
        w = np.arange(1.0, 24.0)
        one, two = classifier(), classifier()
        one.fit(X, Y, class_weight={1: 4.0}, sample_weight=w, epochs=5)
        two.fit(X, T, sample_weight=np.where(Y == 1, 4 * w, w), epochs=5)
        assert one.theta.tobytes() == two.theta.tobytes()

    @pytest.mark.parametrize("layer", [Dense(3, "softmax"), Dense(1, "sigmoid"), Dense(4, "softmax")])
    def test_balanced_is_n_by_classes_and_count(self, layer: Dense) -> None:
        y = np.array([0] * 10 + [1] * 8 + ([2] * 5 if layer.units > 1 else [0] * 5))
        counts = np.bincount(y)
        expected = len(y) / (len(counts) * counts)  # a class without a row, as in the last case, does not count
        nets = [Network([layer], inputs=2) for _ in range(3)]
        nets[0].fit(X, y, class_weight="balanced", epochs=5)
        nets[1].fit(X, y, sample_weight=expected[y], epochs=5)
        nets[2].fit(X, y, class_weight=dict(enumerate(expected)), epochs=5)
        assert len({net.theta.tobytes() for net in nets}) == 1

    def test_balanced_is_what_scikit_learn_calls_so(self) -> None:
        theirs = pytest.importorskip("sklearn.utils.class_weight").compute_sample_weight("balanced", Y)
        one, two = classifier(), classifier()
        one.fit(X, Y, class_weight="balanced", epochs=5)
        two.fit(X, Y, sample_weight=theirs, epochs=5)
        np.testing.assert_allclose(one.theta, two.theta, rtol=1e-13)

    def test_weight_two_is_the_row_twice_and_weight_zero_the_row_left_out(self) -> None:
        w = np.arange(23) % 3
        one, two = classifier(), classifier()
        first = one.fit(X, Y, sample_weight=w, epochs=20, l2=0.01)
        second = two.fit(np.repeat(X, w, axis=0), np.repeat(Y, w), epochs=20, l2=0.01)
        np.testing.assert_allclose(one.theta, two.theta, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(first.loss, second.loss, rtol=1e-11)

    def test_only_their_ratio_matters(self) -> None:
        one, two = classifier(), classifier()
        one.fit(X, Y, epochs=5, batch_size=4)
        two.fit(X, Y, sample_weight=np.full(23, 1e-3), epochs=5, batch_size=4)
        np.testing.assert_allclose(one.theta, two.theta, rtol=1e-11)

    def test_validation_is_not_weighted(self) -> None:
        net = classifier()
        history = net.fit(X, Y, class_weight={0: 9.0}, validation=(X_VAL, Y_VAL), epochs=2)
        assert history.validation_loss[-1] == net.loss(X_VAL, Y_VAL)


class TestSeeds:
    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    @pytest.mark.parametrize("settings", [{}, {"batch_size": 4}, {"batch_size": 4, "optimizer": "adamw"}])
    def test_the_same_seed_gives_the_same_bits(self, dtype: str, settings: Any) -> None:
        runs = []
        for _ in range(2):
            net = classifier(Dropout(0.4), dtype=dtype)
            history = net.fit(X, Y, epochs=5, seed=3, validation=0.2, **settings)
            runs.append((net.theta.tobytes(), history.loss.tobytes(), history.validation_loss.tobytes()))
        assert runs[0] == runs[1]

    @pytest.mark.parametrize("case", ["order", "dropout"])
    def test_another_seed_gives_others(self, case: str) -> None:
        between = [Dropout(0.4)] if case == "dropout" else []
        settings = {"batch_size": 4} if case == "order" else {}
        nets = [classifier(*between) for _ in range(2)]
        for seed, net in enumerate(nets):
            net.fit(X, Y, epochs=5, seed=seed, **settings)
        assert nets[0].theta.tobytes() != nets[1].theta.tobytes()

    def test_the_seed_is_of_no_matter_where_nothing_is_drawn(self) -> None:
        nets = [classifier() for _ in range(2)]
        for seed, net in enumerate(nets):
            net.fit(X, Y, epochs=5, seed=seed, batch_size=4, shuffle=False)
        assert nets[0].theta.tobytes() == nets[1].theta.tobytes()

    def test_the_global_random_state_is_neither_read_nor_moved(self) -> None:
        np.random.seed(5)
        before = np.random.get_state()[1].copy()
        one = classifier(Dropout(0.2))
        one.fit(X, Y, epochs=2, batch_size=4, validation=0.2)
        np.testing.assert_array_equal(np.random.get_state()[1], before)

    def test_an_epoch_does_not_depend_on_how_many_follow(self) -> None:
        short, long = classifier(Dropout(0.2)), classifier(Dropout(0.2))
        first = short.fit(X, Y, epochs=2, batch_size=4)
        second = long.fit(X, Y, epochs=5, batch_size=4)
        assert first.loss.tobytes() == second.loss[:2].tobytes()


class TestWatching:
    def test_on_epoch_is_called_after_every_epoch_and_stops_with_true(self) -> None:
        seen: list[int] = []

        def watch(epoch: Epoch) -> bool:
            seen.append(epoch.index)
            return epoch.index == 3

        net = classifier()
        history = net.fit(X, Y, epochs=10, on_epoch=watch)
        assert seen == [0, 1, 2, 3]
        assert (history.stopped, len(history)) == ("on_epoch", 4)
        again = classifier()
        again.fit(X, Y, epochs=4)
        assert net.theta.tobytes() == again.theta.tobytes()  # what was learnt until then stays

    def test_train_yields_the_same_epochs_and_fit_is_its_loop(self) -> None:
        one, two, three = classifier(), classifier(), classifier()
        settings: dict[str, Any] = {"epochs": 5, "batch_size": 4, "validation": 0.2}
        history = one.fit(X, Y, **settings)
        epochs = list(train(two, X, Y, **settings))
        fit(three, X, Y, **settings)
        assert [epoch.loss for epoch in epochs] == history.loss.tolist()
        assert [epoch.validation_loss for epoch in epochs] == history.validation_loss.tolist()
        assert one.theta.tobytes() == two.theta.tobytes() == three.theta.tobytes()
        assert all(epoch.network is two for epoch in epochs)

    def test_train_does_nothing_before_its_first_epoch_is_asked_for(self) -> None:
        net = classifier()
        before = net.theta.tobytes()
        epochs = train(net, X, Y, epochs=3)
        assert net.theta.tobytes() == before
        assert inspect.isgenerator(epochs)
        epochs.close()
        assert net.theta.tobytes() == before

    def test_a_second_fit_goes_on_with_a_fresh_optimizer(self) -> None:
        net = classifier()
        net.fit(X, Y, epochs=3, optimizer=Adam(0.1))
        other = classifier()
        other.theta = net.theta
        assert net.fit(X, Y, epochs=3, optimizer=Adam(0.1)).loss.tolist() == (
            other.fit(X, Y, epochs=3, optimizer=Adam(0.1)).loss.tolist()
        )


class TestLargeData:
    def test_what_is_scaled_batch_by_batch_is_scaled_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        images = RNG.integers(0, 256, (23, 2)).astype(np.uint8)
        for scaler, data in ((Pixels(), images), (Standardizer(), X), (None, X.astype(np.float32))):
            runs = []
            for at_once in (2**26, 0):
                monkeypatch.setattr(readable, "SCALED_AT_ONCE", at_once)
                net = classifier(scaler=scaler)
                history = net.fit(data, Y, epochs=3, batch_size=5, validation=0.2)
                results = net.theta, history.loss, history.validation_loss, net.forward(data)
                runs.append([array.tobytes() for array in results] + [net.loss(data, Y), net.accuracy(data, Y)])
            assert runs[0] == runs[1]

    def test_more_rows_than_a_block_give_the_same_step(self, monkeypatch: pytest.MonkeyPatch) -> None:
        one, two = classifier(), classifier()
        first = one.fit(X, Y, epochs=5, sample_weight=np.arange(1.0, 24.0), l2=0.1)
        monkeypatch.setattr(readable, "BLOCK", 7)
        second = two.fit(X, Y, epochs=5, sample_weight=np.arange(1.0, 24.0), l2=0.1)
        np.testing.assert_allclose(one.theta, two.theta, rtol=1e-12)
        np.testing.assert_allclose(first.loss, second.loss, rtol=1e-13)
        np.testing.assert_array_equal(first.accuracy, second.accuracy)


def interrupted_after(calls: int) -> Activation:
    """A tanh that is interrupted at its so-many-th use, in the middle of a step."""
    left = [calls]

    def value(z: np.ndarray) -> np.ndarray:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return np.tanh(z)

    return Activation("interrupted", value, lambda z, a: 1 - a * a)


class TestInterrupt:
    def test_from_on_epoch(self) -> None:
        def interrupt(epoch: Epoch) -> None:
            if epoch.index == 4:
                raise KeyboardInterrupt

        net, whole = classifier(), classifier()
        history = net.fit(X, Y, epochs=100, on_epoch=interrupt)
        assert (history.stopped, len(history)) == ("interrupted", 5)
        whole.fit(X, Y, epochs=5)
        assert net.theta.tobytes() == whole.theta.tobytes()

    def test_in_the_middle_of_an_epoch(self) -> None:
        """Six steps an epoch: the twentieth is the second of the fourth epoch. Nineteen updates are kept."""
        net = Network([Dense(4, interrupted_after(20)), Dense(3, "softmax")], inputs=2)
        history = net.fit(X, Y, epochs=100, batch_size=4)
        assert (history.stopped, len(history)) == ("interrupted", 3)
        assert np.isfinite(history.loss).all()
        assert history.accuracy is not None
        whole = classifier()
        assert whole.fit(X, Y, epochs=3, batch_size=4).loss.tolist() == history.loss.tolist()
        assert net.theta.tobytes() != whole.theta.tobytes()

    def test_among_epochs_that_were_taken_in_one_call(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The books are those of the epochs that are complete, as where a call is one epoch."""
        monkeypatch.setattr(readable, "at_once", lambda job: 100)
        net = Network([Dense(4, interrupted_after(20)), Dense(3, "softmax")], inputs=2)
        history = net.fit(X, Y, epochs=100, batch_size=4)
        assert (history.stopped, len(history)) == ("interrupted", 3)
        assert classifier().fit(X, Y, epochs=3, batch_size=4).loss.tolist() == history.loss.tolist()

    def test_the_best_parameters_come_back(self) -> None:
        layer = Dense(4, interrupted_after(150), init="xavier")
        net = Network([layer, Dense(3, "softmax")], inputs=2)
        history = net.fit(
            X,
            TestEarlyStopping.NOISE,
            epochs=1000,
            optimizer=Adam(0.1),
            validation=(X_VAL, Y_VAL),
            early_stopping=1000,
        )
        assert history.stopped == "interrupted"
        assert history.best_epoch == np.argmin(history.validation_loss) < len(history) - 1
        assert net.loss(X_VAL, Y_VAL) == history.validation_loss.min()

    def test_before_the_first_epoch_is_done(self) -> None:
        net = Network([Dense(4, interrupted_after(1)), Dense(3, "softmax")], inputs=2)
        before = net.theta.tobytes()
        history = net.fit(X, Y)
        assert (history.stopped, len(history)) == ("interrupted", 0)
        assert net.theta.tobytes() == before

    def test_the_generator_passes_it_on(self) -> None:
        net = Network([Dense(4, interrupted_after(3)), Dense(3, "softmax")], inputs=2)
        with pytest.raises(KeyboardInterrupt):
            list(train(net, X, Y))

    @pytest.mark.skipif(os.name == "nt", reason="a signal cannot be sent to one process alone there")
    def test_a_real_one_sent_to_a_real_process(self) -> None:
        program = """
            import json, sys
            import numpy as np
            from pellucid import Adam, Dense, Network

            rng = np.random.default_rng(0)
            X, y = rng.normal(size=(200, 5)), rng.integers(0, 3, 200)
            validation = rng.normal(size=(100, 5)), rng.integers(0, 3, 100)
            net = Network([Dense(16, "tanh"), Dense(3, "softmax")], inputs=5)

            def tell(epoch):
                if epoch.index == 30:
                    print("training", flush=True)

            history = net.fit(X, y, epochs=1_000_000, batch_size=20, optimizer=Adam(0.05), validation=validation,
                              early_stopping=999_999, on_epoch=tell)
            print(json.dumps({
                "stopped": history.stopped,
                "epochs": len(history),
                "complete": all(len(column) == len(history) for column in history.columns().values()),
                "finite": bool(np.isfinite(history.loss).all()),
                "restored": bool(net.loss(*validation) == history.validation_loss.min()),
                "best": history.best_epoch,
            }))
        """
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "training\n"
            time.sleep(0.2)
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=60)
        finally:
            child.kill()
        assert err == ""
        assert child.returncode == 0
        told = json.loads(out)
        assert told["stopped"] == "interrupted"
        assert 31 <= told["epochs"] < 1_000_000
        assert told["best"] < told["epochs"]
        assert told["complete"]
        assert told["finite"]
        assert told["restored"]


def test_data_are_not_changed() -> None:
    data, labels, w = X.copy(), Y.copy(), np.ones(23)
    for array in (data, labels, w):
        array.flags.writeable = False
    classifier(Dropout(0.2), scaler=Standardizer()).fit(data, labels, batch_size=4, epochs=2, sample_weight=w)
    classifier(Dropout(0.2)).fit(data, labels, epochs=2, sample_weight=w, class_weight="balanced", validation=0.2)


def test_the_history_comes_back_whole() -> None:
    history = classifier().fit(X, Y, epochs=3)
    assert isinstance(history, History)
    assert (history.stopped, history.engine, history.best_epoch) == ("epochs", "readable", None)
    assert history.settings is not None
    assert copy.deepcopy(history).loss.tolist() == history.loss.tolist()


def test_arguments_come_by_name() -> None:
    with pytest.raises(TypeError):
        classifier().fit(X, Y, SGD(0.1))  # type: ignore[misc]
    with pytest.raises(InputError, match="validation is 20, but must be a share of the rows between 0 and 1"):
        classifier().fit(X, Y, validation=20)
    with pytest.raises(InputError, match=r"no engine 'compile'\. Did you mean 'compiled'"):
        classifier().fit(X, Y, engine="compile")
    with pytest.raises(InputError, match="There is no setting 'lr'"):
        classifier().fit(X, Y, lr=0.1)


def test_the_last_update_is_looked_at_too() -> None:
    """No step follows it that would see the loss overflow: fit itself looks once more."""
    net = Network([Dense(4, "identity", init="normal(1)"), Dense(1)], inputs=1)
    before = net.theta.copy()
    with pytest.raises(TrainingDiverged, match="epoch 1 of 1, at step 0"):
        net.fit([[1.0], [2.0]], [1.0, 2.0], optimizer=SGD(1e160), epochs=1)
    assert np.array_equal(net.theta, before)


def test_a_run_that_is_stopped_is_looked_at_too() -> None:
    net = Network([Dense(4, "identity", init="normal(1)"), Dense(1)], inputs=1)
    with pytest.raises(TrainingDiverged, match="epoch 1 of 9, at step 0"):
        net.fit([[1.0], [2.0]], [1.0, 2.0], optimizer=SGD(1e160), epochs=9, on_epoch=lambda epoch: True)


def test_a_run_of_at_most_a_trillion_epochs_may_end_after_three() -> None:
    net = Network([Dense(1)], inputs=1)
    history = net.fit([[1.0], [2.0]], [1.0, 2.0], epochs=10**12, on_epoch=lambda epoch: epoch.index == 2)
    assert len(history) == 3


def test_a_long_run_keeps_every_epoch() -> None:
    net, twin = Network([Dense(1)], inputs=1), Network([Dense(1)], inputs=1)
    losses = [epoch.loss for epoch in train(net, [[1.0], [2.0]], [1.0, 3.0], epochs=2500, optimizer=SGD(0.01))]
    history = twin.fit([[1.0], [2.0]], [1.0, 3.0], epochs=2500, optimizer=SGD(0.01))
    assert history.loss.tolist() == losses


def test_extreme_weights_count_by_their_ratios() -> None:
    losses = []
    for scale in (1.0, 1e-50, 1e50):
        net = Network([Dense(1)], inputs=1, dtype="float32")
        w = scale * np.array([1.0, 3.0])
        losses.append(net.fit([[1.0], [2.0]], [1.0, 3.0], epochs=5, sample_weight=w).loss)
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-6)
    np.testing.assert_allclose(losses[2], losses[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"on_epoch": 3}, "on_epoch must be a function"), ({"shuffle": "no"}, "shuffle must be True or False")],
)
def test_what_is_no_function_or_no_flag_is_refused_before_training(settings: dict[str, Any], words: str) -> None:
    net = Network([Dense(1)], inputs=1)
    before = net.theta.copy()
    with pytest.raises(InputError, match=words):
        net.fit([[1.0], [2.0]], [1.0, 3.0], epochs=2, **settings)
    assert np.array_equal(net.theta, before)


def test_masked_entries_are_refused() -> None:
    net = Network([Dense(1)], inputs=1)
    X, y = np.array([[1.0], [2.0]]), np.array([1.0, 3.0])
    with pytest.raises(InputError, match="X has masked entries"):
        net.loss(np.ma.masked_array(X, X > 1), y)
    with pytest.raises(InputError, match="y has masked entries"):
        net.loss(X, np.ma.masked_array(y, y > 1))


def test_equal_soft_labels_are_no_single_class() -> None:
    net = Network([Dense(3, "softmax")], inputs=1)
    history = net.fit([[1.0], [2.0]], np.full((2, 3), 1 / 3), epochs=50)
    assert history.loss[-1] == pytest.approx(np.log(3), abs=0.01)


@pytest.mark.parametrize(
    "settings", [{"epochs": 4}, {"epochs": 4, "batch_size": 3}, {"epochs": 3, "optimizer": "adam"}]
)
def test_the_last_update_is_what_the_last_step_added(settings: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(7, 2)), rng.integers(0, 2, 7)
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
    assert net.last_update is None
    before: list[Any] = []
    take = jobs.Job.take

    def watched(job: Any, *given: Any) -> None:
        before.append(job.net.theta.copy())
        take(job, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs.Job, "take", watched)
        net.fit(X, y, **settings)
    assert np.array_equal(net.last_update, net.theta - before[-1])
    assert net.last_update.any()
