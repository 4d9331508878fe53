"""What can be written behind a command: each option's name, its place in --help and its meaning."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from pellucid.activations import ACTIVATIONS
from pellucid.cli.recipe import ADAM_RATE, FEW_ROWS, TEST, VALIDATION
from pellucid.optimizers import OPTIMIZERS
from pellucid.schedules import SCHEDULES

HIDDEN = [name for name, record in ACTIVATIONS.items() if not record.output_only]


def _option(*names: str, group: str = "Options", metavar: str | None = None, **more: Any) -> Any:
    return typer.Option(*names, metavar=metavar, rich_help_panel=group, **more)


_data = partial(_option, group="The data")
_net = partial(_option, group="The network")
_fit = partial(_option, group="The training")
_out = partial(_option, group="The results")


def _header(option: Any) -> Any:
    words = "Whether the first line names the columns."
    return option("--header/--no-header", help=words, show_default="found out")


def _delimiter(option: Any) -> Any:
    words = "What separates fields: one character, or tab."
    return option("--delimiter", metavar="C", help=words, show_default="found out")


# The data

File = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE.csv", help="A table of numbers, - for standard input. Without it: handwritten digits."
    ),
]
Target = Annotated[
    str | None, _data("--target", metavar="COLUMN", help="What to predict: name, or position (0 first, -1 last).")
]
Task = Annotated[
    str, _data("--task", metavar="KIND", help="What the target holds: classes, values, or auto to find out.")
]
Drop = Annotated[list[str] | None, _data("--drop", metavar="COLUMNS", help="Columns to leave out, such as id,date.")]
Header = Annotated[bool | None, _header(_data)]
Delimiter = Annotated[str | None, _delimiter(_data)]
Test = Annotated[
    float | None,
    _data(
        "--test",
        metavar="SHARE",
        help="Rows kept for the report at the end, never learnt from.",
        show_default=f"{TEST:g}; 0 below {FEW_ROWS} rows",
    ),
]
Validation = Annotated[
    float | None,
    _data(
        "--validation",
        metavar="SHARE",
        help="Rows that decide when to stop.",
        show_default=f"{VALIDATION:g}; 0 below {FEW_ROWS} rows",
    ),
]

# The network

Hidden = Annotated[str, _net("--hidden", metavar="N,N,...", help="Neurons of each hidden layer, or none.")]
Activation = Annotated[str, _net("--activation", metavar="NAME", help=f"Of the hidden layers: {', '.join(HIDDEN)}.")]
Dropout = Annotated[
    float, _net("--dropout", metavar="SHARE", help="Neurons switched off at each step, after every hidden layer.")
]

# The training

Epochs = Annotated[int, _fit("--epochs", metavar="N", help="Passes over the data, at most.")]
Batch = Annotated[int, _fit("--batch", metavar="N", help="Rows a step; 0 takes all of them.")]
Optimizer = Annotated[str, _fit("--optimizer", metavar="NAME", help=f"{', '.join(OPTIMIZERS)}.")]
Rate = Annotated[
    float | None,
    _fit("--rate", metavar="X", help="Learning rate.", show_default=f"{ADAM_RATE:g} for adam, else the usual one"),
]
Schedule = Annotated[str, _fit("--schedule", metavar="NAME", help=f"How the rate changes: {', '.join(SCHEDULES)}.")]
Patience = Annotated[
    int,
    _fit(
        "--patience",
        metavar="N",
        help="Stop after N epochs without a lower validation loss and go back to the best; 0 never stops.",
    ),
]
L2 = Annotated[float, _fit("--l2", metavar="X", help="Penalty on squared weights.")]
L1 = Annotated[float, _fit("--l1", metavar="X", help="Penalty on absolute weights.")]
ClassWeight = Annotated[
    str | None, _fit("--class-weight", metavar="balanced", help="Let rare classes count as much as frequent ones.")
]
ClipNorm = Annotated[float | None, _fit("--clip-norm", metavar="X", help="Scale longer gradients down to this length.")]
Checkpoint = Annotated[
    str | None,
    _fit(
        "--checkpoint", metavar="FOLDER", help="Where to write, again and again, how far training is; made if need be."
    ),
]
Every = Annotated[
    str | None,
    _fit(
        "--every",
        metavar="TIME",
        help="How often: 30s, 5min, '2 epochs', '500 steps'; a bare number is epochs.",
        show_default="1min",
    ),
]
Resume = Annotated[
    bool,
    _fit("--resume", help="Go on from the last checkpoint; the model is what it would be without the interruption."),
]
Seed = Annotated[int, _fit("--seed", metavar="N", help="Decides everything random: the same seed, the same model.")]

# The results

Save = Annotated[
    str | None,
    _out(
        "--save",
        metavar="PATH",
        help="The model, as .json or .safetensors; overwritten if it exists.",
        show_default="model.json in --out",
    ),
]
Out = Annotated[
    str | None,
    _out(
        "--out",
        metavar="FOLDER",
        help="Pictures and model; made if need be, pictures overwritten.",
        show_default="pellucid-NAME, right here",
    ),
]
HistoryFile = Annotated[str | None, _out("--history", metavar="PATH", help="Losses of every epoch, as .csv or .json.")]
ReportFile = Annotated[
    str | None,
    _out("--report", metavar="PATH.html", help="The whole run as one page for a browser; overwritten if it exists."),
]
Plots = Annotated[bool, _out("--plots/--no-plots", help="Whether to draw pictures.")]
Quiet = Annotated[bool, _out("--quiet", "-q", help="Say nothing but errors.")]

# Predictions

Model = Annotated[
    str, typer.Argument(metavar="MODEL.json", help="What pellucid train has saved; .safetensors and .onnx too.")
]
Rows = Annotated[str, typer.Argument(metavar="FILE.csv", help="Rows to predict; - for standard input.")]
Answers = Annotated[
    str | None,
    _option("--out", metavar="PATH", help="Where to write; overwritten if it exists.", show_default="standard output"),
]
Proba = Annotated[bool, _option("--proba", help="Add the probability of every class.")]
RowsDrop = Annotated[
    list[str] | None,
    _option("--drop", metavar="COLUMNS", help="Columns to leave out; needed only without a header."),
]
RowsHeader = Annotated[bool | None, _header(_option)]
RowsDelimiter = Annotated[str | None, _delimiter(_option)]

# Explanations

Walked = Annotated[
    str | None, typer.Argument(metavar="FILE.csv", help="Rows, one of which is walked; - for standard input.")
]
Row = Annotated[
    int | None,
    _option("--row", metavar="N", help="Which row of the file: 0 is the first, -1 the last.", show_default="0"),
]
Format = Annotated[
    str, _option("--format", metavar="KIND", help="text, html (a page for a browser), or latex (the equations alone).")
]
Script = Annotated[
    str | None,
    _option("--script", metavar="FILE.py", help="Write the network as a program that needs NumPy alone, and trains."),
]
ScriptEpochs = Annotated[int, _option("--epochs", metavar="N", help="How often that program goes over the data.")]
Scratch = Annotated[
    bool, _option("--from-scratch", help="Let that program draw new weights, and not go on from the model's.")
]
Explanation = Annotated[
    str | None,
    _option("--out", metavar="PATH", help="Where to write; overwritten if it exists.", show_default="standard output"),
]

# Exports

Exported = Annotated[
    str,
    typer.Argument(metavar="PATH", help="Where to write, as .onnx, .safetensors or .json; overwritten if it exists."),
]
Activations = Annotated[
    str | None,
    _option(
        "--activations",
        metavar="NAME,NAME,...",
        help="Of each layer, for a file that does not say them: of PyTorch, a pickle, a tutorial's JSON.",
    ),
]
SourceModel = Annotated[
    str, typer.Argument(metavar="MODEL", help="A saved model: .json, .safetensors, .onnx, .pth, .pkl.")
]

# Checks

Program = Annotated[str | None, typer.Argument(metavar="FILE.py", help="Your own program; it is run.")]
Example = Annotated[bool, _option("--example", help="Print a small program that is right, to begin with, and stop.")]

# Lessons

Name = Annotated[
    str | None, typer.Argument(metavar="NAME", help="Which lesson, by name or number. Without it: the list.")
]
Lang = Annotated[str, _option("--lang", metavar="en|zh", help="The language, English or Chinese.")]
LessonOut = Annotated[
    str | None,
    _option("--out", metavar="FOLDER", help="For the pictures.", show_default="lesson-NAME, right here"),
]
Steps = Annotated[int | None, _option("--steps", metavar="N", help="Training steps.", show_default="the lesson's own")]
Method = Annotated[
    str | None,
    _option("--method", metavar="NAME", help="How mnist-numerical takes gradients: naive, structured, node, backprop."),
]

# The studio

Watched = Annotated[
    str | None, typer.Argument(metavar="FILE.csv", help="A table of your own that every page begins with.")
]
Browser = Annotated[bool, _option("--browser/--no-browser", help="Whether to open a browser.")]
Port = Annotated[int, _option("--port", metavar="N", help="Where to listen; 0 for any that is free.")]
Host = Annotated[
    str | None,
    _option(
        "--host", metavar="ADDRESS", help="Listen on another address than this machine's own.", show_default="127.0.0.1"
    ),
]
