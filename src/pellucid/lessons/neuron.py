"""Lesson 0, neuron: will this T-shirt sell? One neuron, then three that were given a meaning, then free ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from pellucid import SGD, Dense, Network, plots
from pellucid.data import Standardizer, make_shirts
from pellucid.lessons.page import Page, losses_by_step

FEATURES = ("price", "shipping", "marketing", "material")
NOTIONS = ("affordability", "awareness", "quality")
# Which feature reaches which notion (rows: features, columns: notions), and which way it is expected to pull.
WIRES = np.array([[-1.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
SHIRT = np.array([18.0, 4.0, 7.0, 0.3])  # the one that is followed through every network


def run(page: Page, steps: int = 5000, rows: int = 500) -> dict[str, Any]:
    """Train four networks on `rows` shirts, each for `steps` steps at learning rate 0.5."""
    page.heading("title")
    X, y = make_shirts(rows, seed=0)
    data = (X, y, *make_shirts(1000, seed=1))
    page.say("data", rows=rows, fresh=len(data[2]), sold=100 * y.mean())
    page.table([*FEATURES, "sold"], [[*(f"{v:.2f}" for v in x), label] for x, label in zip(X[:6], y[:6], strict=True)])

    price = study(page, "price", sigmoids(1), data, steps, [FEATURES[:1]])
    page.picture(price_curve(page, price["net"], X[:, 0], y), "price_curve.png")
    notions = study(page, "notions", notions_network(), data, steps, [FEATURES, NOTIONS])
    page.say("budget", **budget(notions["net"]))
    free = study(page, "free", sigmoids(3, 1), data, steps, [FEATURES, ("h1", "h2", "h3")])
    deep = study(page, "deep", sigmoids(4, 3, 1), data, steps, [FEATURES, ("h1", "h2", "h3", "h4"), ("g1", "g2", "g3")])

    page.heading("end_title")
    parts = {"price": price, "notions": notions, "free": free, "deep": deep}
    columns = [part["losses"].values() for part in parts.values()]
    page.table(["step", *(f"{part}_name" for part in parts)], zip(price["losses"], *columns, strict=True))
    page.say("end", **{name: part["test_accuracy"] for name, part in parts.items()})
    return parts


def sigmoids(*sizes: int) -> Network:
    """Layers of sigmoid neurons. One neuron alone sees one feature, the price; larger networks see all four."""
    inputs = 1 if len(sizes) == 1 else len(FEATURES)
    return Network([Dense(size, "sigmoid") for size in sizes], inputs, scaler=Standardizer())


def notions_network() -> Network:
    """4-3-1 wired by hand: a weight of +1 or -1 on every link that is meant, 0 elsewhere."""
    net = sigmoids(3, 1)
    net.params["W1"] = WIRES
    net.params["W2"] = np.ones((3, 1))
    return net


def study(page: Page, part: str, net: Network, data: Any, steps: int, names: list[Sequence[str]]) -> dict[str, Any]:
    """Train a network, draw it, follow the shirt through it, and say how often it is right."""
    page.heading(f"{part}_title")
    page.say(f"{part}_network")
    X, y, X_test, y_test = data[0][:, : net.inputs], data[1], data[2][:, : net.inputs], data[3]
    W, links = net.params["W1"], np.abs(WIRES) if part == "notions" else None

    def cut(epoch: Any) -> None:
        if links is not None:
            W[...] *= links  # where no link is meant, the weight goes back to 0 after every step

    losses = losses_by_step(net, X, y, steps, max(steps // 5, 1), optimizer=SGD(0.5), on_epoch=cut)
    drawn = [words(page.label, column) for column in names]
    masks = [links, *[None] * (len(net.layers) - 1)]
    picture = plots.network(net, drawn[0], [page.label("sells")], weights=True, links=masks, hidden=drawn[1:])
    page.picture(picture, f"{part}.png")
    page.say("forward" if part == "price" else "forward_again")
    page.show("\n".join(forward(net, SHIRT[: net.inputs], [words(page.text, c) for c in (*names, ["sells"])])))
    train, test = 100 * net.accuracy(X, y), 100 * net.accuracy(X_test, y_test)
    p = float(net.forward([SHIRT[: net.inputs]])[0, 0])
    page.say(f"{part}_result", train=train, test=test, p=p)
    return {"losses": losses, "train_accuracy": train, "test_accuracy": test, "p": p, "net": net}


def words(write: Callable[[str], str], names: Sequence[str]) -> list[str]:
    """Names in the page's language; h1, g2 and the like are the same in every one."""
    return [write(name) if name.isalpha() else name for name in names]


def forward(net: Network, shirt: Any, names: list[list[str]]) -> Iterator[str]:
    """Forward propagation with the numbers of one shirt: a line for each feature, two for each neuron."""
    assert net.scaler is not None
    a = net.scaler.transform(shirt[None])[0]
    yield from (f"  {name}: {raw:g} -> x = {x:.2f}" for name, raw, x in zip(names[0], shirt, a, strict=True))
    for k, column in enumerate(names[1:], 1):
        yield ""
        W, b = net.params[f"W{k}"], net.params[f"b{k}"]
        z = a @ W + b
        for j, name in enumerate(column):
            terms = [f"{_signed(w)}*({v:.2f})" for w, v in zip(W[:, j], a, strict=True) if w]
            total = f"= {' '.join(terms)} {_signed(b[j])} = {z[j]:.2f}"
            yield f"  {name}: z {total.replace('= + ', '= ').replace('= - ', '= -')}"
            yield f"    a = 1 / (1 + e^{-z[j]:.2f}) = {1 / (1 + np.exp(-z[j])):.3f}"
        a = 1 / (1 + np.exp(-z))


def _signed(number: float) -> str:
    return f"{'-' if number < 0 else '+'} {abs(number):.2f}"


def price_curve(page: Page, net: Network, price: Any, y: Any) -> Any:
    """The share of shirts that sold by price, and what the one neuron says."""
    sold, edges = np.histogram(price[y == 1], bins=10, range=(5, 35))
    offered = np.histogram(price, edges)[0]
    middles, grid = (edges[1:] + edges[:-1]) / 2, np.linspace(5, 35, 61)
    seen = (middles, np.where(offered, sold / np.maximum(offered, 1), np.nan))
    said = (grid, net.forward(grid[:, None])[:, 0])
    curves = {page.label("curve_seen"): seen, page.label("curve_said"): said}
    return plots.lines(curves, page.label("curve_title"), page.label("price"), page.label("curve_share"))


def budget(net: Network) -> dict[str, float]:
    """What the affordability neuron has learnt, in the units of the shop: price + `factor` shipping below `limit`."""
    scaler: Any = net.scaler
    w = net.params["W1"][:2, 0] / scaler.scale[:2]
    z0 = net.params["b1"][0] - w @ scaler.mean[:2]
    return {"factor": w[1] / w[0], "limit": -z0 / w[0]}
