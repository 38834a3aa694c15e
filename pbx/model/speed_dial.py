"""A speed dial: a short code for a number that is dialled often."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.scalars import Destination, DisplayName, Slug


class SpeedDial(Record, frozen=True, kw_only=True):
    """Dialled as the code of the feature “Speed dial” and then its own."""

    id: Slug
    name: Annotated[DisplayName, Meta(description="Whom it reaches.")]
    code: Annotated[
        str,
        Meta(
            pattern=r"^[0-9]{1,4}$(?!\n)",
            title="Short code",
            description="1 to 4 digits, dialled after the feature code.",
            examples=["7"],
        ),
    ]
    destination: Annotated[
        Destination, Meta(description="What is dialled instead, with the caller's rights.")
    ]
    extension: Annotated[
        Annotated[str, ref("extension")] | None,
        Meta(title="Extension", description="Whose it is; without one, everybody's."),
    ] = None
