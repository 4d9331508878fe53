"""What a learner's function is to be called with: its own signature says so, and the contract where it does not."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.errors import InputError

EXAMPLE = """For example:
    params = {"W1": W1, "b1": b1}
    def loss(params): ...           # gives a number
    def gradients(params): ...      # gives {"W1": ..., "b1": ...}
    print(pellucid.check_my_network(loss, gradients, params))"""

# Names under which learners receive things, in small letters without underscores.
NAMES = {
    "params": "params parameters param theta thetas weights w p ps model net network nn self layers variables wb",
    "X": "x xs inputs input data features xtrain trainx xbatch images a0 samples xdata xtr",
    "y": "y ys t ts targets target labels label ytrain trainy ytrue ybatch truth yhot yonehot ydata ytr",
    "gradients": "gradients grads grad gradient g gs dparams derivatives updates",
    "rate": "lr learningrate eta alpha rate step stepsize epsilon",
    "cache": "cache caches memory saved",
    "outputs": "a2 al a3 yhat ypred predictions probs outputs output prediction predicted",
}
KNOWN = {name: role for role, names in NAMES.items() for name in names.split()}
RATE = 0.01  # what a step that asks for its learning rate is given
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class Call:
    """How a function is called.

    Attributes:
        function: the learner's.
        roles: what each argument is: "params", "X", "y", "gradients", "rate", "cache", "outputs" or "leaf:W1".
        keywords: the names of those that must be given by name, with their roles.
    """

    function: Callable[..., Any]
    roles: tuple[str, ...]
    keywords: tuple[tuple[str, str], ...] = ()

    def __call__(self, given: Mapping[str, Any]) -> Any:
        return self.function(*(given[role] for role in self.roles), **{name: given[r] for name, r in self.keywords})

    def takes(self, role: str) -> bool:
        return role in self.roles or any(role == r for _, r in self.keywords)

    @property
    def takes_params(self) -> bool:
        every = [*self.roles, *(role for _, role in self.keywords)]
        return any(role == "params" or role.startswith("leaf:") for role in every)


def role_of(name: str) -> str:
    """What an argument or a variable of such a name is: "params", "X", "y", "rate", ...; "" where it does not tell.

    Example:
        >>> role_of("X_train"), role_of("lr"), role_of("something")
        ('X', 'rate', '')
    """
    return KNOWN.get(name.lower().replace("_", ""), "")


def plan(
    function: Callable[..., Any],
    what: str,
    contract: Sequence[str],
    available: Sequence[str],
    names: Sequence[str] = (),
) -> Call:
    """Decide how to call a learner's function.

    Args:
        function: theirs.
        what: its name in check_my_network.
        contract: the roles of its arguments where names do not tell, in order.
        available: every role that there is something for.
        names: of the parameters; an argument of such a name gets that parameter.

    Raises:
        InputError: it needs an argument for which there is nothing.

    Example:
        >>> plan(lambda X, params: 0, "forward", ["params", "X"], ["params", "X"]).roles
        ('X', 'params')
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # something compiled does not say
        return Call(function, tuple(contract))
    needed = [p for p in parameters if p.kind in POSITIONAL and p.default is p.empty]
    by_name = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    if not needed and not by_name:
        return _without_needs(function, parameters, contract, available)
    known = [_role(p.name, available, names) for p in [*needed, *by_name]]
    if len(known) == 1 and not inspect.ismethod(function) and known[0] not in contract and len(names) != 1:
        known = [None]  # the only argument of a function is the first of the contract, whatever its name (w, x, net)
    roles = _filled(known, contract, available)
    if None in roles:
        _refuse(function, what, [*needed, *by_name], roles, available)
    done = [role for role in roles if role is not None]
    keywords = tuple((p.name, role) for p, role in zip(by_name, done[len(needed) :], strict=True))
    return Call(function, tuple(done[: len(needed)]), keywords)


def _without_needs(
    function: Callable[..., Any], parameters: list[inspect.Parameter], contract: Sequence[str], available: Sequence[str]
) -> Call:
    """Nothing has to be given; what the contract has and the function can take by a telling name, or as *args, is."""
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return Call(function, tuple(contract))
    optional = [(p.name, _role(p.name, available, ())) for p in parameters if p.kind is not p.VAR_KEYWORD]
    return Call(function, (), tuple((name, role) for name, role in optional if role in contract and role is not None))


def _role(name: str, available: Sequence[str], names: Sequence[str]) -> str | None:
    if name in names:
        return f"leaf:{name}"
    role = role_of(name)
    return role if role in available else None


def _filled(known: list[str | None], contract: Sequence[str], available: Sequence[str]) -> list[str | None]:
    """What names do not tell is taken from the contract in its order, then from X and y."""
    doubled = [role if known.index(role) == i else None for i, role in enumerate(known)]
    left = [role for role in [*contract, "X", "y"] if role not in doubled and role in available]
    left = list(dict.fromkeys(left))
    return [role if role is not None else (left.pop(0) if left else None) for role in doubled]


def _refuse(
    function: Callable[..., Any],
    what: str,
    needed: list[inspect.Parameter],
    roles: list[str | None],
    available: Sequence[str],
) -> None:
    missing = ", ".join(p.name for p, role in zip(needed, roles, strict=True) if role is None)
    hint = (
        "" if {"X", "y"} <= set(available) else "Give what it needs as X=X and y=y, or let it use them from outside. "
    )
    name = getattr(function, "__name__", what)
    called = what if name == what else f"{what} ({name})"
    raise InputError(
        f"{called} takes {', '.join(p.name for p in needed)}, and there is nothing to give for {missing}.\n"
        f"{hint}What check_my_network expects is {what}({', '.join(_contract(what))}).\n{EXAMPLE}"
    )


def _contract(what: str) -> tuple[str, ...]:
    return {"forward": ("params", "X"), "step": ("params", "gradients")}.get(what, ("params",))


def check_callable(function: Any, what: str) -> None:
    """Refuse what is not a function, and say what was probably meant."""
    if callable(function):
        return
    seen = f"{function!r}" if is_short(function) else f"a {type(function).__name__}"
    called = f"{what}(...)" if what != "loss" else "loss(params)"
    raise InputError(
        f"{what} is {seen}; a function is expected. Write its name without calling it: {what}, not {called}.\n{EXAMPLE}"
    )


def is_short(value: Any) -> bool:
    return value is None or (isinstance(value, bool | int | float | str) and len(repr(value)) < 40)
