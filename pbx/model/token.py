"""Bearer tokens for programs. The token itself is shown once, when it is made."""

from __future__ import annotations

from datetime import datetime

from pbx.model.base import Record
from pbx.model.scalars import Label


class Token(Record, frozen=True, kw_only=True):
    """A token as it is listed; `last_used_at` is accurate to a minute."""

    id: str
    name: Label
    created_at: datetime
    last_used_at: datetime | None = None


class TokenWrite(Record, frozen=True, kw_only=True):
    """A new token."""

    name: Label


class TokenCreated(Record, frozen=True, kw_only=True):
    """The answer to a new token: the only time `secret` is shown."""

    token: Token
    secret: str
