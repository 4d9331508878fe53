"""Lesson 4, microchips: a hidden layer bends the border, a file keeps it, and PyTorch finds the same numbers."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import SGD, Dense, Network, plots
from pellucid.data import Standardizer, load_microchips, make_microchips
from pellucid.errors import DataUnavailable, MissingExtra, need
from pellucid.files import load_weights_json, save_weights_json
from pellucid.lessons.page import Page

Array = npt.NDArray[Any]

RATE = 0.5
LAMBDA = 0.01  # the penalty is lambda / (2 m) times the sum of the squared weights, for m chips


def run(page: Page, steps: int = 5000, torch_steps: int = 3000, seed: int = 11) -> dict[str, Any]:
    """Train 2-10-1, keep it in model.json, then train it again with a penalty, here and in PyTorch."""
    page.heading("title")
    X, y = chips(page)
    net = fresh(seed)
    page.say("network", parameters=net.theta.size)
    page.picture(
        plots.network(net, inputs=names(page, "test1", "test2"), outputs=names(page, "accepted")), "network.png"
    )

    history = learn(page, net, X, y, steps)
    from_file = keep(page, net, X, y)
    numbers = {"loss": history.loss, "accuracy": 100 * net.accuracy(X, y), "from_file": from_file, "net": net}
    try:
        torch = need("torch", "peers")
    except MissingExtra:
        page.say("no_torch")
    else:
        numbers |= compare(page, torch, X, y, torch_steps, seed)
        page.say("both", ours=numbers["accuracy"], theirs=numbers["torch_accuracy"], steps=steps, again=torch_steps)
    page.say("end")
    return numbers


def chips(page: Page) -> tuple[Array, Array]:
    """The chips with their scores standardized; generated ones where the file is not here."""
    try:
        X, y = load_microchips()
        page.say("data", rows=len(X), accepted=int(y.sum()))
    except DataUnavailable:
        X, y = make_microchips()
        page.say("made", rows=len(X), accepted=int(y.sum()))
    (mean1, mean2), (std1, std2) = X.mean(axis=0), X.std(axis=0, ddof=1)
    page.say("scaled", mean1=mean1, mean2=mean2, std1=std1, std2=std2)
    Z = Standardizer(ddof=1).fit_transform(X)
    page.picture(plots.points(Z, y, **words(page, "chips_title")), "chips.png")
    return Z, y


def fresh(seed: int) -> Network:
    """2-10-1, all sigmoid, with the classic start: weights 0.01 * randn, biases zero."""
    net = Network([Dense(10, "sigmoid"), Dense(1, "sigmoid")], inputs=2)
    rng = np.random.RandomState(seed)
    net.params["W1"] = 0.01 * rng.randn(2, 10)
    net.params["W2"] = 0.01 * rng.randn(10, 1)
    return net


def learn(page: Page, net: Network, X: Array, y: Array, steps: int) -> Any:
    """Train without a penalty; the table, the plateau, the curve and the border."""
    page.say("training", steps=steps)
    history = net.fit(X, y, optimizer=SGD(RATE), epochs=steps)
    shown = range(0, steps, max(steps // 10, 1))
    page.table(["step", "loss"], [*((step, float(history.loss[step])) for step in shown), (steps, net.loss(X, y))])
    left = next((step for step, loss in enumerate(history.loss) if loss < 0.65), None)
    if left is None:
        page.say("still_flat", steps=steps, loss=history.loss[-1])
    else:
        page.say("plateau", step=left, half=left // 2, loss=history.loss[left // 2])
    figure = plots.lines({"": history.loss}, page.label("curve"), page.label("step"), page.label("loss"))
    page.picture(figure, "learning_curve.png")
    page.say("border", accuracy=100 * net.accuracy(X, y), right=round(net.accuracy(X, y) * len(X)), rows=len(X))
    page.picture(plots.boundary(net, X, y, contour=0.5, **words(page, "border_title")), "boundary.png")
    return history


def keep(page: Page, net: Network, X: Array, y: Array) -> float:
    """Save the parameters, load them, and predict with what the file says and nothing else."""
    path = page.file("model.json")
    save_weights_json(net, path)
    loaded = load_weights_json(path)
    accuracy = 100 * loaded.accuracy(X, y)
    chip, answer = float(loaded.forward(X[:1])[0, 0]), page.text("accepted" if y[0] else "rejected")
    page.say("file", path=path, accuracy=accuracy, z1=X[0, 0], z2=X[0, 1], p=chip, answer=answer)
    return accuracy


def compare(page: Page, torch: ModuleType, X: Array, y: Array, steps: int, seed: int) -> dict[str, Any]:
    """Train from the same weights with the same penalty, here and in PyTorch, and lay the curves over each other."""
    net = fresh(seed)
    model = twin(torch, net)
    page.say("torch", steps=steps, strength=LAMBDA, rows=len(X), l2=LAMBDA / len(X))
    ours = net.fit(X, y, optimizer=SGD(RATE), epochs=steps, l2=LAMBDA / len(X)).loss
    theirs = train_in_torch(torch, model, X, y, steps)
    shown = [*range(0, steps, max(steps // 10, 1)), steps - 1]
    page.table(["step", "ours", "theirs"], [(step, float(ours[step]), float(theirs[step])) for step in shown])
    difference = float(np.abs(ours - theirs).max())
    page.say("difference", steps=steps, difference=difference)
    curves = {page.label("ours"): ours, page.label("theirs"): theirs}
    figure = plots.lines(curves, page.label("two_curves"), page.label("step"), page.label("loss"))
    page.picture(figure, "torch_curves.png")
    accuracy = keep_in_torch(page, torch, model, X, y)
    return {"penalized_loss": ours, "torch_loss": theirs, "difference": difference, "torch_accuracy": accuracy}


def keep_in_torch(page: Page, torch: ModuleType, model: Any, X: Array, y: Array) -> float:
    """Save PyTorch's parameters, load them into a model that had others, and score that one."""
    path = page.file("model.pth")
    torch.save({"model_state_dict": model.state_dict()}, path)
    loaded = twin(torch, fresh(seed=0))
    loaded.load_state_dict(torch.load(path, weights_only=True)["model_state_dict"])
    page.say("torch_file", path=path)
    p = loaded(torch.from_numpy(X)).detach().numpy()[:, 0]
    return 100 * float(np.mean((p >= 0.5) == y))


