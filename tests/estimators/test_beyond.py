"""What goes beyond scikit-learn's estimators: weights of classes, dropout, losses, optimizers, curves, the network."""

from __future__ import annotations

import pickle
import signal
import warnings
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax as log_softmax_of
from sklearn import neural_network
from sklearn.base import clone
from sklearn.datasets import load_digits, make_classification, make_regression
from sklearn.preprocessing import OneHotEncoder

import pellucid
from pellucid import SGD, Activation, Adam, Dropout, InputError, Loss
from pellucid.data import load
from pellucid.engines import compiled
from pellucid.engines.compiled.plan import Plan
from pellucid.estimators import MLPClassifier, MLPRegressor, OneHotWarning, UnscaledWarning
from pellucid.estimators.rules import RateAdam, VelocitySGD
from pellucid.schedules import Cosine

_iris = load("iris")
IRIS, KINDS = (_iris.X - _iris.X.mean(axis=0)) / _iris.X.std(axis=0), _iris.y
POINTS, VALUES = make_regression(120, 4, noise=1, random_state=0)
VALUES = VALUES / 40


def log_softmax(z: Any) -> Any:
    return log_softmax_of(z, axis=1)


def sine(z: Any) -> Any:
    return np.sin(z)


def sine_slope(z: Any, a: Any) -> Any:
    return np.cos(z)


class TestClassWeights:
    X, y = make_classification(300, 5, weights=[0.9], flip_y=0.2, random_state=0)

    def test_balanced_classes_find_more_of_the_rare_one(self) -> None:
        plain = MLPClassifier(8, random_state=0).fit(self.X, self.y)
        fair = MLPClassifier(8, class_weight="balanced", random_state=0).fit(self.X, self.y)
        assert fair.predict(self.X).mean() > plain.predict(self.X).mean() + 0.05

    def test_they_are_weights_of_rows(self) -> None:
        by_class = MLPClassifier(8, class_weight={"b": 3.0}, random_state=0, max_iter=20)
        names = np.array(["a", "b"])[self.y]
        by_row = MLPClassifier(8, random_state=0, max_iter=20)
        by_class.fit(self.X, names)
        by_row.fit(self.X, names, sample_weight=np.where(self.y == 1, 3.0, 1.0))
        assert by_class.network_.theta.tobytes() == by_row.network_.theta.tobytes()

    def test_one_number_weighs_all_rows(self) -> None:
        options: dict[str, Any] = {"hidden_layer_sizes": 8, "max_iter": 5, "random_state": 0}
        for kind, theirs in (
            (MLPClassifier, neural_network.MLPClassifier),
            (MLPRegressor, neural_network.MLPRegressor),
        ):
            ours = kind(**options).fit(self.X, self.y, sample_weight=2)
            alike = kind(**options).fit(self.X, self.y, sample_weight=np.full(300, 2))
            assert ours.network_.theta.tobytes() == alike.network_.theta.tobytes()
            if "sample_weight" in signature(theirs.fit).parameters:  # since 1.7
                theirs = theirs(**options).fit(self.X, self.y, sample_weight=2)
                np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], atol=1e-9)

    def test_they_multiply_weights_of_rows(self) -> None:
        w = np.random.RandomState(0).rand(300)
        by_class = MLPClassifier(8, class_weight={1: 3.0}, random_state=0, max_iter=20)
        by_class.fit(self.X, self.y, sample_weight=w)
        by_row = MLPClassifier(8, random_state=0, max_iter=20)
        by_row.fit(self.X, self.y, sample_weight=np.where(self.y == 1, 3.0, 1.0) * w)
        assert by_class.network_.theta.tobytes() == by_row.network_.theta.tobytes()

    def test_partial_fit_takes_a_dictionary_alone(self) -> None:
        model = MLPClassifier(8, class_weight={1: 3.0, 0: 1.0}, random_state=0)
        model.partial_fit(self.X[self.y == 0], self.y[self.y == 0], classes=[0, 1])
        with pytest.raises(InputError, match="pass a dictionary"):
            model.set_params(class_weight="balanced").partial_fit(self.X, self.y)

    def test_a_class_that_is_none_is_refused(self) -> None:
        with pytest.raises(InputError, match="names the class 7"):
            MLPClassifier(class_weight={7: 2.0}).fit(self.X, self.y)


