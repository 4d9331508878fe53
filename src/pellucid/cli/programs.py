"""A learner's file, run as a program: its own folder is on the path, what it prints is kept apart, nothing stays."""

from __future__ import annotations

import io
import os
import sys
import tokenize
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import numpy as np

from pellucid.checker.slips import sentence
from pellucid.checker.slips.near import near
from pellucid.errors import FileError

BAR = "  | "
MOST_LINES = 200  # of what a program prints; training loops can be long
LARGEST = 2**24  # bytes of a program; more is no program


def read(file: str, lang: str) -> bytes:
    """A program's bytes, as Python would take them.

    Raises:
        FileError: there is no such file, or it is no Python program; in the language asked for.
    """
    path = Path(file)
    try:
        raw = path.read_bytes() if path.is_dir() or path.stat().st_size <= LARGEST else b"\0"
    except FileNotFoundError:
        beside = [entry.name for entry in path.parent.glob("*.py")] if path.parent.is_dir() else []
        meant = near(path.name, beside)
        hint = sentence(lang, "meant_file", name=meant) if meant else ""
        raise FileError(sentence(lang, "file_none", file=file, near=hint)) from None
    except IsADirectoryError:
        raise FileError(sentence(lang, "file_folder", file=file, example=path / "mynet.py")) from None
    except OSError as error:
        raise FileError(sentence(lang, "file_other", name=file, why=error.strerror or error)) from error
    _refuse_other_kinds(path, raw, lang)
    return raw


def _refuse_other_kinds(path: Path, raw: bytes, lang: str) -> None:
    """Refuse what is no text, or a text of another kind: a notebook, a model, a table."""
    kind = path.suffix.lower()
    if kind == ".ipynb":
        raise FileError(sentence(lang, "file_notebook", file=path, stem=path.stem))
    if kind in (".json", ".csv", ".txt", ".npz", ".npy", ".pyc") or b"\0" in raw:
        raise FileError(sentence(lang, "file_kind", file=path))
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        raw.decode(encoding)
    except (UnicodeDecodeError, SyntaxError):  # the latter for the first two lines, or an encoding that there is not
        line = next((i for i, text in enumerate(raw.split(b"\n"), 1) if not _is_utf8(text)), 1)
        raise FileError(sentence(lang, "file_utf8", file=path, line=line)) from None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def prepared(file: str, aside: Aside) -> Iterator[ModuleType]:
    """A module for a program to run in, and around it everything as the program expects it.

    Afterwards the module search path, the arguments, the folder, NumPy's way with errors and the modules from the
    program's own folder are as before.
    """
    path = Path(file).resolve()
    module = ModuleType(_free_name(path.stem))
    module.__file__ = str(path)
    before = dict(sys.modules)
    with ExitStack() as stack:
        stack.callback(_forget, before, path.parent)
        stack.enter_context(_replaced(sys, "path", [str(path.parent), *sys.path]))
        stack.enter_context(_replaced(sys, "argv", [file]))
        stack.callback(os.chdir, Path.cwd())
        stack.enter_context(np.errstate())
        stack.enter_context(_without_windows())
        stack.enter_context(redirect_stdout(aside))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("default")
        warnings.showwarning = aside.warned(path.parent)
        sys.modules[module.__name__] = module
        yield module


def execute(module: ModuleType, raw: bytes) -> dict[str, Any]:
    """Run a program in its module and give its names; blocks below `if __name__ == "__main__":` do not run."""
    exec(compile(raw, str(module.__file__), "exec", dont_inherit=True), module.__dict__)
    return module.__dict__


def _free_name(stem: str) -> str:
    """The name that an import would give, unless another module has it: a file may be called numpy.py."""
    taken = stem in sys.modules or stem in sys.stdlib_module_names
    return f"checked_{stem}" if taken else stem


def _forget(before: dict[str, ModuleType], folder: Path) -> None:
    """Take out the modules that were imported from a folder, so that the next check reads them anew."""
    for name, module in list(sys.modules.items()):
        origin = getattr(module, "__file__", None)
        if name not in before and origin and Path(origin).parent == folder:
            del sys.modules[name]


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    kept = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, kept)


@contextmanager
def _without_windows() -> Iterator[None]:
    """Pictures that the program draws open no windows, which would wait to be closed."""
    kept = os.environ.get("MPLBACKEND")
    os.environ["MPLBACKEND"] = "Agg"
    try:
        yield
    finally:
        os.environ.pop("MPLBACKEND", None)
        if kept is not None:
            os.environ["MPLBACKEND"] = kept


class Aside(io.TextIOBase):
    """Where a program's prints go: to standard error, each line behind a bar, so that results stay apart from them.

    Args:
        out: the stream.
        title: a line above the first one.
        rest: makes the last line, from the number of lines that were left out.
    """

    def __init__(self, out: TextIO, title: str, rest: Callable[[int], str]) -> None:
        self.out, self.title, self.rest = out, title, rest
        self.lines = 0
        self.fresh = True

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        for part in text.splitlines(keepends=True):
            if self.fresh:
                self._begin()
            if self.lines <= MOST_LINES:
                self.out.write(part)
            self.fresh = part.endswith("\n")
        return len(text)

    def flush(self) -> None:
        with suppress(ValueError):
            self.out.flush()

    def end(self) -> None:
        """After everything: the last line is ended, and what was left out is counted."""
        if not self.fresh and self.lines <= MOST_LINES:
            self.out.write("\n")
        self.fresh = True
        if self.lines > MOST_LINES:
            self.out.write(f"{BAR}{self.rest(self.lines - MOST_LINES)}\n")
        if self.lines:
            self.out.write("\n")
            self.out.flush()
        self.lines = 0

    def warned(self, folder: Path) -> Callable[..., None]:
        """What to do with a warning: one about the program's own lines is shown as a line of it."""

        def show(message: Warning, category: type[Warning], filename: str, line: int, *more: object) -> None:
            if Path(filename).resolve().parent == folder:
                self.write(
                    f"{'' if self.fresh else chr(10)}{Path(filename).name}:{line}: {category.__name__}: {message}\n"
                )

        return show

    def _begin(self) -> None:
        self.lines += 1
        if self.lines == 1:
            self.out.write(self.title + "\n")
        if self.lines <= MOST_LINES:
            self.out.write(BAR)
