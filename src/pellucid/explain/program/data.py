"""The data of a program: features X, targets t and weights w of the rows, scaled and split as `fit` does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError
from pellucid.explain.program.arrays import Store
from pellucid.explain.program.plan import Plan
from pellucid.explain.program.tables import CsvTable
from pellucid.explain.program.text import comment

Array = npt.NDArray[Any]

WHAT = {
    "classes": "the class of each",
    "binary": "a 0 or a 1 for each",
    "labels": "{} labels of 0 or 1 for each",
    "values": "{} to predict for each",
}


@dataclass(frozen=True)
class Targets:
    """What y is in a program: class numbers, one column, or a matrix that is t already."""

    y: Array
    form: str  # "labels", "column" or "matrix"

    @classmethod
    def of(cls, t: Array, task: str) -> Targets:
        """From the matrix t (n, outputs) that the losses compare with."""
        if task == "classes" and np.isin(t, (0, 1)).all():
            return cls(np.argmax(t, axis=1), "labels")
        return cls(t[:, 0], "column") if t.shape[1] == 1 else cls(t, "matrix")

    def lines(self, store: Store, end: str) -> list[str]:
        name = "t" if self.form == "matrix" else "y"
        shape = str(self.y.shape)
        return store.lines(f"{name}{end}", self.y, shape, "int" if self.form == "labels" else "float")


@dataclass(frozen=True)
class Samples:
    """The data of a program.

    Attributes:
        X: features (n, inputs) of all rows.
        y: their targets.
        table: where they are read from, if from a CSV file.
        held_out: rows (k,) of X for validation, or None.
        validation: other data for validation, or None.
        sample_weight: of each row (n,), or None.
        w: all weights of the rows that are trained on, as training uses them, or None.
    """

    X: Array
    y: Targets
    table: CsvTable | None = None
    held_out: Array | None = None
    validation: tuple[Array, Targets] | None = None
    sample_weight: Array | None = None
    w: Array | None = None


def section(plan: Plan, given: Samples | None, store: Store) -> list[str]:
    """The lines of the data, with a heading."""
    K, end = plan.net.outputs, plan.all_rows
    features = f"{plan.net.inputs} feature{'s' if plan.net.inputs > 1 else ''}"
    counted = K if plan.net.task == "labels" else ("a value" if K == 1 else f"{K} values")
    what = f"{features}, one in each row of X, and {WHAT[plan.net.task].format(counted)}"
    if given is None:
        prepared = _prepared(plan, None, store)
        return [*comment(f"Data: samples of {what}"), *store.loading(), *_loaded(plan), *prepared]
    if given.table is not None:
        lines = given.table.lines(end, plan.net.task == "binary")
    else:
        lines = [*store.lines(f"X{end}", given.X, str(given.X.shape)), *given.y.lines(store, end)]
    if given.sample_weight is not None and _plainly_weighted(plan, given):
        lines += store.lines(f"w{end}", given.sample_weight, "the weight of each row")
    if given.validation is not None:
        X, y = given.validation
        lines += [*store.lines("X_val", X, str(X.shape)), *y.lines(store, "_val")]
    if given.held_out is not None:
        lines += _split(plan, given, store)
    lines += _prepared(plan, given, store)
    return [*comment(f"Data: {len(given.X)} samples of {what}"), *store.loading(), *lines]


def _loaded(plan: Plan) -> list[str]:
    """Data that are not known yet."""
    end, K = plan.all_rows, plan.net.outputs
    y = f"(n,), class numbers 0 ... {K - 1}" if plan.net.task == "classes" else f"(n,{f' {K}' if K > 1 else ''})"
    return [
        f'# np.savez("data.npz", X=X, y=y) writes the file: X (n, {plan.net.inputs}) and y {y}.',
        'data = np.load("data.npz")',
        f'X{end} = data["X"].astype(float)',
        f'y{end} = data["y"]' if plan.net.task == "classes" else f't{end} = data["y"].reshape(-1, {K}).astype(float)',
    ]


def _split(plan: Plan, given: Samples, store: Store) -> list[str]:
    assert given.held_out is not None
    end, y = plan.all_rows, "t" if given.y.form == "matrix" else "y"
    note = f"the rows that seed {plan.settings.seed} holds out for validation"
    weighted = given.sample_weight is not None and _plainly_weighted(plan, given)
    names = [f"X{end}", f"{y}{end}", *([f"w{end}"] if weighted else [])]
    lines = [
        *store.lines("held_out", given.held_out, note, "int"),
        f"X_val, {y}_val = X{end}[held_out], {y}{end}[held_out]",
    ]
    if plan.compact:
        named = ", ".join(names)
        return [*lines, f"{named} = (np.delete(rows, held_out, axis=0) for rows in ({named}))"]
    return [
        *lines,
        f"kept = np.delete(np.arange(len(X{end})), held_out)",
        f"{', '.join(names)} = {', '.join(f'{name}[kept]' for name in names)}",
    ]


def _prepared(plan: Plan, given: Samples | None, store: Store) -> list[str]:
    """Features scaled, targets as a matrix, weights of rows, all in the network's precision."""
    ends = [plan.all_rows, *(["_val"] if plan.validated else [])]
    lines = [] if plan.batch is not None else ["n = len(X)"]
    lines += _scaled(plan, given, store, ends)
    forms = [_form(plan, given, end) for end in ends]
    made = {"labels": f"np.eye({plan.net.outputs})[y#]", "column": "y#.reshape(-1, 1)"}
    said = {
        "labels": f"(n, {plan.net.outputs}), y as a matrix: a 1 at the class",
        "column": "(n, 1), y as a matrix",
    }
    needed = [(end, form) for end, form in zip(ends, forms, strict=True) if form in made]
    if plan.compact and len(needed) > 1:
        lines.append(_at_once("t", [(end, made[form]) for end, form in needed], said[needed[0][1]]))
    else:
        lines += [f"t{end} = {made[form].replace('#', end)}  # {said[form]}" for end, form in needed]
    lines += _weights(plan, given, store)
    if plan.single:
        for end in ends:
            names = [f"X{end}", f"t{end}", *([f"w{end}"] if plan.weighted and end != "_val" else [])]
            lines.append(f"{', '.join(names)} = {', '.join(f'{name}.astype(np.float32)' for name in names)}")
    return lines


