"""A run's books: the order of the rows, what is recorded, clipping, and what is left when numbers stop being finite."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from pellucid import SGD, Activation, Adam, Dense, Dropout, Loss, Network, Settings, TrainingDiverged, engines, fit
from pellucid.data import Standardizer
from pellucid.engines import readable
from pellucid.jobs import Job, all_finite, clipped
from pellucid.training import prepare, run

RNG = np.random.default_rng(0)
X = RNG.normal(size=(10, 2))
Y = np.arange(10) % 3
VALUES = X[:, 0] - 2 * X[:, 1] + 0.5


def classifier(*between: Any, **options: Any) -> Network:
    return Network([Dense(4, "tanh"), *between, Dense(3, "softmax")], inputs=2, **options)


def regressor(**options: Any) -> Network:
    return Network([Dense(4, "relu"), Dense(1)], inputs=2, **options)


def job_of(net: Network, y: Any = Y, **settings: Any) -> Job:
    return prepare(net, X, y, Settings(**settings))


class TestOrder:
    def test_an_epoch_is_the_permutation_of_its_own_generator(self) -> None:
        job = job_of(classifier(), epochs=3, batch_size=4, seed=7)
        assert job.steps_per_epoch == 3
        for epoch in range(3):
            rows = [job.rows(3 * epoch + k) for k in range(3)]
            assert [len(part) for part in rows] == [4, 4, 2]  # the last batch is smaller
            expected = np.random.default_rng((7, epoch)).permutation(10)
            np.testing.assert_array_equal(np.concatenate(rows), expected)

    def test_without_shuffling_rows_come_as_they_are(self) -> None:
        job = job_of(classifier(), batch_size=4, shuffle=False)
        assert [job.rows(k).tolist() for k in range(3)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]

    @pytest.mark.parametrize("batch_size", [None, 10, 11, 1000])
    def test_a_full_batch_has_no_order(self, batch_size: int | None) -> None:
        job = job_of(classifier(), batch_size=batch_size)
        assert job.full_batch
        assert job.steps_per_epoch == 1
        assert job.rows(0) is None

    def test_dropout_draws_after_the_order_from_the_same_generator(self) -> None:
        job = job_of(classifier(Dropout(0.5)), batch_size=4, seed=3)
        job.rows(0)
        expected = np.random.default_rng((3, 0))
        expected.permutation(10)
        assert job.rng is not None
        assert job.rng.bit_generator.state == expected.bit_generator.state

    @pytest.mark.parametrize("settings", [{}, {"batch_size": 3}, {"batch_size": 3, "optimizer": Adam(0.1)}])
    @pytest.mark.parametrize("chunk", [1, 2, 5])
    def test_steps_taken_in_chunks_are_the_same_steps(self, settings: dict[str, Any], chunk: int) -> None:
        whole, parts = (job_of(classifier(Dropout(0.3)), epochs=4, **settings) for _ in range(2))
        steps = 4 * whole.steps_per_epoch
        readable.run(whole, 0, steps)
        for begin in range(0, steps, chunk):
            readable.run(parts, begin, min(begin + chunk, steps))
        assert parts.net.theta.tobytes() == whole.net.theta.tobytes()
        for name, column in whole.columns.items():
            assert parts.columns[name].tobytes() == column.tobytes()


class TestClipping:
    @pytest.mark.parametrize(
        ("scale", "dtype"),
        [(scale, "float64") for scale in (1e-300, 1e-30, 1.0, 1e30, 1e300, 1e308)]
        + [(scale, "float32") for scale in (1e-30, 1.0, 1e30, 1e38)],
    )
    def test_a_longer_gradient_gets_the_norm_and_keeps_its_direction(self, scale: float, dtype: str) -> None:
        gradient = (RNG.uniform(0.5, 1.5, 50) * scale).astype(dtype)
        shorter = clipped(gradient, 1e-3 * scale)
        assert shorter.dtype == gradient.dtype
        assert np.linalg.norm(shorter / scale) == pytest.approx(1e-3, rel=1e-5)
        np.testing.assert_allclose(shorter / shorter[0], gradient / gradient[0], rtol=1e-5)

    @pytest.mark.parametrize("gradient", [np.array([3.0, 4.0]), np.zeros(3), np.zeros(0), np.array([5e-324])])
    def test_a_shorter_one_stays_as_it_is(self, gradient: np.ndarray) -> None:
        assert clipped(gradient, 5.0) is gradient

    def test_a_step_of_fit_is_no_longer_than_the_norm(self) -> None:
        net = regressor()
        before = net.theta.copy()
        fit(net, X * 100, VALUES * 1e6, epochs=1, clip_norm=0.25)
        assert np.linalg.norm(net.theta - before) == pytest.approx(0.1 * 0.25, rel=1e-12)
        assert np.linalg.norm(np.concatenate([g.ravel() for g in net.gradients(X * 100, VALUES * 1e6).values()])) > 1e6

    def test_a_norm_that_is_never_reached_changes_no_bit(self) -> None:
        plain, bounded = classifier(), classifier()
        fit(plain, X, Y, epochs=20, batch_size=3)
        fit(bounded, X, Y, epochs=20, batch_size=3, clip_norm=1e6)
        assert bounded.theta.tobytes() == plain.theta.tobytes()

    def test_it_saves_a_run_whose_squares_overflow(self) -> None:
        """The gradient is finite, the sum of its squares is not: neither a warning nor a step of zero."""
        net = Network([Dense(1)], inputs=2, loss="absolute_error")
        before = net.theta.copy()
        fit(net, X * 1e300, VALUES, epochs=1, clip_norm=1.0)
        assert np.linalg.norm(net.theta - before) == pytest.approx(0.1, rel=1e-12)


def test_finite_numbers_whose_squares_overflow_are_finite() -> None:
    with np.errstate(over="ignore"):  # as the engine has it
        assert all_finite(np.full(3, 1e300))
        assert all_finite(np.full(3, 1e30, dtype=np.float32))
        for bad in (np.nan, np.inf, -np.inf):
            assert not all_finite(np.array([1.0, bad]))
            assert not all_finite(np.array([1e300, bad]))


class TestBooks:
    def test_a_batch_whose_rows_all_weigh_nothing_says_nothing(self) -> None:
        w = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2.0, 0])
        net = classifier()
        expected = net.loss(X, Y, sample_weight=w)
        history = fit(net, X, Y, epochs=1, batch_size=2, shuffle=False, sample_weight=w, optimizer=SGD(1e-12))
        assert history.loss[0] == pytest.approx(expected, rel=1e-9)

    def test_the_learning_rate_is_that_of_the_last_update(self) -> None:
        history = fit(classifier(), X, Y, epochs=4, batch_size=4, optimizer=SGD(0.5), schedule="cosine")
        last = np.array([2, 5, 8, 11])  # of 12 updates
        np.testing.assert_allclose(history.learning_rate, 0.5 * (1 + np.cos(np.pi * last / 12)) / 2, rtol=1e-14)

    def test_a_plateau_watches_the_validation_loss(self) -> None:
        from pellucid.schedules import Plateau

        net = classifier()
        worse = (X, (Y + 1) % 3)  # the better the training rows are learnt, the worse these
        history = fit(net, X, Y, epochs=6, schedule=Plateau(0.5, patience=1), validation=worse, optimizer=SGD(0.5))
        assert (np.diff(history.loss) < 0).all()
        rose = np.diff(history.validation_loss) > 0
        assert rose.any()
        lowest = np.minimum.accumulate(history.validation_loss)
        halvings = np.cumsum([False, *(history.validation_loss[1:] >= lowest[:-1])])
        np.testing.assert_array_equal(history.learning_rate[1:], 0.5 * 0.5 ** halvings[:-1])

    def test_a_plateau_without_validation_watches_the_training_loss(self) -> None:
        from pellucid.schedules import Plateau

        history = fit(classifier(), X, Y, epochs=5, schedule=Plateau(0.5, patience=1), optimizer=SGD(0.1))
        assert (np.diff(history.loss) < 0).all()
        assert (history.learning_rate == 0.1).all()

    def test_an_epoch_is_a_view_into_the_columns(self) -> None:
        epochs: list[Any] = []
        history = fit(classifier(), X, Y, epochs=3, validation=0.3, batch_size=2, on_epoch=epochs.append)
        for name, column in history.columns().items():
            assert [getattr(epoch, name) for epoch in epochs] == column.tolist()
        assert [epoch.index for epoch in epochs] == [0, 1, 2]
        assert {epoch.epochs for epoch in epochs} == {3}
        values: list[Any] = []
        net = regressor()
        fit(net, X, VALUES, epochs=1, on_epoch=values.append)
        assert values[0].accuracy is values[0].validation_loss is values[0].validation_accuracy is None
        assert values[0].network is net


cube = Activation("cube", lambda z: z * z * z, lambda z: 3 * z * z)
steep = Loss("steep", lambda a, t: (a - t) ** 2, lambda a, t: np.full_like(a, np.inf))

# The network, y and settings; what the message says stopped being finite, in which layer.
DIVERGING: dict[str, tuple[Network, Any, dict[str, Any], str, str]] = {
    "the loss": (regressor(), VALUES, {"optimizer": SGD(1e3)}, "the loss", "layer 2 (Dense 1 identity)"),
    "a gradient": (regressor(), VALUES, {"optimizer": SGD(1e10)}, "the gradient of W2", "layer 2 (Dense 1 identity)"),
    "a gradient alone": (
        Network([Dense(1)], inputs=2, loss=steep),
        VALUES,
        {},
        "the gradient of b1",
        "layer 1 (Dense 1 identity)",
    ),
    "a sum": (regressor(), VALUES, {"optimizer": SGD(1e200)}, "a weighted sum z", "layer 2 (Dense 1 identity)"),
    "an output": (
        Network([Dense(3, cube), Dense(1)], inputs=2),
        VALUES,
        {"optimizer": SGD(1e120)},
        "an output a",
        "layer 1 (Dense 3 cube)",
    ),
    "an update": (
        regressor(dtype="float32"),
        VALUES,
        {"optimizer": SGD(1e200)},
        "the update of b2",
        "layer 2 (Dense 1 identity)",
    ),
    "single precision": (
        regressor(dtype="float32"),
        VALUES,
        {"optimizer": SGD(1e3)},
        "a weighted sum z",
        "layer 2 (Dense 1 identity)",
    ),
    "targets": (regressor(), VALUES * 1e200, {}, "the loss", "layer 2 (Dense 1 identity)"),
    "mini-batches": (
        regressor(),
        VALUES,
        {"optimizer": SGD(1e3), "batch_size": 3},
        "the loss",
        "layer 2 (Dense 1 identity)",
    ),
    "momentum and penalties": (
        regressor(),
        VALUES,
        {"optimizer": SGD(1e3, momentum=0.9), "batch_size": 4, "l2": 0.1, "l1": 0.1},
        "the gradient of W2",
        "layer 2 (Dense 1 identity)",
    ),
    "early stopping": (
        regressor(),
        VALUES,
        {"optimizer": SGD(1e3), "early_stopping": 50, "validation": (X, VALUES)},
        "the loss",
        "layer 2 (Dense 1 identity)",
    ),
}


class TestDivergence:
    @pytest.mark.parametrize("case", DIVERGING)
    def test_it_is_named_and_the_last_finite_parameters_stay(self, case: str) -> None:
        fresh, y, settings, what, layer = DIVERGING[case]
        net = copy.deepcopy(fresh)
        settings = {"epochs": 100, **settings}
        with pytest.raises(TrainingDiverged) as caught:
            fit(net, X, y, **settings)
        error = caught.value
        steps_per_epoch = -(-10 // settings.get("batch_size", 10))
        assert error.epoch == error.step // steps_per_epoch
        assert error.layer == layer
        where = f"diverged in epoch {error.epoch + 1} of 100, at step {error.step} (from 0): {what} of {layer}"
        assert where in str(error)
        # An update that would not be finite is not made; a loss that is not finite takes the update before it back.
        # The validation loss is looked at after an update, and takes that one back.
        early = what.startswith("the update") or "validation" in settings
        kept = error.step if early else max(error.step - 1, 0)
        again = copy.deepcopy(fresh)
        readable.run(prepare(again, X, y, Settings(**settings)), 0, kept)
        assert net.theta.tobytes() == again.theta.tobytes()
        assert np.isfinite(net.theta).all()
        if error.step > 0 and "batch_size" not in settings:  # other rows than the step's may overflow
            assert np.isfinite(net.loss(X, y))
        assert len(error.history) == error.epoch
        assert np.isfinite(error.history.loss).all()

    def test_a_nan_that_is_put_into_the_parameters_is_named(self) -> None:
        for name, layer in (("W1", "layer 1 (Dense 4 tanh)"), ("b2", "layer 2 (Dense 3 softmax)")):
            net = classifier()

            def spoil(epoch: Any, name: str = name) -> None:
                if epoch.index == 2:
                    epoch.network.params[name][...] = np.nan

            where = r"epoch 4 of 100, at step 3 .*a weighted sum z of layer"
            with pytest.raises(TrainingDiverged, match=where) as caught:
                fit(net, X, Y, on_epoch=spoil)
            assert (caught.value.layer, caught.value.epoch, caught.value.step) == (layer, 3, 3)
            again = classifier()
            fit(again, X, Y, epochs=2)  # where the last finite loss and gradient were taken
            assert net.theta.tobytes() == again.theta.tobytes()
            assert len(caught.value.history) == 3

    def test_parameters_that_begin_as_nan_stop_the_first_step(self) -> None:
        net = classifier()
        net.params["W2"][1, 1] = np.nan
        with pytest.raises(TrainingDiverged, match="epoch 1 of 100, at step 0 ") as caught:
            fit(net, X, Y)
        assert caught.value.layer == "layer 2 (Dense 3 softmax)"
        assert len(caught.value.history) == 0

    def test_dropout_is_numbered_like_everything_else_by_the_dense_layers(self) -> None:
        net = Network([Dense(4, "relu"), Dropout(0.5), Dense(1)], inputs=2)
        with pytest.raises(TrainingDiverged) as caught:
            fit(net, X, VALUES, optimizer=SGD(1e5))
        assert caught.value.layer == "layer 2 (Dense 1 identity)"
        assert np.isfinite(net.theta).all()

    def test_what_to_try_is_what_was_not_done_yet(self) -> None:
        def advice(**options: Any) -> str:
            net = regressor(scaler=options.pop("scaler", None))
            with pytest.raises(TrainingDiverged) as caught:
                fit(net, X, VALUES, optimizer=SGD(1e300), **options)
            return str(caught.value).partition(" Try ")[2]

        span = f"(X goes from {X.min():g} to {X.max():g})"
        rate = "a smaller learning rate (it was 1e+300)"
        scaled = f"standardized features: scaler=Standardizer() {span}"
        assert advice() == f"{rate}; or {scaled}; or clip_norm=1.0."
        assert advice(scaler=Standardizer()) == f"{rate}; or clip_norm=1.0."
        assert advice(clip_norm=1e300) == f"{rate}; or {scaled}."

    def test_without_fit_there_is_no_history(self) -> None:
        from pellucid import train

        with pytest.raises(TrainingDiverged) as caught:
            list(train(regressor(), X, VALUES, optimizer=SGD(1e3)))
        assert caught.value.history is None


class TestGivenFromOutside:
    """What scikit-learn's estimators bring: an order of the rows, a penalty shared out over them, an old optimizer."""

    @staticmethod
    def job(engine: str = "readable", weights: Any = None, net: Network | None = None, **given: Any) -> Job:
        net = classifier() if net is None else net
        like = job_of(net, sample_weight=weights)
        settings = Settings(optimizer=Adam(0.05), epochs=6, batch_size=4, l2=0.7 / 4, engine=engine)
        job = Job(net, like.problem, None, settings, engine, **given)
        engines.get_ready(job)
        return job

    def test_the_order_is_asked_for_once_an_epoch(self) -> None:
        asked: list[int] = []

        def reversed_rows(epoch: int) -> np.ndarray:
            asked.append(epoch)
            return np.arange(10)[::-1]

        job = self.job(order_of=reversed_rows)
        assert [job.rows(k).tolist() for k in range(3)] == [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]
        readable.run(job, 3, 9)
        assert asked == [0, 1, 2]

    @pytest.mark.parametrize("weights", [None, np.linspace(0.1, 3, 10)], ids=["alike", "weighed"])
    def test_a_penalty_is_divided_by_what_the_rows_of_a_step_weigh(self, weights: Any) -> None:
        job = self.job(weights=weights, alpha=0.7, order_of=lambda epoch: np.arange(10))
        w = np.ones(10) if weights is None else weights
        losses = []
        for k, rows in enumerate((slice(0, 4), slice(4, 8), slice(8, 10))):
            l2 = 0.7 / w[rows].sum()
            expected = job.net.gradients(X[rows], Y[rows], l2=l2, sample_weight=w[rows])
            losses += [job.net.loss(X[rows], Y[rows], l2=l2, sample_weight=w[rows])]
            chosen, loss, correct, gradient = readable.step(job, k)
            assert loss == pytest.approx(losses[-1], rel=1e-12)
            np.testing.assert_allclose(gradient, np.concatenate([g.ravel() for g in expected.values()]), rtol=1e-9)
            job.take(k, chosen, float(loss), correct, gradient)
        assert job.columns["loss"][0] == pytest.approx(np.average(losses, weights=[4, 4, 2]), rel=1e-12)

    @pytest.mark.parametrize("weights", [None, np.linspace(0.1, 3, 10)], ids=["alike", "weighed"])
    def test_the_compiled_engine_does_the_same(self, weights: Any) -> None:
        pytest.importorskip("numba")
        given: dict[str, Any] = {"alpha": 0.7, "order_of": lambda epoch: np.roll(np.arange(10), epoch)}
        jobs = [self.job(engine, weights, **given) for engine in ("readable", "compiled")]
        for job in jobs:
            list(run(job))
        assert jobs[1].engine == "compiled"
        np.testing.assert_allclose(jobs[1].net.theta, jobs[0].net.theta, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(jobs[1].columns["loss"], jobs[0].columns["loss"], rtol=1e-9)

    @pytest.mark.parametrize("engine", ["readable", "compiled"])
    def test_an_optimizer_goes_on_from_its_state(self, engine: str) -> None:
        if engine == "compiled":
            pytest.importorskip("numba")
        whole = self.job(engine, order_of=lambda epoch: np.arange(10))
        list(run(whole))
        net, state = classifier(), None
        for _ in range(2):
            job = self.job(engine, net=net, order_of=lambda epoch: np.arange(10), state=state)
            for epoch in run(job):
                if epoch.index == 2:
                    break
            state = copy.deepcopy(job.state)
        assert state is not None
        assert state.t == 18
        np.testing.assert_allclose(net.theta, whole.net.theta, rtol=1e-12)

    def test_what_is_likely_to_end_soon_is_not_worth_a_compilation(self) -> None:
        pytest.importorskip("numba")
        net, settings = classifier(), Settings(epochs=10**7)
        problem = job_of(net).problem
        engines_taken = []
        for likely in (None, 10):
            job = Job(net, problem, None, settings, "auto", likely=likely)
            assert engines.seconds_expected(job) < 1 or likely is None
            engines_taken.append(job.likely)
        assert engines_taken == [10**7, 10]

    def test_a_sparse_x_is_learnt_from_as_it_is(self) -> None:
        sparse = pytest.importorskip("scipy.sparse")
        dense, thin = classifier(), classifier()
        settings = Settings(epochs=3, batch_size=4, engine="readable")
        for net, made in ((dense, np.asarray), (thin, sparse.csr_matrix)):
            problem = job_of(net).problem
            problem = problem._replace(inputs=problem.inputs._replace(X=made(X)))
            list(run(Job(net, problem, problem, settings, "readable")))
        np.testing.assert_allclose(thin.theta, dense.theta, rtol=1e-12)
        with pytest.warns(RuntimeWarning, match="sparse matrix"):
            engines.get_ready(Job(thin, problem, None, settings, "compiled"))
