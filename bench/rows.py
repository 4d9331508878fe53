"""The rows of each case's table: who is measured, in which variant, with how many threads."""

from __future__ import annotations

from dataclasses import dataclass

from bench.cases import Case


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        family: rows of one family are one competitor; bars are held against its fastest row.
        how: what tells the rows of a family apart, for people.
        peer: who; see bench.peers.PEERS.
        variant: what its file in bench/peers (or the whole process) makes of it.
        threads: None for what the library chooses by itself.
        extra: left out by --quick.
    """

    family: str
    how: str
    peer: str
    variant: str
    threads: int | None = None
    extra: bool = False

    @property
    def label(self) -> str:
        return f"{self.family}, {self.how}" if self.how else self.family


OURS = Row("Pellucid", "", "pellucid", "compiled")
READABLE = Row("Pellucid's readable engine", "", "pellucid", "readable", extra=True)
TEXTBOOK = Row("textbook NumPy", "", "textbook", "plain")
SKLEARN = "scikit-learn"
EAGER, COMPILED, JAX = "PyTorch eager", "PyTorch compiled", "JAX jit"

TRAINING = [
    OURS,
    READABLE,
    TEXTBOOK,
    Row(SKLEARN, "assume_finite", "scikit-learn", "lean"),
    Row(SKLEARN, "as it comes", "scikit-learn", "default", extra=True),
    Row(EAGER, "plain loop", "torch", "eager"),
    Row(EAGER, "plain loop, one thread", "torch", "eager", 1),
    Row(EAGER, "fused optimizer", "torch", "fused", extra=True),
    Row(COMPILED, "a step in one graph", "torch", "one graph", extra=True),
    Row(COMPILED, "a step in one graph, one thread", "torch", "one graph", 1, extra=True),
    Row(COMPILED, "model and optimizer", "torch", "compiled", extra=True),
    Row(JAX, "all steps in one call", "jax", "scan"),
    Row(JAX, "all steps in one call, one processor", "jax", "scan", 1, extra=True),
    Row(JAX, "a call a step", "jax", "step", extra=True),
]
FUNCTIONS = Row("ceiling", "NumPy's tanh and exp alone", "ceiling", "functions")
PRODUCTS = Row("ceiling", "its matrix products alone", "ceiling", "products")
MOST = [row for row in TRAINING if row.threads or not row.extra or row is READABLE]  # for a second size of batch
LARGE = [
    Row("Pellucid, one thread", "", "pellucid", "compiled", 1, extra=True),
    Row("textbook NumPy, buffers reused", "", "textbook", "buffers", extra=True),
    Row("textbook NumPy, buffers reused", "one thread", "textbook", "buffers", 1, extra=True),
    Row(SKLEARN, "assume_finite, one thread", "scikit-learn", "lean", 1, extra=True),
    Row("PyTorch with a DataLoader", "", "torch", "DataLoader", extra=True),
    PRODUCTS,
    Row("ceiling", "its matrix products alone, one thread", "ceiling", "products", 1, extra=True),
]
GRADIENTS = [
    Row("Pellucid, backpropagation", "", "pellucid", "backpropagation"),
    Row("Pellucid, node", "", "pellucid", "node"),
    Row("Pellucid, structured", "", "pellucid", "structured"),
    Row("naive", "plain NumPy, from a sample of parameters", "textbook", "naive"),
    Row("naive", "Pellucid's loss, from a sample of parameters", "pellucid", "naive"),
]
PREDICTING = [
    Row("Pellucid", "predict", "pellucid", "predict"),
    Row("Pellucid, probabilities", "forward", "pellucid", "forward"),
    Row("scikit-learn predict", "as it comes", "scikit-learn", "predict"),
    Row("scikit-learn predict, unchecked", "assume_finite", "scikit-learn", "predict, lean"),
    Row("scikit-learn predict_proba", "as it comes", "scikit-learn", "predict_proba"),
    Row("scikit-learn predict_proba, unchecked", "assume_finite", "scikit-learn", "predict_proba, lean"),
    Row(EAGER, "inference_mode, probabilities", "torch", "eager"),
]
SWEEPING = [
    Row("Pellucid", "one fit after the other", "pellucid", "compiled"),
    Row("Pellucid, one thread", "one fit after the other", "pellucid", "compiled", 1),
    Row("joblib and scikit-learn", "all processors", "scikit-learn", "all"),
    Row("scikit-learn, one process", "one thread", "scikit-learn", "1", 1, extra=True),
]
FIRST = [
    Row("Pellucid", "code kept from before", "pellucid", "compiled"),
    Row("Pellucid, nothing kept", "its code is compiled", "pellucid", "compiled, empty"),
    Row("Pellucid's readable engine", "compiles nothing", "pellucid", "readable"),
    Row(JAX, "all steps in one call", "jax", "scan"),
    Row(COMPILED, "a step in one graph, code kept from before", "torch", "one graph", extra=True),
    Row("PyTorch compiled, nothing kept", "a step in one graph", "torch", "one graph, empty", extra=True),
]
MNIST = [
    Row("Pellucid", "", "pellucid", ""),
    Row(EAGER, "", "torch", "eager"),
    Row(EAGER, "fused optimizer", "torch", "fused", extra=True),
    Row(EAGER, "one thread", "torch", "eager", 1, extra=True),
]
IMPORTS = [
    Row("Pellucid", "import pellucid", "pellucid", "pellucid"),
    Row("NumPy", "import numpy", "textbook", "numpy"),
    Row("nothing", "Python alone", "textbook", ""),
    Row(SKLEARN, "import sklearn.neural_network", "scikit-learn", "sklearn.neural_network", extra=True),
    Row(EAGER, "import torch", "torch", "torch", extra=True),
    Row(JAX, "import jax.numpy", "jax", "jax.numpy", extra=True),
]
THREADS = [
    OURS,
    Row("Pellucid, fixed threads", "one", "pellucid", "compiled", 1),
    Row("Pellucid, fixed threads", "two", "pellucid", "compiled", 2),
]
OF_KIND = {
    "gradients": GRADIENTS,
    "predict": PREDICTING,
    "sweep": SWEEPING,
    "first": FIRST,
    "mnist": MNIST,
    "import": IMPORTS,
}


def rows_of(case: Case) -> list[Row]:
    """Who takes part in a case."""
    if case.kind == "estimator":
        asked = f"{case.name.removeprefix('P12-')} {case.epochs}"
        return [Row("Pellucid", "its MLPClassifier", "pellucid", asked), Row(SKLEARN, "its own", "scikit-learn", asked)]
    if case.bar == "P11":
        return THREADS
    if case.name.startswith("P3") and case.batch == 512:
        return [*MOST, *(row for row in LARGE if row.threads or not row.extra)]
    if case.optimizer == "adam" and case.kind == "train":
        # PyTorch's own Adam, compiled, corrects its averages in float32, and ends elsewhere in the sixth digit.
        return [row for row in TRAINING if row.variant != "compiled" or row.peer != "torch"] + [FUNCTIONS]
    if case.kind == "train":
        return TRAINING + (LARGE if case.data == "mnist" else [FUNCTIONS])
    return OF_KIND[case.kind]
