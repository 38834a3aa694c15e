"""The audit log, to read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.query import Limit, Offset
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.views import Total
from pbx.model.audit import AuditEntry
from pbx.model.base import Record
from pbx.store.audit import AuditFilter

__all__ = ["ROUTES", "AuditList", "AuditQuery"]


class AuditQuery(Record, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """Which entries."""

    limit: Limit = 100
    offset: Offset = 0
    actor: Annotated[str, Meta(max_length=200, description="Only what they did.")] = ""
    kind: Annotated[str, Meta(max_length=80, description="Only what is about this kind of thing.")] = ""
    key: Annotated[str, Meta(max_length=200, description="Only what is about the one of this name.")] = ""
    action: Annotated[str, Meta(max_length=80, description="Only this.", examples=["log_in_failed"])] = ""
    since: Annotated[datetime, Meta(tz=True, description="Only then or later (RFC 3339).")] | None = None
    until: Annotated[datetime, Meta(tz=True, description="Only before (RFC 3339).")] | None = None


class AuditList(Record, frozen=True, kw_only=True):
    """A page of the audit log."""

    items: tuple[AuditEntry, ...]
    total: Total


async def list_audit(exchange: Exchange, *, query: AuditQuery) -> AuditList:
    wanted = AuditFilter(
        actor=query.actor or None,
        kind=query.kind or None,
        key=query.key or None,
        action=query.action or None,
        since=query.since,
        until=query.until,
    )
    items, total = await exchange.service.deps.accounts.audit.page(
        wanted, limit=query.limit, offset=query.offset
    )
    return AuditList(items=tuple(items), total=total)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/audit",
        scope=Scope.AUDIT_READ,
        name="listAudit",
        tag="Users",
        summary="Read who changed what",
        description="The newest first. Changes by the API, the site, the command line, by phones and by the node; "
        "log-ins and those that failed. Kept for as long as the setting audit_keep_days says.",
        query=AuditQuery,
        response=AuditList,
        handler=list_audit,
    ),
)
