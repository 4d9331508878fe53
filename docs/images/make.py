"""Draws the picture of the README: python docs/images/make.py"""

from pathlib import Path

from pellucid import SGD, Dense, Network, plots
from pellucid.data import make_spiral

X, y = make_spiral(points=100, arms=3, noise=0.2, seed=0)
networks, titles = [], []
for name, layers in (
    ("softmax regression", [Dense(3, "softmax")]),
    ("one hidden layer of 100 units", [Dense(100, "relu"), Dense(3, "softmax")]),
):
    net = Network(layers, inputs=2, seed=0)
    net.fit(X, y, optimizer=SGD(1.0), epochs=5000 if len(layers) > 1 else 200, l2=1e-3)
    networks.append(net)
    titles.append(f"{name}\n{net.accuracy(X, y):.0%} of the points right")
figure = plots.boundary_grid(networks, X, y, titles, columns=2)
plots.save(figure, Path(__file__).parent / "spiral.png")
