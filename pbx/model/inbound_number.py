"""An outside number (DID) and where its calls go."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.kind import ref
from pbx.model.scalars import E164, Destination, DisplayName, Slug


class InboundNumber(Record, frozen=True, kw_only=True):
    """A number people call from outside."""

    number: E164
    name: Annotated[DisplayName, Meta(description="What the number is for; phones show it with the caller.")]
    destination: Destination
    trunk: Annotated[
        Annotated[Slug, ref("trunk")] | None,
        Meta(title="Trunk", description="Only calls that come over this trunk; without one, over any."),
    ] = None
