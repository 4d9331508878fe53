"""The picture of the house is true: modules import only from above; every exception is named here with its reason."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "pellucid"

# From top to bottom; a module imports only from those above it. A folder is one room: inside it, no circles.
HOUSE = [
    "errors",
    "inputs",
    "records",
    "source",
    "wording",
    "tables",
    "curves",
    "activations",
    "losses",
    "penalties",
    "initializers",
    "optimizers",
    "schedules",
    "layers",
    "targets",
    "settings",
    "network",
    "history",
    "engines",
    "divergence",
    "jobs",
    "hooks",
    "splits",
    "progress",
    "training",
    "sweep",
    "lbfgs",
    "gradients",
    "gradient_check",
    "metrics",
    "data",
    "explain",
    "checker",
    "learning_rate",
    "comparison",
    "files",
    "__init__",  # the public face, from which lessons and the command line import as any program does
    "plots",
    "report",
    "estimators",
    "lessons",
    "studio",
    "cli",
    "__main__",  # python -m pellucid
]

# (from, to): why this one may look down, when it is called or for the sake of types.
DOWNWARDS = {
    ("network", "engines"): "loss, gradients and forward of Network delegate to the readable engine",
    ("network", "training"): "Network.fit delegates to fit",
    ("network", "files"): "Network.save delegates to save",
    ("network", "explain"): "Network.equations, script, trace and summary delegate",
    ("training", "files"): "fit with a folder for checkpoints opens it",
    ("network", "history"): "the types of fit: Epoch and History",
    ("history", "network"): "the type of Epoch.network",
    ("history", "report"): "History.report delegates to write",
    ("history", "files"): "a history is written as every file is: whole or not at all",
    ("explain", "files"): "so is a program",
    ("learning_rate", "plots"): "RateSearch.plot draws",
    ("comparison", "plots"): "Comparison.plot draws",
    ("files", "__init__"): "the version of the library, which a model file names",
    ("engines", "jobs"): "the type of what an engine runs",
    ("engines", "data"): "the scalers whose formula compiled loops fold in",
}

# What a room may import at the top of its files beyond NumPy and Python's own.
LIBRARIES = {
    "cli": {"typer", "rich"},
    "estimators": {"sklearn"},  # whose classes they are; it is looked for before they are imported
    "studio": {"starlette", "uvicorn", "websockets", "pydantic", "pydantic_core"},
}
# These files run in a process of their own that makes machine code; nothing else imports them.
BUILD = {f"pellucid.engines.compiled.{name}" for name in ("build", "kernel", "primitives", "rows", "arithmetic")}


class Import(NamedTuple):
    module: str  # "pellucid.data.scalers"; "pellucid" for the face; or a library
    at_once: bool  # at the top of the file, not in a function and not for types alone


def name_of(path: Path) -> str:
    parts = ["pellucid", *path.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for path in sorted(SOURCE.rglob("*.py"))}


def room(module: str) -> str:
    """Which entry of HOUSE a module belongs to."""
    return module.split(".")[1] if "." in module else "__init__"


def for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def imports(tree: ast.AST, own: str, is_package: bool, at_once: bool = True) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, at_once)
        elif isinstance(node, ast.ImportFrom):
            base = own.split(".")[: len(own.split(".")) - node.level + is_package] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{origin}.{alias.name}"
                yield Import(inner if inner in FILES else origin, at_once)
        else:
            later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or for_types(node)
            yield from imports(node, own, is_package, at_once and not later)


IMPORTS = {
    name: list(imports(ast.parse(path.read_text(encoding="utf-8")), name, path.name == "__init__.py"))
    for name, path in FILES.items()
}
OURS = [
    (name, found.module, found.at_once)
    for name, all_found in IMPORTS.items()
    for found in all_found
    if found.module.partition(".")[0] == "pellucid"
]


def test_every_file_has_its_place_in_the_house() -> None:
    rooms = {room(name) for name in FILES}
    assert rooms - set(HOUSE) == set()
    assert len(HOUSE) == len(set(HOUSE))


def test_the_picture_in_the_documentation_is_this_one() -> None:
    picture = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("```")[1]
    drawn = re.findall(r"^  (\w+)(?:\.py|/)", picture, re.MULTILINE)
    assert drawn == [name for name in HOUSE if not name.startswith("__")]


@pytest.mark.parametrize("name", FILES)
def test_a_module_imports_only_from_above(name: str) -> None:
    for importer, imported, at_once in OURS:
        if importer != name or room(imported) == room(name):
            continue
        assert imported in FILES, f"{name} imports {imported}, and there is no such file"
        if HOUSE.index(room(imported)) > HOUSE.index(room(name)):
            assert (room(name), room(imported)) in DOWNWARDS, f"{name} looks down to {imported}"
            assert not at_once, f"{name} imports {imported} at once, which it may only when called"


def test_every_exception_is_still_one() -> None:
    seen = {(room(importer), room(imported)) for importer, imported, at_once in OURS if not at_once}
    assert set(DOWNWARDS) <= seen
    for above, below in DOWNWARDS:
        # The type of Epoch.network looks up, where only a circle at run time would be one too many.
        assert HOUSE.index(above) < HOUSE.index(below) or (above, below) == ("history", "network")


def test_there_are_no_circles_inside_a_room_either() -> None:
    graph: dict[str, set[str]] = {name: set() for name in FILES}
    for importer, imported, at_once in OURS:
        if at_once and imported != importer and imported != "pellucid":
            graph[importer].add(imported)
    assert len(list(TopologicalSorter(graph).static_order())) == len(FILES)


@pytest.mark.parametrize("name", FILES)
def test_no_library_but_numpy_is_imported_at_once(name: str) -> None:
    allowed = sys.stdlib_module_names | {"numpy", "pellucid"} | LIBRARIES.get(room(name), set())
    if name in BUILD:
        allowed |= {"numba", "llvmlite"}
    at_once = {found.module.partition(".")[0] for found in IMPORTS[name] if found.at_once}
    assert at_once <= allowed


def test_only_the_build_needs_numba() -> None:
    importers = {importer for importer, imported, _ in OURS if imported in BUILD}
    assert importers <= BUILD


def private_uses(name: str) -> Iterator[str]:
    """Names with one leading underscore that a module takes from another of ours, by import or behind a dot."""
    tree = ast.parse(FILES[name].read_text(encoding="utf-8"))
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").partition(".")[0] == "pellucid"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names if is_private(alias.name))
            modules |= {alias.asname or alias.name for alias in node.names if f"{node.module}.{alias.name}" in FILES}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield from [f"{node.value.id}.{node.attr}"] if is_private(node.attr) else []


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


@pytest.mark.parametrize("name", FILES)
def test_no_module_uses_what_is_private_in_another(name: str) -> None:
    assert list(private_uses(name)) == []
