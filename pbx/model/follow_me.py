"""Follow-me: where else an extension's calls ring."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.scalars import Destination, RingSeconds

__all__ = ["FollowMe", "FollowMeNumber"]


class FollowMeNumber(Record, frozen=True, kw_only=True):
    """An extension, or an outside number as the extension would dial it."""

    number: Destination
    delay_s: Annotated[
        int,
        Meta(
            ge=0,
            le=120,
            title="Wait before",
            description="All at once: since the call came. One by one: since the number before gave up.",
            extra_json_schema={"x-unit": "s"},
        ),
    ] = 0
    timeout_s: RingSeconds = 20


class FollowMe(Record, frozen=True, kw_only=True):
    """Rings further numbers beside, or after, the phones of the extension."""

    enabled: Annotated[bool, Meta(title="Follow me")] = False
    strategy: Annotated[
        Literal["all", "in_order"],
        Meta(title="Who rings", description="All at once, or one number after the other."),
    ] = "in_order"
    own_phones: Annotated[
        bool, Meta(title="Own phones too", description="They ring first, or together with the numbers.")
    ] = True
    confirm: Annotated[
        bool,
        Meta(
            title="Ask for a key",
            description="Who picks up an outside number has to press 1, so that no mailbox takes the call.",
        ),
    ] = True
    caller_hears: Annotated[
        Literal["ringback", "music"], Meta(title="The caller hears", description="Until somebody answers.")
    ] = "ringback"
    numbers: Annotated[tuple[FollowMeNumber, ...], Meta(max_length=10, title="Numbers")] = ()