class TestNetworks:
    def test_dropout_after_each_hidden_layer(self) -> None:
        model = MLPClassifier((8, 6), dropout=[0.5, 0.0], random_state=0, max_iter=5).fit(IRIS, KINDS)
        assert [type(layer).__name__ for layer in model.network_.layers] == ["Dense", "Dropout", "Dense", "Dense"]
        again = MLPClassifier((8, 6), dropout=[0.5, 0.0], random_state=0, max_iter=5).fit(IRIS, KINDS)
        assert model.network_.theta.tobytes() == again.network_.theta.tobytes()
        other = MLPClassifier((8, 6), dropout=0.0, random_state=0, max_iter=5).fit(IRIS, KINDS)
        assert model.network_.theta.tobytes() != other.network_.theta.tobytes()
        assert not any(isinstance(layer, Dropout) for layer in other.network_.layers)
        np.testing.assert_array_equal(model.predict_proba(IRIS), model.predict_proba(IRIS))  # nothing is dropped there

    def test_dropout_drops_other_units_in_every_partial_fit(self) -> None:
        """With a fixed random_state each call draws alike, and all of them would drop the same."""
        models = [MLPClassifier(8, dropout=0.5, random_state=0, solver=SGD(0.1), shuffle=False) for _ in range(2)]
        for model in models:
            model.partial_fit(IRIS, KINDS, classes=[0, 1, 2])
        first = models[0].network_.theta.copy()
        models[1].t_ = 0  # as if it were the first call again
        for model in models:
            model.network_.theta = first
            model.partial_fit(IRIS, KINDS)
        assert models[0].network_.theta.tobytes() != models[1].network_.theta.tobytes()

    @pytest.mark.parametrize("engine", ["readable", "compiled"])
    def test_any_activation_and_one_for_each_layer(self, engine: str) -> None:
        own = Activation("sine", sine, sine_slope)
        model = MLPClassifier((8, 6, 5), activation=["gelu", own, "logistic"], engine=engine, random_state=0)
        net = model.set_params(max_iter=10).fit(IRIS, KINDS).network_
        assert [layer.activation.name for layer in net.layers] == ["gelu", "sine", "sigmoid", "softmax"]
        assert pellucid.check_gradients(net, IRIS[:10], KINDS[:10]).ok
        assert model.history_.engine == engine

    def test_each_layer_is_drawn_for_its_own_activation(self) -> None:
        model = MLPClassifier((400, 400), activation=["relu", "logistic"], random_state=0, max_iter=1, batch_size=150)
        W1, W2, W3 = model.set_params(learning_rate_init=1e-12).fit(IRIS, KINDS).coefs_
        for W, factor in ((W1, 6), (W2, 2), (W3, 2)):
            assert np.abs(W).max() == pytest.approx(np.sqrt(factor / sum(W.shape)), rel=0.02)

    def test_single_precision_by_dtype(self) -> None:
        model = MLPRegressor(hidden_layer_sizes=5, dtype="float32", max_iter=3, random_state=0).fit(POINTS, VALUES)
        assert model.network_.dtype == np.float32
        assert model.predict(POINTS).dtype == np.float32


