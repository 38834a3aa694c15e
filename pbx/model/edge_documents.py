"""What the office and an edge tell each other: the directory there, messages and calls here.

An edge may be newer than the node: fields that are not known here are passed over.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = [
    "EdgeCall",
    "EdgeCallStep",
    "EdgeDirectory",
    "EdgeExtension",
    "EdgeHours",
    "EdgeNumber",
    "EdgeVoicemail",
]

Milliseconds = Annotated[int, Meta(ge=0, le=253_402_300_799_999, description="Since 1970, UTC.")]
Text = Annotated[str, Meta(max_length=400)]


class EdgeHours(msgspec.Struct, frozen=True, kw_only=True):
    """Hours of one day; 0 is Monday. Those that end at or before their start go on past midnight."""

    day: int
    from_: str = msgspec.field(name="from")
    to: str


class EdgeExtension(msgspec.Struct, frozen=True, kw_only=True):
    """`mailbox`: it takes messages; `listed`: callers may ask for it by name."""

    number: str
    name: str
    department: str = ""
    forward_to: str | None = None
    mailbox: bool = False
    listed: bool = True
    email: str | None = None


class EdgeNumber(msgspec.Struct, frozen=True, kw_only=True):
    """An outside number, and what is dialled for its calls."""

    number: str
    name: str
    destination: str


class EdgeDirectory(msgspec.Struct, frozen=True, kw_only=True):
    """What an edge needs to answer calls while the office is offline. Without `opening`, hours are not known."""

    office_name: str
    language: str
    country: str
    time_zone: str
    opening: tuple[EdgeHours, ...] | None
    closed_on: tuple[str, ...]
    fallback_number: str | None
    extensions: tuple[EdgeExtension, ...]
    numbers: tuple[EdgeNumber, ...]


class EdgeVoicemail(msgspec.Struct, frozen=True, kw_only=True):
    """A message that an edge has taken; its sound comes beside it. Without `extension` it is for the office."""

    extension: Text = ""
    from_number: Text
    to_number: Text = ""
    received_at: Milliseconds
    duration_s: float = 0.0
    call: Annotated[str, Meta(max_length=64)] = ""
    transcript: Annotated[str, Meta(max_length=20_000)] | None = None


class EdgeCallStep(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened in a call that an edge has answered."""

    at: Milliseconds
    kind: Text
    extension: Text = ""
    name: Text = ""
    number: Text = ""
    detail: Text = ""
    seconds: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class EdgeCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that an edge has answered, when it is over."""

    call: Annotated[str, Meta(max_length=64)]
    from_number: Text
    from_name: Text = ""
    to_number: Text
    began_at: Milliseconds
    ended_at: Milliseconds
    steps: Annotated[tuple[EdgeCallStep, ...], Meta(max_length=1000)] = ()
