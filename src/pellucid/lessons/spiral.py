"""Lesson 3, spiral: softmax over three classes, why its gradient is p - y, and what a hidden layer adds."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import SGD, Dense, Network, plots
from pellucid.data import make_spiral
from pellucid.initializers import normal
from pellucid.lessons.page import Page, losses_by_step
from pellucid.losses import cross_entropy

L2 = 1e-3


def run(page: Page, linear_steps: int = 200, steps: int = 10_000, points: int = 100, seed: int = 0) -> dict[str, Any]:
    """Softmax regression for `linear_steps` steps, then 2-100-3 for `steps`, both at a rate of 1.0."""
    page.heading("title")
    X, y = make_spiral(points, arms=3, noise=0.2, seed=0)
    page.say("data", points=points, rows=len(X))
    page.picture(plots.points(X, y), "spiral.png")
    numbers: dict[str, Any] = {"slopes": slopes(page)}

    linear = Network([Dense(3, "softmax", init=normal(0.01))], inputs=2, seed=seed)
    numbers["linear"] = learn(page, "linear", linear, X, y, linear_steps, every=10)
    layers = [Dense(100, "relu", init=normal(0.01)), Dense(3, "softmax", init=normal(0.01))]
    numbers["hidden"] = learn(page, "hidden", Network(layers, inputs=2, seed=seed), X, y, steps, every=1000)
    return numbers


def slopes(page: Page) -> Any:
    """p - y for p = (0.2, 0.3, 0.5) and the second class, and the same slopes found by trying: (3, 2)."""
    page.heading("slopes_title")
    page.say("slopes")
    p, y, h = np.array([0.2, 0.3, 0.5]), np.array([0.0, 1.0, 0.0]), 1e-4
    z = np.log(p)  # scores whose softmax is p
    nudges = h * np.eye(3)
    # cross_entropy gives one number for each output; a row's loss is their sum.
    measured = [float((cross_entropy(z + d, y) - cross_entropy(z - d, y)).sum() / (2 * h)) for d in nudges]
    page.table(
        ["class", "p", "y", "p_minus_y", "measured"],
        [[k + 1, f"{p[k]:.1f}", f"{y[k]:.0f}", float(p[k] - y[k]), measured[k]] for k in range(3)],
    )
    page.say("slopes_result", loss=float(cross_entropy(z, y).sum()))
    return np.column_stack([p - y, measured])


def learn(page: Page, part: str, net: Network, X: Any, y: Any, steps: int, every: int) -> dict[str, Any]:
    """Draw a network, train it with the table of its losses, and draw the regions it makes."""
    page.heading(f"{part}_title")
    page.say(f"{part}_network", parameters=net.theta.size, steps=steps)
    page.picture(plots.network(net), f"{part}_network.png")
    losses = losses_by_step(net, X, y, steps, every, optimizer=SGD(1.0), l2=L2)
    page.table(["step", "loss"], losses.items())
    accuracy = net.accuracy(X, y)
    page.say(f"{part}_result", accuracy=accuracy, first=losses[0], last=losses[steps])
    page.picture(plots.boundary(net, X, y, page.label(f"{part}_picture", accuracy=accuracy)), f"{part}_boundary.png")
    return {"losses": losses, "accuracy": accuracy, "net": net}