class TestLosses:
    OUTLIERS = VALUES.copy()
    OUTLIERS[:6] += 50

    @pytest.mark.parametrize("loss", ["huber", "huber(0.5)", "absolute_error"])
    def test_outliers_count_for_less(self, loss: str) -> None:
        options: dict[str, Any] = {"hidden_layer_sizes": (), "max_iter": 2000, "random_state": 0}
        errors = {
            name: np.abs(
                MLPRegressor(loss=name, learning_rate_init=0.02, **options).fit(POINTS, self.OUTLIERS).predict(POINTS)
                - VALUES
            ).mean()
            for name in ("squared_error", loss)
        }
        assert errors[loss] < errors["squared_error"] / 3

    def test_a_loss_of_ones_own(self) -> None:
        log_cosh = Loss("log_cosh", lambda a, t: np.log(np.cosh(a - t)), lambda a, t: np.tanh(a - t))
        model = MLPRegressor(loss=log_cosh, hidden_layer_sizes=8, random_state=0, learning_rate_init=0.01)
        assert model.fit(POINTS, VALUES).score(POINTS, VALUES) > 0.9

    def test_a_loss_for_classes_is_refused(self) -> None:
        with pytest.raises(InputError, match="cross_entropy"):
            MLPRegressor(loss="cross_entropy").fit(POINTS, VALUES)

    def test_counts_are_not_negative(self) -> None:
        with pytest.raises(InputError, match="for counts"):
            MLPRegressor(loss="poisson").fit(POINTS, VALUES)


class TestSteps:
    @pytest.mark.parametrize("solver", ["adagrad", "rmsprop", "adamw", SGD(0.1, momentum=0.5), Adam(0.01)])
    def test_optimizers_of_the_core(self, solver: Any) -> None:
        model = MLPClassifier(8, solver=solver, learning_rate_init=0.05, random_state=0).fit(IRIS, KINDS)
        assert model.score(IRIS, KINDS) > 0.9
        used = model.history_.asked.optimizer
        assert used == solver or (type(used).__name__.lower(), used.learning_rate) == (solver, 0.05)

    @pytest.mark.parametrize("learning_rate", ["cosine", Cosine(), "one_cycle", "plateau"])
    def test_schedules_of_the_core(self, learning_rate: Any) -> None:
        model = MLPClassifier(8, learning_rate=learning_rate, max_iter=40, random_state=0, n_iter_no_change=40)
        rates = model.fit(IRIS, KINDS).history_.learning_rate
        if learning_rate in ("cosine", Cosine()):
            assert rates[0] > 0.0009
            assert rates[-1] < 1e-5

    def test_partial_fit_refuses_a_rate_that_knows_its_end(self) -> None:
        with pytest.raises(InputError, match="how many epochs"):
            MLPClassifier(learning_rate="cosine").partial_fit(IRIS, KINDS, classes=[0, 1, 2])

    def test_clipping(self) -> None:
        model = MLPRegressor(hidden_layer_sizes=5, solver=SGD(1.0), clip_norm=0.01, max_iter=1, random_state=0)
        model.fit(POINTS, VALUES * 1e6)
        assert np.linalg.norm(model.network_.last_update) == pytest.approx(0.01, rel=1e-9)

    def test_a_rate_may_be_changed_between_partial_fits(self) -> None:
        model = MLPClassifier(8, solver="sgd", random_state=0).partial_fit(IRIS, KINDS, classes=[0, 1, 2])
        model.set_params(learning_rate_init=0.5).partial_fit(IRIS, KINDS)
        assert model.history_.learning_rate.tolist() == [0.5]


