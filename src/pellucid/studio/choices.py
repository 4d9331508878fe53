"""What a run of the studio is made of, as models: data, network, training, view, and the state that holds them all.

The ranges stand here alone: the catalogue that the page shows is made from these models.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pellucid.activations import ACTIVATIONS
from pellucid.initializers import INITIALIZERS
from pellucid.losses import LOSSES
from pellucid.optimizers import OPTIMIZERS
from pellucid.schedules import SCHEDULES
from pellucid.studio.datasets import TRANSFORMS

HIDDEN = tuple(name for name, record in ACTIVATIONS.items() if not record.output_only)
FEATURES = tuple(TRANSFORMS)
MOST_LAYERS, MOST_UNITS, MOST_POINTS, MOST_EPOCHS, MOST_SEED = 8, 64, 2000, 1_000_000, 2**31
Seed = Annotated[int, Field(ge=0, le=MOST_SEED)]
Short = Annotated[str, Field(max_length=200)]
Number = Annotated[float, Field(ge=-1e9, le=1e9)]


class Strict(BaseModel):
    """Nothing is converted, nothing unknown is let pass, and no number is infinite."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


# Data


class Toy(Strict):
    """What generated sets have in common."""

    n: Annotated[int, Field(ge=10, le=5000)] = 300
    noise: Annotated[float, Field(ge=0, le=2)] = 0.1
    seed: Seed = 0


class Moons(Toy):
    kind: Literal["moons"] = "moons"
    noise: Annotated[float, Field(ge=0, le=2)] = 0.2


class Circles(Toy):
    kind: Literal["circles"]
    factor: Annotated[float, Field(ge=0, lt=1)] = 0.5


class Xor(Toy):
    kind: Literal["xor"]


class Spiral(Toy):
    kind: Literal["spiral"]
    n: Annotated[int, Field(ge=10, le=1000)] = 100
    arms: Annotated[int, Field(ge=2, le=5)] = 3
    noise: Annotated[float, Field(ge=0, le=2)] = 0.2


class Blobs(Toy):
    kind: Literal["blobs"]
    classes: Annotated[int, Field(ge=2, le=8)] = 3
    noise: Annotated[float, Field(ge=0, le=5)] = 1.0


class Plane(Toy):
    kind: Literal["plane"]


class Waves(Toy):
    kind: Literal["waves"]
    n: Annotated[int, Field(ge=10, le=5000)] = 500


class Microchips(Strict):
    kind: Literal["microchips"]
    seed: Seed = 0


class Shirts(Strict):
    kind: Literal["shirts"]
    n: Annotated[int, Field(ge=10, le=5000)] = 500
    seed: Seed = 0


class Real(Strict):
    kind: Literal["digits", "iris", "wine", "breast-cancer"]


class Drawn(Strict):
    kind: Literal["drawn"]
    points: Annotated[list[tuple[Number, Number, Number]], Field(max_length=MOST_POINTS)] = []
    values: bool = False

    @model_validator(mode="after")
    def _classes(self) -> Drawn:
        if not self.values and any(label not in range(8) for _, _, label in self.points):
            raise ValueError("the third number of a point is its class, 0 ... 7")
        return self


class Csv(Strict):
    kind: Literal["csv"]
    target: Short | None = None
    task: Literal["auto", "classes", "values"] = "auto"
    drop: Annotated[list[Short], Field(max_length=1000)] = []


AnyData = Annotated[
    Moons | Circles | Xor | Spiral | Blobs | Plane | Waves | Microchips | Shirts | Real | Drawn | Csv,
    Field(discriminator="kind"),
]


# Network, training, view


class Layer(Strict):
    units: Annotated[int, Field(ge=1, le=MOST_UNITS)] = 8
    activation: Literal[HIDDEN] = "tanh"  # type: ignore[valid-type]
    dropout: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    init: Literal[tuple(INITIALIZERS)] | None = None  # type: ignore[valid-type]


class Network(Strict):
    layers: Annotated[list[Layer], Field(max_length=MOST_LAYERS)] = [Layer(units=8), Layer(units=8)]
    loss: Literal[tuple(LOSSES)] | None = None  # type: ignore[valid-type]
    output_init: Literal[tuple(INITIALIZERS)] | None = None  # type: ignore[valid-type]


