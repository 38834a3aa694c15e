"""The audit log: who changed what, when, and from where."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta

from pbx.model.base import Record

__all__ = ["AuditEntry"]


class AuditEntry(Record, frozen=True, kw_only=True):
    """One change. Of a changed record, `before` and `after` hold the fields that differ. Secrets are never in it."""

    id: str
    at: datetime
    actor: Annotated[str, Meta(description="A user, a token, or what did it by itself.", examples=["admin"])]
    source: Annotated[
        str, Meta(description="The address it came from, or the command line.", examples=["192.168.1.20"])
    ]
    action: Annotated[str, Meta(examples=["create", "change", "delete", "log_in", "hang_up"])]
    kind: Annotated[str, Meta(examples=["extension"])]
    key: Annotated[str, Meta(description="Which one.", examples=["101"])]
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
