"""Sanity: five checks that a network should pass before anybody waits for it, as one would do them by hand."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import Any

from pellucid import inputs as check
from pellucid.errors import InputError
from pellucid.explain.case import subject
from pellucid.explain.checks import CHECKS
from pellucid.explain.findings import WIDTH, as_html, paragraph
from pellucid.explain.workbench import Bench, Check
from pellucid.network import Network
from pellucid.targets import refuse_single_class

WORDS = {True: "passed", False: "FAILED", None: "left out"}


@dataclass(frozen=True)
class SanityReport:
    """The result of `sanity`; print it, or look at `ok`.

    Attributes:
        checks: in the order in which they were done.
        seen: what was looked at, in words.
    """

    checks: tuple[Check, ...]
    seen: str

    @property
    def ok(self) -> bool:
        """Whether no check failed; one that could not be done is no failure."""
        return all(check.passed is not False for check in self.checks)

    def __getitem__(self, name: str) -> Check:
        for one in self.checks:
            if one.name == name:
                return one
        raise KeyError(f"There is no check {name!r}; there are {', '.join(one.name for one in self.checks)}.")

    @property
    def headline(self) -> str:
        """How many checks were passed, and of what."""
        passed = sum(one.passed is True for one in self.checks)
        return f"{passed} of {len(self.checks)} checks passed by {self.seen}."

    def _blocks(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return [
            (f"{WORDS[one.passed]}: {one.what} [{one.name}]", [("evidence", one.evidence), ("fix", one.fix)])
            for one in self.checks
        ]

    def __str__(self) -> str:
        blocks = [paragraph(f"{i}.", title, parts) for i, (title, parts) in enumerate(self._blocks(), 1)]
        return "\n\n".join([fill(self.headline, WIDTH), *blocks])

    def _repr_html_(self) -> str:
        return as_html(self.headline, self._blocks())


def sanity(net: Network, X: Any, y: Any) -> SanityReport:
    """Five checks that every healthy network passes, done on copies with weights of their own.

    1. The loss of fresh weights is about that of knowing nothing, ln K for K classes.
    2. A few rows can be learnt by heart (penalties and dropout off).
    3. Trained on shuffled labels, it answers for rows held out no better than chance.
    4. Its gradients are those of its loss.
    5. Trained twice from one seed, it ends with the same bits.

    Of many rows a fixed sample is used, and trainings are short: seconds for networks of up to some 100,000
    parameters. The same call gives the same report, and nothing that is passed changes.

    Args:
        net: the network; its layers, loss, dtype and scaler are taken over (one that is not fitted is fitted to X), its
            parameters are not.
        X: features (n, inputs).
        y: their targets.

    Returns:
        The checks with their evidence; `ok` says whether none failed. `print` it.

    Raises:
        InputError: X or y do not fit the network, or all rows are of one class.

    Source: Andrej Karpathy, A Recipe for Training Neural Networks (2019); Zhang et al., Understanding deep learning
    requires rethinking generalization, ICLR (2017), for the shuffled labels.

    Example:
        >>> from pellucid import Dense
        >>> from pellucid.data import make_moons
        >>> X, y = make_moons(200, noise=0.1)
        >>> report = sanity(Network([Dense(16, "tanh"), Dense(2, "softmax")], inputs=2), X, y)
        >>> report.ok, report["same_seed"].passed
        (True, True)
    """
    if not isinstance(net, Network):
        raise InputError(f"sanity(net, X, y) takes a Network first; this is a {type(net).__name__}.")
    X = check.features(X, net.inputs)
    t = net.encode(y, len(X))
    refuse_single_class(t, net.task)
    bench = Bench.of(net, X, t)
    return SanityReport(tuple(one(bench) for one in CHECKS), subject(net, len(X), len(bench.t)))