class TestValidation:
    SEEN = (IRIS[::5], KINDS[::5])

    def test_the_users_own_rows_are_measured(self) -> None:
        model = MLPClassifier(8, max_iter=12, random_state=0).fit(IRIS, KINDS, X_val=self.SEEN[0], y_val=self.SEEN[1])
        assert len(model.validation_loss_curve_) == len(model.validation_scores_) == 12
        assert model.validation_loss_curve_[-1] == pytest.approx(
            model.network_.loss(*self.SEEN, l2=1e-4 / 150), rel=1e-12
        )
        assert model.validation_scores_[-1] == model.score(*self.SEEN)
        plain = MLPClassifier(8, max_iter=12, random_state=0).fit(IRIS, KINDS)
        assert plain.network_.theta.tobytes() == model.network_.theta.tobytes()  # they are looked at and no more
        assert plain.validation_loss_curve_ is None

    def test_early_stopping_judges_by_them(self) -> None:
        model = MLPClassifier(8, early_stopping=True, random_state=0, learning_rate_init=0.05, n_iter_no_change=4)
        model.fit(IRIS, KINDS, X_val=self.SEEN[0], y_val=self.SEEN[1])
        assert model.history_.stopped == "early stopping"
        assert model.score(*self.SEEN) == model.best_validation_score_ == max(model.validation_scores_)
        assert model.t_ == 150 * model.n_iter_  # all rows are learnt from

    def test_names_of_classes_there_too(self) -> None:
        names = np.array(["a", "b", "c"])
        model = MLPClassifier(8, max_iter=3, random_state=0)
        model.fit(IRIS, names[KINDS], X_val=self.SEEN[0], y_val=names[self.SEEN[1]])
        with pytest.raises(InputError, match="classes not in"):
            model.fit(IRIS, names[KINDS], X_val=IRIS[:1], y_val=["d"])

    def test_both_or_neither(self) -> None:
        with pytest.raises(InputError, match="belong together"):
            MLPRegressor().fit(POINTS, VALUES, X_val=POINTS)

    def test_lbfgs_has_the_curve_too(self) -> None:
        model = MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", max_iter=10, random_state=0)
        model.fit(POINTS, VALUES, X_val=POINTS[:20], y_val=VALUES[:20])
        assert len(model.validation_loss_curve_) == model.n_iter_ == len(model.loss_curve_)

    def test_early_stopping_has_the_curve_of_what_it_held_out(self) -> None:
        model = MLPClassifier(8, early_stopping=True, max_iter=9, random_state=0).fit(IRIS, KINDS)
        assert len(model.validation_loss_curve_) == 9
        assert np.all(np.diff(model.validation_loss_curve_) < 0)

    def test_the_poisson_deviance_is_complete_on_both_curves(self) -> None:
        y = np.round(np.abs(VALUES))
        model = MLPRegressor(loss="poisson", hidden_layer_sizes=8, max_iter=4, random_state=0, alpha=0)
        model.fit(POINTS, y, X_val=POINTS[:30], y_val=y[:30])
        p = model.predict(POINTS[:30])
        t = y[:30]
        deviance = np.mean(t * np.log(np.where(t > 0, t / p, 1)) - t + p)
        assert model.validation_loss_curve_[-1] == pytest.approx(deviance, rel=1e-9)

    def test_partial_fit_stops_early_and_gives_the_best_weights_back(self) -> None:
        X, y, seen = IRIS[::2], KINDS[::2], (IRIS[1::2], KINDS[1::2])
        model = MLPClassifier(8, early_stopping=True, n_iter_no_change=3, learning_rate_init=0.05, random_state=0)
        best: Any = None
        for _ in range(300):
            model.partial_fit(X, y, classes=[0, 1, 2], X_val=seen[0], y_val=seen[1])
            if model.history_.stopped == "early stopping":
                break
            if best is None or model.validation_scores_[-1] > best[0]:
                best = model.validation_scores_[-1], model.network_.theta.copy()
        else:
            pytest.fail("it never stopped")
        assert model.network_.theta.tobytes() == best[1].tobytes()
        assert model.score(*seen) == best[0] == model.best_validation_score_
        calls = len(model.validation_scores_)
        model.partial_fit(X, y, X_val=seen[0], y_val=seen[1])  # and goes on from there, with a fresh patience
        assert model.history_.stopped == "epochs"
        assert len(model.validation_scores_) == calls + 1

    def test_a_worse_warm_start_gives_the_best_weights_of_the_first_fit_back(self) -> None:
        model = MLPClassifier(8, early_stopping=True, warm_start=True, random_state=0, n_iter_no_change=3)
        seen = {"X_val": self.SEEN[0], "y_val": self.SEEN[1]}
        best = model.fit(IRIS, KINDS, **seen).network_.theta.copy()
        model.set_params(solver="sgd", learning_rate_init=1e-9).fit(IRIS, KINDS, **seen)
        assert model.n_iter_ > 1
        assert model.network_.theta.tobytes() == best.tobytes()

    def test_every_fit_waits_anew(self) -> None:
        model = MLPClassifier(
            8, early_stopping=True, warm_start=True, max_iter=8, n_iter_no_change=10, tol=9.0, random_state=0
        )
        assert [model.fit(IRIS, KINDS).n_iter_ for _ in range(3)] == [8, 8, 8]

    def test_the_same_rows_judge_later_fits(self) -> None:
        """With a random_state that moves on, or none, scikit-learn holds other rows out in each fit."""
        model = MLPClassifier(8, early_stopping=True, warm_start=True, max_iter=5)
        model.set_params(random_state=np.random.RandomState(0)).fit(IRIS, KINDS)
        seen, best = model.history_.run.validation[0], model.best_validation_score_
        model.fit(IRIS, KINDS)
        np.testing.assert_array_equal(model.history_.run.validation[0], seen)
        assert model.best_validation_score_ >= best
        model.best_validation_score_ = 2.0  # as if it had been better than can be
        assert model.fit(IRIS, KINDS).best_validation_score_ == 2
        assert model.fit(IRIS[15:], KINDS[15:]).best_validation_score_ <= 1  # others judge, and the best begins anew
        model.best_validation_score_ = 2.0
        model.partial_fit(IRIS[15:], KINDS[15:])  # learns from those held out
        assert model.fit(IRIS[15:], KINDS[15:]).best_validation_score_ <= 1
        model.best_validation_score_ = 2.0
        assert model.fit(IRIS[15:], KINDS[15:], X_val=IRIS[:15], y_val=KINDS[:15]).best_validation_score_ <= 1

    def test_early_stopping_may_be_switched_on_later(self) -> None:
        model = MLPClassifier(8, warm_start=True, random_state=0, max_iter=3).fit(IRIS, KINDS)
        model.set_params(early_stopping=True).fit(IRIS, KINDS)
        assert len(model.validation_scores_) == 3
        assert model.best_loss_ is None
        model.set_params(early_stopping=False).fit(IRIS, KINDS)
        assert model.best_validation_score_ is None
        assert model.best_loss_ is not None


