"""How an extension is: what the live screen and the lamps show of it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pbx.model.base import Record

Activity = Literal["free", "calling", "ringing", "talking", "held"]


class ExtensionState(Record, frozen=True, kw_only=True):
    """What an extension does now."""

    number: str
    state: Annotated[
        Activity,
        Meta(
            description="calling: it waits for an answer; held: it has put everybody on hold. Of several calls "
            "the one that says most: ringing, talking, held, calling."
        ),
    ] = "free"
    registered: Annotated[bool, Meta(description="Whether a phone of it can be rung.")] = False
    do_not_disturb: bool = False
    calls: Annotated[int, Meta(ge=0, description="How many calls it is in, those that ring included.")] = 0
    with_number: Annotated[
        str, Meta(description="The other side of the call that `state` is about; empty when free.")
    ] = ""
    with_name: str = ""


class ExtensionStateChanged(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="extension_state_changed"
):
    """An extension rings, talks, is free again, comes or goes. `number` is "" when several may have."""

    number: str
