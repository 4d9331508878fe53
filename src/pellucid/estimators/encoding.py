"""Class labels of any kind as the targets that a network learns, and back: scikit-learn's LabelBinarizer, once or more.

One column of classes becomes one sigmoid (two classes) or a softmax (more). An indicator matrix is learnt as a sigmoid
for each column. Several columns of classes, each a question with more than two answers, share one network with a
sigmoid for every class of every column: each column's answer is its class with the largest output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from pellucid import inputs as check
from pellucid.errors import InputError

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Encoding:
    """How the labels of one column, or an indicator matrix, become targets.

    Attributes:
        binarizer: a fitted LabelBinarizer.
    """

    binarizer: Any

    @classmethod
    def of(cls, y: Any) -> Encoding | Columns:
        """Of these labels: (n,), an indicator matrix (n, K), or several columns of classes (n, columns).

        Raises:
            InputError: labels that have no order, such as numbers and names in one array.
            ValueError: values and not labels.
        """
        _check_order(y)
        check_classification_targets(y)
        if type_of_target(y) == "multiclass-multioutput":
            y = np.asarray(y)
            return Columns(tuple(cls(LabelBinarizer().fit(y[:, j])) for j in range(y.shape[1])))
        return cls(LabelBinarizer().fit(y))

    @property
    def classes(self) -> Any:
        return self.binarizer.classes_

    @property
    def output(self) -> str:
        """The activation of the last layer."""
        return "softmax" if self.binarizer.y_type_ == "multiclass" else "sigmoid"

    @property
    def several(self) -> bool:
        """Whether it is an indicator matrix."""
        return str(self.binarizer.y_type_).startswith("multilabel")

    def targets(self, y: Any) -> Array:
        """(n, outputs) of 0 and 1."""
        return np.asarray(self.binarizer.transform(y), dtype=bool)

    def answers(self, a: Array) -> Any:
        """Labels from outputs (n, outputs)."""
        return self.binarizer.inverse_transform(a[:, 0] if a.shape[1] == 1 else a)

    def probabilities(self, a: Array) -> Any:
        """(n, classes), from outputs (n, outputs)."""
        if a.shape[1] > 1 or self.several:
            return a
        return np.ones_like(a) if len(self.classes) == 1 else np.hstack([1 - a, a])

    def right(self, a: Array, t: Array) -> Array:
        """Which rows of outputs (n, outputs) answer as the targets (n, outputs) say, (n,)."""
        if self.output == "softmax":
            return np.argmax(a, axis=1) == np.argmax(t, axis=1)
        return ((a > 0.5) == (t > 0.5)).all(axis=1)

    def refuse_others(self, y: Any, all_of_them: bool) -> None:
        """InputError where y has classes that are not known; or, with `all_of_them`, not just the same ones."""
        found = unique_labels(y)
        if all_of_them and set(found) != set(self.classes):
            raise InputError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes}, `y` has {found}"
            )
        if len(np.setdiff1d(found, self.classes)):
            raise InputError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes}. 'y' has {found}."
            )


def _check_order(y: Any) -> None:
    if getattr(getattr(y, "dtype", None), "kind", "") != "O":
        return
    try:
        np.unique(y)
    except TypeError as error:
        kinds = sorted({type(label).__name__ for label in np.ravel(y)})
        raise InputError(
            f"y has labels of the kinds {', '.join(kinds)}, which have no order among one another. Make them one kind, "
            "in several columns too: np.asarray(y).astype(str)."
        ) from error


@dataclass(frozen=True)
class Columns:
    """Several columns of classes, each with an encoding of its own."""

    columns: tuple[Encoding, ...]
    output = "sigmoid"
    several = False

    @property
    def classes(self) -> list[Any]:
        return [column.classes for column in self.columns]

    def targets(self, y: Any) -> Array:
        """(n, outputs) of 0 and 1: a 1 in the group of each column."""
        y = np.asarray(y)
        return np.hstack([column.targets(y[:, j]) for j, column in enumerate(self.columns)])

    def _groups(self, a: Array) -> list[tuple[Encoding, Array]]:
        sizes = [1 if len(column.classes) <= 2 else len(column.classes) for column in self.columns]
        return list(zip(self.columns, np.split(a, np.cumsum(sizes)[:-1], axis=1), strict=True))

    def answers(self, a: Array) -> Any:
        """(n, columns) of labels."""
        return np.column_stack([column.answers(group) for column, group in self._groups(a)])

    def probabilities(self, a: Array) -> list[Any]:
        """Of each column (n, classes), adding up to 1."""
        found = []
        for column, group in self._groups(a):
            p = column.probabilities(group)
            total = p.sum(axis=1, keepdims=True)
            found.append(np.divide(p, total, out=np.full_like(p, 1 / p.shape[1]), where=total > 0))
        return found

    def right(self, a: Array, t: Array) -> Array:
        """Which rows of outputs (n, outputs) answer as the targets (n, outputs) say, in every column, (n,)."""
        groups = zip(self._groups(a), self._groups(t), strict=True)
        return np.all([column.right(group, wanted) for (column, group), (_, wanted) in groups], axis=0)

    def refuse_others(self, y: Any, all_of_them: bool) -> None:
        """InputError where a column has classes that are not known, or with `all_of_them` lacks one."""
        y = np.asarray(y)
        if y.ndim != 2 or y.shape[1] != len(self.columns):
            raise InputError(f"y had {len(self.columns)} columns of classes before; it has shape {y.shape} now.")
        for j, column in enumerate(self.columns):
            column.refuse_others(y[:, j], all_of_them)


def encoding_for(y: Any, classes: Any) -> Encoding | Columns:
    """Of the classes named in the first call to partial_fit; an indicator matrix y says itself what it has."""
    kind = type_of_target(y)
    if kind.startswith("multilabel"):
        return Encoding.of(y)
    if kind == "multiclass-multioutput":
        columns = tuple(Encoding.of(np.unique(of_column)) for of_column in classes)
        return Columns(tuple(column for column in columns if isinstance(column, Encoding)))
    return Encoding.of(np.unique(classes))


def class_weights(class_weight: Any, encoding: Encoding | Columns, y: Any, incremental: bool) -> Array:
    """The weight of each row's class, (n,).

    Args:
        class_weight: {class: weight}, or "balanced"; for several labels or columns what compute_sample_weight takes.
        encoding: of the labels.
        y: labels, (n,) or (n, columns).
        incremental: whether these are not all rows there will be.

    Raises:
        InputError: a class that there is not, a weight below 0, or "balanced" where not all rows are there.
    """
    if isinstance(class_weight, str) and incremental:
        raise InputError(
            'class_weight="balanced" needs all rows, which partial_fit does not see: pass a dictionary, such as '
            "dict(zip(classes, sklearn.utils.class_weight.compute_class_weight('balanced', ...)))."
        )
    known = encoding.classes
    if not isinstance(class_weight, Mapping) or isinstance(known, list) or encoding.several:
        return np.asarray(compute_sample_weight(class_weight, y))
    table = np.ones(len(known))
    for label, weight in class_weight.items():
        if not (known == label).any():
            raise InputError(f"class_weight names the class {label!r}; the classes are {known.tolist()}.")
        table[known == label] = check.number(weight, f"class_weight[{label!r}]", 0)
    return table[np.searchsorted(known, y)]
