"""What a check looks for in a learner's file, names or an object that has it all, and what is said without them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from pellucid.checker.slips import sentence
from pellucid.checker.slips.near import kin
from pellucid.checker.slips.origins import below_main, last_assignment, locals_elsewhere
from pellucid.checker.slips.places import Source
from pellucid.checker.slips.values import described, is_number, shortlist
from pellucid.errors import InputError

NEEDED = ("params", "loss", "gradients")
WELCOME = ("forward", "step", "X", "y")
FUNCTIONS = ("loss", "gradients", "forward", "step")
# What methods of a network that is an object are called.
METHODS = {
    "loss": ("loss", "compute_loss", "cost", "compute_cost", "loss_function"),
    "gradients": ("gradients", "backward", "compute_gradients", "gradient", "grad", "backprop", "backpropagation"),
    "forward": ("forward", "predict_proba", "feedforward", "predict"),
    "step": ("step", "update", "update_params", "update_parameters"),
}


class Found(NamedTuple):
    """What is checked: the arguments of `check_my_network`, how each was found, and what is remarked about them."""

    arguments: dict[str, Any]
    names: tuple[str, ...]
    remarks: tuple[str, ...]


def wanted(source: Source, names: Mapping[str, Any], lang: str) -> Found:
    """What a file has for `check_my_network`.

    Args:
        source: the file as it is written.
        names: what stands in it after it was run.
        lang: of the messages.

    Raises:
        InputError: something that is needed is not there, or is no function; the message has an example.
    """
    own = {name: value for name, value in names.items() if _is_own(name, value)}
    said = {name: name for name in (*NEEDED, *WELCOME) if name in own}
    given = {name: own[name] for name in said}
    name, network = _network(own, names)
    for role, found in _parts(network).items():
        if role not in given:
            given[role], said[role] = found[1], f"{name}{found[0]}"
    missing = [role for role in NEEDED if role not in given]
    if missing:
        raise InputError("\n\n".join([_missing(source, own, missing, name, lang), sentence(lang, "example_short")]))
    _refuse_other_things(source, given, lang)
    useless = [role for role in FUNCTIONS if role in given and not callable(given[role])]
    remarks = [sentence(lang, "no_use", name=role, what=_in_words(given.pop(role), lang)) for role in useless]
    given |= {role: completed(given[role], names) for role in FUNCTIONS if role in given}
    ordered = [role for role in (*NEEDED, *WELCOME) if role in given]
    return Found({role: given[role] for role in ordered}, tuple(said[role] for role in ordered), tuple(remarks))


def _refuse_other_things(source: Source, given: Mapping[str, Any], lang: str) -> None:
    """Refuse a loss or gradients that are no functions, and params that hold nothing."""
    for role in ("loss", "gradients"):
        if not callable(given[role]):
            raise InputError(_no_function(source, role, given[role], lang))
    params = given["params"]
    if inspect.isfunction(params) or isinstance(params, type) or is_number(params):
        raise InputError(sentence(lang, "params_other", file=source.name, what=_in_words(params, lang)))


def completed(function: Callable[..., Any], names: Mapping[str, Any]) -> Callable[..., Any]:
    """A function whose last arguments, where the check knows nothing for them, come from the file by their names.

    So loss(params, X, y, l2) is called with the l2 of the file.

    Example:
        >>> completed(lambda params, X, y, l2: l2, {"l2": 0.1})(0, 0, 0)
        0.1
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return function
    last: dict[str, Any] = {}
    for parameter in reversed(parameters[1:]):
        if parameter.default is not parameter.empty:
            continue
        if parameter.name in (*NEEDED, *WELCOME) or not _is_data(names.get(parameter.name)):
            break
        last[parameter.name] = names[parameter.name]
    return partial(function, **last) if last else function


def _is_data(value: Any) -> bool:
    return isinstance(value, np.ndarray | str | list | tuple | dict) or is_number(value)


def _is_own(name: str, value: Any) -> bool:
    return not name.startswith("__") and not isinstance(value, ModuleType)


def _network(own: Mapping[str, Any], names: Mapping[str, Any]) -> tuple[str, Any]:
    """The last object in the file that is of one of its classes and has a forward and a backward pass, and its name."""
    found = [
        (name, value)
        for name, value in own.items()
        if type(value).__module__ == names["__name__"] and {"forward", "gradients"} <= _parts(value).keys()
    ]
    return found[-1] if found else ("", None)


def _parts(network: Any) -> dict[str, tuple[str, Any]]:
    """What an object has of a network: for each role how it is reached, such as ".backward", and what it is."""
    if network is None:
        return {}
    found: dict[str, tuple[str, Any]] = {"params": ("", network)}
    for role, methods in METHODS.items():
        for method in methods:
            if inspect.ismethod(getattr(network, method, None)):
                found[role] = (f".{method}", getattr(network, method))
                break
    return found


def _missing(source: Source, own: Mapping[str, Any], missing: list[str], network: str, lang: str) -> str:
    """What is missing, a line each, with what it might be called instead; a network, by its name, has most of it."""
    lines = []
    for name in missing:
        key = "missing_function" if name in FUNCTIONS else "missing_name"
        lines.append(sentence(lang, key, file=source.name, name=name))
        lines += _elsewhere(source, name, lang)
        alike = [other for other in kin(name, own) if callable(own[other]) == (name in FUNCTIONS)]
        if alike:
            lines.append(sentence(lang, "missing_alike", name=name, other=alike[0]))
    there = [name for name in own if not name.startswith("_")]
    lines.append(sentence(lang, "missing_there", names=shortlist(there)) if there else sentence(lang, "missing_all"))
    classes = [value for value in own.values() if isinstance(value, type) and _is_network(value)]
    if network:
        first = next(name for name, value in own.items() if value is own[network])  # params = net is another name of it
        lines.append(sentence(lang, "missing_of_object", name=first, kind=type(own[network]).__name__))
    elif classes:
        lines.append(sentence(lang, "missing_object", name=classes[-1].__name__))
    return "\n".join(lines)


def _is_network(kind: type) -> bool:
    return all(any(callable(getattr(kind, m, None)) for m in METHODS[role]) for role in ("forward", "gradients"))


def _elsewhere(source: Source, name: str, lang: str) -> list[str]:
    """Where the name is after all: below `if __name__ == "__main__":`, or inside of a function."""
    line = below_main(source, name)
    if line is not None:
        return [sentence(lang, "missing_main", name=name, line=line)]
    inside = locals_elsewhere(source, name, 0)
    return [sentence(lang, "missing_local", name=name, line=inside[0][1], function=inside[0][0])] if inside else []


def _no_function(source: Source, name: str, value: Any, lang: str) -> str:
    told = sentence(lang, "no_function", file=source.name, name=name, what=_in_words(value, lang))
    last = last_assignment(source, name)
    if last is not None:
        told += "\n" + sentence(lang, "no_function_line", name=name, line=last.line, text=last.text)
    return told


def _in_words(value: Any, lang: str) -> str:
    return described(value, lambda key, /, **values: sentence(lang, key, **values))
