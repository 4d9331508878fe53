"""One training step, taken apart: the engine's own walk, kept, with the names that its quantities have in equations."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid.engines import readable
from pellucid.engines.readable import Block, Slopes
from pellucid.errors import TrainingDiverged
from pellucid.explain.chain import Link, links_of
from pellucid.explain.intermediates import intermediates
from pellucid.explain.names import own_names
from pellucid.jobs import Job
from pellucid.network import Network
from pellucid.optimizers import Optimizer, State
from pellucid.settings import Settings
from pellucid.training import prepare

Array = npt.NDArray[Any]


class Step(NamedTuple):
    """What a step computed.

    Attributes:
        values: of every quantity, by the name that it has in the equations.
        given: what it began with: X (scaled), y (n, outputs), w where rows have weights, and the parameters.
        rows: which rows of X, as it was given, the step used, (n,).
        loss, learning_rate: of the step.
        theta: the parameters that it left, (size,); those it began with where it diverged.
        diverged: what the training would have said; None where all went well.
    """

    values: dict[str, Array]
    given: dict[str, Array]
    rows: Array
    loss: float
    learning_rate: float
    theta: Array
    diverged: str | None


def taken(net: Network, X: Any, y: Any, settings: Settings) -> Step:
    """The first training step with these settings, on a copy of the network.

    Raises:
        InputError: data or settings that do not fit, as in `fit`.
    """
    twin = deepcopy(net)
    job = prepare(twin, X, y, settings)
    start, w = twin.theta.copy(), job.problem.w
    kept_rows = None if job.made_of is None else job.made_of.kept
    used = np.arange(job.n) if kept_rows is None else kept_rows
    kept: list[tuple[Block, list[Slopes]]] = []
    # What is not finite is shown with its place and name: NumPy's warnings would only come before.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        rows, loss, correct, gradient = readable.step(job, 0, lambda block, slopes: kept.append((block, slopes)))
        if rows is not None:
            used, w = used[rows], None if w is None else w[rows]
        values = _of_rows(twin, kept, w, readable.total_weight(len(used), w))
        values["L"] = np.asarray(loss)
        rate, of_update = _update(job, gradient)
        try:
            job.take(0, rows, float(loss), correct, gradient)
            diverged = None
        except TrainingDiverged as error:
            diverged = str(error)
    given = {"X": np.concatenate([block.X for block, _ in kept]), "y": np.concatenate([block.t for block, _ in kept])}
    given |= ({} if w is None else {"w": w}) | twin.named(start)
    return Step(values | of_update, given, used, float(loss), rate, twin.theta.copy(), diverged)


def _update(job: Job, gradient: Array) -> tuple[float, dict[str, Array]]:
    """The learning rate, and what the optimizer makes of a gradient: what `job.take` does, and also what it refuses."""
    rate, net, optimizer = job.rate(0), job.net, job.settings.optimizer
    # Of copies: a formula of one's own may change its arrays in place, and the step is still to be taken.
    gradient = gradient.copy()
    used = job.clipped(gradient)
    theta, state = optimizer.update(*deepcopy((used, job.state, net.theta)), rate, net.weight_mask)
    found = {} if type(optimizer).update is not Optimizer.update else _of_rule(job, used, rate, state)
    found |= {f"d{name}": array for name, array in net.named(gradient).items()}
    found |= {"g": gradient, "clipped": used, "theta": theta}
    return rate, found | net.named(theta)


def _of_rule(job: Job, gradient: Array, rate: float, state: State) -> dict[str, Array]:
    """The averages that an optimizer keeps, and what its formula gives names to on the way to them."""
    rule, theta = job.settings.optimizer.rule(), job.net.theta
    if rule.weight_decay:
        theta = theta - rate * rule.weight_decay * job.net.weight_mask * theta
    named = intermediates(rule.formula, [theta, gradient, rate, 1, *job.state.averages], rule.constants)
    own = own_names(job.settings.optimizer)
    named = {own.inside.get(name, name): values for name, values in named.items()}
    averages = dict(zip(own.averages, state.averages, strict=True))
    # A name that is given again is told apart by a prime, as the equations do; g is that of the gradient already.
    return (
        averages
        | {f"{name}'": value for name, value in averages.items()}
        | {name + "'" * (k + (name == "g")): np.asarray(v) for name, vs in named.items() for k, v in enumerate(vs)}
    )


def _of_rows(net: Network, kept: list[tuple[Block, list[Slopes]]], w: Array | None, total: float) -> dict[str, Array]:
    """Everything that has a number for each row: the blocks put one after the other."""
    links = list(links_of(net))
    parts = [_of_block(links, block, slopes) for block, slopes in kept]
    values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    z, a, t = values[links[-1].takes], values[links[-1].name], np.concatenate([block.t for block, _ in kept])
    if w is not None:  # the engine has the products at once
        values["losses"] = net.loss_function.rows(z, a, t)
    if not net.loss_function.from_logits:  # and the gradient at the last a together with that at z
        gradient = net.loss_function.gradient(a, t)
        values[links[-1].gradient] = (gradient if w is None else gradient * w[:, np.newaxis]) / total
    return values


def _of_block(links: list[Link], block: Block, slopes: list[Slopes]) -> dict[str, Array]:
    found: dict[str, Any] = {"losses": block.losses, links[-2].gradient: block.delta}
    gradients = {link.name: link.gradient for link in links}
    for link, operation in zip(links, block.operations, strict=True):
        found[link.name] = operation.output
        if link.kind == "dropout":
            found[link.mask] = operation.backward(np.ones_like(operation.output))[0]
    for link, back in zip(reversed(links[:-1]), slopes, strict=False):  # it ends at the first weighted sum
        if back.at_input is not None:
            found[gradients[link.takes]] = back.at_input
    return found