class TestSeveralColumnsOfClasses:
    Y = np.column_stack([np.array(["x", "y", "z"])[KINDS], np.array(["n", "y"])[(KINDS > 0).astype(int)]])

    def test_one_network_answers_all_of_them(self) -> None:
        model = MLPClassifier(16, solver="lbfgs", random_state=0).fit(IRIS, self.Y)
        assert model.score(IRIS, self.Y) > 0.95
        assert model.predict(IRIS).shape == (150, 2)
        assert [list(names) for names in model.classes_] == [["x", "y", "z"], ["n", "y"]]
        p = model.predict_proba(IRIS)
        assert [each.shape for each in p] == [(150, 3), (150, 2)]
        for j, each in enumerate(p):
            np.testing.assert_allclose(each.sum(axis=1), 1)
            np.testing.assert_array_equal(model.classes_[j][each.argmax(axis=1)], model.predict(IRIS)[:, j])
        np.testing.assert_allclose(np.exp(model.predict_log_proba(IRIS)[0]), p[0])
        assert (model.network_.task, model.network_.outputs) == ("labels", 4)
        assert model.score(IRIS, self.Y, sample_weight=np.ones(150)) == model.score(IRIS, self.Y)

    def test_they_come_in_parts_too(self) -> None:
        model = MLPClassifier(16, random_state=0, early_stopping=True)
        for _ in range(3):
            model.partial_fit(IRIS[:120], self.Y[:120], classes=[["x", "y", "z"], ["y", "n"]])
        assert len(model.validation_scores_) == 3
        with pytest.raises(InputError, match="classes not in"):
            model.partial_fit(IRIS[:2], np.array([["x", "n"], ["q", "n"]]))

    def test_warm_start_and_balanced_weights(self) -> None:
        model = MLPClassifier(4, max_iter=3, random_state=0, warm_start=True, class_weight="balanced")
        assert model.fit(IRIS, self.Y).fit(IRIS, self.Y).predict(IRIS).shape == (150, 2)


