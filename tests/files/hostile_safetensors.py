"""Safetensors files made by hand, so that each part can lie."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from pellucid import Dense, Network
from pellucid.files import save


def parts(net: Network | None = None) -> tuple[dict[str, Any], bytes]:
    """Header and numbers of a good file."""
    net = Network([Dense(3, "tanh"), Dense(2, "softmax")], inputs=2, seed=3) if net is None else net
    with tempfile.TemporaryDirectory() as folder:
        save(net, Path(folder) / "m.safetensors")
        raw = (Path(folder) / "m.safetensors").read_bytes()
    length = int.from_bytes(raw[:8], "little")
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def joined(header: dict[str, Any] | str | bytes, numbers: bytes, length: int | None = None) -> bytes:
    """A file of these parts; `length`: what it says of its header."""
    text = json.dumps(header) if isinstance(header, dict) else header
    raw = text.encode() if isinstance(text, str) else text
    return (len(raw) if length is None else length).to_bytes(8, "little") + raw + numbers
