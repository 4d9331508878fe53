"""What `forward` gives: as many outputs as there are samples, probabilities that sum to one for each sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.checker.perceptron.stack import role_of
from pellucid.checker.running.containers import is_numeric
from pellucid.checker.running.learner import Learner
from pellucid.checker.suspicion import Suspicion

Array = npt.NDArray[Any]


def arrays_in(made: Any) -> list[Array]:
    """The arrays that may be the outputs: the thing itself, the first of (outputs, cache), or all of several."""
    if is_numeric(made) or isinstance(made, np.generic | float | int):
        return [np.asarray(made)]
    if isinstance(made, tuple | list):
        direct = [np.asarray(item) for item in made if is_numeric(item)]
        if len(made) == 2 and is_numeric(made[0]) and not is_numeric(made[1]):
            return [np.asarray(made[0])]
        return direct
    if isinstance(made, Mapping):
        return [np.asarray(item) for item in made.values() if is_numeric(item)]
    return []


def judge_outputs(learner: Learner, made: Any, X: Array, y: Array | None) -> Iterator[Suspicion]:
    """What is wrong with the outputs.

    Args:
        learner: theirs.
        made: what forward gave for X.
        X: (n, d), or (d, n) where samples are columns.
        y: as the learner has it, or None.
    """
    if made is None:
        yield Suspicion("outputs_wrong_shape", "forward", evidence="evidence_none", fix="fix_none")
        return
    candidates = [a for a in arrays_in(made) if a.dtype.kind in "fiu"]
    if not candidates:
        return
    if not any(np.isfinite(a).all() for a in candidates) or not np.isfinite(candidates[-1]).all():
        bad = {"count": int(np.sum(~np.isfinite(candidates[-1]))), "size": candidates[-1].size}
        yield Suspicion("overflow", "forward", values=bad, evidence="evidence_outputs")
        return
    n = sample_count(learner, X, y)
    if n is None or n < 2:
        return
    fitting = [a for a in candidates if n in a.shape[:1] + a.shape[-1:]]
    if not fitting:
        values = {"shape": candidates[-1].shape, "n": n, "X": X.shape}
        yield Suspicion("outputs_wrong_shape", "forward", values=values)
        return
    outputs = fitting[0] if len(candidates) == 2 and candidates[0].ndim == 2 else fitting[-1]
    if len(candidates) == 1:
        yield from _against_labels(learner, outputs, n, X, y)
    yield from _probabilities(outputs, n, X)


def sample_count(learner: Learner, X: Array, y: Array | None) -> int | None:
    """How many samples there are: the side of X that y has too, and the weights have not."""
    sides = list(dict.fromkeys(X.shape[:1] + X.shape[-1:]))
    if y is not None and y.ndim:
        both = [s for s in sides if s in y.shape]
        if len(both) == 1:
            return both[0]
    weights = [leaf for leaf in learner.leaves if len(leaf.shape) == 2 and role_of(leaf) != "b"]
    if weights:
        rest = [s for s in sides if s not in weights[0].shape]
        if len(rest) == 1 and len(sides) == 2:
            return rest[0]
    return sides[0] if y is None and len(sides) == 1 else None


def _against_labels(learner: Learner, outputs: Array, n: int, X: Array, y: Array | None) -> Iterator[Suspicion]:
    """(n, n) out of nowhere; outputs turned against the targets; fewer outputs than classes."""
    sizes = {s for leaf in learner.leaves for s in leaf.shape}
    if outputs.shape == (n, n) and n not in sizes:
        yield Suspicion("broadcasting", "forward", values={"shape": outputs.shape, "n": n}, evidence="evidence_outputs")
        return
    if y is None or y.ndim == 0 or outputs.ndim != 2:
        return
    K = outputs.shape[1] if outputs.shape[0] == n else outputs.shape[0]
    values = {"shape": outputs.shape, "y": y.shape, "n": n, "K": K}
    if y.ndim == 2 and 1 not in y.shape and sorted(y.shape) != sorted(outputs.shape):
        yield Suspicion("outputs_wrong_shape", "forward", values=values, evidence="evidence_targets")
    elif y.ndim == 2 and 1 not in y.shape and y.shape != outputs.shape and n != K:
        yield Suspicion("outputs_wrong_shape", "forward", values=values, evidence="evidence_turned")
    elif np.squeeze(y).ndim == 1 and K > 1 and np.issubdtype(y.dtype, np.integer) and y.min() >= 0 and y.max() > K:
        values |= {"largest": int(y.max())}
        yield Suspicion("outputs_wrong_shape", "forward", values=values, evidence="evidence_labels")


def _probabilities(outputs: Array, n: int, X: Array) -> Iterator[Suspicion]:
    """Softmax over the samples instead of over each sample's outputs."""
    if outputs.ndim != 2 or outputs.shape[0] == outputs.shape[1] or 1 in outputs.shape or np.any(outputs < 0):
        return
    of_samples = 0 if outputs.shape[0] == n else 1
    each = outputs.sum(axis=1 - of_samples)  # over the outputs of each sample
    across = outputs.sum(axis=of_samples)
    if np.allclose(across, 1, atol=1e-5) and not np.allclose(each, 1, atol=1e-3):
        what = "row" if of_samples == 0 else "column"
        values = {"low": f"{each.min():.3g}", "high": f"{each.max():.3g}", "one": what, "n": n}
        yield Suspicion("softmax_wrong_axis", "forward", values=values, evidence="evidence_sums")
