"""Bearer tokens for programs. The token itself is shown once, when it is made."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.scalars import Label

__all__ = ["EVERYTHING", "Token", "TokenCreated"]

EVERYTHING = "*"
"""In place of scopes: all there are, and those of later versions."""


class Token(Record, frozen=True, kw_only=True):
    """A token as it is listed; `last_used_at` is accurate to a minute."""

    id: str
    name: Label
    created_at: datetime
    last_used_at: datetime | None = None
    scopes: Annotated[
        tuple[str, ...], Meta(description="What it may do; * is everything. Never more than its maker may.")
    ] = (EVERYTHING,)
    expires_at: datetime | None = None
    user_id: Annotated[
        str | None, Meta(description="Who made it, and with whom it goes; null: made on the command line.")
    ] = None


class TokenCreated(Record, frozen=True, kw_only=True):
    """The answer to a new token: the only time `secret` is shown."""

    token: Token
    secret: str
