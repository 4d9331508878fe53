"""Training: `train` yields one Epoch record after the other; `fit` consumes them and returns the History."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from copy import deepcopy
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import engines
from pellucid import inputs as check
from pellucid.engines import readable
from pellucid.engines.readable import Problem
from pellucid.errors import InputError, TrainingDiverged
from pellucid.history import Epoch, History, Run
from pellucid.hooks import Hooks
from pellucid.jobs import Job
from pellucid.network import Network
from pellucid.progress import shown
from pellucid.settings import Settings, takes_settings
from pellucid.splits import split_indices
from pellucid.targets import labels_of, refuse_single_class
from pellucid.wording import visible

Array = npt.NDArray[Any]


@takes_settings
def fit(
    net: Network,
    X: Any,
    y: Any,
    *,
    progress: bool | None = None,
    on_epoch: Callable[[Epoch], Any] | None = None,
    checkpoint: Any = None,
    every: Any = None,
    resume: bool = False,
    **settings: Any,
) -> History:
    """Train a network in place. Called again, it goes on from the parameters it has, with a fresh optimizer state.

    Args:
        net: the network.
        X: features (n, inputs).
        y: integers (n,) or one-hot (n, K) for softmax; 0/1 for sigmoid; values otherwise.
        progress: True shows a progress bar with the time left on standard error.
        on_epoch: called with every Epoch; returning True stops the training.
        checkpoint: a folder into which it is written, again and again, where training stands; None for none.
        every: how often: "30 s", "5 min", "2 epochs" or "500 steps"; a number of epochs; None for every minute.
        resume: go on from the last checkpoint in the folder, to the same bits as a run that was never interrupted;
            an empty folder starts from the beginning.
        settings: the fields of `pellucid.Settings`: optimizer, epochs, batch_size, l2, l1, schedule, validation,
            early_stopping, class_weight, sample_weight, clip_norm, shuffle, seed, engine, threads.

    Returns:
        The history. After Ctrl-C it holds the epochs that were completed, and `stopped` says "interrupted".

    Raises:
        InputError: data, labels or settings that do not fit, or not the run of the checkpoint; nothing is changed.
        FileError: a folder that cannot be written to, that another run has, or whose checkpoints are all damaged.
        TrainingDiverged: a loss, gradient or parameter stopped being finite.

    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), chapters 6 to 8.

    Example:
        >>> from pellucid import Dense, Network
        >>> net = Network([Dense(1, "sigmoid")], inputs=1)
        >>> history = fit(net, [[-1.0], [1.0]], [0, 1], epochs=50)
        >>> bool(history.loss[-1] < history.loss[0])
        True
    """
    if on_epoch is not None and not callable(on_epoch):
        raise InputError(f"on_epoch must be a function of an Epoch, or None; this is {on_epoch!r}.")
    asked = Settings.of(settings)
    job, hooks = _begun(net, X, y, asked, checkpoint, every, resume, _say if progress else None)
    try:
        watched = bool(progress) or on_epoch is not None or job.watched
        epochs = run(job, watched, hooks)
        with closing(epochs), shown(epochs, job.settings.epochs, bool(progress), job.done) as passing:
            for epoch in passing:
                if on_epoch is not None and on_epoch(epoch):
                    job.stopped = "on_epoch"
                    break
        if job.stopped == "on_epoch":
            job.look_once_more()
    except KeyboardInterrupt:
        job.stopped = "interrupted"
    except TrainingDiverged as error:
        error.history = job.history()
        raise
    finally:
        hooks.close()  # the epochs do it too, unless nobody has asked for the first
    return job.history()


@takes_settings
def train(
    net: Network, X: Any, y: Any, *, checkpoint: Any = None, every: Any = None, resume: bool = False, **settings: Any
) -> Iterator[Epoch]:
    """The same training as `fit`, one Epoch record at a time; settings and checkpoints are those of `fit`.

    Leaving the loop early is fine: with early_stopping, the best parameters are restored then too. With checkpoints,
    one is written then, from which `resume` goes on.

    Raises:
        InputError: right at the call, before the first epoch.
        TrainingDiverged: a loss, gradient or parameter stopped being finite.

    Example:
        >>> from pellucid import Dense, Network
        >>> net = Network([Dense(1)], inputs=1)
        >>> for epoch in train(net, [[1.0], [2.0]], [2.0, 4.0], epochs=3):
        ...     print(epoch.index, epoch.loss >= 0)
        0 True
        1 True
        2 True
    """
    job, hooks = _begun(net, X, y, Settings.of(settings), checkpoint, every, resume)
    epochs = _kept(run(job, hooks=hooks), hooks)
    next(epochs)
    return epochs


def _kept(epochs: Generator[Epoch], hooks: Hooks) -> Generator[Any]:
    """The epochs, behind a first yield of nothing: a loop that is left before its first epoch gives a folder for
    checkpoints back too, which a generator that was never begun could not."""
    with closing(hooks), closing(epochs):
        yield None
        yield from epochs


def run(job: Job, watched: bool = True, hooks: Hooks | None = None) -> Generator[Epoch]:
    """Take a job's epochs, one at a time; where nobody watches, as many as the engine likes to and hooks allow."""
    hooks = hooks or Hooks()
    engine = engines.module(job.engine)
    job.started = time.perf_counter() - job.spent
    start: Array | None = None
    try:
        while job.done < job.settings.epochs and job.stopped == "epochs":
            start = job.net.theta.copy() if job.watches_start else None
            many = 1 if watched else max(1, engine.at_once(job) // job.steps_per_epoch)
            last = min(job.done + hooks.at_most(job, many), job.settings.epochs) - 1
            end = (last + 1) * job.steps_per_epoch
            with hooks.holding(job):
                hooks.take(engine, job, end)
                epoch = job.finish(last, time.perf_counter() - job.started, start)
            yield epoch
            if job.out_of_patience():
                job.stopped = "early stopping"
            hooks.look(job)
    except TrainingDiverged as error:
        if (completed := error.step // job.steps_per_epoch) > job.done:  # epochs before it in the same call
            job.finish(completed - 1, time.perf_counter() - job.started, None)
        raise  # with the parameters of the last finite step
    except BaseException:
        if (completed := job.taken // job.steps_per_epoch) > job.done:  # in the call that was interrupted
            job.finish(completed - 1, time.perf_counter() - job.started, start)
        hooks.leave(job)
        job.restore_best()  # interrupted, or the caller left the loop
        raise
    else:
        job.restore_best()
        job.look_once_more()
    finally:
        hooks.close()


def _begun(
    net: Network,
    X: Any,
    y: Any,
    settings: Settings,
    checkpoint: Any,
    every: Any,
    resume: bool,
    tell: Callable[[str], Any] | None = None,
) -> tuple[Job, Hooks]:
    """The job, from its beginning or from a checkpoint, and who writes further ones."""
    if checkpoint is None:
        if every is not None or resume:
            raise InputError('every and resume are about checkpoints: name their folder too, checkpoint="run/".')
        return prepare(net, X, y, settings), Hooks()
    from pellucid.files.checkpoints import Keeper

    theta, scaler = net.theta.copy(), deepcopy(net.scaler)
    keeper = Keeper(checkpoint, every, resume, tell)
    try:
        job = prepare(net, X, y, settings, keeper.begin)
        keeper.refuse_other_engine(job)
    except BaseException:
        keeper.close()
        net.theta, net.scaler = theta, scaler
        raise
    return job, keeper


def _say(sentence: str) -> None:
    print(visible(sentence), file=sys.stderr)


def prepare(net: Network, X: Any, y: Any, settings: Settings, begin: Callable[[Job], Any] = lambda job: None) -> Job:
    """Check data and settings against the network, hold rows out, and make the job; `begin` may move it on before its
    engine is chosen."""
    engines.check(settings.engine)
    X = check.features(X, net.inputs)
    t = net.encode(y, len(X))
    w = None if settings.sample_weight is None else check.row_weights(settings.sample_weight, len(X))
    rows, held_out = _held_out(X, t, net, settings)
    if rows is not None:
        X, t, w = X[rows], t[rows], None if w is None else w[rows]
    refuse_single_class(t, net.task)
    w = _class_weighted(w, settings.class_weight, t, net)
    if held_out is not None:
        net.encode(held_out[1], len(held_out[0]), "validation y")  # refused here, before the scaler is fitted
    if net.scaler is not None and not net.scaler.fitted:
        net.scaler.fit(X)
    problem = Problem(readable.inputs_of(net, X), t, None if w is None else w.astype(net.dtype))
    validation = None
    if held_out is not None:
        validation = readable.problem(net, *held_out, None, ("validation X", "validation y"))
    seen = None if held_out is None or validation is None else (held_out[0], validation.t)
    job = Job(net, problem, validation, settings, settings.engine, Run(net, X, t, problem.w, seen, settings, rows))
    begin(job)
    engines.get_ready(job)
    return job


def _held_out(X: Array, t: Array, net: Network, settings: Settings) -> tuple[Array | None, tuple[Any, Any] | None]:
    """Which rows remain for training (None: all), and the validation (X, y) if there is one."""
    validation = settings.validation
    if validation is None:
        return None, None
    if isinstance(validation, tuple | list):
        if len(validation) != 2:
            raise InputError(f"validation must be (X, y) or a share of the rows; this has {len(validation)} parts.")
        return None, (check.features(validation[0], net.inputs, "validation X"), validation[1])
    share = check.number(validation, "validation", 0, open_below=True)
    if share >= 1:
        raise InputError(
            f"validation is {validation!r}, but must be a share of the rows between 0 and 1, such as 0.2, or (X, y)."
        )
    labels = t[:, 0] if net.task == "values" and net.outputs == 1 else labels_of(t, net.task)
    rows, others = split_indices(labels, share, np.random.default_rng(settings.seed))
    return rows, (X[others], t[others, 0] if net.outputs == 1 else t[others])


def _class_weighted(w: Array | None, class_weight: Any, t: Array, net: Network) -> Array | None:
    """Row weights with each row's class weight multiplied in."""
    if class_weight is None:
        return w
    if net.task not in ("classes", "binary"):
        raise InputError(f"class_weight needs classes; this network ends in {net.output} and has none.")
    labels = labels_of(t, net.task)
    classes = max(net.outputs, 2)
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise InputError(f'class_weight must be a dict or "balanced"; this is {class_weight!r}.')
        counts = np.bincount(labels, minlength=classes)
        table = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    else:
        if not isinstance(class_weight, Mapping):
            raise InputError(f'class_weight must be a dict or "balanced"; this is {class_weight!r}.')
        table = np.ones(classes)
        for label, weight in class_weight.items():
            if isinstance(label, bool) or not isinstance(label, int | np.integer) or not 0 <= label < classes:
                raise InputError(f"class_weight names the class {label!r}; the classes are 0 ... {classes - 1}.")
            table[label] = check.number(weight, f"class_weight[{label}]", 0)
    combined = table[labels] if w is None else table[labels] * w
    return check.row_weights(combined, len(t), "class_weight times sample_weight")
