"""Files that were written in each released format version open, and give what they gave; newer ones say that they are.

The files in released/ were made by the release that had their version, and never change.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from pellucid import FileError, Network, load
from pellucid.data import Pixels, Standardizer
from pellucid.files.description import VERSION

RELEASED = Path(__file__).parent / "released"
# What the release that wrote version 1 printed.
EXPECTED = {
    "classes": [[0.47310761566429277, 0.5268923843357073], [0.4950448633226781, 0.504955136677322]],
    "values": [[0.27976253628730774, 0.5762649774551392], [0.08869806677103043, 0.11864978820085526]],
}
ROWS = {"classes": [[1.0, 250.0], [3.0, 400.0]], "values": [[0, 51, 255], [255, 255, 0]]}


@pytest.mark.parametrize("path", sorted(RELEASED.iterdir()), ids=lambda path: path.name)
def test_an_older_file_opens_and_gives_what_it_gave(path: Path) -> None:
    net, kind = load(path), path.name.partition("-")[0]
    np.testing.assert_allclose(net.forward(ROWS[kind]), EXPECTED[kind], rtol=1e-6 if kind == "values" else 1e-12)
    assert (check_classes if kind == "classes" else check_values)(net)


def check_classes(net: Network) -> bool:
    assert isinstance(net.scaler, Standardizer)
    assert repr(net).startswith("Network(2 -> Dense 3 gelu -> Dropout 0.25 -> Dense 2 softmax, loss cross_entropy")
    return (net.labels, net.features, net.target) == (("no", "yes, 是"), ("age", "income"), "bought")


def check_values(net: Network) -> bool:
    assert isinstance(net.scaler, Pixels)
    assert repr(net) == "Network(3 -> Dense 2 swish -> Dense 2 identity, loss huber(2.5), 14 parameters, float32)"
    return (net.labels, net.features, net.target) == (None, None, None)


def test_every_version_is_kept() -> None:
    kept = {(int(v), e) for path in RELEASED.iterdir() for v, e in re.findall(r"-v(\d+)\.(\w+)$", path.name)}
    assert kept == {(1, "json"), *((v, e) for v in range(2, VERSION + 1) for e in ("json", "safetensors"))}


def test_a_file_of_a_newer_version_says_so(tmp_path: Path) -> None:
    record = json.loads((RELEASED / f"classes-v{VERSION}.json").read_text(encoding="utf-8"))
    record.update(version=VERSION + 1, shape_of_things_to_come=True)
    (tmp_path / "m.json").write_text(json.dumps(record), encoding="utf-8")
    raw = (RELEASED / f"classes-v{VERSION}.safetensors").read_bytes()
    newer = raw.replace(f'"format_version":"{VERSION}"'.encode(), f'"format_version":"{VERSION + 1}"'.encode())
    assert newer != raw
    (tmp_path / "m.safetensors").write_bytes(newer)
    for name in ("m.json", "m.safetensors"):
        with pytest.raises(FileError, match=f"format version {VERSION + 1}; this release reads up to {VERSION}.*newer"):
            load(tmp_path / name)
