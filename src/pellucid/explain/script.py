"""The from-scratch NumPy program of a network: what `fit` does, as a tutorial would write it, number for number.

The formulas in it are the records' own: see `pellucid.source`. Everything else is written by the modules of
`pellucid.explain.program`, one for each section.
"""

from __future__ import annotations

import os
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pellucid import engines
from pellucid.engines.readable import BLOCK
from pellucid.errors import FileError, InputError
from pellucid.explain.chain import links_of
from pellucid.explain.names import RESERVED
from pellucid.explain.program import data, loop, parameters
from pellucid.explain.program.arrays import Store
from pellucid.explain.program.data import Samples, Targets
from pellucid.explain.program.heading import heading
from pellucid.explain.program.library import Library
from pellucid.explain.program.plan import Plan, functions_of, gives_values_by_output
from pellucid.explain.program.rates import rate_of
from pellucid.explain.program.tables import CsvTable, table_of
from pellucid.explain.program.text import WIDTH
from pellucid.jobs import Job
from pellucid.layers import Dense
from pellucid.network import Network
from pellucid.settings import Settings, takes_settings
from pellucid.splits import split_indices
from pellucid.targets import labels_of
from pellucid.training import prepare

Array = npt.NDArray[Any]

LINES = 120  # of a program that is to be read, if they suffice
FEW = 3  # layers of which each has lines of its own


@takes_settings
def script(
    net: Network,
    X: Any = None,
    y: Any = None,
    *,
    csv: Any = None,
    target: Any = None,
    weights: Literal["auto", "included", "redrawn"] = "auto",
    path: Any = None,
    **settings: Any,
) -> str:
    """The Python program, importing NumPy alone, that trains this network as `fit` would now, and prints its losses.

    It prints a line an epoch with the loss of `history.loss`, in all its digits, and the validation loss where rows
    are held out. Its arithmetic is that of the readable engine. Nothing is trained or changed by writing it.

    Args:
        net: the network, with the parameters that it has now.
        X: features (n, inputs), put into the program. Without X and without csv, the program loads a file data.npz,
            and says how to write it.
        y: targets of the rows of X, in any form that `fit` takes.
        csv: in place of X and y, the path of a CSV file, which the program reads as `pellucid.data.read_csv` does.
        target: the column of that file to predict, by name or position; None: the one that the network knows.
        weights: "redrawn" draws the initial weights again by the seed of the network, as they were when it was
            built; "included" writes down those that it has now; "auto" redraws where that gives those that it has.
        path: where to write the program, a file ending in .py. Long arrays are then saved beside it, in an .npz of
            the same name, and not put into the program.
        settings: of `fit`. All are followed but the engine.

    Returns:
        The text of the program.

    Raises:
        InputError: data or settings that `fit` would refuse; a formula whose source cannot be read; too much data to
            be put into a program; or something that a program cannot be written for, with what to do.
        FileError: the CSV file is none that `read_csv` reads, or the program cannot be written to its path.

    Example:
        >>> from pellucid import Dense, Network
        >>> net = Network([Dense(1, "sigmoid")], inputs=1)
        >>> exec(script(net, [[-1.0], [1.0]], [0, 1], epochs=2))
        epoch 0  loss 0.6322567809053807
        epoch 1  loss 0.6105704794097411
        >>> net.fit([[-1.0], [1.0]], [0, 1], epochs=2).loss
        array([0.63225678, 0.61057048])
    """
    asked = Settings.of(settings)
    engines.check(asked.engine)  # there must be such an engine, whichever it is
    file = None if path is None else _program_file(path)
    if weights not in ("auto", "included", "redrawn"):
        raise InputError(f'weights must be "auto", "included" or "redrawn"; this is {weights!r}.')
    table, X, y = _data(net, X, y, csv, target)
    net = deepcopy(net)  # the scaler of this one is fitted
    job = None if X is None else prepare(net, X, y, asked)
    given = None if job is None else _given(net, X, y, table, job)
    text, store = _shortest(net, asked, job, _redraws(net, weights), given, file)
    if file is not None:
        _write(file, text, store)
    return text


def _shortest(
    net: Network, settings: Settings, job: Job | None, redrawn: bool, given: Samples | None, file: Path | None
) -> tuple[str, Store]:
    """The program in its widest layout that has at most LINES lines, else the shortest, and what goes beside it.

    Few layers have lines of their own, many are looped over; a program that would be long has its small statements put
    together, and loops from two layers on.
    """
    layers = sum(isinstance(layer, Dense) for layer in net.layers)
    written: list[tuple[str, Store]] = []
    for deep, compact in ((layers > FEW, False), (layers > FEW, True), (layers > 1, True)):
        store = Store(file, compact)
        plan = _plan(net, settings, job, redrawn)
        written.append((_program(replace(plan, deep=deep, compact=compact), given, store), store))
        if written[-1][0].count("\n") <= LINES:
            return written[-1]
    return min(written, key=lambda one: one[0].count("\n"))


def _program_file(path: Any) -> Path:
    file = Path(os.fspath(path))
    if file.suffix != ".py":
        raise InputError(f"path is where the program is written, a file ending in .py; this is {str(file)!r}.")
    return file


