"""A ring group: one number that rings several extensions."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.recording import KeepDays, RecordWhen
from pbx.model.scalars import Destination, DisplayName, ExtensionNumber, RingSeconds

Strategy = Literal["all", "in_order", "round_robin", "random", "longest_idle"]


class RingGroup(Record, frozen=True, kw_only=True):
    """Rings its members all at once, or one after the other in an order."""

    number: ExtensionNumber
    name: DisplayName
    members: Annotated[
        tuple[Annotated[str, ref("extension")], ...],
        Meta(
            min_length=1, max_length=100, title="Members", description="In the order in which they are rung."
        ),
    ]
    strategy: Annotated[
        Strategy,
        Meta(
            title="Who rings",
            description="All at once; or one by one: always in order, each call beginning with the next one, in any "
            "order, or whoever has not talked for longest.",
        ),
    ] = "all"
    ring_timeout_s: Annotated[RingSeconds, Meta(title="Ring time", description="Of the whole group.")] = 30
    member_timeout_s: Annotated[
        RingSeconds, Meta(title="Ring time of one", description="Before the next one is rung.")
    ] = 15
    skip_busy: Annotated[
        bool, Meta(title="Skip busy", description="Members who are in a call are not rung.")
    ] = True
    name_prefix: Annotated[
        str,
        Meta(
            max_length=20,
            pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
            title="Name prefix",
            description="Shown before the caller's name.",
            examples=["Sales: "],
        ),
    ] = ""
    overflow: Annotated[
        Destination | None, Meta(title="When nobody answers", description="Where the call goes then.")
    ] = None
    record: RecordWhen = "default"
    record_keep_days: KeepDays = None
