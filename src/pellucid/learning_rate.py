"""Which learning rate to begin with: a range test finds where to look, short trials decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pellucid import engines
from pellucid import inputs as check
from pellucid.engines import readable
from pellucid.errors import InputError, TrainingDiverged
from pellucid.jobs import Job
from pellucid.network import Network
from pellucid.optimizers import Optimizer
from pellucid.schedules import Place, Schedule, Watch
from pellucid.settings import Settings
from pellucid.tables import html_table, notebook, number, text_table
from pellucid.training import prepare

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = npt.NDArray[Any]
SAMPLE = 1000  # rows at most that a loss is taken of: always the same ones, so that two losses can be compared
NEIGHBOURS = 2  # on either side, over which the curve is averaged
EXPLODED = 4  # the range test ends where the loss has risen by so many times its size
IMPROVED = 1e-3  # of the loss at the start: what counts as having become lower
ALIKE = 0.01  # of what the best trial gained: one that gained less by no more than this counts as equally good
BEYOND = 0.3  # how much of the verdict on a rate is that on the one twice as large
TRAINED = 0.9  # of the loss of fresh weights: a network from a file that has less than that is trained
WIDTH = 79  # of the text, for a terminal of 80 columns
TAIL = 10  # steps at the end of a trial whose losses are averaged


@dataclass(frozen=True)
class _Growing(Schedule):
    """The rate of every step is `factor` times that of the step before."""

    factor: float

    def scale(self, place: Place, watch: Watch) -> float:
        return float(self.factor**place.step)


@dataclass(frozen=True, eq=False)
class RateSearch:
    """The result of `find_learning_rate`; print it, plot it, or take its `rate`.

    Attributes:
        rate: the suggestion, or None where none can be made.
        reason: why, in words.
        rates: of the steps of the range test, (steps,), up to where the loss exploded.
        losses: after each of these steps, (steps,).
        smoothed: means of five neighbouring losses, (steps,).
        start: the loss before any step.
        trials: the loss after a short training at each rate that was tried; inf where it exploded.
        optimizer: the one to train with, the suggested rate in it where there is one.
        batch_size: rows a step; None for all of them. Train with the same, for the rate belongs to it.
    """

    rate: float | None
    reason: str
    rates: Array
    losses: Array
    smoothed: Array
    start: float
    trials: Mapping[float, float]
    optimizer: Optimizer
    batch_size: int | None

    @property
    def heading(self) -> str:
        """The result in one line."""
        batches = "the full batch" if self.batch_size is None else f"batches of {self.batch_size}"
        found = "No learning rate" if self.rate is None else f"Learning rate {number(self.rate, 2)}"
        return f"{found} for {type(self.optimizer).__name__} on {batches}"

    def tables(self) -> dict[str, list[list[str]]]:
        """The curve at about a dozen rates, and the trials.

        Returns:
            Rows of texts, the header first, by what stands above them; without what has no rows.
        """
        last = len(self.rates) - 1
        shown = sorted({round(i * last / 12) for i in range(13)}) if len(self.rates) else []
        curve = [[number(self.rates[i], 2), number(self.smoothed[i], 5)] for i in shown]
        trials = [
            [number(rate, 2), number(loss, 5), "suggested" * (rate == self.rate)]
            for rate, loss in sorted(self.trials.items())
        ]
        tables = {
            "Range test": [["rate", "loss, smoothed"], *curve],
            "Trials": [["rate", "loss at the end", ""], *trials],
        }
        return {name: rows for name, rows in tables.items() if len(rows) > 1}

    def __str__(self) -> str:
        tables = (f"\n{name}:\n{text_table(rows, (0, 1))}" for name, rows in self.tables().items())
        return "\n".join([fill(f"{self.heading}. {self.reason}", WIDTH), *tables])

    def _repr_html_(self) -> str:
        tables = (html_table(rows, (0, 1), name) for name, rows in self.tables().items())
        return notebook(f"{self.heading}. {self.reason}", *tables)

    def plot(self) -> Figure:
        """The range test as a curve over the rate, the trials as dots, the suggestion as a line.

        Returns:
            The figure; `pellucid.plots.save` writes it to a file.

        Raises:
            InputError: there is nothing to draw: the first step already exploded.
            MissingExtra: matplotlib is not installed.
        """
        from pellucid import plots

        return plots.rate_search(self)


def find_learning_rate(
    net: Network,
    X: Any,
    y: Any,
    optimizer: Optimizer | str | None = None,
    batch_size: int | None = 32,
    low: float = 1e-7,
    high: float = 10.0,
    steps: int = 120,
    trial: int = 200,
    seed: int = 0,
    l2: float = 0.0,
    l1: float = 0.0,
    class_weight: Mapping[int, float] | str | None = None,
    sample_weight: Any = None,
    clip_norm: float | None = None,
    engine: str = "auto",
) -> RateSearch:
    """A learning rate to begin with, found on copies of the network; the one that is given does not change.

    First the range test: one training whose rate grows from `low` to `high`, the same factor at every step, until the
    loss explodes. It shows the range in which something is learnt, but it cannot tell what many steps at one rate
    would do. So short trainings follow, each from the initial weights: at rates around the one where the loss was
    lowest, each twice the last. Each is judged by the loss that it ends with and by that of the rate twice as large,
    for on the edge of exploding a longer training would not go well; one beyond which nothing was tried is not
    suggested. Suggested is the *smallest* rate that gains as much as the best one, within 1 %: a larger one, where
    nearly all is gained already, only makes the network surer of rows that it knows, and answers for new ones worse.

    What is found is a rate to begin with, for a training of a few hundred steps on batches of that size. One of many
    thousands, or with a schedule that ends low, may do as well with half or a quarter of it.

    Args:
        net: the network, as it would be trained.
        X: features (n, inputs).
        y: targets, as in `fit`.
        optimizer: a record or a name; its own learning rate plays no part. SGD by default.
        batch_size: rows a step; None for all of them.
        low, high: the range of rates.
        steps: of the range test, 10 or more.
        trial: steps of each trial; 0 for none: a quarter of the rate where the loss was lowest is suggested then.
        seed: decides the order of the rows, dropout, and which 1,000 rows the losses are taken of if there are more.
        l2, l1, class_weight, sample_weight, clip_norm, engine: as in `fit`.

    Returns:
        The search: its `rate`, None where none helps, and the `reason`; its `optimizer` has the rate in it.

    Raises:
        InputError: data or settings that do not fit, or `low` is not below `high`.

    Source: Smith, Cyclical Learning Rates for Training Neural Networks, WACV (2017), section 3.3, for the range test.

    Example:
        >>> from pellucid import Dense
        >>> from pellucid.data import make_moons
        >>> X, y = make_moons(200, noise=0.2, seed=0)
        >>> net = Network([Dense(16, "tanh"), Dense(2, "softmax")], inputs=2)
        >>> search = find_learning_rate(net, X, y, "adam")
        >>> 0.003 < search.rate < 1
        True
        >>> history = net.fit(X, y, optimizer=search.optimizer, batch_size=search.batch_size, epochs=30)
    """
    low, high = (check.number(v, name, 0, open_below=True) for v, name in ((low, "low"), (high, "high")))
    if low >= high:
        raise InputError(f"low must be below high; this is low={low:g}, high={high:g}.")
    steps, trial = check.whole(steps, "steps", 10), check.whole(trial, "trial", 0)
    settings = Settings(
        optimizer="sgd" if optimizer is None else optimizer,  # type: ignore[arg-type]
        batch_size=batch_size,
        seed=seed,
        l2=l2,
        l1=l1,
        class_weight=class_weight,
        sample_weight=sample_weight,
        clip_norm=clip_norm,
        engine=engine,
    )
    ground = _Ground(net, X, y, settings)
    rates = np.geomspace(low, high, steps)
    losses = ground.range_test(rates)
    return _judged(ground, rates[: len(losses)], losses, high, trial)


class _Ground:
    """What all trainings of a search begin with: a checked problem, a fitted scaler, the same weights."""

    def __init__(self, net: Network, X: Any, y: Any, settings: Settings) -> None:
        self.job = prepare(deepcopy(net), X, y, settings)
        n = self.job.n
        rows = None if n <= SAMPLE else np.random.default_rng(settings.seed).choice(n, SAMPLE, replace=False)
        self.sample = self.job.problem.part(rows)
        self.start = self.loss(self.job.net)

    def loss(self, net: Network) -> float:
        l2, l1 = self.job.settings.l2, self.job.settings.l1
        with np.errstate(over="ignore", invalid="ignore"):
            return float(readable.loss(net, net.theta, *self.sample, l2, l1)[0])

    def training(self, rate: float, steps: int, schedule: Schedule | None = None) -> Iterator[Network]:
        """Train a copy from the initial weights, and give it after every step until something is not finite."""
        settings = self.job.settings
        optimizer = replace(settings.optimizer, learning_rate=rate)
        settings = replace(settings, optimizer=optimizer, epochs=steps, schedule=schedule or settings.schedule)
        job = Job(deepcopy(self.job.net), self.job.problem, None, settings, settings.engine)
        engines.get_ready(job)
        for step in range(steps):
            try:
                engines.module(job.engine).run(job, step, step + 1)
            except TrainingDiverged:
                return
            yield job.net

    def range_test(self, rates: Array) -> Array:
        """The loss after each step, until it explodes."""
        losses: list[float] = []
        lowest = self.start
        for net in self.training(float(rates[0]), len(rates), _Growing(float(rates[1] / rates[0]))):
            loss = self.loss(net)
            if not np.isfinite(loss):
                break
            losses.append(loss)
            lowest = min(lowest, loss)
            if loss > lowest + EXPLODED * max(abs(self.start), abs(lowest)):
                break
        return np.array(losses)

    def trial(self, rate: float, steps: int) -> float:
        """The loss that a training at one rate ends with, averaged over its last steps; inf where it exploded."""
        losses = []
        for step, net in enumerate(self.training(rate, steps), 1):
            if step > steps - TAIL:
                losses.append(self.loss(net))
        mean = float(np.mean(losses)) if len(losses) == min(TAIL, steps) else np.inf
        return mean if np.isfinite(mean) else np.inf

    def improved(self, loss: float) -> bool:
        return self.start - loss > IMPROVED * abs(self.start)

    @property
    def trained_already(self) -> str:
        """That there is nothing to be found for a network that is trained, where it is; else nothing."""
        net, fresh = self.job.net, self.job.net.drawn_anew()
        drawn = self.loss(fresh)  # of the sample, which is scaled already
        if net.last_update is None and (np.array_equal(net.theta, fresh.theta) or self.start > TRAINED * drawn):
            return ""
        return (
            f"This network is already trained: it begins with the loss {self.start:.4g}, one with fresh weights with "
            f"{drawn:.4g}. Give one that was just built."
        )


def _judged(ground: _Ground, rates: Array, losses: Array, high: float, trial: int) -> RateSearch:
    """The suggestion that follows from a range test, and from trials around it."""
    settings = ground.job.settings
    smoothed = _smoothed(losses)

    def result(rate: float | None, reason: str, trials: Mapping[float, float]) -> RateSearch:
        optimizer = settings.optimizer if rate is None else replace(settings.optimizer, learning_rate=rate)
        return RateSearch(rate, reason, rates, losses, smoothed, ground.start, trials, optimizer, settings.batch_size)

    if not len(losses) or not ground.improved(losses.min()):
        return result(None, _no_use(ground, rates, losses, high), {})
    middle = float(rates[np.argmin(smoothed)])
    found = f"In the range test the loss fell from {ground.start:.4g} and was lowest near the rate {middle:.2g}."
    size = "the full batch" if settings.batch_size is None else f"batches of {settings.batch_size}"
    belongs = f"It belongs to {size}: pass batch_size={settings.batch_size} to fit."
    if not trial:
        return result(middle / 4, f"{found} A quarter of that is suggested. {belongs}", {})
    trials = _trials(ground, middle, float(rates[0]), high, trial)
    if not ground.improved(min(trials.values())):
        more = ground.trained_already or f"But {trial} steps at any constant rate did not end below the start."
        return result(None, f"{found} {more}", trials)
    rate = _chosen(trials, ground.start)
    reason = f"{found} {_why(trials, rate, trial)} {belongs}"
    return result(rate, reason, trials)


def _why(trials: Mapping[float, float], rate: float, steps: int) -> str:
    """Why this one of the rates that were tried, and what was seen beyond it."""
    rates = sorted(trials)
    top = rates[-1]
    words = f"Then {steps} steps were tried at each of {len(rates)} rates: at {rate:.2g} they ended with the loss "
    words += number(trials[rate])
    if rate == top:
        return f"{words}. Nothing higher was tried: look higher with high=..."
    after = rates[rates.index(rate) + 1]
    beyond = f"with {number(trials[after])}" if np.isfinite(trials[after]) else "they exploded"
    words += f", and at {after:.2g}, the next higher one, {beyond}. "
    words += f"It is the smallest that gains as much as any, within {100 * ALIKE:g} %, each judged with the next one."
    if trials[top] <= min(trials.values()):
        words += (
            f" At {top:.2g} they ended lowest, but that is the upper end of what was searched, and what lies beyond "
            "is not known: look higher with high=..."
        )
    return words


def _trials(ground: _Ground, middle: float, low: float, high: float, steps: int) -> dict[float, float]:
    """Losses by rate: from a 16th of the middle to four times it, each rate twice the last, and on while that helps:
    upwards while the best is the largest, downwards while the smallest is the one that would be suggested.

    Many steps at one rate bear less than the few that the range test took near it, so most of the trials lie below.
    """
    trials = {
        rate: ground.trial(rate, steps) for rate in (middle * 2.0**k for k in range(-4, 3)) if low <= rate <= high
    }
    while True:
        best, bottom, top = min(trials, key=trials.__getitem__), min(trials), max(trials)
        up = 2 * top if best == top and 2 * top <= high else None
        down = bottom / 2 if _chosen(trials, ground.start) == bottom and bottom / 2 >= low else None
        further = up or down
        if further is None:
            return trials
        trials[further] = ground.trial(further, steps)


def _chosen(trials: Mapping[float, float], start: float) -> float:
    """The smallest rate that is as good as the best one; each is judged by its own trial and by that of the next.

    What lies beyond the largest is not known, so it is only taken where it is the only one that is better than the
    start.
    """
    rates = sorted(trials)
    beyond = [min(trials[rate], start) for rate in rates[1:]]
    verdicts = [(1 - BEYOND) * trials[rate] + BEYOND * other for rate, other in zip(rates, beyond, strict=False)]
    if not verdicts or min(trials[rate] for rate in rates[:-1]) >= start - IMPROVED * abs(start):
        return rates[-1]
    enough = min(verdicts) + ALIKE * max(start - min(verdicts), 0.0)
    return next(rate for rate, verdict in zip(rates, verdicts, strict=False) if verdict <= enough)


def _no_use(ground: _Ground, rates: Array, losses: Array, high: float) -> str:
    """Why no rate helps, and what to do."""
    if not len(losses):
        return (
            "The very first step exploded, at the lowest rate of all. Scale the features (scaler=Standardizer()), "
            "or search lower with low=..."
        )
    if ground.trained_already:
        return ground.trained_already
    fell = "fall below" if losses.min() >= ground.start else "fall noticeably below"
    if rates[-1] < high * (1 - 1e-9):
        return (
            f"The loss did not {fell} the {ground.start:.4g} it began with, and exploded at the rate "
            f"{rates[-1]:.2g}. Scale the features (scaler=Standardizer()), and values that are to be predicted, or "
            "search lower with low=..."
        )
    return (
        f"At no rate from {rates[0]:.2g} to {rates[-1]:.2g} did the loss {fell} the {ground.start:.4g} it began "
        "with. The network cannot learn: see pellucid.diagnose(net, X, y)."
    )


def _smoothed(losses: Array) -> Array:
    """Means over each loss and its neighbours; beyond the ends the outermost losses go on."""
    width = 2 * NEIGHBOURS + 1
    if not len(losses):
        return losses
    return np.convolve(np.pad(losses, NEIGHBOURS, mode="edge"), np.full(width, 1 / width), "valid")
