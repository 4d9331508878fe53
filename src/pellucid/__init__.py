"""Neural networks you can see through: the forward pass, the loss, the gradients and every update in plain NumPy."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pellucid.activations import Activation
from pellucid.errors import DataUnavailable, FileError, InputError, MissingExtra, PellucidError, TrainingDiverged
from pellucid.history import Epoch, History
from pellucid.initializers import Initializer
from pellucid.layers import Dense, Dropout
from pellucid.losses import Loss
from pellucid.network import Network
from pellucid.optimizers import SGD, AdaGrad, Adam, AdamW, Optimizer, RMSProp
from pellucid.settings import Settings
from pellucid.training import fit, train

if TYPE_CHECKING:
    from pellucid.files import load
    from pellucid.gradient_check import check_gradients
    from pellucid.gradients import numerical_gradients

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
    "fit",
    "load",
    "numerical_gradients",
    "train",
]

# What is not needed to build and train a network is imported when it is first asked for.
_LATER = {
    "check_gradients": "pellucid.gradient_check",
    "load": "pellucid.files",
    "numerical_gradients": "pellucid.gradients",
}
_MODULES = ("data", "files", "lessons", "metrics", "plots", "schedules")


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    if name in _MODULES:
        return import_module(f"pellucid.{name}")
    raise AttributeError(f"module 'pellucid' has no attribute {name!r}")
