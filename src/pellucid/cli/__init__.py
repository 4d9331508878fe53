"""The command line: `pellucid train`, `predict`, `explain`, `export`, `check`, `lesson`, `studio`.

Results go to standard output, plain wherever that is no terminal; progress, remarks and errors go to standard error.
Exit codes: 0 done, 1 data, files or training at fault, or something found by a check, 2 a wrong command line,
130 interrupted, 141 nobody reads on, 143 terminated after a checkpoint was written.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from pellucid.cli.mistakes import Stopped, Terminated, UsageError
from pellucid.errors import MissingExtra, PellucidError, need

__all__ = ["main"]

INTERRUPTED = 130  # 128 + SIGINT, as a shell reports it
NOBODY_READS = 141  # 128 + SIGPIPE, likewise
TERMINATED = 143  # 128 + SIGTERM


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and give its exit code; what the user can mend is one message, never a traceback.

    Args:
        argv: the words after `pellucid`; those of this process by default.

    Returns:
        The exit code, as the module says.

    Example:
        >>> main(["--version"])
        pellucid 0.1.0
        0
    """
    # Where a stream was closed (`>&-`), Python has None; what nobody wants to read goes nowhere.
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter is no reason to stop
    try:
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget(sys.stdout, sys.stderr)
        return NOBODY_READS
    except OSError as error:  # a full disk behind `> file`, say
        _forget(sys.stdout)
        _tell(f"{error.filename or 'standard output'}: {error.strerror or error}.")
        return 1
    return code


def _run(argv: Sequence[str]) -> int:
    """Parse, then do the job, and say what went wrong."""
    try:
        for module in ("typer", "rich"):
            need(module, "cli")
        from pellucid.cli.app import parsed

        job = parsed(argv)
        return job if isinstance(job, int) else job()
    except (KeyboardInterrupt, Stopped):
        _tell("interrupted", label="")
        return INTERRUPTED
    except Terminated as error:
        _tell(str(error), label="")
        return TERMINATED
    except UsageError as error:
        _tell(str(error))
        return 2
    except PellucidError as error:
        _tell(str(error))
        return 1
    except MemoryError as error:
        _tell(f"not enough memory: {error}. Take a smaller network, a smaller batch or fewer rows.")
        return 1


def _tell(message: str, label: str = "error: ") -> None:
    """A message on standard error, with what the library says about Python put in terms of options."""
    from pellucid.cli.words import in_options
    from pellucid.wording import visible

    text = in_options(visible(message, keep="\n"))
    try:
        from pellucid.cli.screen import Screen
    except MissingExtra:
        print(f"{label}{text}", file=sys.stderr)
    else:
        Screen(stderr=True).remark(label, text)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _forget(*streams: TextIO) -> None:
    """Point streams that cannot be written any more to nowhere, so that the interpreter's last flush is quiet."""
    for stream in streams:
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
