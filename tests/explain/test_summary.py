"""The summary: counts and shapes against the parameters themselves, sizes against NumPy, and how it looks."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import Activation, Dense, Dropout, Loss, Network, load
from pellucid.data import Pixels, Standardizer
from pellucid.engines import readable
from pellucid.explain.summary import summary
from pellucid.tables import size
from representations import well_formed

X = np.random.default_rng(0).normal(size=(20, 3))
Y = np.arange(20) % 2


def net_of(*layers: Any, **given: Any) -> Network:
    return Network([*layers, Dense(2, "softmax")], inputs=3, **given)


@given(
    layers=st.lists(
        st.one_of(st.builds(Dense, st.integers(1, 9)), st.builds(Dropout, st.sampled_from([0.0, 0.5]))), max_size=5
    ),
    dtype=st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_shapes_counts_and_memory_are_those_of_the_network(layers: list[Any], dtype: str) -> None:
    net = net_of(*layers, dtype=dtype)
    seen = net.summary()
    assert [layer.name for layer in seen.layers] == [str(layer) for layer in net.layers]
    assert seen.parameters == net.theta.size == sum(layer.parameters for layer in seen.layers)
    assert seen.memory == net.theta.nbytes
    for layer in seen.layers:
        if layer.number is None:
            assert (layer.parameters, layer.weights, layer.inputs) == (0, None, layer.outputs)
        else:
            W, b = net.params[f"W{layer.number}"], net.params[f"b{layer.number}"]
            assert (layer.inputs, layer.outputs) == W.shape
            assert layer.parameters == W.size + b.size
    assert [a.outputs for a in seen.layers[:-1]] == [b.inputs for b in seen.layers[1:]]
    operations = readable.forward(net, net.theta, X.astype(dtype), np.random.default_rng(0))
    assert seen.memory_by_row == sum(operation.output.nbytes for operation in operations) / len(X)


def test_sizes_of_weights_and_updates_after_training() -> None:
    net = net_of(Dense(4, "tanh"), Dropout(0.5))
    before = net.summary()
    assert not before.trained
    assert {layer.update for layer in before.layers} == {layer.ratio for layer in before.layers} == {None}
    assert "ratio" not in str(before)
    start = {}
    net.fit(X, Y, epochs=5, on_epoch=lambda epoch: start.update(epoch.network.params) or epoch.index == 3)
    again = pickle.loads(pickle.dumps(net))
    start = {name: array.copy() for name, array in net.params.items()}
    net.fit(X, Y, epochs=1)
    after = net.summary()
    assert after.trained
    for layer in (after.layers[0], after.layers[2]):
        W = net.params[f"W{layer.number}"]
        step = W - start[f"W{layer.number}"]
        assert layer.weights == pytest.approx(np.sqrt(np.mean(W**2)), rel=1e-12)
        assert layer.update == pytest.approx(np.sqrt(np.mean(step**2)), rel=1e-6)
        assert layer.ratio == layer.update / layer.weights
    assert after.layers[1].update is None
    assert again.summary().trained  # a copy of a trained network knows its last step too


def test_a_network_from_a_file_has_not_been_trained_here(tmp_path: Any) -> None:
    net = net_of()
    net.fit(X, Y, epochs=1)
    net.save(tmp_path / "m.json")
    assert not load(tmp_path / "m.json").summary().trained


def test_extreme_weights_have_a_size() -> None:
    net = net_of()
    net.params["W1"][...] = 1e200
    assert summary(net).layers[0].weights == pytest.approx(1e200)
    net.params["W1"][...] = 0
    assert summary(net).layers[0].weights == 0
    net.last_update = net.theta
    assert summary(net).layers[0].ratio is None
    net.params["W1"][0, 0] = np.inf
    assert "inf" in str(summary(net))
    net.params["W1"][0, 0] = np.nan
    assert "nan" in str(summary(net))


def test_it_fits_a_terminal_of_80_columns() -> None:
    rng = np.random.default_rng(0)
    net = Network(
        [Dense(2048, "leaky_relu"), Dropout(0.123456), Dense(1000, "softplus"), Dense(10, "softmax")],
        inputs=4000,
        scaler=Standardizer(),
        dtype="float32",
    )
    net.last_update = 1e-7 * rng.standard_normal(net.theta.size)
    text = str(net.summary())
    assert max(map(len, text.splitlines())) <= 80
    assert "8,194,048" in text
    assert "4,000 -> 2,048" in text
    assert text.isascii()  # wherever it is printed
    own = Activation("a_name_that_somebody_took_from_a_paper_with_a_long_title", np.sin, np.cos)
    text = str(net_of(Dense(4, own)).summary())
    assert max(map(len, text.splitlines())) <= 80
    assert "Dense 4 a_name_tha..." in text


def test_what_a_user_defined_is_named() -> None:
    own = Activation("<sine>", np.sin, np.cos)
    loss = Loss("log_cosh & more", lambda a, t: np.log(np.cosh(a - t)), lambda a, t: np.tanh(a - t))
    net = Network([Dense(4, own), Dense(1)], inputs=3, loss=loss, scaler=Pixels())
    text, page = str(net.summary()), net._repr_html_()
    for word in ("Dense 4 <sine>", "log_cosh & more", "task values", "scaler Pixels"):
        assert word in text
    assert "Dense 4 &lt;sine&gt;" in page
    assert "log_cosh &amp; more" in page
    well_formed(page)


def test_the_scaler_is_said_as_it_is() -> None:
    assert "scaler none" in str(net_of().summary())
    net = net_of(scaler=Standardizer())
    assert "scaler Standardizer (not fitted yet)" in str(net.summary())
    net.fit(X, Y, epochs=1)
    assert "scaler Standardizer\n" in str(net.summary())


def test_html_says_what_the_text_says() -> None:
    net = net_of(Dense(4, "tanh"), Dropout(0.5))
    net.fit(X, Y, epochs=2)
    seen = net.summary()
    table = well_formed(net._repr_html_())
    cells = [[cell.text or "" for cell in row] for row in table.iter("tr")]
    assert cells == seen.rows()
    paragraphs = [p.text for p in table.iter("p")]
    assert paragraphs == seen.notes()


def test_memory_is_said_in_plain_words() -> None:
    seen = net_of(Dense(4, "tanh")).summary()
    said = next(note for note in seen.notes() if note.startswith("memory"))
    assert f"{size(seen.memory)} of parameters; in training {size(seen.memory_by_row)} for each row of a batch" in said
