"""Rows and weights as small images: PNG files inside the page, with clear paper, so that they fit light and dark."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from collections.abc import Iterable
from math import isqrt
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pellucid.data.scalers import Pixels
from pellucid.errors import InputError
from pellucid.network import Network
from pellucid.report.markup import Html, el

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]
Shape = tuple[int, int]

BLUE, RED = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)  # as in every picture of this library
LEVELS = 60  # of a weight, on either side of 0
LEAST = 64  # features that are taken for an image unasked
_PIXEL = re.compile(r"(pixel|px|pix)[\W_]*\d+([\W_x]+\d+)?|row \d+ column \d+|\d+x\d+", re.IGNORECASE)


def shape_of(net: Network, X: Array, given: Shape | Literal[False] | None) -> Shape | None:
    """Height and width of the images that the rows of X are, or None where they are none.

    Taken for images unasked: a square number of features, 64 or more, that are bytes or go through `Pixels`, are named
    pixel_0, 0x1, "row 0 column 1" and the like, or have no names and rise from 0 to one and the same number, as
    brightness does.

    Raises:
        InputError: the shape that was given is none, or does not hold as many pixels as there are features.
    """
    if given is False:
        return None
    if given is not None:
        return _checked(given, net.inputs)
    side = isqrt(net.inputs)
    if side * side != net.inputs or net.inputs < LEAST:
        return None
    if isinstance(net.scaler, Pixels) or X.dtype == np.uint8:
        return side, side
    if net.features is not None:
        return (side, side) if all(_PIXEL.fullmatch(str(feature)) for feature in net.features) else None
    return (side, side) if _is_brightness(X[:: max(1, len(X) // 500)]) else None


def _checked(given: Any, inputs: int) -> Shape:
    try:
        height, width = (int(side) for side in given)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"image_shape must be (height, width), False where rows are no images, or None; it is {given!r}."
        ) from error
    if height < 1 or width < 1 or height * width != inputs:
        raise InputError(
            f"image_shape {height} x {width} holds {height * width} pixels, and a row has {inputs} features: "
            f"give (height, width) with height * width = {inputs}."
        )
    return height, width


def _is_brightness(X: Array) -> bool:
    """Whether columns rise from 0 to a maximum that many of them share, with something between the two."""
    if X.min() != 0:
        return False
    top = X.max()
    shared = float(np.mean(X.max(axis=0) == top))
    return bool(top > 0 and shared >= 0.25 and ((X > 0) & (top > X)).any())


def range_of(X: Array) -> tuple[float, float]:
    """What is drawn as clear paper and what as full ink: 0, or the least where that is below, and the largest."""
    if X.dtype == np.uint8:
        return 0.0, 255.0
    low, high = min(0.0, float(X.min())), float(X.max())
    return low, max(high, low + 1e-12)


def ink(row: Array, shape: Shape, brightness: tuple[float, float], alt: str) -> Html:
    """A row as an image, from clear paper to black, or to white where the page is dark."""
    low, high = brightness
    shares = (row.astype(np.float64).reshape(shape) - low) / (high - low)
    alpha = np.round(255 * np.clip(shares, 0, 1)).astype(np.uint8)
    return _element(_png(np.stack([np.zeros_like(alpha), alpha], axis=-1), grey=True), shape, "ink", alt)


def signed(weights: Array, shape: Shape, extreme: float, alt: str) -> Html:
    """Weights (height * width,) as an image: clear at 0, towards blue below and towards red above."""
    levels = np.round(weights.astype(np.float64).reshape(shape) * (LEVELS / extreme)).astype(np.int64)
    index = (np.clip(levels, -LEVELS, LEVELS) + LEVELS).astype(np.uint8)
    sides = np.arange(2 * LEVELS + 1) - LEVELS
    palette = np.where(sides[:, None] < 0, BLUE, RED).astype(np.uint8)
    alpha = np.round(255 * np.abs(sides) / LEVELS).astype(np.uint8)
    return _element(_png(index, palette=palette, alpha=alpha), shape, "signed", alt)


def _element(png: bytes, shape: Shape, class_: str, alt: str) -> Html:
    source = "data:image/png;base64," + base64.b64encode(png).decode()
    return el("img", src=source, width=shape[1], height=shape[0], class_=class_, alt=alt)


def _png(pixels: Bytes, grey: bool = False, palette: Bytes | None = None, alpha: Bytes | None = None) -> bytes:
    """A PNG file of (height, width, 2) grey and alpha, or of (height, width) indices into a palette.

    Source: Portable Network Graphics (PNG) Specification, third edition, W3C (2025).
    """
    height, width = pixels.shape[:2]
    lines = np.zeros((height, 1 + pixels.reshape(height, -1).shape[1]), dtype=np.uint8)  # each begins with its filter
    lines[:, 1:] = pixels.reshape(height, -1)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 4 if grey else 3, 0, 0, 0))]
    chunks += [] if palette is None else [(b"PLTE", palette.tobytes())]
    chunks += [] if alpha is None else [(b"tRNS", alpha.tobytes())]
    chunks += [(b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def gallery(tiles: Iterable[tuple[Html, str]], small: bool = False) -> Html:
    """Images with a caption each, as many in a row as there is room for."""
    figures = (el("figure", image, el("figcaption", caption)) for image, caption in tiles)
    return el("div", *figures, class_="gallery units" if small else "gallery")
