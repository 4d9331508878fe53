"""Where data files may lie: a path that was given, the folder named by PELLUCID_DATA, the user's cache."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TypeAlias

from pellucid.errors import InputError, need

PathLike: TypeAlias = str | os.PathLike[str]

VARIABLE = "PELLUCID_DATA"


def as_path(path: PathLike) -> Path:
    """The argument as a `Path`, "~" expanded, or an InputError that says what a path is.

    Example:
        >>> as_path("data/iris.csv").name
        'iris.csv'
    """
    try:
        found = Path(path).expanduser()
    except (TypeError, RuntimeError) as error:
        raise InputError(f"the path is {path!r}, but must be text or a pathlib.Path: {error}.") from None
    if "\0" in str(found):
        raise InputError(f"the path is {path!r}, but no path can hold a zero character: check where it comes from.")
    return found


def data_folder() -> Path | None:
    """The folder that the environment variable PELLUCID_DATA names, or None where it is not set.

    Example:
        >>> getfixture("monkeypatch").setenv("PELLUCID_DATA", "my-data")
        >>> data_folder().name
        'my-data'
    """
    name = os.environ.get(VARIABLE)
    return as_path(name) if name else None


def cache_folder() -> Path | None:
    """The user's cache folder of this package, as pooch names it; None where pooch is not installed.

    Example:
        >>> folder = cache_folder()
        >>> folder is None or folder.name == "pellucid"
        True
    """
    if importlib.util.find_spec("pooch") is None:
        return None
    return Path(need("pooch", "cli").os_cache("pellucid"))


def searched(folder: PathLike | None, subfolder: str = "") -> list[Path]:
    """The folders to look in, in order: the given one alone, or else PELLUCID_DATA and the cache.

    Where `subfolder` is given, each but the cache is looked at itself and with its subfolder of that name.

    Example:
        >>> [place.name for place in searched("data", "mnist")]
        ['data', 'mnist']
    """
    named = as_path(folder) if folder is not None else data_folder()
    places = [named, named / subfolder] if named is not None and subfolder else [named]
    if folder is None and (cache := cache_folder()) is not None:
        places.append(cache / subfolder)
    return [place for place in places if place is not None]
