"""What `pellucid train` says of a diagnosis: the findings that matter, with fixes in terms of its options."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pellucid.cli.recipe import Outcome, Parts
from pellucid.cli.screen import Screen
from pellucid.cli.words import in_options
from pellucid.data.scalers import Standardizer
from pellucid.data.tables import Table
from pellucid.explain.diagnose import diagnose
from pellucid.explain.findings import Diagnosis, Finding
from pellucid.network import Network

MOST = 3
MATTERS = 2  # the weight of a finding that costs accuracy or time

# Fixes that are about Python, said anew; all others are rewritten by the patterns below.
OWN_WORDS = {
    "worse_than_guessing": "try a smaller --rate, or more --epochs",
    "plateau": "try a larger --rate, other neurons (--hidden 64,64 or --activation tanh) or a smaller --l2; if nothing "
    "helps, these features may say nothing about the target",
    "nothing_learnt": "try more --epochs, or a larger --rate",
    "one_class": "try more --epochs, another --rate, or --class-weight balanced",
    "dead_units": "try a smaller --rate, or --activation leaky_relu, which is never quite off",
    "saturated_units": "try a smaller --rate, or --activation relu",
    "activations_vanish": "try --activation relu or tanh, or fewer layers in --hidden",
    "activations_explode": "try fewer layers in --hidden, or --activation tanh",
    "gradients_vanish": "try --activation relu or tanh, or fewer layers in --hidden",
    "gradients_explode": "try --clip-norm 1, or fewer layers in --hidden",
    "loss_at_start": "try fewer layers in --hidden, or --activation tanh",
    "no_nonlinearity": "try --activation relu",
    "not_finite": "try a smaller --rate",
    "overfitting": "try --patience 20, which goes back to the best weights; --l2 0.01 or --dropout 0.2 hold it back",
    "features_constant": "look at how the file was made, or --drop such columns",
}
NUMBER = r"([\d.]+(?:e[+-]?\d+)?)"
IN_OPTIONS = (
    (rf"\boptimizer=\w+\({NUMBER}[^)]*\) in fit, beginning again with fresh weights", r"--rate \1"),
    (rf"\boptimizer=\w+\({NUMBER}[^)]*\)", r"--rate \1"),
    (r"\bclip_norm=1\.0", "--clip-norm 1"),
    (rf"\b(l1|l2)={NUMBER}", r"--\1 \2"),
    (r"\bepochs=(\d+)", r"--epochs \1"),
    (rf"\bDropout\({NUMBER}\)", r"--dropout \1"),
    (r'\bclass_weight="balanced" in fit', "--class-weight balanced"),
    (r" in fit\b", ""),
)


def say(screen: Screen, table: Table, parts: Parts, outcome: Outcome) -> None:
    """Print the findings that matter, at most three, and nothing where nothing does."""
    for k, finding in enumerate(that_matter(diagnosed(table, parts, outcome))):
        if not k:
            screen.gap()
        said = in_options(f"{finding.what} {finding.evidence}", IN_OPTIONS)
        screen.say("" if k else "Findings", f"{said} {fix(finding)}")


def that_matter(diagnosis: Diagnosis | None) -> list[Finding]:
    """The weightiest findings; what only follows from another is left to its cause."""
    return [finding for finding in diagnosis or () if finding.weight >= MATTERS and not finding.cause][:MOST]


def diagnosed(table: Table, parts: Parts, outcome: Outcome) -> Diagnosis | None:
    """What is found of the network as it was trained, and of the rows that it was trained on."""
    run = outcome.history.run
    if run is None or not len(outcome.history):  # interrupted before there was anything to look at
        return None
    return diagnose(as_trained(outcome.net, table, parts), run.X, run.y, outcome.history)


def as_trained(net: Network, table: Table, parts: Parts) -> Network:
    """The network as it was while it learnt: its output layer has taken over the scale of a target since then."""
    if net.task != "values":
        return net
    assert table.y is not None
    scaler: Any = Standardizer().fit(table.y[parts.training, None])
    copy, last = deepcopy(net), len(net.params) // 2
    copy.params[f"b{last}"] -= scaler.mean
    for name in (f"W{last}", f"b{last}"):
        copy.params[name] /= scaler.scale
        if copy.last_update is not None:
            copy.named(copy.last_update)[name][...] /= scaler.scale
    return copy


def fix(finding: Finding) -> str:
    """What to try, as options."""
    words = OWN_WORDS.get(finding.kind) or f"try {in_options(finding.fix, IN_OPTIONS).rstrip('.')}"
    return f"{words[0].upper()}{words[1:]}."
