"""Neural networks you can see through: the forward pass, the loss, the gradients and every update in plain NumPy."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pellucid.activations import Activation
from pellucid.errors import (
    DataUnavailable,
    FileError,
    InputError,
    MissingExtra,
    PellucidError,
    TrainingDiverged,
    did_you_mean,
)
from pellucid.history import Epoch, History
from pellucid.initializers import Initializer
from pellucid.layers import Dense, Dropout
from pellucid.losses import Loss
from pellucid.network import Network
from pellucid.optimizers import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSProp
from pellucid.settings import Settings
from pellucid.training import fit, train

if TYPE_CHECKING:
    from pellucid.checker import check_my_network
    from pellucid.comparison import compare
    from pellucid.explain.diagnose import diagnose
    from pellucid.explain.sanity import sanity
    from pellucid.files import export_onnx, import_onnx, import_torch, load
    from pellucid.gradient_check import check_gradients
    from pellucid.gradients import numerical_gradients
    from pellucid.lbfgs import fit_lbfgs
    from pellucid.learning_rate import find_learning_rate
    from pellucid.sweep import fit_many

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "Activation",
    "AdaGrad",
    "Adam",
    "AdamW",
    "DataUnavailable",
    "Dense",
    "Dropout",
    "Epoch",
    "FileError",
    "History",
    "Initializer",
    "InputError",
    "Loss",
    "MissingExtra",
    "Network",
    "Optimizer",
    "PellucidError",
    "RMSProp",
    "Settings",
    "TrainingDiverged",
    "check_gradients",
    "check_my_network",
    "compare",
    "diagnose",
    "export_onnx",
    "find_learning_rate",
    "fit",
    "fit_lbfgs",
    "fit_many",
    "import_onnx",
    "import_torch",
    "load",
    "numerical_gradients",
    "sanity",
    "train",
]

# What is not needed to build and train a network is imported when it is first asked for.
_LATER = {
    "check_gradients": "pellucid.gradient_check",
    "check_my_network": "pellucid.checker",
    "compare": "pellucid.comparison",
    "diagnose": "pellucid.explain.diagnose",
    "export_onnx": "pellucid.files",
    "find_learning_rate": "pellucid.learning_rate",
    "fit_lbfgs": "pellucid.lbfgs",
    "fit_many": "pellucid.sweep",
    "import_onnx": "pellucid.files",
    "import_torch": "pellucid.files",
    "load": "pellucid.files",
    "numerical_gradients": "pellucid.gradients",
    "sanity": "pellucid.explain.sanity",
}
_MODULES = ("data", "estimators", "explain", "files", "lessons", "metrics", "plots", "report", "schedules")


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    if name in _MODULES:
        return import_module(f"pellucid.{name}")
    # In the message itself, so that notebooks and logs show it too, and not only Python's own traceback.
    hint = "" if name.startswith("_") else did_you_mean(name, __dir__())
    raise AttributeError(f"module 'pellucid' has no attribute {name!r}.{hint}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_LATER, *_MODULES, "__version__"})
