"""Listening to calls that go on: how, and what those who talk are told."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record

__all__ = ["How", "Supervised", "SupervisionSettings"]

How = Literal["listen", "whisper", "barge"]


class Supervised(Record, frozen=True, kw_only=True):
    """Somebody listens, or will when the phone is picked up. `call` is the call of that phone: hang it up to end it."""

    call: str
    extension: str
    how: How


class SupervisionSettings(Record, frozen=True, kw_only=True):
    """What those who talk are told when somebody begins to listen."""

    notice: Annotated[
        Literal["nothing", "tone", "announcement"],
        Meta(
            title="Notice",
            description="What both sides hear when somebody begins to listen to their call. In many countries people "
            "must be told.",
        ),
    ] = "tone"
