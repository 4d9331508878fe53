"""MNIST: 70,000 handwritten digits of 28 x 28 pixels, kept as the bytes they are.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86 (1998); files by Y. LeCun, C. Cortes and C. Burges.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pellucid.data import places
from pellucid.data.idx import read_idx_watched
from pellucid.data.places import PathLike
from pellucid.errors import DataUnavailable, FileError, MissingExtra, need

Images: TypeAlias = npt.NDArray[np.uint8]
Labels: TypeAlias = npt.NDArray[np.int64]

FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
# Of what is inside the gzip: mirrors compress the same files anew, so their .gz files differ.
SHA256 = {
    "train_images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train_labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "test_images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "test_labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
MAX_BYTES = 2**28  # five times the largest file: enough for EMNIST, a stop for anything absurd
TIMEOUT = 30  # seconds without an answer


def load_mnist(
    folder: PathLike | None = None, *, check: bool = True
) -> tuple[tuple[Images, Labels], tuple[Images, Labels]]:
    """MNIST as ((X, y), (X_test, y_test)): the 60,000 training digits and the 10,000 test digits.

    Looks in `folder` (or its subfolder mnist) alone where it is given; else in the folder that the environment
    variable PELLUCID_DATA names (or its subfolder mnist), then in the user's cache; else downloads into the cache
    (11 MB). The files may be gzip or plain.

    Args:
        folder: where the four files lie.
        check: compare what the files hold with the published MNIST (SHA-256). False reads other sets that come in
            files of the same names, such as Fashion-MNIST.

    Returns:
        X uint8 (60000, 784), pixels 0 (paper) ... 255 (ink), each row an image row by row; y int64 (60000,), 0 ... 9;
        X_test (10000, 784) and y_test (10000,). Give the network ``scaler=Pixels()`` to scale them batch by batch.

    Raises:
        FileError: a file is missing from `folder`, damaged, not MNIST, or its labels do not fit its images.
        DataUnavailable: found nowhere, and could not be downloaded.
        MissingExtra: found nowhere, and pooch, which downloads, is not installed.

    Example:
        >>> (X, y), (X_test, y_test) = load_mnist()  # doctest: +SKIP
        >>> X.shape, y[:5].tolist()  # doctest: +SKIP
        ((60000, 784), [5, 0, 4, 1, 9])
        >>> load_mnist("no/such/folder")
        Traceback (most recent call last):
            ...
        pellucid.errors.FileError: no/such/folder: there is no such folder. Check the path, or leave it out to ...
    """
    files = mnist_files(folder)
    return _pair(files, "train", check), _pair(files, "test", check)


def mnist_files(folder: PathLike | None = None) -> dict[str, Path]:
    """Where the four files are, looked for (and downloaded) as `load_mnist` does.

    Returns:
        Paths by the names train_images, train_labels, test_images, test_labels; `read_idx_header` shows their headers.

    Raises:
        FileError: a file is missing from `folder`.
        DataUnavailable: found nowhere, and could not be downloaded.
        MissingExtra: found nowhere, and pooch, which downloads, is not installed.

    Example:
        >>> read_idx_header(mnist_files()["train_images"]).shape  # doctest: +SKIP
        (60000, 28, 28)
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     for name in FILES.values():
        ...         (Path(folder) / name).touch()
        ...     print(mnist_files(folder)["test_labels"].name)
        t10k-labels-idx1-ubyte
    """
    folders = places.searched(folder, "mnist")
    for place in folders:
        found = {key: _file(place, name) for key, name in FILES.items()}
        if None not in found.values():
            return {key: path for key, path in found.items() if path is not None}
    if folder is not None:
        raise FileError(_what_is_missing(folders[0]))
    return _download(folders)


def _file(place: Path, name: str) -> Path | None:
    """The file plain or gzip; some unpackers write the last "-" of the name as a dot."""
    dotted = name.replace("-idx", ".idx")
    candidates = [place / (stem + ending) for stem in (name, dotted) for ending in ("", ".gz")]
    return next((path for path in candidates if os.path.isfile(path)), None)


def _what_is_missing(folder: Path) -> str:
    elsewhere = "or leave it out to look in PELLUCID_DATA and the cache, and to download"
    if not folder.is_dir():
        return f"{folder}: there is no such folder. Check the path, {elsewhere}."
    missing = [name for name in FILES.values() if _file(folder, name) is None]
    return (
        f"{folder}: of the four MNIST files, these are not there (nor all four in its subfolder mnist): "
        f"{', '.join(missing)}, plain or with .gz. Put them there, give another folder, {elsewhere}."
    )


def _pair(files: dict[str, Path], part: str, check: bool) -> tuple[Images, Labels]:
    """Images and labels of one part, held against each other."""
    images, labels = files[f"{part}_images"], files[f"{part}_labels"]
    y = _read(labels, f"{part}_labels", 1, check)
    X = _read(images, f"{part}_images", 3, check)
    if len(X) != len(y):
        raise FileError(
            f"{labels}: it holds {len(y):,} labels, but {images} holds {len(X):,} images, and each image needs one "
            "label. Take both files from the same source."
        )
    if (wrong := np.flatnonzero(y > 9)).size:
        raise FileError(
            f"{labels}: label {wrong[0]:,} is {y[wrong[0]]}, and must be a digit, 0 ... 9. "
            "Is it the file of another set?"
        )
    return X.reshape(len(X), -1), y.astype(np.int64)


def _read(path: Path, key: str, rank: int, check: bool) -> npt.NDArray[Any]:
    """One file; its checksum is taken while it is read, so there is only ever one copy of the pixels."""
    digest = hashlib.sha256()
    array = read_idx_watched(path, MAX_BYTES, digest.update)
    if array.dtype != np.uint8 or array.ndim != rank or 0 in array.shape:
        raise FileError(
            f"{path}: it holds {array.dtype} of shape {array.shape}, and {FILES[key]} must hold uint8 with {rank} "
            f"dimension{'s' * (rank > 1)}, none of them empty. Check that it is not another file under that name."
        )
    if check and digest.hexdigest() != SHA256[key]:
        raise FileError(
            f"{path}: its contents are not those of the published MNIST file: SHA-256 {digest.hexdigest()}, expected "
            f"{SHA256[key]}. Delete it and get it again, or pass check=False if it is another set in the same format."
        )
    return array


def _download(folders: list[Path]) -> dict[str, Path]:
    """All four files into the cache; each is read and checked before it takes its name there."""
    by_hand = (
        f"To do it by hand, put {', '.join(name + '.gz' for name in FILES.values())} from {MIRRORS[0]} into a folder, "
        f"and name the folder: load_mnist(folder), or the environment variable {places.VARIABLE}."
    )
    try:
        pooch = need("pooch", "cli")
    except MissingExtra as error:
        raise MissingExtra(f"MNIST is not on this disk, and downloading it needs pooch: {error} {by_hand}") from error
    cache = (places.cache_folder() or Path()) / "mnist"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        return {key: _file(cache, name) or _fetch(pooch, cache, key) for key, name in FILES.items()}
    except OSError as error:
        looked = ", ".join(map(str, folders))
        raise DataUnavailable(
            f"MNIST is not on this disk (looked in {looked}), and downloading it failed: {error}. {by_hand}"
        ) from error


def _fetch(pooch: Any, cache: Path, key: str) -> Path:
    """One file from the first mirror that has the right one.

    Raises:
        OSError: what each mirror answered.
    """
    target = cache / f"{FILES[key]}.gz"
    partial = cache / f"{FILES[key]}.{uuid.uuid4().hex}.part"  # complete, or not under the name that counts
    answers = []
    for mirror in MIRRORS:
        try:
            pooch.HTTPDownloader(timeout=TIMEOUT)(mirror + target.name, partial, None)
            _read(partial, key, 3 if key.endswith("images") else 1, check=True)
            return partial.replace(target)
        except (OSError, FileError) as error:
            answers.append(f"{mirror}: {error}")
        finally:
            partial.unlink(missing_ok=True)
    raise OSError("; ".join(answers))
