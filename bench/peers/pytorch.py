"""PyTorch.

* eager: the plain loop over slices of tensors, its optimizer as it comes.
* fused: the same with the optimizer's fused step, which its tuning guide advises.
* DataLoader: the same, the batches put together by a DataLoader of the main process, as its tutorials do.
* one graph: torch.compile of a function that takes a whole step: gradient by torch.func, update by hand.
* compiled: torch.compile of model and loss, and of the optimizer's step, as its tutorials do.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from bench.cases import EPS
from bench.peers import Run
from bench.problem import Problem, unpacked

ACTIVATIONS = {"tanh": (nn.Tanh, torch.tanh), "relu": (nn.ReLU, torch.relu)}


def model_of(widths: tuple[int, ...], activation: str, dtype: Any) -> nn.Sequential:
    modules: list[nn.Module] = []
    for fan_in, units in pairwise(widths):
        modules += [nn.Linear(fan_in, units, dtype=dtype), ACTIVATIONS[activation][0]()]
    return nn.Sequential(*modules[:-1])


def linear(model: nn.Module) -> list[nn.Linear]:
    return [module for module in model.modules() if isinstance(module, nn.Linear)]


def give(model: nn.Module, theta: Any, widths: tuple[int, ...]) -> None:
    with torch.no_grad():
        for module, (W, b) in zip(linear(model), unpacked(theta, widths), strict=True):
            module.weight.copy_(torch.from_numpy(np.ascontiguousarray(W.T)))
            module.bias.copy_(torch.from_numpy(b.copy()))


def taken(model: nn.Module) -> Any:
    arrays = [array for module in linear(model) for array in (module.weight.detach().T, module.bias.detach())]
    return np.concatenate([array.numpy().ravel() for array in arrays])


def optimizer_of(case: Any, model: nn.Module, fused: bool) -> torch.optim.Optimizer:
    """The penalty as weight decay, of weights alone."""
    groups = [
        {"params": [module.weight for module in linear(model)], "weight_decay": case.l2},
        {"params": [module.bias for module in linear(model)], "weight_decay": 0.0},
    ]
    if case.optimizer == "adam":
        return torch.optim.Adam(groups, lr=case.learning_rate, eps=EPS, fused=fused or None)
    return torch.optim.SGD(groups, lr=case.learning_rate, fused=fused or None)


def training(problem: Problem, variant: str) -> Run:
    if variant == "one graph":
        return in_one_graph(problem)
    case, X, y = problem.case, torch.from_numpy(problem.features), torch.from_numpy(problem.y)
    model = model_of(case.widths, case.activation, X.dtype)
    loss_of = nn.CrossEntropyLoss()

    def forward(rows: Any, labels: Any) -> Any:
        return loss_of(model(rows), labels)

    compiled = variant == "compiled"
    measure = torch.compile(forward, dynamic=False) if compiled else forward
    batches = _loader(X, y, problem.batch) if variant == "DataLoader" else list(_slices(X, y, problem.batch))

    def run(epochs: int) -> tuple[float, Any]:
        give(model, problem.theta, case.widths)
        optimizer = optimizer_of(case, model, variant == "fused")
        update = torch.compile(optimizer.step) if compiled else optimizer.step
        if compiled:
            _warm(measure, update, optimizer, batches)
            give(model, problem.theta, case.widths)
            _restart(optimizer)
        started = time.perf_counter()
        for _ in range(epochs):
            for rows, labels in batches:
                optimizer.zero_grad()
                measure(rows, labels).backward()
                update()
        return time.perf_counter() - started, taken(model)

    return run


def _slices(X: Any, y: Any, batch: int) -> Any:
    return zip(X.split(batch), y.split(batch), strict=True)


def _loader(X: Any, y: Any, batch: int) -> Any:
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), batch_size=batch, shuffle=False)


def in_one_graph(problem: Problem) -> Run:
    case, X, y = problem.case, torch.from_numpy(problem.features), torch.from_numpy(problem.y)
    activation, rate, adam = ACTIVATIONS[case.activation][1], case.learning_rate, case.optimizer == "adam"

    def loss(parameters: list[Any], rows: Any, labels: Any) -> Any:
        a = rows
        for k in range(0, len(parameters) - 2, 2):
            a = activation(F.linear(a, parameters[k], parameters[k + 1]))
        return F.cross_entropy(F.linear(a, parameters[-2], parameters[-1]), labels)

    def step(parameters: list[Any], m: list[Any], v: list[Any], t: Any, rows: Any, labels: Any) -> None:
        gradients = torch.func.grad(loss)(parameters, rows, labels)
        for k, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
            if case.l2 and p.ndim == 2:
                g = g + case.l2 * p
            if not adam:
                p.sub_(rate * g)
                continue
            m[k].copy_(0.9 * m[k] + 0.1 * g)
            v[k].copy_(0.999 * v[k] + 0.001 * g * g)
            p.sub_(rate * (m[k] / (1 - 0.9**t)) / ((v[k] / (1 - 0.999**t)).sqrt() + EPS))

    compiled = torch.compile(step, dynamic=False, fullgraph=True)
    batches = list(_slices(X, y, problem.batch))

    def run(epochs: int) -> tuple[float, Any]:
        model = model_of(case.widths, case.activation, X.dtype)
        give(model, problem.theta, case.widths)
        parameters = [array.detach() for module in linear(model) for array in (module.weight, module.bias)]
        m, v = ([torch.zeros_like(p) for p in parameters] if adam else [] for _ in range(2))
        t = torch.zeros((), dtype=X.dtype)
        started = time.perf_counter()
        with torch.no_grad():
            for _ in range(epochs):
                for rows, labels in batches:
                    t += 1
                    compiled(parameters, m, v, t, rows, labels)
        return time.perf_counter() - started, taken(model)

    return run


def _warm(measure: Any, update: Any, optimizer: Any, batches: Any) -> None:
    """Compile for this optimizer, which is a new one in each run, before the clock starts."""
    for rows, labels in (batches[0], batches[-1], batches[0]):
        optimizer.zero_grad()
        measure(rows, labels).backward()
        update()


def _restart(optimizer: Any) -> None:
    for state in optimizer.state.values():
        for value in state.values():
            if torch.is_tensor(value):
                value.zero_()


def predicting(problem: Problem, variant: str) -> Run:
    case = problem.case
    X = torch.from_numpy(problem.X)
    model = model_of(case.widths, case.activation, X.dtype).eval()
    give(model, problem.theta, case.widths)
    rows = list(X.split(1))

    def run(count: int) -> tuple[float, Any]:
        with torch.inference_mode():
            started = time.perf_counter()
            answers = [torch.softmax(model(rows[k % len(rows)]), dim=1) for k in range(count)]
            seconds = time.perf_counter() - started
        return seconds, torch.cat(answers[: len(rows)]).numpy()

    return run


KINDS = {"train": training, "predict": predicting}
