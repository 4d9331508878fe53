"""Lesson 5, activations: what bends a network, why labels are one-hot, and which loss goes with softmax."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np

from pellucid import SGD, Dense, History, Network, plots
from pellucid.activations import ACTIVATIONS, SOFTMAX, softmax
from pellucid.data import load, one_hot, split
from pellucid.lessons.page import Page
from pellucid.losses import CROSS_ENTROPY, SQUARED_ERROR

ANIMALS = ("cat", "dog", "horse")
LOSSES = ("cross_entropy", "squared_error")
STARTS = {"fair": 0.0, "wrong": 12.0}  # the bias of the output "0"


def run(page: Page, epochs: int = 60) -> dict[str, Any]:
    """Draw the activations, work softmax and two losses by hand, then train both losses for `epochs` epochs."""
    page.heading("title")
    return {
        "activations": shapes(page),
        "distances": distances(page),
        **by_hand(page),
        "stall": stall(page),
        **compare(page, epochs),
    }


def shapes(page: Page) -> int:
    """The activations for hidden layers and their slopes, drawn and in a table; how many there are."""
    records = [record for record in ACTIVATIONS.values() if not record.output_only]
    page.say("shapes")
    page.picture(plots.functions(records), "activations.png")
    z = np.array([-3.0, 0.0, 3.0])
    rows = [[r.name, *r.value(z)[[0, 2]].tolist(), *r.slope_at(z, r.value(z)).tolist()] for r in records]
    page.table(["name", "at_minus_3", "at_3", "slope_minus_3", "slope_0", "slope_3"], rows)
    page.say("shapes_result", shrunk=0.25**10)
    return len(records)


def distances(page: Page) -> list[list[Any]]:
    """How far apart the labels of three animals are, as numbers 0, 1, 2 and as one-hot rows."""
    page.heading("labels_title")
    page.say("labels")
    rows = one_hot(np.arange(3), 3)
    apart = [(i, j, float(abs(i - j)), float(np.linalg.norm(rows[i] - rows[j]))) for i, j in combinations(range(3), 2)]
    pairs = [[f"{page.text(ANIMALS[i])} - {page.text(ANIMALS[j])}", *both] for i, j, *both in apart]
    page.table(["pair", "as_numbers", "as_one_hot"], pairs)
    page.say("labels_result")
    return pairs


def by_hand(page: Page) -> dict[str, Any]:
    """Softmax of three scores, and both losses of the rounded result against the label cat."""
    page.heading("hand_title")
    z, y = np.array([2.0, 0.747, 0.054]), np.array([1.0, 0.0, 0.0])
    p = np.round(softmax(z), 2)
    page.say("softmax", total=float(np.exp(z).sum()))
    names, numbers = map(page.text, ANIMALS), np.column_stack([np.exp(z), softmax(z)]).tolist()
    rows = [[a, f"{z_k:.3f}", *row, f"{p_k:.2f}"] for a, z_k, row, p_k in zip(names, z, numbers, p, strict=True)]
    page.table(["animal", "score", "power", "probability", "rounded"], rows)
    squared, entropy = float(np.mean((p - y) ** 2)), float(-np.log(p[0]))
    page.say("hand_losses", squared=squared, entropy=entropy, gradient=", ".join(f"{g:.1f}" for g in p - y))
    return {"p": p, "mean_squared": squared, "cross_entropy": entropy, "gradient": p - y}


def stall(page: Page) -> Any:
    """Both gradients at the scores of a network that is sure of the wrong class: (2, 3)."""
    page.heading("stall_title")
    z, y = np.array([[10.0, 0.0, 0.0]]), np.array([[0.0, 1.0, 0.0]])
    p = softmax(z)
    slopes = np.vstack([loss.delta(SOFTMAX, z, p, y) for loss in (CROSS_ENTROPY, SQUARED_ERROR)])
    page.say("stall")
    names, numbers = map(page.text, ANIMALS), np.vstack([z, y, p, slopes]).T.tolist()
    rows = [[a, f"{z_k:.0f}", f"{y_k:.0f}", *row] for a, (z_k, y_k, *row) in zip(names, numbers, strict=True)]
    page.table(["animal", "score", "label", "probability", *LOSSES], rows)
    page.say("stall_result", times=round(float(slopes[0, 1] / slopes[1, 1])))
    return slopes


def compare(page: Page, epochs: int) -> dict[str, Any]:
    """The same network under both losses on handwritten digits, from a fair start and from a wrong one."""
    page.heading("compare_title")
    X, y = load("digits")
    data, fresh = split(X / 16, y, share=0.25, seed=0)
    page.say("compare", rows=len(data[1]), fresh=len(fresh[1]), epochs=epochs)
    histories, results = {}, {}
    for (start, bias), loss in product(STARTS.items(), LOSSES):
        histories[start, loss], results[f"{start}_{loss}"] = learn(loss, bias, data, fresh, epochs)
    shown = range(0, epochs, max(epochs // 6, 1))
    page.table(["epoch", *results], [[e, *(float(h.loss[e]) for h in histories.values())] for e in shown])
    for start in STARTS:
        curves = {page.label(loss): histories[start, loss].validation_accuracy for loss in LOSSES}
        title, epoch, share = (page.label(key) for key in (f"{start}_picture", "epoch", "new_accuracy"))
        page.picture(plots.lines(curves, title, epoch, share), f"{start}_start.png")
    rows = [[page.text(run), f"{train:.1f} %", f"{new:.1f} %", half] for run, (train, new, half) in results.items()]
    page.table(["network", "train", "new", "half"], rows)
    page.say("compare_result", **results)
    return results


def learn(loss: str, bias: float, data: Any, fresh: Any, epochs: int) -> tuple[History, list[Any]]:
    """Train 64-30-10; accuracies in percent, and the first epoch after which half of the new digits were right."""
    net = Network([Dense(30, "tanh"), Dense(10, "softmax")], inputs=64, loss=loss)
    net.params["b2"][0] = bias
    history = net.fit(*data, optimizer=SGD(0.2), epochs=epochs, batch_size=32, validation=fresh)
    half = np.flatnonzero(np.asarray(history.validation_accuracy) > 0.5)
    return history, [100 * net.accuracy(*data), 100 * net.accuracy(*fresh), int(half[0]) if half.size else "-"]
