"""MNIST: found where it lies, checked while it is read, fetched where it is not, and never copied more than needed."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import struct
import sys
import threading
import tracemalloc
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from pellucid.data import load_mnist, mnist, mnist_files, places, read_idx_header
from pellucid.errors import DataUnavailable, FileError, MissingExtra

NAMES = list(mnist.FILES.values())


@pytest.fixture(scope="module")
def real():
    """The folder of the real files."""
    named = os.environ.get("PELLUCID_DATA", Path(__file__).parents[2].parent / "shared" / "data")
    folder = Path(named) / "mnist"
    if not all((folder / f"{name}.gz").is_file() for name in NAMES):
        pytest.skip("the MNIST files are not here: name their folder in PELLUCID_DATA")
    return folder


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No environment variable and an empty cache; returns the cache."""
    monkeypatch.delenv("PELLUCID_DATA", raising=False)
    monkeypatch.setattr(places, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(mnist, "MIRRORS", ("http://127.0.0.1:9/",))  # the discard port: nobody answers
    monkeypatch.setenv("NO_PROXY", "*")
    return tmp_path / "cache" / "mnist"


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def small_files():
    """Four files like MNIST's, with five and three images of 2 x 3 pixels."""
    images = np.arange(48, dtype=np.uint8).reshape(8, 2, 3)
    labels = np.array([5, 0, 4, 1, 9, 7, 2, 1], np.uint8)
    contents = (idx(images[:5]), idx(labels[:5]), idx(images[5:]), idx(labels[5:]))
    return dict(zip(NAMES, contents, strict=True))


def put(folder, files, ending=".gz"):
    folder.mkdir(parents=True, exist_ok=True)
    for name, contents in files.items():
        (folder / (name + ending)).write_bytes(gzip.compress(contents) if ending else contents)
    return folder


@pytest.fixture
def small(monkeypatch):
    """The small files, and their checksums in place of the real ones."""
    files = small_files()
    sums = {key: hashlib.sha256(files[name]).hexdigest() for key, name in mnist.FILES.items()}
    monkeypatch.setattr(mnist, "SHA256", sums)
    return files


# --- the real files ------------------------------------------------------------------------------------------------


def test_mnist_is_what_it_should_be(real):
    tracemalloc.start()
    try:
        (X, y), (X_test, y_test) = load_mnist(real)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (X.shape, X.dtype) == ((60000, 784), np.uint8)
    assert (X_test.shape, X_test.dtype) == ((10000, 784), np.uint8)
    assert y.dtype == y_test.dtype == np.int64
    assert y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert y_test[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert np.bincount(y).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert (int(X.max()), round(float(X.mean()), 2)) == (255, 33.32)
    assert peak < 1.3 * (X.nbytes + X_test.nbytes)


def test_the_headers_of_the_real_files(real):
    files = mnist_files(real)
    assert list(files) == ["train_images", "train_labels", "test_images", "test_labels"]
    headers = [(read_idx_header(path).magic, read_idx_header(path).shape) for path in files.values()]
    assert headers == [(2051, (60000, 28, 28)), (2049, (60000,)), (2051, (10000, 28, 28)), (2049, (10000,))]


def test_one_changed_pixel_or_label_is_found(real, tmp_path):
    for name in NAMES:
        (tmp_path / f"{name}.gz").symlink_to(real / f"{name}.gz")
    changed = tmp_path / f"{NAMES[3]}.gz"
    data = bytearray(gzip.decompress(changed.read_bytes()))
    data[1000] = (data[1000] + 1) % 10
    changed.unlink()
    changed.write_bytes(gzip.compress(bytes(data)))
    with pytest.raises(FileError, match=rf"{NAMES[3]}.*SHA-256 {hashlib.sha256(data).hexdigest()}, expected ff7bcfd4"):
        load_mnist(tmp_path)
    _, (_, y_test) = load_mnist(tmp_path, check=False)
    assert len(y_test) == 10000


# --- where files are looked for ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".gz", ""])
@pytest.mark.parametrize("subfolder", ["", "mnist"])
@pytest.mark.parametrize("way", ["folder", "variable", "cache"])
def test_places(small, nowhere, monkeypatch, tmp_path, ending, subfolder, way):
    folder = nowhere if way == "cache" else put(tmp_path / "data" / subfolder, small, ending)
    if way == "cache":
        put(nowhere, small, ending)
    if way == "variable":
        monkeypatch.setenv("PELLUCID_DATA", str(tmp_path / "data"))
    given = tmp_path / "data" if way == "folder" else None
    (X, y), (X_test, y_test) = load_mnist(given)
    assert X.tolist() == np.arange(30).reshape(5, 6).tolist()
    assert X_test.tolist() == np.arange(30, 48).reshape(3, 6).tolist()
    assert (y.tolist(), y_test.tolist()) == ([5, 0, 4, 1, 9], [7, 2, 1])
    assert mnist_files(given) == {key: folder / (name + ending) for key, name in mnist.FILES.items()}


def test_names_with_a_dot_are_known(small, nowhere, tmp_path):
    put(tmp_path, {name.replace("-idx", ".idx"): contents for name, contents in small.items()}, "")
    assert load_mnist(tmp_path)[0][1].tolist() == [5, 0, 4, 1, 9]


def test_a_given_folder_is_the_only_one(small, nowhere, tmp_path, monkeypatch):
    put(nowhere, small)
    monkeypatch.setenv("PELLUCID_DATA", str(nowhere))
    folder = put(tmp_path / "given", small)
    (folder / f"{NAMES[2]}.gz").unlink()
    with pytest.raises(FileError, match=rf"given: .*not there.*: {NAMES[2]}, plain or with \.gz"):
        load_mnist(folder)
    with pytest.raises(FileError, match="no such folder"):
        load_mnist(tmp_path / "none")


def test_an_incomplete_folder_of_the_variable_is_passed_over(small, nowhere, tmp_path, monkeypatch):
    folder = put(tmp_path / "named", small)
    (folder / f"{NAMES[0]}.gz").unlink()
    monkeypatch.setenv("PELLUCID_DATA", str(folder))
    put(nowhere, small)
    assert mnist_files()["train_labels"].parent == nowhere


# --- what is in them -----------------------------------------------------------------------------------------------

RAMP = np.arange(5, dtype=np.uint8)


@pytest.mark.parametrize(
    ("which", "contents", "says"),
    [
        (1, idx(np.array([0, 1, 2, 3, 10], np.uint8)), "label 4 is 10.*0 ... 9"),
        (3, idx(np.array([255, 0, 1], np.uint8)), "label 0 is 255"),
        (1, idx(RAMP[:4]), "holds 4 labels.*holds 5 images"),
        (0, idx(np.zeros((6, 2, 3), np.uint8)), "holds 5 labels.*holds 6 images"),
        (0, idx(np.zeros((5, 6), np.uint8)), r"shape \(5, 6\).*3 dimensions"),
        (0, idx(np.zeros((5, 0, 3), np.uint8)), "none of them empty"),
        (1, idx(np.zeros(0, np.uint8)), "none of them empty"),
        (1, idx(np.zeros((5, 1, 1), np.uint8)), "1 dimension,"),
        (1, b"\0\0\x0c\1\0\0\0\5" + bytes(20), "int32"),
        (0, b"<html>404</html>", "no IDX file"),
        (0, idx(np.zeros((5, 2, 3), np.uint8))[:-1], "cut short"),
        (2, b"\0\0\x08\x03" + struct.pack(">3I", 2**31, 28, 28), "max_bytes"),
    ],
)
def test_files_that_are_not_mnist(nowhere, tmp_path, which, contents, says):
    put(tmp_path / "data", small_files() | {NAMES[which]: contents})
    with pytest.raises(FileError, match=says) as caught:
        load_mnist(tmp_path / "data", check=False)
    assert NAMES[which] in str(caught.value) or NAMES[which - 1] in str(caught.value)


def test_the_checksum_is_checked_unless_told_otherwise(nowhere, tmp_path):
    put(tmp_path / "data", small_files())
    with pytest.raises(FileError, match=r"SHA-256.*check=False"):
        load_mnist(tmp_path / "data")
    assert load_mnist(tmp_path / "data", check=False)[0][0].shape == (5, 6)


# --- fetching ------------------------------------------------------------------------------------------------------


@pytest.fixture
def mirror(tmp_path):
    """A server on this machine; what was asked of it, and its address."""
    (tmp_path / "served").mkdir()
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *about):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "served")))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield tmp_path / "served", f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_second_mirror_serves_where_the_first_does_not(small, nowhere, monkeypatch, mirror):
    served, address, asked = mirror
    put(served / "good", small)
    put(served / "bad", dict.fromkeys(small, b"something else"))
    monkeypatch.setattr(mnist, "MIRRORS", (f"{address}/none/", f"{address}/bad/", f"{address}/good/"))
    assert load_mnist()[0][1].tolist() == [5, 0, 4, 1, 9]
    assert sorted(path.name for path in nowhere.iterdir()) == sorted(f"{name}.gz" for name in NAMES)
    asked.clear()
    assert load_mnist()[1][1].tolist() == [7, 2, 1]
    assert asked == []


