"""The compiled engine: the records' own formulas as machine code, many steps a call, the interpreter's lock released.

Bit-identical with itself however a run is cut into calls; equal to the readable engine but for rounding.
"""

from __future__ import annotations

import time
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pellucid.engines import readable
from pellucid.engines.compiled.graph import CannotCompile
from pellucid.engines.compiled.plan import Plan
from pellucid.engines.compiled.store import BuildFailed
from pellucid.engines.readable import BLOCK
from pellucid.engines.signals import Held
from pellucid.schedules import Constant

if TYPE_CHECKING:
    from pellucid.jobs import Job

Array = npt.NDArray[Any]

__all__ = ["BuildFailed", "CannotCompile", "at_once", "prepare", "run"]

SECONDS = 0.05  # a call lasts about so long: Ctrl-C is heard between calls
MOST_ROWS = 2**22  # whose order is drawn for one call
MOST_KEPT = 2**26  # bytes of what dropout keeps, drawn for one call: at least those of one step


def prepare(job: Job) -> None:
    """Compile what the run needs and lay out its arrays.

    Raises:
        CannotCompile: something has no place in compiled loops.
        BuildFailed: the build could not make it.
    """
    plan = Plan(job)
    _try(job)
    job.plan = plan


def _try(job: Job) -> None:
    """One step of a few rows by the readable engine, on copies: a formula that it refuses is refused before anything
    is changed, and with its words."""
    few = np.arange(min(job.n, 4))
    with np.errstate(all="ignore"):
        theta = job.net.theta.copy()
        _, _, gradient = readable.loss_and_gradient(job.net, theta, *job.problem.part(few))
        settings = job.settings
        settings.optimizer.update(gradient, deepcopy(job.state), theta, job.rate(0), job.net.weight_mask)


def at_once(job: Job) -> int:
    """How many steps a call should take."""
    return int(job.plan.steps_a_call)


def run(job: Job, begin: int, end: int) -> None:
    """Take the steps [begin, end) of a training run; the job keeps its columns and its place."""
    plan: Plan = job.plan
    held = Held()
    while begin < end:
        dropped = sum(plan.widths[layer] for layer, _ in plan.dropouts)
        most = max(1, min(MOST_ROWS, MOST_KEPT // max(dropped, 1)) // job.batch_size)
        stop = min(end, begin + plan.steps_a_call, begin + most)
        started = time.perf_counter()
        try:
            with held:  # or the parameters of a call would be there without its books
                _call(job, plan, begin, stop)
        finally:
            held.deliver()
        plan.steps_a_call = steps_of_next_call(plan, stop - begin, time.perf_counter() - started)
        begin = stop


def steps_of_next_call(plan: Plan, steps: int, seconds: float) -> int:
    """How many steps the next call takes, from how long so many took; no bit depends on it."""
    return max(1, min(int(steps * SECONDS / max(seconds, 1e-6)), 100 * plan.steps_a_call))


def _call(job: Job, plan: Plan, begin: int, stop: int) -> None:
    count, taken = stop - begin, job.state.t
    steps = _rows_of(job, plan, begin, stop)
    optimizer, schedule = job.settings.optimizer, job.settings.schedule
    constant = isinstance(schedule, Constant)
    rates = np.full(count, optimizer.learning_rate) if constant else np.array([job.rate(s) for s in range(begin, stop)])
    losses, corrects = np.empty(count), np.empty(count, dtype=np.int64)
    # Where all rows of a step weigh nothing, its sums are 0, whatever they are divided by.
    totals = np.where(steps["weights"] > 0, steps["weights"], 1.0)
    given = {"rates": rates, "losses": losses, "corrects": corrects, "totals": totals}
    given["l2"] = np.full(count, job.l2(totals))
    reached = plan.take(count, taken, **given, **steps)
    done = reached if reached >= 0 else -1 - reached
    job.state = plan.state(taken + done)
    counted = job.counted(steps["weights"], steps["counts"])
    job.record_steps(begin, counted[:done], losses[:done], corrects[:done], rates[:done])
    job.taken = begin + done
    if done < count:
        rows = None if job.full_batch else plan.order_of(steps, done)
        job.diverge(begin + done, rows, plan.gradient, updated=reached < 0)
    job.last_rows = None if job.full_batch else plan.order_of(steps, count - 1)


def _rows_of(job: Job, plan: Plan, begin: int, stop: int) -> dict[str, Array]:
    """Which rows each step takes, what they weigh together, and what dropout keeps of them."""
    count, n, batch, each = stop - begin, job.n, job.batch_size, job.steps_per_epoch
    if job.full_batch:
        weights = np.full(count, job.weight(None))
        steps = {"begins": np.zeros(count, dtype=np.int64), "counts": np.full(count, n)}
        steps |= {"order": plan.in_order, "weights": weights}
    else:
        index = np.arange(begin, stop)
        places = index % each * batch
        steps = {"begins": (index // each - begin // each) * n + places, "counts": np.minimum(batch, n - places)}
    orders: list[Array] = []
    kept: list[Array] = []
    kept_at = np.zeros((count, len(plan.dense)), dtype=np.int64)
    size = 0
    for step in range(begin, stop) if (plan.dropouts or not job.full_batch) else ():
        epoch, k = divmod(step, each)
        if k == 0:
            job.begin(epoch)
        if not job.full_batch and (k == 0 or step == begin):
            orders.append(job.order)
        if plan.dropouts:
            assert job.rng is not None
            for layer, mask in _masks(plan, job.rng, min(batch, n - k * batch)):
                kept_at[step - begin, layer] = size
                kept.append(mask)
                size += mask.size
    if not job.full_batch:
        steps["order"] = np.concatenate(orders)
        steps["weights"] = steps["counts"].astype(np.float64)
        if job.problem.w is not None:
            steps["weights"] = np.array([job.weight(plan.order_of(steps, s)) for s in range(count)])
    everything = np.concatenate([mask.ravel() for mask in kept]) if kept else np.zeros(1, dtype=np.uint8)
    return steps | {"kept": everything, "kept_at": kept_at}


def _masks(plan: Plan, rng: np.random.Generator, rows: int) -> list[tuple[int, Array]]:
    """What each dropout keeps of so many rows, drawn as the readable engine does: block by block, layer by layer."""
    masks = [(layer, np.empty((rows, plan.widths[layer]), dtype=np.uint8)) for layer, _ in plan.dropouts]
    for start in range(0, rows, BLOCK):
        for (_, mask), (_, rate) in zip(masks, plan.dropouts, strict=True):
            part = mask[start : start + BLOCK]
            part[...] = rng.random(part.shape, dtype=np.float32) >= rate
    return masks
