"""What a page may say: every message as a model; whatever does not fit is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from pellucid.errors import InputError
from pellucid.studio.choices import MOST_LAYERS, MOST_UNITS, Number, State, Strict

UPLOAD = 50 * 2**20  # bytes of a file


class Message(Strict):
    id: Annotated[int, Field(ge=0, le=2**31)] | None = None


class Hello(Message):
    type: Literal["hello"]
    run: Annotated[str, Field(max_length=64)] | None = None
    state: State | None = None


class Set(Message):
    type: Literal["set"]
    state: State
    keep_weights: bool = False


class Simple(Message):
    type: Literal["play", "pause", "reset", "reseed", "check", "findings", "unpin", "ping"]


class Steps(Message):
    type: Literal["step", "epoch"]
    count: Annotated[int, Field(ge=1, le=100_000)] = 1


class Speed(Message):
    type: Literal["speed"]
    steps_per_second: Annotated[float, Field(gt=0, le=1e7)] | None


class Watch(Message):
    type: Literal["watch"]
    fps: Annotated[int, Field(ge=1, le=60)] = 30
    grid: Annotated[int, Field(ge=16, le=128)] = 64
    units: bool = True
    parameters: bool = True
    histograms: bool = False
    confusion: bool = False
    history: bool = True
    findings: bool = False


class DrawnFrame(Message):
    type: Literal["drawn"]
    frame: Annotated[int, Field(ge=0, le=2**53)]


class Seek(Message):
    type: Literal["seek"]
    step: Annotated[int, Field(ge=0, le=2**53)]
    exact: bool = True


class Edit(Message):
    type: Literal["edit"]
    name: Annotated[str, Field(pattern=r"^[Wb][1-9]$")]
    index: Annotated[list[Annotated[int, Field(ge=0, le=100_000)]], Field(min_length=1, max_length=2)]
    value: Number


class Silence(Message):
    type: Literal["silence"]
    layer: Annotated[int, Field(ge=1, le=MOST_LAYERS)]
    unit: Annotated[int, Field(ge=0, lt=MOST_UNITS)]
    on: bool


class Inside(Message):
    type: Literal["inside"]
    row: Annotated[int, Field(ge=0, le=10**9)]
    part: Literal["train", "validation"] | None = None


class Apply(Message):
    type: Literal["apply"]
    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]


class Pin(Message):
    type: Literal["pin"]
    name: Annotated[str, Field(max_length=100)] = ""


class Predict(Message):
    type: Literal["predict"]
    x: Annotated[list[Number], Field(min_length=1, max_length=10_000)]


class Rows(Message):
    type: Literal["rows"]
    start: Annotated[int, Field(ge=0, le=10**9)] = 0
    count: Annotated[int, Field(ge=1, le=200)] = 50


AnyMessage = Annotated[
    Hello | Set | Simple | Steps | Speed | Watch | DrawnFrame | Seek | Edit | Silence | Inside | Apply | Pin | Predict
    | Rows,
    Field(discriminator="type"),
]  # fmt: skip

_messages: TypeAdapter[Any] = TypeAdapter(AnyMessage)


def parsed(text: str) -> Message:
    """A message of a page.

    Raises:
        InputError: it is no JSON, of no known type, or not as its type wants it; the message says where.

    Example:
        >>> parsed('{"type": "seek", "id": 3, "step": 10}').step
        10
    """
    try:
        message: Message = _messages.validate_json(text)
    except ValidationError as error:
        raise InputError(_said(error)) from None
    return message


def _said(error: ValidationError) -> str:
    """What is wrong with a message, at most three things; what it held is not repeated."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{'.'.join(map(str, one['loc'])) or 'message'}: {one['msg']}"[:300] for one in found[:3]]
    return f"This message cannot be understood: {'; '.join(said)}."
