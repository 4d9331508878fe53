"""Rules: each looks at a Case and says what it finds; grouped by what they look at, in the order of a good look.

A threshold stands beside its rule with the reason for it, and with what was measured on healthy networks: 840 starts
and over 800 runs, of fourteen data sets, eight activations, one to three hidden layers and five optimizers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pellucid.explain.case import Case
from pellucid.explain.findings import Finding
from pellucid.explain.rules import curves, features, pairing, rates, start, targets, units

Rule = Callable[[Case], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    units.not_finite,
    features.unscaled,
    features.other_features,
    features.constant,
    features.duplicate,
    targets.unscaled,
    targets.sorted_rows,
    targets.imbalance,
    pairing.loss_and_output,
    pairing.output_range,
    pairing.values_or_classes,
    pairing.exclusive_labels,
    start.loss_at_start,
    start.spread_of_activations,
    start.spread_of_gradients,
    start.symmetric_units,
    start.nonlinearity,
    units.dead_units,
    units.saturated_units,
    rates.too_large,
    rates.too_small,
    curves.penalty,
    curves.dropout,
    curves.nothing_learnt,
    curves.overfitting,
    curves.more_epochs,
)

# What probably follows from what: where one of the kinds behind a colon is found too, it is the likelier root.
_STUCK = (
    "not_finite", "features_unscaled", "other_features", "targets_unscaled", "symmetric_units", "activations_explode",
    "activations_vanish", "gradients_vanish", "dead_units", "saturated_units", "rate_too_large", "rate_too_small",
    "penalty_too_strong", "dropout_too_high", "output_range", "labels_sorted", "loss_pairing",
)  # fmt: skip
CAUSES: dict[str, tuple[str, ...]] = {
    "loss_at_start": ("features_unscaled", "other_features", "activations_explode"),
    "gradients_explode": (
        "not_finite",
        "features_unscaled",
        "other_features",
        "targets_unscaled",
        "activations_explode",
    ),
    "gradients_vanish": ("symmetric_units", "activations_vanish", "dead_units", "saturated_units"),
    "activations_vanish": ("symmetric_units",),
    "dead_units": ("features_unscaled", "other_features", "targets_unscaled", "rate_too_large"),
    "saturated_units": ("features_unscaled", "other_features", "activations_explode", "rate_too_large"),
    "rate_too_large": ("features_unscaled", "other_features", "targets_unscaled"),
    "rate_too_small": ("features_unscaled", "symmetric_units", "penalty_too_strong", "dropout_too_high"),
    "worse_than_guessing": _STUCK,
    "plateau": _STUCK,
    "nothing_learnt": _STUCK,
    "one_class": (*_STUCK, "worse_than_guessing", "plateau", "nothing_learnt"),
    "more_epochs": ("rate_too_small", "gradients_vanish", "activations_vanish", "rate_too_large", "penalty_too_strong"),
}
