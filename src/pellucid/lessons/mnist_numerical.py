"""Lesson 6, mnist-numerical: slopes measured by nudging one parameter at a time, and what backpropagation saves."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid import Dense, Network, load, plots
from pellucid.data import Pixels, load_digits, load_mnist, split
from pellucid.errors import DataUnavailable, InputError, MissingExtra
from pellucid.lessons.page import Page

Array = npt.NDArray[Any]
Digits = tuple[Array, Array]  # pixels 0 ... 255, uint8 (n, pixels), and what they show, 0 ... 9 (n,)
Gradient = Callable[[Network, Array, Array], dict[str, Array]]

BATCH, RATE, ALL_STEPS = 100, 0.1, 10_000


class Run(NamedTuple):
    """What training leaves: the loss after each update, (train, test) accuracy in % by step, seconds of all steps."""

    losses: list[float]
    accuracies: dict[int, tuple[float, float]]
    seconds: float


def run(
    page: Page, method: str = "backprop", steps: int | None = None, rows: int | None = None, seed: int = 0
) -> dict[str, Any]:
    """Train 784-50-10 by "naive" or "backprop" gradients; `rows` limits the training and the test digits."""
    if method not in GRADIENTS:
        raise InputError(f"There is no method {method!r}. There are: {', '.join(GRADIENTS)}.")
    steps = steps or (ALL_STEPS if method == "backprop" else 2)
    page.heading("title")
    data = digits(page, rows)
    net = fresh(page, data[0][0].shape[1], seed)
    twin = deepcopy(net)
    numbers = compare(page, net, *data[0])
    page.say("loop", steps=steps, epoch=steps_per_epoch(data[0]))
    trained = train(net, data, GRADIENTS[method], steps, seed)
    numbers |= price(page, net, twin, data, trained, seed) if method == "naive" else curves(page, trained)
    numbers |= keep(page, net, data, steps)
    if method == "backprop":
        page.say("end")
    return numbers | {"losses": trained.losses, "accuracies": trained.accuracies, "net": net}


def digits(page: Page, rows: int | None) -> tuple[Digits, Digits]:
    """MNIST to train on and to test with; where it cannot be had, the 8 x 8 digits of scikit-learn as bytes like it."""
    try:
        parts: Any = load_mnist()
    except (DataUnavailable, MissingExtra):
        page.say("small")
        X, y = load_digits()
        parts = split((X * 255 / 16).astype(np.uint8), y, share=0.2, seed=0)
    (X, y), (X_test, y_test) = ((X[:rows], y[:rows]) for X, y in parts)
    page.say("data", rows=len(X), test=len(X_test), pixels=X.shape[1])
    return (X, y), (X_test, y_test)


def fresh(page: Page, pixels: int, seed: int) -> Network:
    """50 sigmoid units and a softmax over ten digits; weights 0.01 * randn, biases zero."""
    net = Network([Dense(50, "sigmoid"), Dense(10, "softmax")], inputs=pixels, scaler=Pixels())
    rng = np.random.RandomState(seed)
    net.params["W1"] = 0.01 * rng.randn(pixels, 50)
    net.params["W2"] = 0.01 * rng.randn(50, 10)
    page.say("network", pixels=pixels)
    page.table(["parameter", "shape"], [(name, str(values.shape)) for name, values in net.params.items()])
    page.picture(plots.network(net, outputs=[str(digit) for digit in range(10)]), "network.png")
    return net


def slopes(net: Network, X: Array, y: Array, which: range, h: float = 1e-4) -> Array:
    """Central differences: nudge a parameter up and down and see what the loss does; two forward passes for each."""
    pixels, measured = Pixels().transform(X), np.empty(len(which))
    for k, i in enumerate(which):
        kept = net.theta[i]
        net.theta[i] = kept + h
        above = loss_by_hand(net, pixels, y)
        net.theta[i] = kept - h
        below = loss_by_hand(net, pixels, y)
        net.theta[i] = kept
        measured[k] = (above - below) / (2 * h)
    return measured


def loss_by_hand(net: Network, pixels: Array, y: Array) -> float:
    """What net.loss gives, with nothing around it: a naive step takes it 79,520 times."""
    W1, b1, W2, b2 = net.params.values()
    hidden = 1 / (1 + np.exp(-(pixels @ W1 + b1)))
    odds = np.exp(hidden @ W2 + b2)
    return -float(np.mean(np.log(odds[np.arange(len(y)), y] / odds.sum(axis=1))))


def naive(net: Network, X: Array, y: Array) -> dict[str, Array]:
    """What net.gradients gives, measured at every parameter."""
    return net.named(slopes(net, X, y, range(net.theta.size)))


GRADIENTS: dict[str, Gradient] = {"naive": naive, "backprop": Network.gradients}


def compare(page: Page, net: Network, X: Array, y: Array) -> dict[str, Any]:
    """Both gradients of one batch at every 40th parameter: how far apart they are, and what all would cost."""
    X, y, some = X[:BATCH], y[:BATCH], range(0, net.theta.size, 40)
    started = time.perf_counter()
    measured = slopes(net, X, y, some)
    seconds = time.perf_counter() - started
    derived = np.concatenate([gradient.ravel() for gradient in net.gradients(X, y).values()])
    floor = 1e-3 * np.abs(derived).max()  # a slope that is nearly zero is judged against the largest one
    derived = derived[some]
    error = float(np.max(np.abs(measured - derived) / np.maximum(np.abs(measured), np.abs(derived)).clip(floor)))
    step = seconds * net.theta.size / len(some)
    page.say(
        "compare",
        some=len(some),
        size=net.theta.size,
        error=error,
        seconds=seconds,
        step=step,
        hours=step * ALL_STEPS / 3600,
    )
    return {"gradient_error": error, "estimated_seconds": step}


def train(net: Network, data: tuple[Digits, Digits], gradient: Gradient, steps: int, seed: int) -> Run:
    """The loop as one writes it oneself: draw a batch, take its gradient, go a little way down."""
    X, y = data[0]
    rng = np.random.RandomState(seed + 1)
    losses, accuracies, seconds = [], {}, 0.0
    for step in range(1, steps + 1):
        started = time.perf_counter()
        rows = rng.choice(len(X), BATCH)  # with replacement
        for name, slope in gradient(net, X[rows], y[rows]).items():
            net.params[name] -= RATE * slope
        seconds += time.perf_counter() - started
        losses.append(net.loss(X[rows], y[rows]))
        if step % steps_per_epoch(data[0]) == 0:
            accuracies[step] = measure(net, data)
    return Run(losses, accuracies, seconds)


def steps_per_epoch(training: Digits) -> int:
    """How many batches hold as many digits as there are."""
    return max(len(training[0]) // BATCH, 1)


def measure(net: Network, data: tuple[Digits, Digits]) -> tuple[float, float]:
    """Accuracy in training and test, in %."""
    return 100 * net.accuracy(*data[0]), 100 * net.accuracy(*data[1])


def price(
    page: Page, net: Network, twin: Network, data: tuple[Digits, Digits], trained: Run, seed: int
) -> dict[str, Any]:
    """What a naive step costs, what all would, and that backpropagation brings `twin` to the same place."""
    steps, again = len(trained.losses), train(twin, data, Network.gradients, len(trained.losses), seed)
    page.table(["step", "loss"], enumerate(trained.losses, 1))
    numbers = {
        "seconds_per_step": trained.seconds / steps,
        "hours": trained.seconds / steps * ALL_STEPS / 3600,
        "ratio": trained.seconds / again.seconds,
        "difference": float(np.abs(net.theta - twin.theta).max()),
    }
    page.say("price", steps=steps, size=net.theta.size, passes=2 * net.theta.size, all_steps=ALL_STEPS, **numbers)
    return numbers


def curves(page: Page, trained: Run) -> dict[str, Any]:
    """The table by epoch, the time, and the curves of loss and accuracy."""
    losses, steps = trained.losses, len(trained.losses)
    table = [
        (epoch, step, losses[step - 1], f"{training:.2f} %", f"{test:.2f} %")
        for epoch, (step, (training, test)) in enumerate(trained.accuracies.items(), 1)
    ]
    page.table(["epoch", "step", "loss", "train", "test"], table[:: max(len(table) // 16, 1)])
    page.say("time", milliseconds=1000 * trained.seconds / steps, seconds=trained.seconds, steps=steps)
    window = min(100, steps)
    mean = np.convolve(losses, np.ones(window) / window, "valid")
    lines = {page.label("each"): losses, page.label("mean"): (np.arange(len(mean)) + window / 2, mean)}
    figure = plots.lines(lines, page.label("loss_curve"), page.label("step"), page.label("loss"), styles=["-"])
    figure.axes[0].lines[0].set_linewidth(0.4)  # it jumps from step to step: a thick line would be a band
    page.picture(figure, "loss.png")
    if table:
        training, test = np.transpose(list(trained.accuracies.values()))
        epochs = np.arange(1, len(table) + 1)
        lines = {page.label("train"): (epochs, training), page.label("test"): (epochs, test)}
        figure = plots.lines(lines, page.label("accuracy_curve"), page.label("epoch"), page.label("percent"))
        page.picture(figure, "accuracy.png")
    return {"milliseconds_per_step": 1000 * trained.seconds / steps}


def keep(page: Page, net: Network, data: tuple[Digits, Digits], steps: int) -> dict[str, Any]:
    """Save the network, load it again, and let the loaded one take the test."""
    path = page.file("model.json")
    net.save(path)
    loaded = load(path)
    training, test = measure(loaded, data)
    page.say("saved", steps=steps, path=path, train=training, test=test)
    return {"train_accuracy": training, "test_accuracy": test, "loaded": loaded}
