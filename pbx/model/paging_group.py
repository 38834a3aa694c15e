"""A paging group: one number that speaks through the phones of several extensions."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.scalars import DisplayName, ExtensionNumber


class PagingGroup(Record, frozen=True, kw_only=True):
    """Its members' phones answer by themselves, and all of them play what the caller says."""

    number: ExtensionNumber
    name: DisplayName
    members: Annotated[
        tuple[Annotated[str, ref("extension")], ...],
        Meta(min_length=1, max_length=100, title="Members", description="All phones of each are called."),
    ]
    two_way: Annotated[
        bool,
        Meta(title="Everybody may talk", description="Off: the members only hear the caller."),
    ] = False
    skip_busy: Annotated[
        bool, Meta(title="Skip busy", description="Members who are in a call are left alone.")
    ] = True
    tone_before: Annotated[
        bool, Meta(title="Tone before", description="A short tone, before the caller is heard.")
    ] = True
    longest_s: Annotated[
        int,
        Meta(
            ge=5,
            le=3600,
            title="Longest time",
            description="The announcement ends after this time.",
            extra_json_schema={"x-unit": "s"},
        ),
    ] = 120
