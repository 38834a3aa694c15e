"""Where somebody is logged in, as they see it themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record

__all__ = ["OwnSession"]


class OwnSession(Record, frozen=True, kw_only=True):
    """One log-in that counts now."""

    id: str
    kind: Annotated[
        Literal["browser", "site", "app"],
        Meta(
            description="browser: with a cookie of this node; site: an admin site elsewhere; app: a phone's."
        ),
    ]
    name: Annotated[str, Meta(description="What the browser or device calls itself; empty: unknown.")] = ""
    source: Annotated[str, Meta(description="The address it logged in from; empty: unknown.")] = ""
    opened_at: Annotated[datetime | None, Meta(description="null: before the node kept it.")] = None
    expires_at: datetime
    current: Annotated[bool, Meta(description="The one that asks.")] = False
