"""Lesson 2, moons: a straight border, a hidden layer that bends it, and how large that layer should be."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from pellucid import SGD, Dense, Network, fit_many, plots
from pellucid.data import make_moons
from pellucid.errors import need
from pellucid.lessons.page import Page
from pellucid.schedules import Inverse

SIZES = (1, 2, 3, 4, 5, 20, 50)
L2 = 0.01 / 200  # a penalty of 0.01 on the loss summed over 200 points


def run(page: Page, steps: int = 20_000, size_steps: int = 10_000, epochs: int = 300) -> dict[str, Any]:
    """2-3-2 for `steps` steps, then seven sizes for `size_steps`, then mini-batches for `epochs`."""
    page.heading("title")
    X, y = make_moons(200, noise=0.20, seed=0)  # what np.random.seed(0) and scikit-learn's function give
    fresh = make_moons(2000, noise=0.20, seed=1)
    page.say("data", fresh=len(fresh[1]))
    page.picture(plots.points(X, y), "moons.png")
    return {
        "baseline_accuracy": baseline(page, X, y),
        **classic(page, X, y, fresh, steps),
        "sizes": compare_sizes(page, X, y, fresh, size_steps),
        "batches": batches(page, X, y, epochs),
    }


def baseline(page: Page, X: Any, y: Any) -> float:
    """Logistic regression by scikit-learn: the best straight border."""
    model = need("sklearn.linear_model", "sklearn").LogisticRegressionCV
    # Some versions warn that a default will change, and mark it "warn": there, and only there, the setting is given.
    coming = {"l1_ratios": (0.0,), "use_legacy_attributes": False}
    known = inspect.signature(model).parameters
    given = {name: coming[name] for name in coming if name in known and known[name].default == "warn"}
    line = model(scoring="accuracy", solver="newton-cholesky", **given).fit(X, y)
    accuracy = 100 * float(line.score(X, y))
    page.heading("baseline_title")
    page.say("baseline", accuracy=accuracy)
    page.picture(
        plots.boundary(line, X, y, page.label("baseline_picture", accuracy=accuracy)), "logistic_regression.png"
    )
    return accuracy


def network(hidden: int) -> Network:
    """2-hidden-2 with the weights that np.random.seed(0) and two calls of randn give; biases zero."""
    net = Network([Dense(hidden, "tanh"), Dense(2, "softmax")], inputs=2)
    draw = np.random.RandomState(0)
    net.params["W1"] = draw.randn(2, hidden) / np.sqrt(2)
    net.params["W2"] = draw.randn(hidden, 2) / np.sqrt(hidden)
    return net


def classic(page: Page, X: Any, y: Any, fresh: Any, steps: int) -> dict[str, Any]:
    """2-3-2, full batch: the loss after step 0, 1000, 2000, ... and after the last."""
    net = network(3)
    page.heading("classic_title")
    page.say("network", parameters=net.theta.size)
    page.picture(plots.network(net), "network.png")
    page.say("training", steps=steps)
    seen = net.fit(X, y, optimizer=SGD(2.0), epochs=steps, l2=L2).loss
    # What step s + 1 sees is the loss after step s.
    losses = {step: float(seen[step + 1]) for step in range(0, steps - 1, 1000)} | {steps - 1: net.loss(X, y, l2=L2)}
    page.table(["after_step", "loss"], losses.items())
    train, test = 100 * net.accuracy(X, y), 100 * net.accuracy(*fresh)
    page.say("classic_result", before=float(seen[-1]), loss=losses[steps - 1], train=train, test=test)
    page.picture(plots.boundary(net, X, y, page.label("classic_picture", train=train)), "boundary.png")
    return {"losses": losses, "train_accuracy": train, "test_accuracy": test, "net": net}


def compare_sizes(page: Page, X: Any, y: Any, fresh: Any, steps: int) -> dict[str, Any]:
    """Hidden layers of several sizes, and the largest once more under twenty times the penalty."""
    page.heading("sizes_title")
    page.say("sizes", steps=steps, fresh=len(fresh[1]))
    runs = {str(size): (size, L2) for size in SIZES} | {f"{SIZES[-1]}*": (SIZES[-1], 20 * L2)}
    nets = {name: network(size) for name, (size, _) in runs.items()}
    results = {}
    fit_many(nets.values(), X, y, each=[{"l2": l2} for _, l2 in runs.values()], optimizer=SGD(1.0), epochs=steps)
    for name, net in nets.items():
        pairs = ((X, y), fresh)
        results[name] = [*(100 * net.accuracy(*pair) for pair in pairs), *(net.loss(*pair) for pair in pairs)]
    rows = [[name, f"{train:.1f} %", f"{test:.1f} %", *losses] for name, (train, test, *losses) in results.items()]
    page.table(["units", "train", "held_out", "train_loss", "held_out_loss"], rows)
    titles = [page.label("sizes_picture", units=name, train=row[0], test=row[1]) for name, *row in rows]
    page.picture(plots.boundary_grid(list(nets.values()), X, y, titles), "hidden_sizes.png")
    middle, large, tamed = (results[name] for name in ("3", str(SIZES[-1]), f"{SIZES[-1]}*"))
    page.say("sizes_result", units=SIZES[-1], middle=middle, large=large, tamed=tamed)
    return results


def batches(page: Page, X: Any, y: Any, epochs: int) -> dict[str, Any]:
    """2-3-2 by full batch, by mini-batches, and by mini-batches with a decaying rate."""
    page.heading("batches_title")
    page.say("batches", epochs=epochs)
    ways: dict[str, dict[str, Any]] = {
        "full": {},
        "mini": {"batch_size": 20},
        "decaying": {"batch_size": 20, "schedule": Inverse(0.05)},
    }
    results, curves = {}, {}
    for way, settings in ways.items():
        net = network(3)
        curves[way] = net.fit(X, y, optimizer=SGD(2.0), epochs=epochs, l2=L2, **settings).loss
        last = curves[way][-50:]
        below = np.flatnonzero(curves[way] < 0.1)
        results[way] = (
            int(below[0]) if below.size else "-",
            float(last.min()),
            float(last.max()),
            net.loss(X, y, l2=L2),
        )
    page.table(["way", "below", "lowest", "highest", "end"], [[page.text(way), *row] for way, row in results.items()])
    page.picture(
        plots.lines(
            {page.label(way): curve for way, curve in curves.items()},
            page.label("batches_picture"),
            page.label("epoch"),
            page.label("loss"),
            log=True,
        ),
        "mini_batches.png",
    )
    page.say("batches_result", **results)
    return results
