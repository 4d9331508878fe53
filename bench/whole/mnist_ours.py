"""MNIST by the recipe, with Pellucid: python -m bench.whole.mnist_ours SEED"""

import json
import sys

from bench.memory import peak
from bench.recipe import RECIPE
from pellucid import SGD, Dense, Network
from pellucid.data import Pixels, load_mnist

seed = int(sys.argv[1])
(X, y), (X_test, y_test) = load_mnist()
net = Network(
    [Dense(RECIPE.hidden, "relu"), Dense(10, "softmax")], inputs=784, seed=seed, dtype="float32", scaler=Pixels()
)
net.fit(
    X, y, optimizer=SGD(RECIPE.peak, momentum=RECIPE.momentum), schedule="one_cycle", epochs=RECIPE.epochs,
    batch_size=RECIPE.batch, seed=seed, engine="compiled",
)  # fmt: skip
print(json.dumps({"accuracy": net.accuracy(X_test, y_test), "peak": peak()}))