def _form(plan: Plan, given: Samples | None, end: str) -> str:
    if given is None:
        return "labels" if plan.net.task == "classes" else "matrix"
    if end == "_val" and given.validation is not None:
        return given.validation[1].form
    return given.y.form


def _scaled(plan: Plan, given: Samples | None, store: Store, ends: list[str]) -> list[str]:
    if plan.net.scaler is None:
        return []
    described = plan.net.scaler.to_dict() if hasattr(plan.net.scaler, "to_dict") else {}
    if described.get("kind") == "pixels":
        cast = ".astype(np.float32)" if plan.single else ""
        return [f"X{end} = X{end}{cast} / 255  # bytes 0 ... 255 become 0 ... 1" for end in ends]
    if described.get("kind") != "standardizer":
        raise InputError(
            f"A program cannot be written with the scaler {plan.net.scaler!r}: it knows Standardizer and Pixels. "
            "Scale X by hand, and build the network without a scaler."
        )
    all_rows, ddof = f"X{ends[0]}", f", ddof={described['ddof']}" if described["ddof"] else ""
    if described["mean"] is None or (given is not None and _fitted_here(given, described)):
        lines = [f"mean, scale = np.mean({all_rows}, axis=0), np.std({all_rows}, axis=0{ddof})  # of each feature"]
    else:
        lines = store.lines("mean", np.array(described["mean"]), "of each feature")
        lines += store.lines("scale", np.array(described["scale"]), "the standard deviation of each feature")
    scaled = [(end, "(X# - mean) / scale") for end in ends]
    if plan.compact:
        return [*lines, _at_once("X", scaled, "standardized")]
    return lines + [f"X{end} = {text.replace('#', end)}  # standardized" for end, text in scaled]


def _at_once(letter: str, values: list[tuple[str, str]], note: str) -> str:
    """Several values in one line, each a text with # in the place of its name's end."""
    names = ", ".join(f"{letter}{end}" for end, _ in values)
    return f"{names} = {', '.join(text.replace('#', end) for end, text in values)}  # {note}"


def _fitted_here(given: Samples, described: dict[str, Any]) -> bool:
    """Whether the scaler's numbers are those of these very rows, and not of others that it was fitted on before."""
    X = given.X if given.held_out is None else np.delete(given.X, given.held_out, axis=0)
    if X.size > 10**7:
        return False
    X = X.astype(np.float64)
    mean, scale = np.mean(X, axis=0), np.std(X, axis=0, ddof=described["ddof"])
    differences = np.abs(mean - described["mean"]), np.abs(scale - described["scale"])
    return bool(all((difference <= 5e-15 * scale).all() for difference in differences))


def _weights(plan: Plan, given: Samples | None, store: Store) -> list[str]:
    """The lines that weigh the rows that are trained on."""
    class_weight, end, K = plan.settings.class_weight, plan.all_rows, max(plan.net.outputs, 2)
    if given is not None and given.w is not None and not _plainly_weighted(plan, given):
        return store.lines(f"w{end}", given.w, "the weight of each row")
    if class_weight is None:
        return []
    form, task = _form(plan, given, end), plan.net.task
    if task == "classes":
        classes = f"y{end}" if form == "labels" else f"np.argmax(t{end}, axis=1)"
    else:
        classes = f"y{end}.astype(int)" if form == "column" else f"t{end}[:, 0].astype(int)"
    times = f"w{end} * " if given is not None and given.sample_weight is not None else ""
    if isinstance(class_weight, str) and plan.compact:
        table = f"(len(t{end}) / ({K} * np.bincount({classes})))"
        return [f"w{end} = {times}{table}[{classes}]  # balanced: rare classes count more"]
    if isinstance(class_weight, str):
        lines = [f"class_weight = len(t{end}) / ({K} * np.bincount({classes}))  # balanced: rare classes count more"]
    else:
        lines = store.lines("class_weight", _table(class_weight, K))
    return [*lines, f"w{end} = {times}class_weight[{classes}]  # (n,), the weight of each row"]


def _table(class_weight: Mapping[int, float], K: int) -> Array:
    return np.array([class_weight.get(k, 1.0) for k in range(K)], dtype=np.float64)


def _plainly_weighted(plan: Plan, given: Samples) -> bool:
    """Whether the lines of `_weights` give the weights that training uses: it scales extreme ones down first, and
    counts only classes that are there."""
    class_weight, K = plan.settings.class_weight, max(plan.net.outputs, 2)
    y, w = given.y.y, given.sample_weight
    if given.held_out is not None:
        y, w = np.delete(y, given.held_out, axis=0), None if w is None else np.delete(w, given.held_out)
    labels = np.argmax(y, axis=1) if y.ndim == 2 else y.astype(int)
    if class_weight is not None:
        with np.errstate(divide="ignore"):
            counts = np.bincount(labels, minlength=K)
            table = len(y) / (K * counts) if isinstance(class_weight, str) else _table(class_weight, K)
        w = table[labels] if w is None else w * table[labels]
    return w is None or given.w is None or np.allclose(w, given.w, rtol=1e-6 if plan.single else 1e-15, atol=0)
