"""An outside number (DID), or a block of them, and where its calls go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.recording import KeepDays, RecordWhen
from pbx.model.scalars import E164, DisplayName, Slug

NumberDestination = Annotated[
    str,
    Meta(
        pattern=r"^[0-9*#+X]{1,32}$(?!\n)",
        title="Destination",
        description="Where the call goes: what an extension would dial to get there. "
        "Each X is one of the last digits of the number that was called.",
        examples=["101", "2XX"],
        extra_json_schema={"x-widget": "destination"},
    ),
]


class InboundNumber(Record, frozen=True, kw_only=True):
    """A number people call from outside, or all from `number` to `last`."""

    number: E164
    last: Annotated[
        E164 | None,
        Meta(
            title="Last number",
            description="Of a block that begins with the number above; without one it is that number alone.",
            examples=["+4930901820099"],
        ),
    ] = None
    name: Annotated[DisplayName, Meta(description="What the number is for; phones show it with the caller.")]
    destination: NumberDestination
    trunk: Annotated[
        Annotated[Slug, ref("trunk")] | None,
        Meta(title="Trunk", description="Only calls that come over this trunk; without one, over any."),
    ] = None
    priority: Annotated[
        int,
        Meta(
            ge=-100,
            le=100,
            title="Priority in queues",
            description="The higher is served first; added to the queue's.",
        ),
    ] = 0

    record: RecordWhen = "default"
    record_keep_days: KeepDays = None

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """What does not fit together: the field, and why."""
        if self.last is not None and (len(self.last) != len(self.number) or self.last <= self.number):
            yield (
                "last",
                f"the last number of a block is as long as its first, {self.number}, and comes after it",
            )
        if self.destination.count("X") >= len(self.number) - 1:
            yield "destination", "there are more X than the number has digits"
