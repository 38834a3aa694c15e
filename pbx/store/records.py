"""The office's records of every kind (`pbx.model.kinds`), with their sealed secrets and revisions.

Every change is published on the topic "records" after it is committed, also one that another process made.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import msgspec

from pbx.core.errors import UserError
from pbx.core.events import EventBus
from pbx.core.secret import SecretBox
from pbx.model.flow import Flow
from pbx.model.kind import Kind
from pbx.model.records_changed import RecordsChanged
from pbx.store.audit import scribe
from pbx.store.database import Database
from pbx.store.flow_secrets import FlowSecrets
from pbx.store.mark import Mark, read_mark
from pbx.store.thread import Work

__all__ = ["TOPIC", "RecordStore", "Stored"]

TOPIC = "records"


class Stored(msgspec.Struct, frozen=True):
    """A record and its revision."""

    record: Any
    revision: int


class RecordStore:
    """All kinds of records. Keys sort as numbers do: shorter first. A default that is not stored has revision 0."""

    def __init__(self, database: Database, box: SecretBox, bus: EventBus | None = None) -> None:
        self._database = database
        self._box = box
        self._bus = bus
        self.flow_secrets = FlowSecrets(box)
        database.on_foreign_change(lambda: self._publish(RecordsChanged()))

    async def all(self, kind: Kind) -> list[Any]:
        rows = await self._rows(
            "SELECT record FROM records WHERE kind=? ORDER BY length(key), key", kind.name
        )
        decode = _decoder(kind.record)
        return kind.with_defaults([decode(record) for (record,) in rows])

    async def get(self, kind: Kind, key: str) -> Stored | None:
        rows = await self._rows("SELECT record, revision FROM records WHERE kind=? AND key=?", kind.name, key)
        for record, revision in rows:
            return Stored(_decoder(kind.record)(record), revision)
        default = kind.default(key)
        return None if default is None else Stored(default, 0)

    async def secret(self, kind: Kind, key: str) -> str | None:
        """In clear; None when there is no such record, or it has none."""
        rows = await self._rows("SELECT secret FROM records WHERE kind=? AND key=?", kind.name, key)
        return next((self._open(kind, key, sealed) for (sealed,) in rows), None)

    async def everything(self, kind: Kind) -> list[Any]:
        """All that are stored, as they are written, with their secrets: what a document is compared with."""
        rows = await self._rows(
            "SELECT key, record, secret FROM records WHERE kind=? ORDER BY length(key), key", kind.name
        )
        decode = _decoder(kind.record)
        return [
            kind.with_secret(decode(record), self._open(kind, key, sealed)) for key, record, sealed in rows
        ]

    async def seal_flows(self) -> None:
        """What an older version left in clear in flows."""
        await self._database.write(self.flow_secrets.work)

    async def mark(self) -> Mark:
        """For `pbx.store.mark.still`: take it before reading what a change is made from."""
        return await self._database.read(read_mark)

    async def create(self, kind: Kind, write: msgspec.Struct) -> Stored:
        """Raises `UserError` 409 when the key is taken, 422 without a secret that the kind needs."""
        key = kind.key_of(write)
        write = self._sealed(write)
        if kind.secret_needed and kind.secret_of(write) is None:
            raise missing_secret(kind)
        if kind.default(key) is not None:
            raise taken(kind, key)
        row = self._row(kind, write)
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> int:
            revision = _next_revision(0)
            try:
                connection.execute("INSERT INTO records VALUES (?,?,?,?,?)", (kind.name, key, revision, *row))
            except sqlite3.IntegrityError:
                raise taken(kind, key) from None
            pen.note(connection, "create", kind.name, key, after=_noted(kind, write))
            return revision

        revision = await self._change(work, kind, key)
        return Stored(kind.without_secret(write), revision)

    async def replace(
        self, kind: Kind, key: str, write: msgspec.Struct, *, if_revision: int | None = None
    ) -> Stored:
        """Everything but the key; without a secret the old one stays. Raises `UserError` 404, 412 when the record has
        another revision, 422 for another key.
        """
        if kind.key_of(write) != key:
            raise UserError(
                f"the {kind.key} of {kind.a_one} does not change",
                http_status=422,
                path=f"$.{kind.key}",
                got=kind.key_of(write),
                needed=key,
                action=f"Create a new {kind.words} and delete this one",
            )
        write = self._sealed(write)
        record, given = self._row(kind, write)
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> int:
            revision = _next_revision(_check(connection, kind, key, if_revision))
            before = _before(connection, kind, key)
            pen.note(connection, "change", kind.name, key, before=before, after=_noted(kind, write))
            sealed = self._merged(connection, kind, write, given)
            connection.execute(
                "INSERT INTO records VALUES (?,?,?,?,?) ON CONFLICT (kind, key) DO UPDATE SET "
                "revision=excluded.revision, record=excluded.record, secret=coalesce(excluded.secret, secret)",
                (kind.name, key, revision, record, sealed),
            )
            return revision

        revision = await self._change(work, kind, key)
        return Stored(kind.without_secret(write), revision)

    async def delete(self, kind: Kind, key: str, *, if_revision: int | None = None) -> None:
        """What was changed of a default record goes with it. Raises `UserError` 404, 412 when the record has another
        revision, 409 for a default record that was not changed.
        """

        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> None:
            if not _check(connection, kind, key, if_revision):
                raise UserError(
                    f"the {kind.words} {key} is there from the start",
                    http_status=409,
                    action="Disable it instead",
                )
            pen.note(connection, "delete", kind.name, key, before=_before(connection, kind, key))
            _delete(connection, kind, key)

        await self._change(work, kind, key)

    async def apply(
        self,
        put: Sequence[tuple[Kind, msgspec.Struct]],
        remove: Sequence[tuple[Kind, str]] = (),
        also: Sequence[Work[Any]] = (),
        first: Sequence[Work[Any]] = (),
    ) -> None:
        """Create or change `put` and delete `remove`, all or nothing. `first` and `also` are done before and after
        that, in the same transaction.

        A record without a secret keeps the old one.
        """
        put = [(kind, self._sealed(write)) for kind, write in put]
        rows = [(kind, write, *self._row(kind, write)) for kind, write in put]
        pen = scribe(self._database)

        def work(connection: sqlite3.Connection) -> None:
            for each in first:
                each(connection)
            for kind, key in remove:
                pen.note(connection, "delete", kind.name, key, before=_before(connection, kind, key))
                _delete(connection, kind, key)
            for kind, write, record, given in rows:
                key = kind.key_of(write)
                before = _before(connection, kind, key)
                action = "create" if before is None else "change"
                pen.note(connection, action, kind.name, key, before=before, after=_noted(kind, write))
                sealed = self._merged(connection, kind, write, given)
                connection.execute(
                    "INSERT INTO records VALUES (?,?,?,?,?) ON CONFLICT (kind, key) DO UPDATE SET "
                    "revision=max(excluded.revision, revision+1), record=excluded.record, "
                    "secret=coalesce(excluded.secret, secret)",
                    (kind.name, key, _next_revision(0), record, sealed),
                )
            for each in also:
                each(connection)

        await self._database.write(work)
        for name in dict.fromkeys(kind.name for kind, _ in (*put, *remove)):
            keys = [kind.key_of(write) for kind, write in put if kind.name == name]
            keys += [key for kind, key in remove if kind.name == name]
            self._publish(RecordsChanged(kind=name, keys=tuple(keys)))

    # -- below -----------------------------------------------------------------------------------------------------

    async def _rows(self, query: str, *values: str) -> list[Any]:
        return await self._database.read(lambda connection: connection.execute(query, values).fetchall())

    async def _change(self, work: Work[Any], kind: Kind, key: str) -> Any:
        result = await self._database.write(work)
        self._publish(RecordsChanged(kind=kind.name, keys=(key,)))
        return result

    def _publish(self, changed: RecordsChanged) -> None:
        if self._bus is not None:
            self._bus.publish(TOPIC, changed)

    def _sealed(self, write: msgspec.Struct) -> msgspec.Struct:
        return self.flow_secrets.sealed(write) if isinstance(write, Flow) else write

    def _row(self, kind: Kind, write: msgspec.Struct) -> tuple[str, bytes | None]:
        secret = kind.secret_of(write)
        sealed = None if secret is None else self._box.seal(secret, context=context(kind, kind.key_of(write)))
        return msgspec.json.encode(kind.without_secret(write)).decode(), sealed

    def _merged(
        self, connection: sqlite3.Connection, kind: Kind, write: msgspec.Struct, sealed: bytes | None
    ) -> bytes | None:
        """The same for a record that is there: of several secrets, those that are not given stay."""
        if sealed is None or not kind.more_secrets:
            return sealed
        key = kind.key_of(write)
        row = connection.execute(
            "SELECT secret FROM records WHERE kind=? AND key=?", (kind.name, key)
        ).fetchone()
        old = self._open(kind, key, row[0]) if row is not None else None
        merged = kind.merged_secret(old, kind.secret_of(write))
        return None if merged is None else self._box.seal(merged, context=context(kind, key))

    def _open(self, kind: Kind, key: str, sealed: bytes | None) -> str | None:
        return None if sealed is None else self._box.open(bytes(sealed), context=context(kind, key))


def context(kind: Kind, key: str) -> str:
    """Where a secret is sealed to: moved to another record, it does not open."""
    return f"{kind.name}:{key}"


def missing_secret(kind: Kind, path: str = "$") -> UserError:
    needed = kind.secret or ""
    return UserError(
        f"a new {kind.words} needs a {needed.replace('_', ' ').replace('sip', 'SIP')}",
        http_status=422,
        path=f"{path}.{needed}",
        needed="8 to 128 characters",
    )


def taken(kind: Kind, key: str) -> UserError:
    return UserError(
        f"the {kind.words} {key} exists already",
        http_status=409,
        path=f"$.{kind.key}",
        got=key,
        action=f"Choose another {kind.key}, or change the one that exists",
    )


def _before(connection: sqlite3.Connection, kind: Kind, key: str) -> dict[str, Any] | None:
    """The record as it is stored, for the audit log."""
    row = connection.execute("SELECT record FROM records WHERE kind=? AND key=?", (kind.name, key)).fetchone()
    if row is not None:
        return _noted(kind, _decoder(kind.record)(row[0]))
    default = kind.default(key)
    return None if default is None else _noted(kind, default)


def _noted(kind: Kind, record: msgspec.Struct) -> dict[str, Any]:
    """What the audit log may know of a record: of its secrets, that they are new."""
    fields: dict[str, Any] = msgspec.to_builtins(record)
    for name in kind.secrets:
        given = fields.pop(name, None)
        if given is not None:
            fields[name] = "(changed)" if given else "(removed)"
    return fields


@cache
def _decoder(record: type[msgspec.Struct]) -> Callable[[str], Any]:
    return msgspec.json.Decoder(record).decode


def _next_revision(old: int) -> int:
    """Grows with time, so that a record made anew never has the number of one that was deleted."""
    return max(old + 1, time.time_ns() // 1000)


def _check(connection: sqlite3.Connection, kind: Kind, key: str, if_revision: int | None) -> int:
    """The record's revision. Raises `UserError` 404 or 412."""
    row = connection.execute(
        "SELECT revision FROM records WHERE kind=? AND key=?", (kind.name, key)
    ).fetchone()
    if row is None and kind.default(key) is not None:
        row = (0,)
    if row is None:
        raise UserError(f"there is no {kind.words} {key}", http_status=404)
    if if_revision is not None and row[0] != if_revision:
        raise UserError(
            f"the {kind.words} {key} was changed by somebody else meanwhile",
            http_status=412,
            action="Read it again and repeat the change",
        )
    return int(row[0])


def _delete(connection: sqlite3.Connection, kind: Kind, key: str) -> None:
    connection.execute("DELETE FROM records WHERE kind=? AND key=?", (kind.name, key))
    if kind.name == "extension":
        connection.execute("DELETE FROM bindings WHERE extension=?", (key,))
        connection.execute("DELETE FROM messages WHERE to_extension=?", (key,))
        # Whoever gets the number next is somebody else.
        connection.execute("UPDATE users SET extension=NULL WHERE extension=?", (key,))
    if kind.name == "flow":
        connection.execute("DELETE FROM live_flows WHERE flow=?", (key,))
