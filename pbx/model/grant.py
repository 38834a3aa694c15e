"""What a site elsewhere, or an app on a phone, was let in with."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record

__all__ = ["Grant", "GrantKind", "PushService"]

GrantKind = Literal["site", "app"]
PushService = Literal["", "apns", "fcm", "webpush"]


class Grant(Record, frozen=True, kw_only=True):
    """One log-in that is kept alive by refreshing."""

    id: str
    user_id: str
    kind: GrantKind
    device: Annotated[str, Meta(description="What the device calls itself.", examples=["Alice's phone"])]
    created_at: datetime
    refreshed_at: datetime
    expires_at: Annotated[datetime, Meta(description="Unless it is refreshed before.")]
    push_service: Annotated[PushService, Meta(description="Whose push token is stored; empty: none.")] = ""
