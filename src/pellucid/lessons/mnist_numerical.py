"""Lesson 6, mnist-numerical: slopes measured by nudging, in three ways, and what backpropagation saves."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid import Dense, Network, engines, load, numerical_gradients, plots
from pellucid.data import Pixels, load_digits, load_mnist, split
from pellucid.engines.threads import allowed
from pellucid.errors import DataUnavailable, InputError, MissingExtra
from pellucid.lessons.page import Page

Array = npt.NDArray[Any]
Digits = tuple[Array, Array]  # pixels 0 ... 255, uint8 (n, pixels), and what they show, 0 ... 9 (n,)
Gradient = Callable[[Network, Array, Array], dict[str, Array]]

BATCH, RATE, ALL_STEPS = 100, 0.1, 10_000
NAIVE_STEPS = 2  # by default: more would take minutes each
PATIENCE = 600.0  # seconds: the structured method takes as many steps by default as fit
TIMED = 0.5  # seconds that a method is tried for


class Run(NamedTuple):
    """What training leaves: the loss after each update, (train, test) accuracy in % by step, seconds of all steps."""

    losses: list[float]
    accuracies: dict[int, tuple[float, float]]
    seconds: float


def run(
    page: Page,
    method: str = "backprop",
    steps: int | None = None,
    rows: int | None = None,
    seed: int = 0,
    patience: float = PATIENCE,
) -> dict[str, Any]:
    """Train 784-50-10 by gradients of one of the GRADIENTS.

    Without `steps`, naive takes two and structured what fits into `patience` seconds; `rows` limits the training and
    the test digits.
    """
    if method not in GRADIENTS:
        raise InputError(f"There is no method {method!r}. There are: {', '.join(GRADIENTS)}.")
    page.heading("title")
    data = digits(page, rows)
    net = fresh(page, data[0][0].shape[1], seed)
    twin = deepcopy(net)
    numbers = compare(page, net, *data[0])
    if method in ("structured", "node"):
        page.say(method, units=sum(layer.units for layer in net.layers if isinstance(layer, Dense)))
    fit = pace(page, net, data[0], patience, steps is None) if method == "structured" else ALL_STEPS
    steps = steps or (NAIVE_STEPS if method == "naive" else fit)
    page.say("loop", steps=steps, epoch=steps_per_epoch(data[0]), call=CALLS[method])
    trained = train(net, data, GRADIENTS[method], steps, seed)
    numbers |= price(page, net.theta.size, trained) if method == "naive" else curves(page, trained)
    if method != "backprop":
        numbers |= same_place(page, net, twin, data, trained, seed)
    numbers |= keep(page, net, data, steps)
    numbers |= prices(page, method, net, data[0], trained, numbers["estimated_seconds"])
    if method == "backprop":
        page.say("end")
    return numbers | {"losses": trained.losses, "accuracies": trained.accuracies, "net": net}


def pace(page: Page, net: Network, training: Digits, patience: float, say_steps: bool) -> int:
    """Say what the structured method takes here, before it begins; how many of all steps fit into the patience."""
    seconds, _ = timed(GRADIENTS["structured"], net, training)
    steps = min(ALL_STEPS, max(1, int(patience / seconds)))
    means = page.text("by_machine_code" if engines.installed() else "by_numpy")
    minutes = seconds * ALL_STEPS / 60
    page.say("pace", seconds=seconds, means=means, cores=allowed(), all_steps=ALL_STEPS, minutes=minutes)
    if say_steps:
        key = "all_fit" if steps == ALL_STEPS else "some_fit"
        page.say(key, steps=steps, all_steps=ALL_STEPS, minutes=patience / 60)
    return steps


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


GRADIENTS: dict[str, Gradient] = {
    "naive": naive,
    "backprop": Network.gradients,
    "structured": partial(numerical_gradients, method="structured", engine="auto"),
    "node": partial(numerical_gradients, method="node"),
}
CALLS = {
    "naive": "naive(net, X[rows], y[rows])",
    "backprop": "net.gradients(X[rows], y[rows])",
    "structured": 'numerical_gradients(net, X[rows], y[rows], "structured")',
    "node": 'numerical_gradients(net, X[rows], y[rows], "node")',
}


def nudged(net: Network) -> range:
    """The parameters at which both gradients are compared."""
    return range(0, net.theta.size, 40)


def compare(page: Page, net: Network, X: Array, y: Array) -> dict[str, Any]:
    """Both gradients of one batch at every 40th parameter: how far apart they are, and what all would cost."""
    X, y, some = X[:BATCH], y[:BATCH], nudged(net)
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


def price(page: Page, size: int, trained: Run) -> dict[str, Any]:
    """What a naive step costs, and what all would."""
    steps = len(trained.losses)
    page.table(["step", "loss"], enumerate(trained.losses, 1))
    seconds = trained.seconds / steps
    numbers = {"seconds_per_step": seconds, "hours": seconds * ALL_STEPS / 3600}
    page.say("price", steps=steps, size=size, passes=2 * size, all_steps=ALL_STEPS, **numbers)
    return numbers


def same_place(
    page: Page, net: Network, twin: Network, data: tuple[Digits, Digits], trained: Run, seed: int
) -> dict[str, Any]:
    """Backpropagation takes the same steps with `twin`: how much faster, and how far apart both end."""
    again = train(twin, data, Network.gradients, len(trained.losses), seed)
    numbers = {"ratio": trained.seconds / again.seconds, "difference": float(np.abs(net.theta - twin.theta).max())}
    page.say("same_place", steps=len(trained.losses), **numbers)
    return numbers


def timed(gradient: Gradient, net: Network, training: Digits) -> tuple[float, int]:
    """Seconds of a gradient of one batch: the mean over as many as fit into TIMED, and how many these were."""
    X, y = training[0][:BATCH], training[1][:BATCH]
    started, count, seconds = time.perf_counter(), 0, 0.0
    while not count or seconds < TIMED:
        gradient(net, X, y)
        count, seconds = count + 1, time.perf_counter() - started
    return seconds / count, count


def prices(page: Page, method: str, net: Network, training: Digits, trained: Run, estimated: float) -> dict[str, Any]:
    """All methods in one table: seconds a step, and hours for all steps."""
    steps = len(trained.losses)
    seconds, rows = {}, []
    for name in ("naive", "structured", "node", "backprop"):
        if name == method:
            seconds[name], how = trained.seconds / steps, page.text("measured_run", steps=steps)
        elif name == "naive":
            seconds[name], how = estimated, page.text("measured_part", some=len(nudged(net)), size=net.theta.size)
        else:
            seconds[name], count = timed(GRADIENTS[name], net, training)
            how = page.text("measured_steps", count=count)
        hours = f"{seconds[name] * ALL_STEPS / 3600:,.3f}"
        rows.append((name, f"{seconds[name]:.4f}", hours, f"{seconds['naive'] / seconds[name]:,.0f}", how))
    page.table(["method", "seconds_a_step", "hours_in_all", "times_naive", "how"], rows)
    page.say("prices", all_steps=ALL_STEPS)
    return {"seconds": seconds}


def curves(page: Page, trained: Run) -> dict[str, Any]:
    """The table by epoch, the time, and the curves of loss and accuracy."""
    losses, steps = trained.losses, len(trained.losses)
    table = [
        (epoch, step, losses[step - 1], f"{training:.2f} %", f"{test:.2f} %")
        for epoch, (step, (training, test)) in enumerate(trained.accuracies.items(), 1)
    ]
    if table:
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
