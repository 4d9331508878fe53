"""What decides the bits of a run, in words: two runs with the same ones may continue each other."""

from __future__ import annotations

import hashlib
import platform
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.files.checkpoints.formulas import digest, formula, members, plain
from pellucid.jobs import Job
from pellucid.layers import Dense, Layer
from pellucid.optimizers import Optimizer
from pellucid.schedules import Constant, Exponential, Inverse, Plateau, Schedule, Step

OWN_RULES = Optimizer.__module__
UNSTRETCHED = (Constant, Step, Exponential, Inverse, Plateau)  # what they say of an epoch does not depend on how many
# What is said of data and formulas, whose digests say nothing to people.
OTHERS = {
    "X": "the features X are others, or stand in another order",
    "y": "the targets y are others, or stand in another order",
    "row weights": "the weights of the rows are others",
    "validation rows": "the validation rows are others",
    "scaler": "the scaler is another, or was fitted to other data",
    "formulas": "a formula (activation, loss, optimizer or schedule) of the same name is another",
}
# What differs as a matter of course where something else does.
FOLLOWS = {
    "the network": {"formulas", "y", "validation rows"},
    "optimizer": {"formulas"},
    "schedule": {"formulas"},
    "validation": {"X", "y", "row weights", "validation rows", "scaler"},
    "seed": {"X", "y", "row weights", "validation rows", "scaler"},
    "class_weight": {"row weights"},
    "X": {"scaler"},
}


def identity(job: Job) -> dict[str, str]:
    """What decides the bits, by name; data and formulas as digests. Epochs and engine are compared by themselves."""
    settings, net, problem = job.settings, job.net, job.problem
    # As they were given: what a scaler makes of them may differ in its last bits on another machine.
    X = problem.inputs.X if job.made_of is None else job.made_of.X
    held_out = None if job.made_of is None else job.made_of.validation
    return {
        "the network": _network(net),
        "validation": _share(settings.validation),
        "class_weight": str(settings.class_weight),
        "optimizer": plain(settings.optimizer),
        "schedule": _schedule(settings.schedule),
        "early_stopping": str(settings.early_stopping),
        "batch_size": "all rows" if job.full_batch else str(job.batch_size),
        "l2": str(settings.l2),
        "l1": str(settings.l1),
        "clip_norm": str(settings.clip_norm),
        "shuffle": str(settings.shuffle),
        "seed": str(settings.seed),
        "formulas": _of_formulas(job),
        "X": digest(X),
        "y": digest(problem.t),
        "row weights": "none" if problem.w is None else digest(problem.w),
        "scaler": "none" if net.scaler is None else _of_scaler(net.scaler),
        "validation rows": "none" if held_out is None else " ".join(map(digest, held_out)),
    }


def refuse_others(name: str, then: Mapping[str, Any], now: Mapping[str, str]) -> None:
    """Refuse to go on with a run that would not go the same way.

    Raises:
        InputError: what differs, in words.
    """
    differing = [key for key in now if then.get(key) != now[key]]
    if differing:
        following = set[str]().union(*(FOLLOWS.get(key, ()) for key in differing))
        differing = [key for key in differing if key not in following] or differing
        told = [OTHERS[key] if key in OTHERS else f"{key} was {then.get(key)} and is {now[key]}" for key in differing]
        raise InputError(
            f"{name}: this is a checkpoint of another run: {'; '.join(told)}. "
            "Go on with what it was made with, or begin anew in another folder."
        )


def refuse_other_length(name: str, job: Job, then: int, step: int) -> None:
    """Refuse another number of epochs where it would have changed what was done, or where more are done already.

    Raises:
        InputError: so it is.
    """
    now, schedule = job.settings.epochs, job.settings.schedule
    if now == then:
        return
    if type(schedule) not in UNSTRETCHED:
        raise InputError(
            f"{name}: the run was to take {then:,} epochs and is now to take {now:,}, and its schedule "
            f"{type(schedule).__name__} stretches over all of them: the epochs that are done would have gone another "
            f"way. Go on with epochs={then}, or begin anew in another folder."
        )
    if step > now * job.steps_per_epoch:
        done = -(-step // job.steps_per_epoch)
        raise InputError(f"{name}: the run is in epoch {done:,} already: epochs={now} are fewer than it has done.")


def environment(engine: str) -> dict[str, str]:
    """Libraries and machine, on which the last bits may depend."""
    import pellucid

    words = {"pellucid": pellucid.__version__, "numpy": np.__version__, "machine": platform.machine()}
    if engine == "compiled":
        from pellucid.engines.compiled.machine import description

        processor = hashlib.sha256(description().encode()).hexdigest()[:16]
        words |= {"numba": version("numba"), "llvmlite": version("llvmlite"), "processor": processor}
    return words


def warn_of_other_environment(name: str, then: Any, now: Mapping[str, str]) -> None:
    """Warn where the last bits of what is to come may not be those of a run that was never interrupted."""
    then = then if isinstance(then, dict) else {}
    changed = [f"{key} {then.get(key)} (now {now[key]})" for key in now if then.get(key) != now[key]]
    if changed:
        warnings.warn(
            f"{name} was written with {', '.join(changed)}: what follows may differ in its last bits from a run that "
            "was never interrupted.",
            RuntimeWarning,
            stacklevel=2,
        )


def _share(validation: Any) -> str:
    """How validation rows were asked for."""
    return "rows of their own" if isinstance(validation, tuple | list) else str(validation)


def _network(net: Any) -> str:
    layers = [_layer(layer) for layer in net.layers]
    return f"{net.inputs} inputs, {', '.join(layers)}, loss {net.loss_function.name}, {net.dtype.name}"


def _layer(layer: Layer) -> str:
    return f"Dense {layer.units} {layer.activation.name}" if isinstance(layer, Dense) else f"Dropout {layer.rate!r}"


def _schedule(schedule: Schedule) -> str:
    """One of a program's own may keep what its repr does not show."""
    known = type(schedule).__module__ == Schedule.__module__
    kept = {name: digest(value) if isinstance(value, np.ndarray) else value for name, value in vars(schedule).items()}
    return plain(schedule, *(() if known else sorted(kept.items())))


def _of_scaler(scaler: Any) -> str:
    """Its kind and its numbers, in as many digits as any machine finds alike."""
    arrays = [np.asarray(value) for _, value in sorted(vars(scaler).items())]
    numbers = [f"{value:.6g}" for array in arrays if array.dtype.kind in "biuf" for value in array.ravel().tolist()]
    return f"{type(scaler).__name__} {hashlib.sha256(' '.join(numbers).encode()).hexdigest()[:16]}"


def _of_formulas(job: Job) -> str:
    """A digest of every function that the steps of a run call, and of the numbers and functions that it uses."""
    loss, rule = job.net.loss_function, job.settings.optimizer.rule()
    functions: list[Any] = [loss.value, loss.gradient, rule.formula]
    for layer in job.net.layers:
        if isinstance(layer, Dense):
            functions += [layer.activation.value, layer.activation.slope, layer.activation.pull]
    found = hashlib.sha256(plain(*sorted(rule.constants.items()), rule.weight_decay).encode())
    own = (members(type(job.settings.schedule), Schedule.__module__), members(type(job.settings.optimizer), OWN_RULES))
    for words in (*map(formula, functions), *own):
        for word in words:
            found.update(word.encode() + b"\0")
    return found.hexdigest()[:16]
