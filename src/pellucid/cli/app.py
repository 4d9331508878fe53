"""The program `pellucid`: its commands, and how a command line becomes a job, a function that takes nothing."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Annotated, Any

import typer

import pellucid
from pellucid.cli import commands
from pellucid.cli.mistakes import UsageError

# typer's own name for a wrong command line has moved between its versions; that of its child has not.
_WrongUsage: Any = typer.BadParameter.__base__


COMMANDS: tuple[Callable[..., Any], ...] = (
    commands.train,
    commands.predict,
    commands.explain,
    commands.export,
    commands.check,
    commands.lesson,
    commands.studio,
)


def parsed(argv: Sequence[str]) -> Callable[[], int] | int:
    """What a command line asks for, or the exit code where help or the version was all.

    Raises:
        UsageError: it makes no sense.
    """
    if list(argv[:1]) == ["lesson"]:
        from pellucid.cli import lesson

        if (named := lesson.asked_for_help(argv)) is not None:
            return partial(lesson.explained, named)
    command = typer.main.get_command(_app())
    try:
        job = command.main(args=list(argv), prog_name="pellucid", standalone_mode=False)
    except _WrongUsage as error:
        at = error.ctx.command_path if error.ctx else "pellucid"
        hint = _of_resume(argv, error.format_message())
        raise UsageError(f"{error.format_message()}{hint}\nTry: {at} --help") from None
    return job if callable(job) else int(job or 0)


def _of_resume(argv: Sequence[str], said: str) -> str:
    """A sentence where a folder stands after --resume, which takes none."""
    folder = next((word for before, word in pairwise(argv) if before == "--resume"), "-")
    if folder.startswith("-") or folder not in said:
        return ""
    return f". --resume takes no folder; write --checkpoint {folder} --resume."


def _app() -> typer.Typer:
    # Frames and colours are for people; where help goes into a pipe it is plain.
    markup = "rich" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else None
    app = typer.Typer(add_completion=False, rich_markup_mode=markup, pretty_exceptions_enable=False)  # type: ignore[arg-type]
    app.callback(invoke_without_command=True)(_pellucid)
    for command in COMMANDS:
        app.command(command.__name__, help=_unwrapped(command))(command)
    return app


def _unwrapped(command: Callable[..., Any]) -> str:
    """A docstring with each paragraph on one line, for the screen to wrap; those behind \\b keep their lines."""
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    return "\n\n".join(text if text.startswith("\b") else " ".join(text.split("\n")) for text in paragraphs)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pellucid {pellucid.__version__}")
        raise typer.Exit


def _pellucid(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Neural networks you can see through: train a small one on a table, use it, and learn how it works.

    \b
    Examples:
      pellucid train                               handwritten digits, in seconds
      pellucid train iris.csv --target species     your own table
      pellucid explain MODEL.json                  what a model calculates, as equations
      pellucid export MODEL.json model.onnx        the same model for other programs
      pellucid check mynet.py                      what is wrong with a network of your own
      pellucid lesson                              eight lessons, in English and Chinese
      pellucid studio                              watch a network learn, in a browser
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
