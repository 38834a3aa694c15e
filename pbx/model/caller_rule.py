"""Who may call in: rules for callers from outside."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.limit import Region
from pbx.model.scalars import Label, Slug

__all__ = ["CallerPattern", "CallerRule"]

CallerPattern = Annotated[
    str,
    Meta(
        pattern=r"^(?:\+?[0-9]{1,20}\*?|\*)$(?!\n)",
        title="Number",
        description="A caller's number with its country code; with * at the end all that begin so; * alone all.",
        examples=["+12025550123", "+4490*"],
    ),
]


class CallerRule(Record, frozen=True, kw_only=True):
    """What happens to callers from outside.

    A rule that names extensions is for calls to those, and goes before the office's rules; on the same level `allow`
    and `vip` go before `block`. `vip` allows too, and such a caller is not kept out by do-not-disturb.
    """

    id: Slug
    name: Label
    enabled: Annotated[bool, Meta(title="Enabled")] = True
    action: Annotated[Literal["block", "allow", "vip"], Meta(title="What to do")] = "block"
    extensions: Annotated[
        tuple[Annotated[str, ref("extension")], ...],
        Meta(max_length=1000, title="Only calls to", description="None: all calls from outside."),
    ] = ()
    numbers: Annotated[tuple[CallerPattern, ...], Meta(max_length=1000, title="Numbers")] = ()
    countries: Annotated[tuple[Region, ...], Meta(max_length=250, title="Countries")] = ()
    anonymous: Annotated[
        bool, Meta(title="Anonymous callers", description="Those who hide their number.")
    ] = False