def test_only_what_is_missing_is_fetched(small, nowhere, monkeypatch, mirror):
    served, address, asked = mirror
    put(served, small)
    put(nowhere, small)
    (nowhere / f"{NAMES[2]}.gz").unlink()
    monkeypatch.setattr(mnist, "MIRRORS", (f"{address}/",))
    load_mnist()
    assert asked == [f"/{NAMES[2]}.gz"]


def test_wrong_files_never_reach_the_cache(small, nowhere, monkeypatch, mirror):
    served, address, _ = mirror
    put(served, small | {NAMES[1]: small[NAMES[3]]})
    monkeypatch.setattr(mnist, "MIRRORS", (f"{address}/",))
    with pytest.raises(DataUnavailable, match=r"SHA-256.*by hand"):
        load_mnist()
    assert [path.name for path in nowhere.iterdir()] == [f"{NAMES[0]}.gz"]


def test_offline_says_what_to_do(nowhere):
    with pytest.raises(DataUnavailable, match=rf"(?s)looked in {nowhere}.*{NAMES[0]}\.gz.*PELLUCID_DATA"):
        load_mnist()
    assert list(nowhere.iterdir()) == []


def test_a_cache_that_cannot_be_made(nowhere):
    nowhere.parent.write_text("a file where the folder should be")
    with pytest.raises(DataUnavailable, match="by hand"):
        load_mnist()


def test_without_pooch_the_extra_is_named(nowhere, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(MissingExtra, match=r"(?s)'\.\[cli\]'.*by hand.*PELLUCID_DATA"):
        load_mnist()


def test_without_pooch_there_is_no_cache(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert places.cache_folder() is None
    monkeypatch.setenv("PELLUCID_DATA", "somewhere")
    assert places.searched(None, "mnist") == [Path("somewhere"), Path("somewhere/mnist")]


def test_a_damaged_cache_says_to_delete_the_file(small, nowhere):
    put(nowhere, small)
    shutil.copy(nowhere / f"{NAMES[3]}.gz", nowhere / f"{NAMES[1]}.gz")
    with pytest.raises(FileError, match=rf"{NAMES[1]}.*Delete it"):
        load_mnist()
