"""The commands. Each checks what was written and gives the job to do; nothing is read or written before that."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, TypeAlias, cast

from pellucid.activations import ACTIVATIONS
from pellucid.cli import options as opt
from pellucid.cli.mistakes import UsageError
from pellucid.cli.recipe import Recipe
from pellucid.cli.values import choice, kept, names, number, separator, sizes, whole
from pellucid.optimizers import OPTIMIZERS
from pellucid.schedules import SCHEDULES

Job: TypeAlias = Callable[[], int]

USUAL = Recipe()
LAYERS = ",".join(map(str, USUAL.hidden))


def train(
    file: opt.File = None,
    target: opt.Target = None,
    task: opt.Task = "auto",
    drop: opt.Drop = None,
    header: opt.Header = None,
    delimiter: opt.Delimiter = None,
    test: opt.Test = USUAL.test,
    validation: opt.Validation = USUAL.validation,
    hidden: opt.Hidden = LAYERS,
    activation: opt.Activation = USUAL.activation,
    dropout: opt.Dropout = USUAL.dropout,
    epochs: opt.Epochs = USUAL.epochs,
    batch: opt.Batch = USUAL.batch,
    optimizer: opt.Optimizer = USUAL.optimizer,
    rate: opt.Rate = USUAL.rate,
    schedule: opt.Schedule = USUAL.schedule,
    patience: opt.Patience = USUAL.patience,
    l2: opt.L2 = USUAL.l2,
    l1: opt.L1 = USUAL.l1,
    class_weight: opt.ClassWeight = USUAL.class_weight,
    clip_norm: opt.ClipNorm = USUAL.clip_norm,
    seed: opt.Seed = USUAL.seed,
    checkpoint: opt.Checkpoint = None,
    every: opt.Every = None,
    resume: opt.Resume = False,
    save: opt.Save = None,
    out: opt.Out = None,
    history: opt.HistoryFile = None,
    report: opt.ReportFile = None,
    plots: opt.Plots = True,
    quiet: opt.Quiet = False,
) -> Job:
    """Train a network on a table and report how good it is.

    The target may be text or numbers: text, or few different whole numbers, are classes; other numbers are values.
    What was taken for what is said, with the option that says otherwise. A part of the rows is never learnt from and
    gives the report at the end, another decides when to stop; the best weights are kept, also when Ctrl-C ends the
    training early.

    \b
    Examples:
      pellucid train
      pellucid train iris.csv --target species --hidden 32,16
      pellucid train houses.csv --target price --drop id --save houses.json --report houses.html
      pellucid train big.csv --target y --checkpoint run/ --every 30s
      pellucid train big.csv --target y --checkpoint run/ --every 30s --resume
      pellucid predict houses.json new.csv
    """
    from pellucid.cli import train as job

    if file is None and (target, drop, header, delimiter, task) != (None, None, None, None, "auto"):
        raise UsageError("--target, --task, --drop, --header and --delimiter are for a FILE.csv, and none is named.")
    source = job.TableSource(
        file=file,
        target=target,
        task=cast(Literal["auto", "classes", "values"], choice("--task", task, ["auto", "classes", "values"])),
        drop=tuple(names(drop or ())),
        header=header,
        delimiter=separator("--delimiter", delimiter),
    )
    recipe = Recipe(
        hidden=sizes("--hidden", hidden),
        activation=choice("--activation", activation, opt.HIDDEN),
        dropout=number("--dropout", dropout, below=1),
        optimizer=choice("--optimizer", optimizer, OPTIMIZERS),
        rate=None if rate is None else number("--rate", rate, above=0),
        schedule=choice("--schedule", schedule, SCHEDULES),
        epochs=whole("--epochs", epochs, 1),
        batch=whole("--batch", batch, 0),
        l2=number("--l2", l2),
        l1=number("--l1", l1),
        clip_norm=None if clip_norm is None else number("--clip-norm", clip_norm, above=0),
        class_weight=None if class_weight is None else choice("--class-weight", class_weight, ["balanced"]),
        test=None if test is None else number("--test", test, below=1),
        validation=None if validation is None else number("--validation", validation, below=1),
        patience=whole("--patience", patience, 0),
        seed=whole("--seed", seed, 0),
    )
    keep = kept(checkpoint, every, resume)
    return partial(job.run, source, recipe, save, out, history, report, keep, quiet=quiet, plots=plots)


def predict(
    model: opt.Model,
    data: opt.Rows,
    out: opt.Answers = None,
    proba: opt.Proba = False,
    drop: opt.RowsDrop = None,
    header: opt.RowsHeader = None,
    delimiter: opt.RowsDelimiter = None,
) -> Job:
    """Predict the rows of a CSV file with a saved model.

    The answers are CSV too, in the same order. Columns are found by the names that the model was trained on: their
    order does not matter, and others, such as the target, are ignored. A file without a header must have just those
    columns, in that order.

    \b
    Examples:
      pellucid predict pellucid-iris/model.json iris.csv
      pellucid predict houses.json new.csv --out prices.csv
      zcat new.csv.gz | pellucid predict pellucid-iris/model.json - --proba
    """
    from pellucid.cli import predict as job

    left_out = tuple(names(drop or ()))
    return partial(job.run, model, data, out, proba, left_out, header, separator("--delimiter", delimiter))


def explain(
    model: opt.Model,
    data: opt.Walked = None,
    row: opt.Row = None,
    format: opt.Format = "text",
    script: opt.Script = None,
    epochs: opt.ScriptEpochs = 100,
    scratch: opt.Scratch = False,
    out: opt.Explanation = None,
    optimizer: opt.Optimizer = "sgd",
    rate: opt.Rate = None,
    l2: opt.L2 = 0.0,
    l1: opt.L1 = 0.0,
    drop: opt.RowsDrop = None,
    header: opt.RowsHeader = None,
    delimiter: opt.RowsDelimiter = None,
) -> Job:
    """Show what a saved model calculates.

    That is its layers and its equations: forward pass, loss, backward pass and update. With a file, one of its rows is
    walked through them, every weighted sum with its numbers, and back again where the file has the target. A model file
    does not keep how it was trained: --optimizer, --rate, --l2 and --l1 say which training is shown.

    --script writes the network as a NumPy program that stands alone: its formulas, its weights and its training. Then
    nothing is shown, unless --row, --format or --out asks for it.

    \b
    Examples:
      pellucid explain pellucid-iris/model.json
      pellucid explain pellucid-iris/model.json iris.csv --row 3
      pellucid explain pellucid-iris/model.json iris.csv --format html --out iris.html
      pellucid explain pellucid-iris/model.json iris.csv --script iris.py --optimizer adam
    """
    from pellucid.cli import explain as job

    asked = job.Asked(
        row=row,
        format=choice("--format", format, job.FORMATS),
        script=script,
        scratch=scratch,
        out=out,
        recipe=Recipe(
            optimizer=choice("--optimizer", optimizer, OPTIMIZERS),
            rate=None if rate is None else number("--rate", rate, above=0),
            epochs=whole("--epochs", epochs, 1),
            l2=number("--l2", l2),
            l1=number("--l1", l1),
        ),
    )
    if scratch and script is None:
        raise UsageError("--from-scratch is for the program that --script FILE.py writes, and none is named.")
    if data is None and (row, header, drop, delimiter) != (None, None, None, None):
        raise UsageError("--row, --drop, --header and --delimiter are for a FILE.csv, and none is named.")
    if data is not None and asked.format == "latex" and script is None:
        raise UsageError("--format latex writes the equations alone: leave the file out, or take --format html.")
    return partial(job.run, model, data, asked, tuple(names(drop or ())), header, separator("--delimiter", delimiter))


def export(model: opt.SourceModel, path: opt.Exported, activations: opt.Activations = None) -> Job:
    """Write a saved model in another format.

    The ending of PATH says which: .onnx for other programs and languages, with scaler and labels inside; .safetensors
    or .json for this one. The model may also be one of PyTorch or of a tutorial: then --activations says what the file
    does not. Nothing in the file is run.

    \b
    Examples:
      pellucid export pellucid-iris/model.json iris.onnx
      pellucid export pellucid-iris/model.json iris.safetensors
      pellucid export net.pth net.json --activations relu,softmax
    """
    from pellucid.cli import export as job

    named = (
        None if activations is None else tuple(choice("--activations", a, ACTIVATIONS) for a in names([activations]))
    )
    return partial(job.run, model, path, named)


def check(file: opt.Program = None, lang: opt.Lang = "en", example: opt.Example = False) -> Job:
    """Find out what is wrong with a network of your own.

    The file is run, as `python FILE.py` would run it, with everything that it does; only what is below
    if __name__ == "__main__": is left out. Then the names params, loss and gradients are looked for in it (and, where
    they are there, forward, step, X and y), and the gradients are held against differences of the loss.

    A network may also be an object of a class of yours, made at the left margin, such as net = Network([2, 3, 1]). The
    class needs a method forward and a method backward (or gradients), which gives the gradients back or keeps them as
    self.dW1 or self.grads; and a loss, as its method loss(self, X, y) or as a function loss(net). Its arrays are the
    parameters, lists of them too.

    The report goes to standard output. What the file itself prints goes to standard error, behind a bar, so that the
    two are not mixed up. The exit code is 0 where everything is right, 1 where something is wrong or the file fails,
    and 2 for a wrong command line. A file that fails is told about in words, with its line and the likely slip.

    \b
    Examples:
      pellucid check --example > mynet.py       a small program to begin with
      pellucid check mynet.py
      pellucid check mynet.py --lang zh         in Chinese
    """
    from pellucid.cli import check as job

    return partial(job.run, file, lang, example)


def lesson(
    name: opt.Name = None,
    lang: opt.Lang = "en",
    out: opt.LessonOut = None,
    steps: opt.Steps = None,
    method: opt.Method = None,
) -> Job:
    """List the eight lessons, or run one.

    A lesson explains what is built, trains it, prints its numbers and draws its pictures.

    \b
    Examples:
      pellucid lesson
      pellucid lesson moons
      pellucid lesson moons --help                what this one takes
      pellucid lesson spiral --lang zh --out pictures
    """
    from pellucid.cli import lesson as job

    counted = None if steps is None else whole("--steps", steps, 1)
    return partial(job.run, name, lang, out, steps=counted, method=method)


def studio(
    file: opt.Watched = None,
    browser: opt.Browser = True,
    port: opt.Port = 0,
    host: opt.Host = None,
) -> Job:
    """Watch a network learn, in a browser.

    A page of this machine opens: choose data or bring your own, build a network, and see every number while it
    trains. The first line of standard output is its address with a key that works once. Ctrl-C ends it.

    \b
    Examples:
      pellucid studio
      pellucid studio iris.csv
      pellucid studio --no-browser --port 8123
    """
    from pellucid.cli import studio as job

    if not 0 <= port <= 65535:
        raise UsageError(f"--port must be a whole number from 0 to 65535; this is {port}.")
    return partial(job.run, file, host, port, browser)