def _data(net: Network, X: Any, y: Any, csv: Any, target: Any) -> tuple[CsvTable | None, Any, Any]:
    """How a CSV file is read, if one is, and X and y."""
    if csv is None:
        if target is not None:
            raise InputError("target names a column of a CSV file: give csv, its path, too.")
        if X is None and y is not None:
            raise InputError("y is given without X: give both, or neither for a program that loads a file.")
        return None, X, y
    if X is not None or y is not None:
        raise InputError("Give the data once: X and y, or csv and target.")
    return table_of(net, csv, target)


def _redraws(net: Network, weights: str) -> bool:
    """Whether the program draws the initial weights."""
    if weights != "auto":
        return weights == "redrawn"
    if not np.array_equal(net.drawn_anew().theta, net.theta):
        return False
    try:
        for layer in net.layers:
            if isinstance(layer, Dense):
                Library(()).formula(layer.init.draw, layer.init.name)
    except InputError:
        return False  # an initializer that cannot be read: the weights themselves can be written
    return True


def _plan(net: Network, settings: Settings, job: Job | None, redrawn: bool) -> Plan:
    """What the program is to do."""
    chain = links_of(net)
    library = Library(RESERVED, double=net.dtype == np.float64)
    library.expect(functions_of(net, settings.optimizer, redrawn))
    if job is None:
        _refuse_without_data(settings)
        batch = settings.batch_size
    else:
        batch = None if job.full_batch else job.batch_size
        if sum(link.kind == "dropout" for link in chain) > 1 and job.batch_size > BLOCK:
            raise InputError(
                f"With several Dropout layers, steps of more than {BLOCK} rows draw their masks in blocks, which the "
                f"program does not do. Set batch_size to {BLOCK} or less."
            )
    w = None if job is None else job.problem.w
    return Plan(
        net=net,
        settings=settings,
        chain=chain,
        library=library,
        rate=rate_of(settings.schedule, batch is None, library.named),
        batch=batch,
        weighted=settings.class_weight is not None if job is None else w is not None,
        weightless=batch is not None and w is not None and not w.all(),
        validated=settings.validation is not None,
        by_output=gives_values_by_output(net),
        redrawn=redrawn,
    )


def _refuse_without_data(settings: Settings) -> None:
    for name in ("sample_weight", "validation"):
        if getattr(settings, name) is not None:
            raise InputError(f"A program with {name} needs the data when it is written: give X and y, or csv.")


def _given(net: Network, X: Any, y: Any, table: CsvTable | None, job: Job) -> Samples:
    """The data as they go into the program."""
    X, settings = np.asarray(X), job.settings
    X = X.astype(np.float64) if X.dtype.kind not in "fiu" else X
    t, w = net.encode(y, len(X)), settings.sample_weight
    held_out, validation = None, None
    if isinstance(settings.validation, tuple | list):
        X_val, y_val = settings.validation
        validation = np.asarray(X_val).astype(np.float64), Targets.of(net.encode(y_val, len(X_val)), net.task)
    elif settings.validation is not None:
        labels = t[:, 0] if net.task == "values" and net.outputs == 1 else labels_of(t, net.task)
        held_out = split_indices(labels, settings.validation, np.random.default_rng(settings.seed))[1]
    return Samples(
        X=X,
        y=Targets.of(t, net.task),
        table=table,
        held_out=held_out,
        validation=validation,
        sample_weight=None if w is None else np.asarray(w, dtype=np.float64),
        w=job.problem.w,
    )


def _program(plan: Plan, given: Samples | None, store: Store) -> str:
    """All sections, in the order of the program."""
    training = loop.training(plan)  # what it needs is known before the formulas are written
    network = parameters.section(plan, store)
    forward = loop.forward_function(plan)
    library, samples = plan.library, data.section(plan, given, store)
    formulas = [definition.split("\n") for definition in (*library.definitions, *plan.rate.definitions)]
    if library.constants:
        formulas.insert(0, [f"{name} = {value}" for name, value in library.constants.items()])
    if formulas:
        formulas[0].insert(0, "# Formulas")
    imports = ["import math", ""] if library.needs_math else []
    top = [*heading(plan), "", *imports, "import numpy as np"]
    # Two empty lines around functions, one between other sections; in a compact program one.
    around = [] if plan.compact else [""]
    main = [*samples, "", *network, "", *([*around, *forward, "", *around] if forward else []), *training]
    blocks = [top, *formulas, main] if formulas else [[*top, "", *main]]
    between = [""] if plan.compact else ["", ""]
    lines = [line for block in blocks for line in (*block, *between)]
    return "\n".join(_marked(line) for line in lines[: -len(between)]) + "\n"


def _marked(line: str) -> str:
    """A line that is too long, as in a network of very many layers, says that this is known."""
    return f"{line}  # noqa: E501" if len(line) > WIDTH and "# noqa" not in line else line


def _write(file: Path, text: str, store: Store) -> None:
    from pellucid.files.writing import replacing

    try:
        if store.saved:  # first, so that no program is there without its numbers
            with replacing(file.with_suffix(".npz")) as archive:
                np.savez(archive, **store.saved)  # type: ignore[arg-type]
        with replacing(file) as program:
            program.write(text.encode("utf-8"))
    except OSError as error:
        raise FileError(f"{file}: the program cannot be written: {error.strerror or error}. Check the path.") from error
