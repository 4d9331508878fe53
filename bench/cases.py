"""The cases: which network on which data, how it is trained, and what one count of its clock is."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Case:
    """One thing to be measured, for all peers alike. Every network has softmax outputs and cross-entropy as its loss.

    Attributes:
        name: its name in tables and on the disk.
        bar: the performance bar it belongs to, P1 ... P12.
        title: one line for people.
        kind: what is timed: "train", "gradients", "predict" or "sweep"; "mnist", "first", "import"
            and "estimator" are timed in a fresh process each round.
        unit: what one measured time is the time of.
        data: "moons", "table" (rows of four classes, made) or "mnist" (uint8 pixels, divided by 255).
        rows: how many rows.
        widths: inputs, hidden units, outputs.
        batch: rows a step, in the order of the data, as every peer takes them; None for all.
        check: epochs after which the loss is compared.
        epochs: epochs of one timed repeat; None for as many as take the wished time.
        extra: left out by --quick.
        tolerance: how far, relatively, a loss may be from the one that the readable engine reaches.
    """

    name: str
    bar: str
    title: str
    kind: str = "train"
    unit: str = "step"
    data: str = "moons"
    rows: int = 200
    widths: tuple[int, ...] = (2, 3, 2)
    activation: str = "tanh"
    dtype: str = "float64"
    batch: int | None = None
    optimizer: str = "sgd"
    learning_rate: float = 0.5
    l2: float = 0.0
    check: int = 200
    epochs: int | None = None
    tolerance: float = 1e-6
    extra: bool = False

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return -(-self.rows // (self.batch or self.rows))


# Adam's eps, the same for everybody. scikit-learn adds it before the correction of the averages and everybody else
# after it: at the usual 1e-8 losses would differ in the sixth digit, at this one they agree.
EPS = 1e-12


def estimator(name: str, chain: str, rows: int, epochs: int) -> Case:
    title = f"MLPClassifier as it comes on {name}, {rows:,} rows, {chain} relu, float64, Adam, {epochs} epochs"
    data = {"the digits": "digits", "breast-cancer": "cancer", "MNIST": "mnist"}[name]
    return Case(f"P12-{data}", "P12", title, kind="estimator", unit="fit", data="none", rows=rows, epochs=epochs)


def moons(hidden: int, bar: str = "P1") -> Case:
    title = f"moons, 200 rows, 2-{hidden}-2 tanh, float64, full batch, SGD with l2 = 0.01"
    return Case(f"{bar}-moons-{hidden}", bar, title, widths=(2, hidden, 2), l2=0.01)


def table(bar: str = "P2") -> Case:
    title = "a table of 1,600 rows, 4-32-16-4 tanh, float64, batches of 32, Adam"
    return Case(
        f"{bar}-table", bar, title, data="table", rows=1600, widths=(4, 32, 16, 4), batch=32, optimizer="adam",
        learning_rate=0.003, check=4,
    )  # fmt: skip


def mnist(batch: int, bar: str = "P3", rows: int = 60_000, hidden: tuple[int, ...] = (128,), epochs: int = 2) -> Case:
    chain = "-".join(map(str, (784, *hidden, 10)))
    title = f"MNIST, {rows:,} rows, {chain} relu, float32, batches of {batch}, SGD"
    return Case(
        f"{bar}-mnist-{chain}-{batch}", bar, title, unit="epoch", data="mnist", rows=rows, widths=(784, *hidden, 10),
        activation="relu", dtype="float32", batch=batch, learning_rate=0.1, check=1, epochs=epochs, tolerance=1e-3,
    )  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One network of a sweep."""

    hidden: int
    learning_rate: float


SWEEP = [
    Member(hidden, rate) for hidden in (8, 16, 32, 64) for rate in (1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 2e-2)
]

CASES = [
    moons(3),
    moons(50),
    table(),
    mnist(100),
    replace(mnist(512), extra=True),
    Case(
        "P4-mnist",
        "P4",
        "MNIST to 98 % test accuracy: the whole process, reading the files included",
        kind="mnist",
        unit="process",
        data="none",
    ),
    Case(
        "P6-gradient",
        "P6",
        "one gradient, 784-50-10 sigmoid, 100 handwritten digits, float64",
        kind="gradients",
        unit="gradient",
        data="mnist",
        rows=100,
        widths=(784, 50, 10),
        activation="sigmoid",
        check=1,
    ),
    Case(
        "P7-predict",
        "P7",
        "the answer to one row, 4-32-16-4 tanh, float64",
        kind="predict",
        unit="answer",
        data="table",
        rows=64,
        widths=(4, 32, 16, 4),
        check=64,
    ),
    Case(
        "P8-sweep",
        "P8",
        f"a sweep of {len(SWEEP)} networks, 4-h-4 tanh, 1,000 rows, batches of 32, Adam, 10 epochs",
        kind="sweep",
        unit="sweep",
        data="table",
        rows=1000,
        widths=(4, 0, 4),
        batch=32,
        optimizer="adam",
        check=1,
        epochs=1,
    ),
    Case(
        "P9-first",
        "P9",
        "the first fit of a process, less its second: moons, 2-50-2 tanh, 100 steps",
        kind="first",
        unit="first fit",
        widths=(2, 50, 2),
        l2=0.01,
        check=100,
    ),
    Case("P10-import", "P10", "starting Python and importing", kind="import", unit="process", data="none"),
    moons(50, "P11"),
    replace(table("P11"), extra=True),
    replace(mnist(100, "P11", 12_000, epochs=1), extra=True),
    mnist(512, "P11", 12_000, epochs=1),
    mnist(256, "P11", 12_000, (512, 256), epochs=1),
    estimator("the digits", "64-100-10", 1347, 200),
    estimator("breast-cancer", "30-100-1", 426, 200),
    estimator("MNIST", "784-100-10", 60_000, 5),
]
