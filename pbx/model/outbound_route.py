"""Which trunks take which numbers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.extension import Reach
from pbx.model.kind import ref
from pbx.model.scalars import Label, Slug

DialPattern = Annotated[
    str,
    Meta(
        pattern=r"^(?:[0-9*#+XZN]|\[[0-9-]+\])*[.!]?$(?!\n)",
        min_length=1,
        max_length=64,
        title="Pattern",
        description="X is any digit, Z 1 to 9, N 2 to 9, [1-5] a choice, . one or more of anything.",
        examples=["+1NXXNXXXXXX", "0."],
    ),
]


class OutboundRoute(Record, frozen=True, kw_only=True):
    """Numbers that match one of `patterns` go out over the first of `trunks` that works."""

    id: Slug
    name: Label
    enabled: Annotated[bool, Meta(title="Enabled")] = True
    position: Annotated[
        int, Meta(ge=0, le=10_000, title="Position", description="Routes are tried in this order.")
    ] = 100
    patterns: Annotated[tuple[DialPattern, ...], Meta(min_length=1, max_length=100, title="Numbers")]
    trunks: Annotated[
        tuple[Annotated[Slug, ref("trunk")], ...],
        Meta(
            min_length=1, max_length=20, title="Trunks", description="In the order in which they are tried."
        ),
    ]
    strip_digits: Annotated[
        int, Meta(ge=0, le=20, title="Take away", description="Leading digits of what was dialled.")
    ] = 0
    prefix: Annotated[
        str, Meta(max_length=20, pattern=r"^[0-9*#+]*$(?!\n)", title="Put before", description="Digits.")
    ] = ""
    reach: Annotated[
        Reach, Meta(title="Reach", description="Extensions that may call less far cannot use it.")
    ] = "national"
