"""What a diagnosis says of a run, and what of it one click can mend: each finding with the change of the state."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from pellucid.explain.diagnose import diagnose
from pellucid.explain.findings import Finding
from pellucid.history import History
from pellucid.network import Network
from pellucid.studio.datasets import Rows

State = dict[str, Any]
MOST_RATE, LEAST_RATE = 100.0, 1e-6


def advice(net: Network, rows: Rows, history: History | None, state: Mapping[str, Any]) -> dict[str, Any]:
    """The findings as a page shows them, the weightiest first.

    Args:
        net: a copy of the run's network.
        rows: all rows.
        history: of the run so far, if any epoch is over.
        state: that the run is made of.
    """
    found = diagnose(net, rows.transformed(rows.X), rows.y, history if history is not None and len(history) else None)
    return {"headline": found.headline, "findings": [_shown(finding, state) for finding in found]}


def _shown(finding: Finding, state: Mapping[str, Any]) -> dict[str, Any]:
    changed = mended(finding.kind, finding.fix, state)
    shown = {
        "kind": finding.kind, "what": finding.what, "why": finding.why, "evidence": finding.evidence,
        "fix": finding.fix, "weight": finding.weight, "cause": finding.cause, "apply": None,
    }  # fmt: skip
    if changed is not None:
        changes = list(differences(state, changed))
        shown["apply"] = {
            "text": "; ".join(dict.fromkeys(_in_words(*change) for change in changes)),
            "changes": changes,
        }
    return shown


def mended(kind: str, fix: str, state: Mapping[str, Any]) -> State | None:
    """The state with a finding's fix applied; None where it is for a person to mend.

    Args:
        kind: of the finding.
        fix: its words, which name a learning rate where it is about one.
        state: as it is.

    Example:
        >>> mended("features_unscaled", "", {"standardize": False})
        {'standardize': True}
        >>> mended("features_duplicate", "", {"standardize": False}) is None
        True
    """
    if kind not in MENDS:
        return None
    changed: State = deepcopy(dict(state))
    MENDS[kind](changed, fix)
    return None if changed == state else changed


def _standardize(state: State, fix: str) -> None:
    state["standardize"] = True


def _usual_start(state: State, fix: str) -> None:
    for layer in state["network"]["layers"]:
        layer["init"] = None
    state["network"]["output_init"] = None


def _scaled_start(state: State, fix: str) -> None:
    _standardize(state, fix)
    _usual_start(state, fix)


def _rate(factor: float) -> Callable[[State, str], None]:
    def mend(state: State, fix: str) -> None:
        optimizer = state["training"]["optimizer"]
        named = re.search(r"\((?:learning_rate=)?(\d[\d.]*(?:e-?\d+)?)", fix)
        rate = float(named[1]) if named else optimizer["learning_rate"] * factor
        optimizer["learning_rate"] = min(max(rate, LEAST_RATE), MOST_RATE)

    return mend


def _usual_loss(state: State, fix: str) -> None:
    state["network"]["loss"] = None


def _units(wrong: tuple[str, ...], right: str) -> Callable[[State, str], None]:
    def mend(state: State, fix: str) -> None:
        _usual_start(state, fix)
        for layer in state["network"]["layers"]:
            if layer["activation"] in wrong:
                layer["activation"] = right

    return mend


def _clip(state: State, fix: str) -> None:
    state["training"]["clip_norm"] = 1.0


def _penalty(state: State, fix: str) -> None:
    state["training"]["l2"] = min(max(10 * state["training"]["l2"], 0.001), 100.0)


def _smaller_penalty(state: State, fix: str) -> None:
    for name in ("l1", "l2"):
        state["training"][name] /= 10


def _less_dropout(state: State, fix: str) -> None:
    for layer in state["network"]["layers"]:
        layer["dropout"] = round(layer["dropout"] / 2, 3)


def _longer(state: State, fix: str) -> None:
    state["training"]["epochs"] = min(3 * state["training"]["epochs"], 1_000_000)


MENDS: dict[str, Callable[[State, str], None]] = {
    "features_unscaled": _standardize,
    "activations_explode": _scaled_start,
    "saturated_units": _scaled_start,
    "not_finite": _scaled_start,
    "loss_at_start": _usual_start,
    "symmetric_units": _usual_start,
    "rate_too_large": _rate(0.1),
    "rate_too_small": _rate(10.0),
    "loss_pairing": _usual_loss,
    "activations_vanish": _units(("sigmoid",), "tanh"),
    "gradients_vanish": _units(("sigmoid", "tanh"), "relu"),
    "no_nonlinearity": _units(("identity",), "tanh"),
    "dead_units": _units(("relu",), "leaky_relu"),
    "gradients_explode": _clip,
    "overfitting": _penalty,
    "penalty_too_strong": _smaller_penalty,
    "dropout_too_high": _less_dropout,
    "more_epochs": _longer,
}


def differences(before: Any, after: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """Where two states differ: the path, what was, what is.

    Example:
        >>> differences({"a": [{"b": 1}], "c": 2}, {"a": [{"b": 3}], "c": 2})
        [('a.0.b', 1, 3)]
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        pairs = [(str(name), before.get(name), after[name]) for name in after]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = [(str(i), old, new) for i, (old, new) in enumerate(zip(before, after, strict=True))]
    else:
        return [] if before == after else [(path, before, after)]
    return [found for name, old, new in pairs for found in differences(old, new, f"{path}.{name}" if path else name)]


def _in_words(path: str, old: Any, new: Any) -> str:
    def said(value: Any) -> str:
        return "automatic" if value is None else "on" if value is True else "off" if value is False else f"{value}"

    return f"{path.rpartition('.')[2].replace('_', ' ')}: {said(old)} to {said(new)}"
