"""Lesson 7, mnist: handwritten digits, first as a beginner trains on them, then well: the start decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import SGD, Dense, Network, plots
from pellucid.data import Pixels, load_digits, load_mnist, mnist_files, read_idx_header, split
from pellucid.errors import DataUnavailable, MissingExtra
from pellucid.lessons.page import Page
from pellucid.metrics import confusion_matrix
from pellucid.schedules import OneCycle

Array = npt.NDArray[Any]
Digits = tuple[Array, Array]  # pixels 0 ... 255, uint8 (n, pixels), and what they show, 0 ... 9 (n,)

BATCH = 100


def run(page: Page, epochs: int | None = None, beginner_steps: int = 10, rows: int | None = None) -> dict[str, Any]:
    """Train 784-128-10 badly, then well; `rows` limits the training and the test digits."""
    page.heading("title")
    training, test = digits(page, rows)
    X, y = training
    page.say("data", rows=len(X), test=len(test[0]), pixels=X.shape[1])
    titles = [str(label) for label in y[:5]]
    page.picture(plots.images(X[:5], titles=titles, title=page.label("five")), "digits.png")

    numbers, start = beginner(page, training, test, beginner_steps)
    net = network(X.shape[1])
    page.say("start", fan_in=X.shape[1], std=(2 / X.shape[1]) ** 0.5)
    rows_of_table = [(page.text(key), f"{start[key]:.3f}", f"{value:.3f}") for key, value in spread(net, X, y).items()]
    page.table(["before", "randn", "he"], rows_of_table)
    numbers |= train(page, net, training, test, epochs or (5 if X.shape[1] == 784 else 40))
    mistakes(page, net, *test)
    page.say("weights", dark=int((X.max(axis=0) == 0).sum()), pixels=X.shape[1])
    page.picture(plots.weights(net.params["W1"], columns=16, title=page.label("weights_title")), "weights.png")
    page.say("end")
    return numbers | {"net": net}


def digits(page: Page, rows: int | None) -> tuple[Digits, Digits]:
    """MNIST to train on and to test with; where it cannot be had, the 8 x 8 digits of scikit-learn as bytes like it."""
    try:
        headers = [(path.name, read_idx_header(path)) for path in mnist_files().values()]
        parts: Any = load_mnist()
    except (DataUnavailable, MissingExtra):
        page.say("small")
        X, y = load_digits()
        parts = split((X * 255 / 16).astype(np.uint8), y, share=0.2, seed=0)
    else:
        page.say("files")
        fields = [(name, header.magic, *header.shape, *[""] * (3 - len(header.shape))) for name, header in headers]
        page.table(["file", "magic", "items", "rows", "columns"], fields)
    (X, y), (X_test, y_test) = ((X[:rows], y[:rows]) for X, y in parts)
    return (X, y), (X_test, y_test)


def network(pixels: int) -> Network:
    """128 ReLU units and a softmax over ten digits; He weights, unless they are overwritten."""
    layers = [Dense(128, "relu", init="he"), Dense(10, "softmax")]
    return Network(layers, inputs=pixels, seed=1, dtype="float32", scaler=Pixels())


def beginner(page: Page, training: Digits, test: Digits, steps: int) -> tuple[dict[str, Any], dict[str, float]]:
    """Weights as randn gives them, all digits in every step, and few steps; what comes of it, and why."""
    pixels = training[0].shape[1]
    page.say("beginner", steps=steps, pixels=pixels)
    net, rng = network(pixels), np.random.RandomState(0)
    net.params["W1"] = rng.randn(pixels, 128)
    net.params["W2"] = rng.randn(128, 10)
    before, start = net.theta.copy(), spread(net, *training)
    history = net.fit(*training, optimizer=SGD(0.01), epochs=steps)
    page.table(["step", "loss"], [*enumerate(map(float, history.loss)), (steps, net.loss(*training))])
    accuracy = 100 * net.accuracy(*test)
    moved = 100 * np.linalg.norm(net.theta - before) / np.linalg.norm(before)
    page.say("wrong", steps=steps, accuracy=accuracy, moved=moved, rows=len(training[0]), pixels=pixels, **start)
    return {"first_loss": float(history.loss[0]), "beginner_accuracy": accuracy}, start


def spread(net: Network, X: Array, y: Array) -> dict[str, float]:
    """How far a network's numbers spread before training, on the first 1,000 digits, and what its loss is on all."""
    W1, b1, W2, b2 = net.params.values()
    sums = Pixels().transform(X[:1000]) @ W1 + b1
    scores = np.maximum(sums, 0) @ W2 + b2
    sure = net.forward(X[:1000]).max(axis=1)
    return {
        "sums": float(sums.std()),
        "scores": float(scores.std()),
        "sure": float(sure.mean()),
        "right": 100 * net.accuracy(X[:1000], y[:1000]),
        "first_loss": net.loss(X, y),
    }


def train(page: Page, net: Network, training: Digits, test: Digits, epochs: int) -> dict[str, Any]:
    """Mini-batches, momentum, and a rate that rises and falls."""
    steps = -(-len(training[0]) // BATCH)
    page.say("training", rows=len(training[0]), steps=steps, epochs=epochs, all_steps=epochs * steps)
    history = net.fit(
        *training, optimizer=SGD(0.2, momentum=0.9), schedule=OneCycle(), epochs=epochs, batch_size=BATCH, seed=1
    )
    assert history.accuracy is not None
    table = zip(range(epochs), history.loss, (f"{100 * share:.2f} %" for share in history.accuracy), strict=True)
    page.table(["epoch", "loss", "accuracy"], list(table)[:: max(epochs // 10, 1)])
    page.picture(plots.curves(history, title=page.label("curves")), "curves.png")
    accuracies = 100 * net.accuracy(*training), 100 * net.accuracy(*test)
    page.say("result", train=accuracies[0], test=accuracies[1], seconds=history.seconds[-1])
    return {"train_accuracy": accuracies[0], "test_accuracy": accuracies[1]}


def mistakes(page: Page, net: Network, X: Array, y: Array) -> None:
    """Which digits are taken for which, and the wrong answers of which the network is surest."""
    p = net.forward(X)
    predicted = p.argmax(axis=1)
    matrix = confusion_matrix(y, predicted, 10)
    page.picture(plots.confusion(matrix, title=page.label("confusion")), "confusion.png")
    wrong = np.flatnonzero(predicted != y)
    if not len(wrong):
        return
    pairs = matrix - np.diag(np.diag(matrix))
    true, taken_for = np.unravel_index(pairs.argmax(), pairs.shape)
    page.say("mistakes", wrong=len(wrong), rows=len(y), true=true, taken_for=taken_for, times=pairs.max())
    surest = wrong[np.argsort(-p[wrong].max(axis=1), kind="stable")][:15]
    titles = [page.label("mistake", true=y[i], predicted=predicted[i]) for i in surest]
    page.picture(plots.images(X[surest], titles=titles, title=page.label("mistakes_title")), "mistakes.png")
