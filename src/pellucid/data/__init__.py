"""Data: generated sets, real ones, files in IDX and CSV, scalers, splits. X is rows x features, y one target a row."""

from __future__ import annotations

from pellucid.data.idx import IdxHeader, read_idx, read_idx_header
from pellucid.data.mnist import load_mnist, mnist_files
from pellucid.data.real import load, load_digits, load_microchips
from pellucid.data.scalers import Pixels, Standardizer, scaler_from_dict
from pellucid.data.stories import make_microchips, make_plane, make_shirts, make_waves
from pellucid.data.tables import Table, read_csv
from pellucid.data.toys import make_blobs, make_circles, make_moons, make_spiral, make_xor
from pellucid.splits import split, split_indices
from pellucid.targets import one_hot

__all__ = [
    "IdxHeader",
    "Pixels",
    "Standardizer",
    "Table",
    "load",
    "load_digits",
    "load_microchips",
    "load_mnist",
    "make_blobs",
    "make_circles",
    "make_microchips",
    "make_moons",
    "make_plane",
    "make_shirts",
    "make_spiral",
    "make_waves",
    "make_xor",
    "mnist_files",
    "one_hot",
    "read_csv",
    "read_idx",
    "read_idx_header",
    "scaler_from_dict",
    "split",
    "split_indices",
]
