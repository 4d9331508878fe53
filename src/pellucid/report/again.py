"""How to have the same run again: the lines to write, the settings, the versions, and digests to compare with."""

from __future__ import annotations

import platform
import re
from dataclasses import fields
from typing import Any

import numpy as np

import pellucid
from pellucid import activations, initializers, losses, optimizers, records, schedules
from pellucid.data.scalers import Pixels, Standardizer
from pellucid.errors import InputError
from pellucid.history import digest
from pellucid.layers import Dense, Layer
from pellucid.network import Network
from pellucid.report.markup import Html, el, facts, join, paragraph, shown, table
from pellucid.report.material import Material
from pellucid.settings import Settings


def section(m: Material, command: str | None) -> Html:
    """How to reproduce the run."""
    lines, where = (shown(command, 2_000), "On the command line:") if command else (program(m), "In Python:")
    digests = "A digest is a short name for all weights: runs with the same one have the same weights, bit for bit."
    parts: list[str] = [paragraph(where), el("pre", el("code", lines), tabindex=0), facts(_facts(m))]
    parts += [paragraph(digests, class_="note")]
    if m.history is not None and m.history.settings is not None:
        rows = [[key.replace("_", " "), shown(value, 200)] for key, value in m.history.settings.items()]
        parts += [table(["setting", "value"], rows, "Settings of the training", words=(0, 1))]
    return join(parts)


def _facts(m: Material) -> list[tuple[str, str]]:
    engine = "unknown" if m.history is None else m.history.engine
    pairs: list[tuple[str, str]] = [
        ("Versions", f"pellucid {pellucid.__version__}, NumPy {np.__version__}, Python {platform.python_version()}"),
        ("Machine", f"{platform.system()}, {platform.machine()}"),
        ("Engine", f"{engine}, {m.net.dtype}"),
        ("Seed of the weights", str(m.net.seed)),
    ]
    begun = None if m.history is None else m.history.initial_weights
    if begun is not None:
        from_seed = begun == digest(m.net.drawn_anew().theta)
        origin = "drawn from this seed" if from_seed else "not those of this seed: trained before, or set by hand"
        pairs += [("Digest of the initial weights", join([el("code", begun), f" ({origin})"]))]
    return [*pairs, ("Digest of the weights now", el("code", digest(m.net.theta)))]


def program(m: Material) -> str:
    """The Python lines that make and train such a network; what only its own program knows is left to be filled in."""
    run = None if m.history is None else m.history.run
    lines = _Lines()
    network = ["net = Network(", *(f"    {part}," for part in lines.network(m.net)), ")"]
    if run is None:
        fit = ["net.fit(X, y)  # with the settings below" if m.history is not None else "net.fit(X, y)"]
    else:
        given = ["X, y", *lines.settings(run.settings)]
        fit = ["history = net.fit(", *(f"    {part}," for part in given), ")"]
        fit += ['history.report("run.html")']
    return "\n".join([*lines.imports(), *lines.remarks, "", *network, *fit])


class _Lines:
    """Python source, with the imports that it needs and remarks on what it cannot say."""

    def __init__(self) -> None:
        self.needed: dict[str, set[str]] = {"pellucid": {"Network"}}
        self.remarks: list[str] = []

    def imports(self) -> list[str]:
        return [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(self.needed.items())]

    def network(self, net: Network) -> list[str]:
        parts = [f"[{', '.join(self._layer(layer) for layer in net.layers)}]", f"inputs={net.inputs}"]
        parts += [f"seed={net.seed}"]
        if net.loss_function != losses.default_loss(net.output.activation):
            parts += [f"loss={self._named('loss', net.loss_function, losses.LOSSES, losses.MAKERS)}"]
        parts += [] if net.dtype == np.float64 else [f'dtype="{net.dtype}"']
        return parts + ([] if net.scaler is None else [f"scaler={self._scaler(net.scaler)}"])

    def _layer(self, layer: Layer) -> str:
        self.needed["pellucid"].add(type(layer).__name__)
        if not isinstance(layer, Dense):
            return f"Dropout({layer.rate!r})"
        written = f"{layer.units}, {self._named('activation', layer.activation, activations.ACTIVATIONS, None)}"
        usual = Dense(layer.units, layer.activation).init
        if layer.init != usual:
            makers = initializers.MAKERS
            written += f", init={self._named('initializer', layer.init, initializers.INITIALIZERS, makers)}"
        return f"Dense({written})"

    def _named(self, what: str, record: Any, known: Any, makers: Any) -> str:
        """A record by its name, where the name leads to it."""
        try:
            found = records.resolve(what, record.name, known, type(record), makers)
        except InputError:
            found = None
        # What a maker made is a new record each time, so there the name must do.
        if found is not None and (found == record if record.name in known else found.name == record.name):
            return f'"{record.name}"'
        return self._own(what, record.name)

    def _own(self, what: str, called: str) -> str:
        """A word for something that is not of this library, and a remark that says so."""
        word = re.sub(r"\W+", "_", shown(called, 40)).strip("_") or what
        word = f"{what}_{word}" if word[0].isdigit() else word
        remark = f"# {word} is your own {what}: define or import it here."
        self.remarks += [] if remark in self.remarks else [remark]
        return word

    def _scaler(self, scaler: Any) -> str:
        if not isinstance(scaler, Standardizer | Pixels):
            return self._own("scaler", type(scaler).__name__)
        self.needed.setdefault("pellucid.data", set()).add(type(scaler).__name__)
        ddof = scaler.ddof if isinstance(scaler, Standardizer) else 0
        return f"Standardizer(ddof={ddof})" if ddof else f"{type(scaler).__name__}()"

    def settings(self, settings: Settings) -> list[str]:
        """The settings that are not the usual ones."""
        written = []
        for f in fields(settings):
            value, usual = getattr(settings, f.name), getattr(Settings(), f.name)
            if f.name in ("validation", "sample_weight"):
                given = {"validation": "(X_validation, y_validation)", "sample_weight": "sample_weight"}[f.name]
                known = value is None or isinstance(value, float)
                written += [] if value is None else [f"{f.name}={value if known else given}"]
            elif value != usual:
                written.append(f"{f.name}={self._setting(f.name, value)}")
        return written

    def _setting(self, what: str, value: Any) -> str:
        for module in (optimizers, schedules):
            if type(value).__module__ == module.__name__:
                place = "pellucid" if module is optimizers else module.__name__
                self.needed.setdefault(place, set()).add(type(value).__name__)
                return repr(value)
        plain = value is None or isinstance(value, str | int | float | dict)
        return repr(value) if plain else self._own(what, type(value).__name__)
