"""MNIST by the recipe, with PyTorch: python -m bench.whole.mnist_torch SEED VARIANT FILE FILE FILE FILE

The plain eager loop over slices of a tensor, which is its fastest way without a compiler; batches are taken by an
index that is drawn anew each epoch; no DataLoader and no torchvision, which take longer. VARIANT is "eager" or "fused".
"""

import gzip
import json
import sys
from pathlib import Path

import torch
from torch import nn

from bench.memory import peak
from bench.recipe import RECIPE


def images(path: Path) -> torch.Tensor:
    return torch.frombuffer(bytearray(contents(path)[16:]), dtype=torch.uint8).reshape(-1, 784)


def labels(path: Path) -> torch.Tensor:
    return torch.frombuffer(bytearray(contents(path)[8:]), dtype=torch.uint8).long()


def contents(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def draw(model: nn.Sequential) -> None:
    """As Pellucid draws them: He before relu, Xavier before softmax, biases zero."""
    nn.init.kaiming_normal_(model[0].weight)
    nn.init.xavier_normal_(model[2].weight)
    nn.init.zeros_(model[0].bias)
    nn.init.zeros_(model[2].bias)


def rate(step: int, steps: int) -> float:
    top = steps / 4
    return min(step / top, (steps - step) / (steps - top))


def main(seed: int, variant: str, files: list[Path]) -> None:
    torch.manual_seed(seed)
    X, y, X_test, y_test = images(files[0]) / 255, labels(files[1]), images(files[2]) / 255, labels(files[3])
    model = nn.Sequential(nn.Linear(784, RECIPE.hidden), nn.ReLU(), nn.Linear(RECIPE.hidden, 10))
    draw(model)
    loss = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=RECIPE.peak, momentum=RECIPE.momentum, fused=variant == "fused")
    steps = RECIPE.epochs * -(-len(X) // RECIPE.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, steps))
    for _ in range(RECIPE.epochs):
        for index in torch.randperm(len(X)).split(RECIPE.batch):
            optimizer.zero_grad()
            loss(model(X[index]), y[index]).backward()
            optimizer.step()
            schedule.step()
    with torch.inference_mode():
        accuracy = (model(X_test).argmax(dim=1) == y_test).float().mean().item()
    print(json.dumps({"accuracy": accuracy, "peak": peak()}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], [Path(path) for path in sys.argv[3:]])
