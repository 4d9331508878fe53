"""`pellucid export`: a saved model in, the same model in another format out."""

from __future__ import annotations

from pathlib import Path

from pellucid.cli import sources
from pellucid.cli.mistakes import UsageError
from pellucid.cli.screen import Screen
from pellucid.files import export_onnx, load, save
from pellucid.network import Network

WRITERS = {".onnx": export_onnx, ".safetensors": save, ".json": save}


def run(model: str, path: str, activations: tuple[str, ...] | None) -> int:
    """Do what `pellucid export` was asked for; the exit code."""
    place = Path(path)
    writer = WRITERS.get(place.suffix.lower())
    if writer is None:
        raise UsageError(f"{path}: the ending says the format, and must be .onnx, .safetensors or .json.")
    sources.writable("PATH", place, model)
    net = load(model, activations)
    with sources.writing(place):
        writer(net, place)
    _say(net, place)
    return 0


def _say(net: Network, place: Path) -> None:
    screen = Screen(stderr=True)
    screen.line(f"{place}: {net!r}, {place.stat().st_size:,} bytes")
    if place.suffix.lower() == ".onnx":
        answers = "values" if net.task == "values" else "label and probabilities"
        screen.line(f"Its input is X, ({net.inputs} columns, float32); its outputs are {answers}.")
