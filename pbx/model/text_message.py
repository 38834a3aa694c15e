"""A text message to an extension (RFC 3428), and what is told about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from pbx.model.base import Record
from pbx.model.scalars import ExtensionNumber

__all__ = ["MOST_BYTES", "MessageDelivered", "MessageStored", "MessageWrite", "TextMessage"]

MOST_BYTES = 1000
"""Of the text in UTF-8: the whole request has to fit 1300 bytes (RFC 3428 section 8)."""


class TextMessage(Record, frozen=True, kw_only=True):
    """As it is kept. `from_extension` is set when the node knows who wrote it."""

    id: str
    from_number: str
    from_name: str
    from_extension: str | None
    to_extension: str
    text: str
    sent_at: datetime
    expires_at: Annotated[
        datetime, Meta(description="A message that no phone has taken by then is given up.")
    ]
    delivered_at: Annotated[
        datetime | None, Meta(description="When the first phone took it; null while it waits.")
    ] = None


class MessageWrite(Record, frozen=True, kw_only=True):
    """A message to send."""

    to_extension: ExtensionNumber
    text: Annotated[
        str, Meta(min_length=1, max_length=MOST_BYTES, description="At most 1000 bytes of UTF-8.")
    ]
    from_extension: Annotated[
        ExtensionNumber | None,
        Meta(description="In whose name it is sent; without one, it comes from the office."),
    ] = None


class MessageStored(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="stored"):
    """A message was taken and will be delivered."""

    id: str
    to_extension: str


class MessageDelivered(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="delivered"):
    """A phone of the extension has it."""

    id: str
    to_extension: str
