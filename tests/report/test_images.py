"""Rows and weights as images: what is one, and that the pixels in the file are the numbers."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import numpy as np
import pytest

from pellucid import Dense, InputError, Network
from pellucid.data import Pixels, load
from pellucid.report import images

Image = pytest.importorskip("PIL.Image")


def pixels(element: str) -> Any:
    found = re.search(r'src="data:image/png;base64,([^"]+)"', element)
    assert found is not None
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGBA"))


def net(inputs: int, **more: Any) -> Network:
    return Network([Dense(2, "softmax")], inputs, **more)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (8, 8), (28, 28)])
def test_ink_is_black_and_as_opaque_as_the_row_is_bright(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    row = rng.integers(0, 256, shape[0] * shape[1]).astype(np.uint8)
    seen = pixels(images.ink(row, shape, (0.0, 255.0), "a digit"))
    assert np.array_equal(seen[..., 3], row.reshape(shape))
    assert not seen[..., :3].any()


def test_ink_runs_from_the_least_to_the_most() -> None:
    X = np.array([[-2.0, 0.0, 1.0, 2.0]])
    assert images.range_of(X) == (-2.0, 2.0)
    assert images.range_of(X + 3) == (0.0, 5.0)
    assert images.range_of(np.zeros((2, 4), dtype=np.uint8)) == (0.0, 255.0)
    low, high = images.range_of(np.zeros((2, 4)))
    assert low < high
    assert pixels(images.ink(X[0], (2, 2), (-2.0, 2.0), ""))[..., 3].tolist() == [[0, 128], [191, 255]]


def test_weights_are_blue_below_red_above_and_clear_at_zero() -> None:
    seen = pixels(images.signed(np.array([-2.0, -0.5, 0.0, 1.0]), (2, 2), 1.0, "unit 1"))
    assert [tuple(colour) for colour in seen.reshape(4, 4)[[0, 1, 3], :3]] == [images.BLUE, images.BLUE, images.RED]
    assert seen[..., 3].ravel().tolist() == [255, 128, 0, 255]  # beyond the deepest is as deep as can be


def test_the_words_for_those_who_cannot_see_are_escaped() -> None:
    assert 'alt="&quot;&gt;&lt;script&gt;"' in images.ink(np.ones(1), (1, 1), (0.0, 1.0), '"><script>')


def test_what_is_taken_for_an_image_unasked() -> None:
    rng = np.random.default_rng(0)
    plain = rng.normal(size=(50, 64))
    assert images.shape_of(net(64), plain, None) is None
    assert images.shape_of(net(64), plain.astype(np.uint8), None) == (8, 8)
    assert images.shape_of(net(784, scaler=Pixels()), rng.integers(0, 256, (9, 784)), None) == (28, 28)
    assert images.shape_of(net(60), np.zeros((5, 60), dtype=np.uint8), None) is None  # no square
    assert images.shape_of(net(49), np.zeros((5, 49), dtype=np.uint8), None) is None  # too few to be sure


def test_digits_are_images_with_names_and_without() -> None:
    pytest.importorskip("sklearn")
    table = load("digits")
    named = net(64)
    named.features = table.features
    assert images.shape_of(named, table.X, None) == (8, 8)
    assert images.shape_of(net(64), table.X, None) == (8, 8)
    assert images.shape_of(net(64), table.X / 16, None) == (8, 8)


@pytest.mark.parametrize("pattern", ["pixel{}", "pixel_{}", "px {}", "row {} column 3", "{}x7", "Pixel_{}_2"])
def test_names_tell_images_from_tables(pattern: str) -> None:
    named = net(64)
    named.features = tuple(pattern.format(k) for k in range(64))
    assert images.shape_of(named, np.random.default_rng(0).normal(size=(5, 64)), None) == (8, 8)
    named.features = (*named.features[1:], "price")
    assert images.shape_of(named, load_like_digits(), None) is None


def load_like_digits() -> Any:
    return np.random.default_rng(0).integers(0, 17, (200, 64)).astype(float)


def test_yes_and_no_in_64_columns_are_no_image() -> None:
    assert images.shape_of(net(64), load_like_digits(), None) == (8, 8)
    assert images.shape_of(net(64), (load_like_digits() > 8).astype(float), None) is None


def test_the_caller_has_the_last_word() -> None:
    X = np.zeros((3, 64), dtype=np.uint8)
    assert images.shape_of(net(64), X, (4, 16)) == (4, 16)
    assert images.shape_of(net(64), X, False) is None


@pytest.mark.parametrize("given", [(8, 9), (64,), (0, 64), (-8, -8), "8x8", 8, ("a", "b"), True])
def test_a_shape_that_does_not_fit_is_refused(given: Any) -> None:
    with pytest.raises(InputError, match="image_shape"):
        images.shape_of(net(64), np.zeros((3, 64)), given)
