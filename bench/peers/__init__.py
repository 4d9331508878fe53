"""Peers: one file each. A peer makes, for a problem and one of its variants, a function run(count).

run(count) starts from the problem's initial parameters, does the work `count` times (epochs, gradients, answers), and
returns (seconds, result): seconds by the peer's own clock around the work alone, and the parameters reached, the
gradient or the answers, which are then compared with those of everybody else.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

Run = Callable[[int], tuple[float, Any]]

# Name of a peer: its file here, and the modules that it cannot do without.
PEERS = {
    "pellucid": ("ours", ("numba", "llvmlite")),
    "textbook": ("textbook", ()),
    "scikit-learn": ("scikit_learn", ("sklearn", "joblib")),
    "torch": ("pytorch", ("torch",)),
    "jax": ("jax_jit", ("jax",)),
    "ceiling": ("ceiling", ()),
}


def missing(peer: str) -> list[str]:
    """The modules of a peer that are not installed; nothing is imported."""
    return [module for module in PEERS[peer][1] if find_spec(module) is None]


def prepared(peer: str, variant: str, problem: Any) -> Run:
    """A peer, ready to run a problem."""
    makers: dict[str, Callable[..., Run]] = import_module(f"bench.peers.{PEERS[peer][0]}").KINDS
    kind = "train" if problem.case.kind == "first" else problem.case.kind
    return makers[kind](problem, variant)
