"""Lesson 1, perceptron: one sigmoid neuron, trained by gradient descent on measurements of breast tumours."""

from __future__ import annotations

from typing import Any

from pellucid import SGD, Dense, Network, plots
from pellucid.data import Standardizer, load, split
from pellucid.lessons.page import Page, losses_by_step


def run(page: Page, steps: int = 2000, every: int = 100) -> dict[str, Any]:
    """Train for `steps` steps at learning rate 0.5; print the cost every `every` steps."""
    page.heading("title")
    X, y = load("breast-cancer")
    (X, y), (X_test, y_test) = split(X, y, share=0.2, seed=0)
    page.say("data", rows=len(X), test=len(X_test), features=X.shape[1])

    net = Network([Dense(1, "sigmoid", init="zeros")], inputs=X.shape[1], scaler=Standardizer())
    page.say("network", parameters=net.theta.size)
    page.picture(plots.network(net), "network.png")

    page.say("training", steps=steps)
    costs = losses_by_step(net, X, y, steps, every, optimizer=SGD(0.5))
    page.table(["step", "cost"], costs.items())
    page.picture(
        plots.lines(
            {"": (list(costs), list(costs.values()))}, page.label("curve"), page.label("step"), page.label("cost")
        ),
        "learning_curve.png",
    )

    train, test = 100 * net.accuracy(X, y), 100 * net.accuracy(X_test, y_test)
    page.say("result", train=train, test=test)
    return {"costs": costs, "train_accuracy": train, "test_accuracy": test, "net": net}
