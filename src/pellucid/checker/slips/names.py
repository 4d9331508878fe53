"""A name, key, attribute or module that is not there: what is there, and what was probably meant."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from pellucid.checker.slips.cases import Case, Told
from pellucid.checker.slips.near import alike, kin, near
from pellucid.checker.slips.origins import at_module_level, defined, locals_elsewhere, origins
from pellucid.checker.slips.values import shortlist, written

RATHER = 0.75  # how like a name must be to one of many that nobody chose
USUAL_IMPORTS = {
    "np": "import numpy as np",
    "numpy": "import numpy",
    "plt": "import matplotlib.pyplot as plt",
    "pd": "import pandas as pd",
    "math": "import math",
    "random": "import random",
    "time": "import time",
    "os": "import os",
    "sys": "import sys",
    "json": "import json",
    "Path": "from pathlib import Path",
}
# What NumPy does not have, and every network needs.
FORMULAS = {
    "sigmoid": "def sigmoid(z): return 1 / (1 + np.exp(-z))",
    "relu": "def relu(z): return np.maximum(0, z)",
    "softmax": "def softmax(z): e = np.exp(z - z.max(axis=1, keepdims=True)); return e / e.sum(axis=1, keepdims=True)",
    "one_hot": "def one_hot(y, classes): return np.eye(classes)[y]",
}
# What is imported by one name and installed by another.
INSTALLED_AS = {
    "sklearn": "scikit-learn",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "yaml": "pyyaml",
    "skimage": "scikit-image",
}


def unbound(case: Case) -> Told | None:
    """A local name that has no value yet."""
    found = re.search(r"variable '(\w+)'", case.words)
    if not isinstance(case.error, UnboundLocalError) or not found:
        return None
    name = found[1]
    lines = [origin.line for origin in origins(case.place, ast.Name(name, ast.Load()))] or [case.place.line]
    values = {"name": name, "line": lines[0], "function": case.place.function}
    if name in case.place.frame.f_globals:
        return case.told("unbound_global", **values)
    return case.told("unbound_later" if lines[0] >= case.place.line else "unbound_skipped", **values)


def name(case: Case) -> Told | None:
    """A name that nothing stands for."""
    word = getattr(case.error, "name", None) or (re.findall(r"'(\w+)'", case.words) or [None])[0]
    if not isinstance(case.error, NameError) or word is None:
        return None
    own = [*case.place.scope, *(function.name for function in case.place.source.functions())]
    same = alike(word, [*own, *dir(builtins)])
    if same is not None:
        return _meant(case, word, same)
    exact = _exact(case, word)
    if exact is not None:
        return exact
    meant = near(word, own) or next(iter(kin(word, own)), None) or near(word, dir(builtins), RATHER)
    if meant is not None:
        return _meant(case, word, meant)
    if word in FORMULAS:
        return case.told("name_formula", name=word, formula=FORMULAS[word])
    if hasattr(np, word) and len(word) > 1:
        return case.told("name_numpy", name=word)
    functions = [function.name for function in case.place.source.functions() if function.col_offset == 0]
    more = case.text("name_functions", names=shortlist(functions)) if _is_called(case, word) and functions else ""
    return case.told("name_unknown", more, name=word)


def _meant(case: Case, word: str, meant: str) -> Told:
    function = defined(case.place.source, meant)
    where = case.text("defined_here", name=meant, line=function.lineno) if function else ""
    return case.told("name_near", case.text("meant", name=meant), where, name=word)


def _exact(case: Case, word: str) -> Told | None:
    """The very name, standing somewhere else than where it was looked for."""
    scope, source = case.place.scope, case.place.source
    if word in USUAL_IMPORTS and at_module_level(source, word) is None:
        return case.told("name_import", name=word, line=USUAL_IMPORTS[word])
    if hasattr(scope.get("self"), word):
        return case.told("name_self", name=word)
    for owner, value in scope.items():
        if isinstance(value, dict) and not owner.startswith("__") and word in value:
            return case.told("name_key", name=word, owner=owner)
    below = at_module_level(source, word)
    if below is not None:
        return case.told("name_later", name=word, line=below)
    others = locals_elsewhere(source, word, case.place.line)
    if others:
        function, line = others[0]
        return case.told("name_elsewhere", name=word, function=function, line=line)
    return None


def _is_called(case: Case, word: str) -> bool:
    called = [node.func for node in ast.walk(case.place.source.tree) if isinstance(node, ast.Call)]
    return any(isinstance(node, ast.Name) and node.id == word and node.lineno == case.place.line for node in called)


def key(case: Case) -> Told | None:
    """A key that a dict does not have."""
    if not isinstance(case.error, KeyError) or not case.error.args:
        return None
    wanted, node = case.error.args[0], case.node
    owner = node.value if isinstance(node, ast.Subscript) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = node.func.value
    mapping = case.value(owner)
    if not isinstance(mapping, dict):
        return case.told("key_unknown", case.facts(), key=repr(wanted))
    keys = [entry for entry in mapping if isinstance(entry, str)]
    meant: Any = next((entry for entry in mapping if str(entry) == str(wanted)), None)
    if meant is None and isinstance(wanted, str):
        meant = near(wanted, keys) or next(iter(_with(wanted, keys)), None)
    hint = "" if meant is None else case.text("meant", name=repr(meant))
    there = shortlist([repr(entry) for entry in mapping])
    return case.told("key" if there else "key_empty", hint, owner=written(owner), key=repr(wanted), keys=there)


def _with(wanted: str, keys: list[str]) -> list[str]:
    """Keys that contain the wanted one, or are contained in it: W1 and dW1, W1 and grad_W1."""
    return [entry for entry in keys if wanted and (entry.endswith(wanted) or wanted.endswith(entry))]


def attribute(case: Case) -> Told | None:
    """An attribute that a thing does not have."""
    error = case.error
    if not isinstance(error, AttributeError) or error.name is None:
        return None
    owner, wanted = error.obj, error.name
    target = case.node.value if isinstance(case.node, ast.Attribute) else None
    text = written(target) or type(owner).__name__
    values = {"name": text, "attribute": wanted}
    if isinstance(owner, list | tuple) and hasattr(np.ndarray, wanted):
        return case.told("attribute_list", what=case.described(target), **values)
    if isinstance(owner, dict) and wanted in owner:
        return case.told("attribute_dict", **values)
    if isinstance(owner, np.ndarray) and hasattr(np, wanted):
        return case.told("attribute_array", **values)
    meant = near(wanted, dir(owner), RATHER)
    hint = case.text("meant", name=f"{text}.{meant}") if meant else _own_attributes(case, owner)
    if isinstance(owner, ModuleType):
        return case.told("attribute_module", hint, **values)
    return case.told("attribute", hint, what=case.described(target) or type(owner).__name__, **values)


def _own_attributes(case: Case, owner: Any) -> str:
    own = [name for name in getattr(owner, "__dict__", {}) if not name.startswith("_")]
    return case.text("attribute_has", names=shortlist(own)) if own and not callable(owner) else ""


def module(case: Case) -> Told | None:
    """A module that is not installed, or a name that it does not have."""
    error = case.error
    if not isinstance(error, ImportError) or error.name is None:
        return None
    missing = re.search(r"cannot import name '(\w+)'", case.words)
    if missing:
        loaded = sys.modules.get(error.name)
        meant = near(missing[1], dir(loaded) if loaded is not None else [])
        hint = case.text("meant", name=meant) if meant else ""
        return case.told("import_name", hint, name=missing[1], module=error.name)
    top = error.name.partition(".")[0]
    beside = [path.stem for path in _folder(case) if path.suffix == ".py"]
    known = [*packages_distributions(), *sys.stdlib_module_names, *beside]
    meant = near(top, known, RATHER)
    if top in known:
        return case.told("import_part", name=error.name, module=top)
    if meant:
        return case.told("import_near", case.text("meant", name=meant), name=top)
    return case.told("import_missing", name=top, package=INSTALLED_AS.get(top, top))


def _folder(case: Case) -> list[Path]:
    return sorted(Path(case.place.frame.f_code.co_filename).resolve().parent.iterdir())