def twin(torch: ModuleType, net: Network) -> Any:
    """The same network in PyTorch with the same weights, which it keeps transposed: (units, fan_in)."""
    nn = torch.nn
    model = nn.Sequential(nn.Linear(2, 10), nn.Sigmoid(), nn.Linear(10, 1), nn.Sigmoid()).double()
    W1, b1, W2, b2 = (torch.from_numpy(net.params[name].T.copy()) for name in ("W1", "b1", "W2", "b2"))
    model.load_state_dict({"0.weight": W1, "0.bias": b1, "2.weight": W2, "2.bias": b2})
    return model


def train_in_torch(torch: ModuleType, model: Any, X: Array, y: Array, steps: int) -> Array:
    """The loss that each step saw, (steps,)."""
    inputs, targets = torch.from_numpy(X), torch.from_numpy(y.reshape(-1, 1).astype(np.float64))
    cross_entropy = torch.nn.BCELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    losses = []
    for _ in range(steps):
        squares = (model[0].weight ** 2).sum() + (model[2].weight ** 2).sum()
        loss = cross_entropy(model(inputs), targets) + LAMBDA / (2 * len(X)) * squares
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


def names(page: Page, *keys: str) -> list[str]:
    """Words of the catalogue for a picture."""
    return [page.label(key) for key in keys]


def words(page: Page, title: str) -> dict[str, Any]:
    """What stands on the pictures of the chips."""
    features = names(page, "test1", "test2")
    return {"title": page.label(title), "features": features, "labels": names(page, "rejected", "accepted")}
