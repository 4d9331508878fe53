"""Many networks at once: each is trained as `fit` trains it, several at a time, all on the same data."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from pellucid import inputs as check
from pellucid.engines import threads
from pellucid.errors import InputError, TrainingDiverged
from pellucid.history import History
from pellucid.jobs import Job
from pellucid.network import Network
from pellucid.settings import Settings, takes_settings
from pellucid.training import prepare, run


@takes_settings
def fit_many(
    nets: Iterable[Network], X: Any, y: Any, *, each: Sequence[Mapping[str, Any]] | None = None, **settings: Any
) -> list[History]:
    """Train several networks in place on the same data: other seeds, rates, penalties or sizes.

    What comes of a network is what `fit` makes of it alone, bit for bit. The compiled engine trains as many at a time
    as there are threads, each on one; the readable engine, which Python's lock would hold up, one after the other.

    Args:
        nets: the networks; each is another object.
        X: features (n, inputs), shared by all: converted once where all networks compute in one dtype without a
            scaler. A scaler, and rows held out for validation, are each network's own.
        y: targets, as in `fit`, shared by all.
        each: settings of each network, such as {"optimizer": SGD(0.1)}, that come on top of those for all.

    Returns:
        The histories, in the order of the networks. One whose training diverged has `stopped` "diverged" and the
        epochs before; its network keeps its last finite parameters. After Ctrl-C all hold what was completed.

    Raises:
        InputError: data or settings that do not fit one of the networks, before any of them is changed.

    Example:
        >>> from pellucid import SGD, Dense, Network
        >>> nets = [Network([Dense(2, "tanh"), Dense(1)], inputs=1, seed=seed) for seed in (0, 1)]
        >>> histories = fit_many(nets, [[0.0], [1.0]], [0.0, 1.0], each=[{"l2": 0.0}, {"l2": 0.1}], epochs=50)
        >>> [len(history) for history in histories]
        [50, 50]
    """
    if isinstance(nets, Network):
        raise InputError("fit_many takes several networks, [net, ...]; this is one: train it by net.fit(X, y, ...).")
    nets = list(nets)
    if strange := [net for net in nets if not isinstance(net, Network)]:
        raise InputError(f"fit_many takes a list of networks; one of them is {type(strange[0]).__name__}.")
    if about := [name for name in ("checkpoint", "every", "resume") if name in settings]:
        raise InputError(
            f"There is no setting {about[0]!r} of fit_many, which writes no checkpoints: train the networks one after "
            'the other by net.fit(X, y, ..., checkpoint="run/"), each with a folder of its own.'
        )
    if len({id(net) for net in nets}) < len(nets):
        raise InputError("One network is there twice: it would be trained by two at once. Give copies (copy.deepcopy).")
    own: Sequence[Mapping[str, Any]] = [{}] * len(nets) if each is None else list(each)
    if len(own) != len(nets):
        raise InputError(f"There are {len(nets)} networks and settings in `each` for {len(own)}: give one for each.")
    most = Settings.of(settings).threads or threads.allowed()
    if len({net.dtype for net in nets}) == 1 and all(net.scaler is None for net in nets):
        X = check.in_dtype(check.features(X, nets[0].inputs), nets[0].dtype, "X")
    jobs = [
        prepare(net, X, y, Settings.of({**settings, **more, "threads": 1})) for net, more in zip(nets, own, strict=True)
    ]
    compiled = [job for job in jobs if job.engine == "compiled"]
    stop = threading.Event()
    try:
        if compiled:
            with ThreadPoolExecutor(min(most, len(compiled)), thread_name_prefix="pellucid-fit") as pool:
                try:
                    for done in [pool.submit(_take, job, stop) for job in compiled]:
                        done.result()
                except BaseException:
                    stop.set()  # before the pool waits for its threads
                    raise
        for job in jobs:
            if job.engine != "compiled":
                _take(job, stop)
    except KeyboardInterrupt:
        for job in jobs:
            if job.done < job.settings.epochs and job.stopped == "epochs":
                job.stopped = "interrupted"
    return [job.history() for job in jobs]


def _take(job: Job, stop: threading.Event) -> None:
    """Take all epochs of a job, unless it is told to stop between two calls of its engine."""
    try:
        with closing(run(job, job.watched)) as epochs:
            for _ in epochs:
                if stop.is_set():
                    break
    except TrainingDiverged:
        job.stopped = "diverged"
