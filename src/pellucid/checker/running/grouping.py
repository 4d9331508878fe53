"""Gradients that come in lists of their own, (dW, db), beside parameters that are held in another way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, groupby, permutations
from typing import Any

import numpy as np

from pellucid.checker.running.containers import Leaf, Path, get, leaves

BEFORE = (
    *("d", "d_", "g", "g_", "grad", "grad_", "grads_", "gradient_", "delta", "delta_", "nabla_", "∇", "∂"),
    *("dl_d", "dld", "dl/d", "d_l_d_", "dj_d", "djd", "dloss_d", "dcost_d"),
)
AFTER = ("_grad", "_gradient", "grad", "_g", "_grads", ".grad", "_d")
MOST_GROUPS = 4  # of lists that gradients may come in; every order of them is tried


def spelled(key: str) -> set[str]:
    """Names under which the gradient of a parameter goes, in small letters.

    Example:
        >>> "dw1" in spelled("W1"), "w1_grad" in spelled("W1")
        (True, True)
    """
    key = key.lower().lstrip("_")
    return {before + key for before in BEFORE} | {key + after for after in AFTER}


def regrouped(returned: Any, found: Sequence[Leaf]) -> tuple[tuple[Any, ...], tuple[str, ...], bool] | None:
    """Gradients as (dW, db) or {"dW": [...], "db": [...]}, each a list over the layers, put beside the parameters.

    The order within a list is that of the layers. Which list belongs to which parameters is told by the keys, and where
    there are none, by the shapes.

    Returns:
        The gradients in the order of the parameters, how each is reached, and whether only the numbers can tell if that
        is right; None where lists and parameters do not go together.

    Example:
        >>> params = {"W1": np.ones((3, 4)), "b1": np.ones(4), "W2": np.ones((4, 2)), "b2": np.ones(2)}
        >>> dW, db = [np.ones((3, 4)), np.ones((4, 2))], [np.ones(4), np.ones(2)]
        >>> regrouped((dW, db), leaves(params))[1]
        ('[0][0]', '[1][0]', '[0][1]', '[1][1]')
    """
    ways = [leaf.path[1:] for leaf in leaves({"": returned})]
    groups: dict[Path, list[Path]] = {}
    for way in ways:
        groups.setdefault(way[:1], []).append(way)
    nested = any(len(way) > 1 for way in ways) and all(kind == "item" for way in ways for kind, _ in way)
    if not nested or len(ways) != len(found) or len(groups) > MOST_GROUPS:
        return None
    scores = {order: _score(order, returned, found) for order in _orders(list(groups.values()), _lengths(found))}
    best = max(scores, key=lambda order: scores[order])
    if not any(scores[best]):
        return None
    names = tuple("".join(f"[{_quoted(key)}]" for _, key in way) for way in best)
    unsure = sum(score == scores[best] for score in scores.values()) > 1
    return tuple(get(returned, way) for way in best), names, unsure


def _lengths(found: Sequence[Leaf]) -> list[int]:
    """How many parameters there are in each innermost container, one after the other."""
    return [len(list(together)) for _, together in groupby(found, key=lambda leaf: leaf.path[:-1])]


def _orders(groups: Sequence[Sequence[Path]], lengths: Sequence[int]) -> Iterator[tuple[Path, ...]]:
    """One list after the other, in every order; where the parameters are held otherwise, by turns too: W1, b1, W2."""
    for several in permutations(groups):
        yield tuple(chain.from_iterable(several))
    if sorted(lengths) == sorted(map(len, groups)) or len({*map(len, groups)}) > 1:
        return
    for several in permutations(groups):
        turns = list(zip(*several, strict=True))
        yield tuple(chain.from_iterable(turns))
        yield tuple(chain.from_iterable(turns[::-1]))  # of [(dW1, db1), (dW2, db2)] the biases first


def _score(order: Sequence[Path], returned: Any, found: Sequence[Leaf]) -> tuple[bool, int, int]:
    """Whether all shapes fit, how many keys sound like their parameter, how well shapes fit (transposed ones half)."""
    alike, points = 0, []
    for way, leaf in zip(order, found, strict=True):
        given, wanted = (tuple(n for n in shape if n > 1) for shape in (np.shape(get(returned, way)), leaf.shape))
        points.append(2 if given == wanted else int(given == wanted[::-1]))
        alike += _sounds_like(way, leaf.path)
    return all(points), alike, sum(points)


def _sounds_like(way: Path, path: Path) -> bool:
    """dW is for weights, db for biases."""
    given = {str(key).lower() for _, key in way if isinstance(key, str)}
    own = [str(key).lower().lstrip("_") for _, key in path if isinstance(key, str)]
    return any(given & (spelled(name) | spelled(name[:1]) | {name, name[:1]}) for name in own)


def _quoted(key: Any) -> str:
    return f'"{key}"' if isinstance(key, str) else repr(key)