class Named(Strict):
    """A record by its name, with those of its constants that are not the usual ones."""

    known: ClassVar[dict[str, frozenset[str]]] = {}

    @model_validator(mode="after")
    def _own(self) -> Named:
        name = getattr(self, "name", "")
        foreign = self.model_fields_set - {"name"} - self.known[name]
        if foreign:
            has = ", ".join(sorted(self.known[name])) or "no constants"
            raise ValueError(f"{name} has no {', '.join(sorted(foreign))}; it has {has}")
        return self


def _constants(records: dict[str, Any]) -> dict[str, frozenset[str]]:
    return {name: frozenset(field.name for field in fields(record)) for name, record in records.items()}


Share = Annotated[float, Field(ge=0, lt=1)]


class Optimizer(Named):
    known = _constants(OPTIMIZERS)

    name: Literal[tuple(OPTIMIZERS)] = "adam"  # type: ignore[valid-type]
    learning_rate: Annotated[float, Field(gt=0, le=100)] = 0.01
    momentum: Share = 0.0
    nesterov: bool = False
    decay: Share = 0.9
    beta1: Share = 0.9
    beta2: Share = 0.999
    eps: Annotated[float, Field(gt=0, le=1)] = 1e-8
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.01


class Schedule(Named):
    known = _constants(SCHEDULES)

    name: Literal[tuple(SCHEDULES)] = "constant"  # type: ignore[valid-type]
    every: Annotated[int, Field(ge=1, le=MOST_EPOCHS)] = 30
    factor: Annotated[float, Field(gt=0, le=1)] = 0.5
    decay: Annotated[float, Field(ge=0, le=100)] = 0.01
    warmup: Share = 0.0
    patience: Annotated[int, Field(ge=1, le=MOST_EPOCHS)] = 10


class Training(Strict):
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    batch_size: Annotated[int, Field(ge=1, le=100_000)] | None = 32
    l2: Annotated[float, Field(ge=0, le=100)] = 0.0
    l1: Annotated[float, Field(ge=0, le=100)] = 0.0
    clip_norm: Annotated[float, Field(gt=0, le=1e6)] | None = None
    epochs: Annotated[int, Field(ge=1, le=MOST_EPOCHS)] = 2000
    engine: Literal["auto", "readable", "compiled"] = "auto"


class View(Strict):
    kind: Literal["features", "components"] = "components"  # of two features, themselves
    x: Annotated[int, Field(ge=0, le=100_000)] = 0
    y: Annotated[int, Field(ge=0, le=100_000)] = 1


class State(Strict):
    """Everything that a run is made of, but for a file of one's own: a link holds it."""

    v: Literal[1] = 1
    data: AnyData = Moons()
    features: Annotated[list[Literal[FEATURES]], Field(min_length=1, max_length=7)] | None = ["x1", "x2"]  # type: ignore[valid-type]
    standardize: bool = True
    validation: Annotated[float, Field(ge=0, le=0.5)] = 0.2
    seed: Seed = 0
    network: Network = Network()
    training: Training = Training()
    view: View = View()


def given(state: State) -> dict[str, Any]:
    """Those parts of a state that a message named; data, layers, optimizer, schedule and view are whole.

    Example:
        >>> given(State.model_validate({"training": {"l2": 0.5}}))
        {'training': {'l2': 0.5}}
    """
    parts: dict[str, Any] = {}
    for name in state.model_fields_set - {"v"}:
        value = getattr(state, name)
        if name in ("network", "training"):
            whole = value.model_dump(mode="json")
            parts[name] = {key: named(whole[key], getattr(value, key)) for key in value.model_fields_set}
        else:
            parts[name] = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return parts


def named(whole: Any, value: Any) -> Any:
    """A named record with its own constants alone; everything else as it is."""
    if not isinstance(value, Named):
        return whole
    return {key: whole[key] for key in whole if key == "name" or key in value.known[whole["name"]]}


def full(state: State | None = None) -> dict[str, Any]:
    """A state with everything that was not said as it usually is."""
    state = state or State()
    whole = state.model_dump(mode="json")
    for key in ("optimizer", "schedule"):
        whole["training"][key] = named(whole["training"][key], getattr(state.training, key))
    return whole
