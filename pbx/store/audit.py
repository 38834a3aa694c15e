"""The audit log: written inside the transaction of the change it tells of; neither is there without the other.

Whoever takes a request, or runs a command, says who acts (`acting`). The stores ask for a `Scribe` on the event loop
and let it write on the connection's thread. Where nobody said who, it is the node itself: a clock, or a phone or a flow
in a call, which is named. Secrets stay out: a field that names one is shown as "(hidden)", and what is long as its
length.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

import msgspec

from pbx.core.ids import new_id
from pbx.core.log import CALL
from pbx.model.audit import AuditEntry
from pbx.store.database import Database
from pbx.store.table import Table, timestamp
from pbx.store.where import Where

__all__ = [
    "COMMAND_LINE",
    "Acting",
    "AuditFilter",
    "AuditStore",
    "Scribe",
    "acting",
    "scribe",
    "scribe_at",
    "shown",
]

COMMAND_LINE = "command line"
HIDDEN = "(hidden)"
LONGEST_VALUE = 4096
"""Of a field, in bytes of JSON: a drawn flow is longer, and has revisions of its own."""
_PRIVATE = ("password", "passphrase", "secret", "token", "signing_key", "api_key", "private_key")
_TABLE = Table(AuditEntry, "audit")

Fields = Mapping[str, Any]


class Acting(msgspec.Struct):
    """Who acts, and how many entries tell of it so far."""

    actor: str = "node"
    source: str = ""
    noted: int = 0


_ACTING: ContextVar[Acting | None] = ContextVar("acting", default=None)


@contextmanager
def acting(actor: str, source: str) -> Iterator[Acting]:
    """What is changed inside was changed by them."""
    who = Acting(actor, source)
    reset = _ACTING.set(who)
    try:
        yield who
    finally:
        _ACTING.reset(reset)


def scribe(database: Database) -> Scribe:
    """Ask on the event loop, use inside a transaction."""
    return scribe_at(database.clock.now())


def scribe_at(moment: datetime) -> Scribe:
    """The same where the moment is known."""
    who = _ACTING.get()
    if who is None:
        call = CALL.get()
        who = Acting(source=f"call {call}" if call else "")
    return Scribe(who, moment)


class Scribe(msgspec.Struct, frozen=True):
    """Writes entries of one moment."""

    who: Acting
    at: datetime

    def note(
        self,
        connection: sqlite3.Connection,
        action: str,
        kind: str,
        key: str,
        *,
        before: Fields | None = None,
        after: Fields | None = None,
    ) -> None:
        """One entry. With both sides given, only the fields that differ are kept; when none does, there is no entry."""
        self.who.noted += 1
        if before is not None and after is not None:
            names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
            before, after = ({name: side.get(name) for name in names} for side in (before, after))
            if not names:
                return
        _TABLE.insert(
            connection,
            AuditEntry(
                id=new_id(),
                at=self.at,
                actor=self.who.actor,
                source=self.who.source,
                action=action,
                kind=kind,
                key=key,
                before=None if before is None else shown(before),
                after=None if after is None else shown(after),
            ),
        )


def shown(fields: Fields) -> dict[str, Any]:
    """What may be kept of them."""
    return {name: _shown(name, value) for name, value in fields.items()}


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, str) and value and _is_private(name):
        return value if value in (HIDDEN, "(changed)", "(removed)") else HIDDEN
    size = len(msgspec.json.encode(value))
    return f"({size} bytes)" if size > LONGEST_VALUE else _without_secrets(value)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if isinstance(one, str) and one and _is_private(str(name)) else _without_secrets(one)
            for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without_secrets(one) for one in value]
    return value


def _is_private(name: str) -> bool:
    name = name.lower()
    return name == "pin" or name.endswith("_pin") or any(word in name for word in _PRIVATE)


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries; `until` is not included."""

    actor: str | None = None
    kind: str | None = None
    key: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditStore:
    """Reads the log, adds what no store has written, and lets what is old go."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, action: str, kind: str, key: str, *, before: Fields | None = None, after: Fields | None = None
    ) -> None:
        """An entry of its own, for what is no change of the database."""
        pen = scribe(self._database)
        await self._database.write(
            lambda connection: pen.note(connection, action, kind, key, before=before, after=after)
        )

    async def page(
        self, wanted: AuditFilter, *, limit: int = 100, offset: int = 0
    ) -> tuple[list[AuditEntry], int]:
        """One page, the newest first, and how many there are in all."""
        where = _where(wanted)
        return await self._database.read(
            lambda connection: _TABLE.page(
                connection,
                where=str(where),
                values=where.values,
                order="at DESC, rowid DESC",
                limit=limit,
                offset=offset,
            )
        )

    async def prune(self, keep_days: int) -> int:
        """Let go what is older; 0 keeps everything. How many went."""
        if not keep_days:
            return 0
        before = timestamp(self._database.clock.now() - timedelta(days=keep_days))
        return await self._database.write(
            lambda connection: connection.execute("DELETE FROM audit WHERE at < ?", (before,)).rowcount
        )


def _where(wanted: AuditFilter) -> Where:
    where = Where()
    where.same(wanted, ("actor", "kind", "key", "action"))
    where.between("at", wanted.since, wanted.until)
    return where