class TestWatching:
    def test_on_epoch_sees_every_epoch_and_may_stop(self) -> None:
        seen: list[pellucid.Epoch] = []

        def watch(epoch: pellucid.Epoch) -> bool:
            seen.append(epoch)
            return len(seen) == 4

        model = MLPClassifier(8, on_epoch=watch, random_state=0).fit(IRIS, KINDS)
        assert (model.n_iter_, model.history_.stopped) == (4, "on_epoch")
        assert [epoch.loss for epoch in seen] == model.loss_curve_
        seen.clear()
        model = MLPRegressor(on_epoch=watch, solver="lbfgs", random_state=0).fit(POINTS, VALUES)
        assert (model.n_iter_, model.history_.stopped) == (4, "on_epoch")

    def test_progress_is_shown(self, capsys: pytest.CaptureFixture[str]) -> None:
        MLPClassifier(8, progress=True, max_iter=3, random_state=0).fit(IRIS, KINDS)
        assert "epoch 3/3" in capsys.readouterr().err

    def test_an_interrupt_keeps_what_was_learnt(self) -> None:
        def interrupt(epoch: pellucid.Epoch) -> None:
            if epoch.index == 2:
                raise KeyboardInterrupt

        for solver, known in (
            ("adam", pytest.warns(UserWarning, match="interrupted")),
            ("lbfgs", pytest.raises(KeyboardInterrupt)),  # it leaves scikit-learn's too
        ):
            model = MLPClassifier(8, on_epoch=interrupt, random_state=0, solver=solver)
            with known:
                model.fit(IRIS, KINDS)
            assert (model.n_iter_, model.history_.stopped) == (3, "interrupted")
            assert model.loss_curve_[-1] < model.loss_curve_[0]
            assert model.predict(IRIS).shape == (150,)

    def test_an_interrupt_among_epochs_that_nobody_watches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ctrl-C in the middle of the second call of the compiled engine: weights and books are those of both."""
        take, calls = Plan.take, []

        def interrupted(plan: Plan, count: int, *rest: Any, **more: Any) -> int:
            reached = take(plan, count, *rest, **more)
            calls.append(count)
            if len(calls) == 2:
                signal.raise_signal(signal.SIGINT)
            return reached

        options: dict[str, Any] = {"engine": "compiled", "random_state": 0, "solver": "sgd", "batch_size": 50}
        options |= {"tol": 0.0, "n_iter_no_change": np.inf}
        with monkeypatch.context() as patch:
            patch.setattr(Plan, "take", interrupted)
            patch.setattr(Plan, "steps_a_call", property(lambda plan: 7, lambda plan, value: None), raising=False)
            patch.setattr(compiled, "at_once", lambda job: 100)
            model = MLPClassifier(8, max_iter=1000, **options)
            with pytest.warns(UserWarning, match="interrupted"):
                model.fit(IRIS, KINDS)
        assert calls == [7, 7]  # steps, of three an epoch: four epochs and two thirds
        assert (model.n_iter_, model.t_, len(model.loss_curve_), len(model.history_)) == (4, 600, 4, 4)
        assert model.history_.stopped == "interrupted"
        whole = MLPClassifier(8, max_iter=4, **options).fit(IRIS, KINDS)
        assert whole.loss_curve_ == model.loss_curve_
        assert whole.network_.theta.tobytes() != model.network_.theta.tobytes()  # two steps more are kept

    def test_verbose_speaks_after_each_epoch(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run, taken = compiled.run, []

        def counted(job: Any, begin: int, end: int) -> None:
            taken.append((end - begin, len(capsys.readouterr().out.splitlines())))
            run(job, begin, end)

        monkeypatch.setattr(compiled, "run", counted)
        MLPClassifier(2, max_iter=3, verbose=True, engine="compiled", random_state=0).fit(IRIS, KINDS)
        assert taken == [(1, 0), (1, 1), (1, 1)]

    def test_unscaled_features_are_said(self) -> None:
        wine = load("wine")
        with pytest.warns(UnscaledWarning, match=r"column 12 is 8.*StandardScaler"):
            MLPClassifier(5, max_iter=2).fit(wine.X, wine.y)
        for X in (IRIS, load("iris").X, load_digits().data[:150]):
            with warnings.catch_warnings():
                warnings.simplefilter("error", UnscaledWarning)
                MLPClassifier(5, max_iter=2).fit(X, KINDS)

    def test_one_hot_labels_are_said_and_learnt_as_there(self) -> None:
        with pytest.warns(OneHotWarning, match="argmax"):
            model = MLPClassifier(5, max_iter=2).fit(IRIS, np.eye(3, dtype=int)[KINDS])
        assert model.out_activation_ == "logistic"
        with warnings.catch_warnings():
            warnings.simplefilter("error", OneHotWarning)
            MLPClassifier(5, max_iter=2).fit(IRIS, np.eye(3, dtype=int)[KINDS] | np.eye(3, dtype=int)[KINDS[::-1]])

    @pytest.mark.parametrize("y", [KINDS, OneHotEncoder().fit_transform(KINDS[:, np.newaxis])], ids=["plain", "sparse"])
    def test_the_warnings_point_at_the_callers_line(self, y: Any) -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            MLPClassifier(5, max_iter=2, batch_size=500).fit(IRIS * 1000, y)
        assert len(caught) >= 3
        assert {Path(warning.filename).name for warning in caught} == {"test_beyond.py"}


class TestTheNetworkUnderneath:
    def test_it_has_all_of_its_tools(self, tmp_path: Path) -> None:
        names = np.array(["setosa", "versicolor", "virginica"])[KINDS]
        model = MLPClassifier(5, max_iter=30, random_state=0).fit(IRIS, names)
        net, asked = model.network_, model.history_.asked
        assert net.labels == ("setosa", "versicolor", "virginica")
        page = net.equations(optimizer=asked.optimizer, l2=asked.l2)
        assert "relu" in page
        assert "corrected" in page or "rate" in page
        assert net.trace(IRIS, KINDS)["z1"].shape == (150, 5)
        assert pellucid.diagnose(net, IRIS, KINDS, model.history_) is not None
        program = net.script(IRIS[::15], KINDS[::15], epochs=2, optimizer=asked.optimizer)
        exec(compile(program, "program", "exec"), {"__name__": "__main__"})
        report = model.history_.report(tmp_path / "run.html")
        assert "versicolor" in report.read_text(encoding="utf-8")
        net.save(tmp_path / "model.json")
        loaded = pellucid.load(tmp_path / "model.json")
        np.testing.assert_array_equal(np.array(loaded.labels)[loaded.predict(IRIS)], model.predict(IRIS))

    def test_copies_have_it_too(self) -> None:
        model = MLPClassifier(5, max_iter=3, random_state=0).fit(IRIS, KINDS)
        copied = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(copied.predict_proba(IRIS), model.predict_proba(IRIS))
        assert copied.network_.equations() == model.network_.equations()
        copied.partial_fit(IRIS, KINDS)
        model.partial_fit(IRIS, KINDS)
        assert copied.network_.theta.tobytes() == model.network_.theta.tobytes()
        assert not hasattr(clone(model), "network_")
        assert clone(model).fit(IRIS, KINDS).network_.outputs == 3

    def test_weights_are_views_of_it(self) -> None:
        model = MLPClassifier(5, max_iter=3, random_state=0).fit(IRIS, KINDS)
        model.coefs_[0][...] = 0
        assert not model.network_.params["W1"].any()
        model.intercepts_[1] = [1.0, 2.0, 3.0]
        assert model.network_.params["b2"].tolist() == [1, 2, 3]
        model.coefs_ = [np.ones((4, 5)), np.ones((5, 3))]
        assert model.network_.params["W2"].min() == 1
        model.coefs_[:] = [np.zeros((4, 5)), np.ones((5, 3))]
        assert model.network_.params["W1"].max() == 0
        with pytest.raises(InputError, match="shapes"):
            model.coefs_[0] = np.ones((2, 2))
        with pytest.raises(InputError, match="shapes"):
            model.intercepts_ = [np.ones(5)]
        kept = pickle.loads(pickle.dumps(model.coefs_))
        model.coefs_[0] = np.ones((4, 5))
        assert type(kept) is list
        assert not kept[0].any()
        assert not hasattr(MLPClassifier(), "coefs_")

    def test_units_may_be_taken_away_by_hand(self) -> None:
        model = MLPClassifier((8, 6), max_iter=3, random_state=0).fit(IRIS, KINDS)
        (W1, W2, W3), (b1, b2, b3) = map(list, (model.coefs_, model.intercepts_))
        model.coefs_ = [W1[:, 2:], W2[2:, :5], W3[:5]]
        np.testing.assert_array_equal(model.intercepts_[2], b3)
        assert not model.intercepts_[0].any()
        model.intercepts_ = [b1[2:], b2[:5], b3]
        hidden = np.maximum(np.maximum(IRIS @ W1[:, 2:] + b1[2:], 0) @ W2[2:, :5] + b2[:5], 0)
        np.testing.assert_allclose(model.predict_log_proba(IRIS), log_softmax(hidden @ W3[:5] + b3), rtol=1e-12)
        assert model.network_.labels == ("0", "1", "2")
        with pytest.raises(InputError, match="must stay"):
            model.partial_fit(IRIS, KINDS)
        model.set_params(hidden_layer_sizes=(6, 5)).partial_fit(IRIS, KINDS)
        with pytest.raises(InputError, match="4 inputs and 3 outputs"):
            model.coefs_ = [W1, W2[1:], W3]

    def test_what_follows_from_the_network_may_be_set_to_what_it_is(self) -> None:
        model = MLPClassifier(8, max_iter=3, random_state=0).fit(IRIS, KINDS)
        model.n_layers_, model.n_outputs_, model.out_activation_ = 3, 3, "softmax"
        for name, value in (("n_layers_", 4), ("n_outputs_", 1), ("out_activation_", "logistic")):
            with pytest.raises(InputError, match=f"{name} is .* follows from network_"):
                setattr(model, name, value)
        with pytest.raises(AttributeError, match="once it is fitted"):
            MLPClassifier().n_layers_ = 3

    @pytest.mark.parametrize(
        ("change", "words"), [({"hidden_layer_sizes": 6}, "layers"), ({"loss": "huber"}, "another loss")]
    )
    def test_a_warm_start_keeps_its_network(self, change: dict[str, Any], words: str) -> None:
        model = MLPRegressor(hidden_layer_sizes=5, max_iter=2, warm_start=True, random_state=0).fit(POINTS, VALUES)
        with pytest.raises(InputError, match=words):
            model.set_params(**change).fit(POINTS, VALUES)
        with pytest.raises(InputError, match="columns"):
            model.set_params(hidden_layer_sizes=5, loss="squared_error").fit(POINTS, np.column_stack([VALUES, VALUES]))


def test_rules_of_steps_are_records_that_explain_themselves() -> None:
    from pellucid import Dense, Network

    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2)
    for rule in (VelocitySGD(0.1), VelocitySGD(0.1, nesterov=True), RateAdam()):
        assert "cannot be read" not in net.equations(optimizer=rule)
