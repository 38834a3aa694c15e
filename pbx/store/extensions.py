"""Extensions and their sealed SIP passwords.

Every change is published on the topic "extensions" after it is committed, also one that another process made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from pbx.core.errors import UserError
from pbx.core.events import EventBus
from pbx.core.secret import SecretBox
from pbx.model.extension import Extension, ExtensionsChanged, ExtensionWrite
from pbx.store.database import Database
from pbx.store.table import Table
from pbx.store.thread import Work

TOPIC = "extensions"

_TABLE = Table(Extension, "extensions", key="number", beside=("sip_password",))
_BY_NUMBER = "length(number), number"


class ExtensionStore:
    """The extensions of the office."""

    def __init__(self, database: Database, box: SecretBox, bus: EventBus | None = None) -> None:
        self._database = database
        self._box = box
        self._bus = bus
        database.on_foreign_change(lambda: self._publish(()))

    async def list(self, limit: int = 50, offset: int = 0) -> tuple[list[Extension], int]:
        """One page, shorter numbers first, and how many there are in all."""
        return await self._database.read(
            lambda connection: _TABLE.page(connection, order=_BY_NUMBER, limit=limit, offset=offset)
        )

    async def all(self) -> Sequence[Extension]:
        return await self._database.read(
            lambda connection: _TABLE.select(connection, f"ORDER BY {_BY_NUMBER}")
        )

    async def get(self, number: str) -> Extension | None:
        return await self._database.read(lambda connection: _TABLE.get(connection, number))

    async def create(self, write: ExtensionWrite) -> Extension:
        """Raises `UserError` 409 when the number is taken, 422 without a password."""
        extension, sealed = write.extension(), self._seal(write)
        if sealed is None:
            raise UserError(
                "a new extension needs a SIP password",
                http_status=422,
                path="$.sip_password",
                needed="8 to 128 characters",
            )

        def work(connection: sqlite3.Connection) -> None:
            try:
                _TABLE.insert(connection, extension, sip_password=sealed)
            except sqlite3.IntegrityError:
                raise UserError(
                    f"the extension {extension.number} exists already",
                    http_status=409,
                    path="$.number",
                    got=extension.number,
                    action="Choose another number, or change the one that exists",
                ) from None

        await self._change(work, extension.number)
        return extension

    async def replace(self, number: str, write: ExtensionWrite) -> Extension:
        """Everything but the number; without a password the old one stays. Raises `UserError` 404, or 422 for
        another number."""
        if write.number != number:
            raise UserError(
                "the number of an extension does not change",
                http_status=422,
                path="$.number",
                got=write.number,
                needed=number,
                action="Create a new extension and delete this one",
            )
        extension, sealed = write.extension(), self._seal(write)

        def work(connection: sqlite3.Connection) -> None:
            old = _sealed(connection, number)
            if old is None:
                raise _missing(number)
            _TABLE.upsert(connection, extension, sip_password=sealed or old)

        await self._change(work, number)
        return extension

    async def delete(self, number: str) -> None:
        """Its registrations go with it. Raises `UserError` 404."""

        def work(connection: sqlite3.Connection) -> None:
            if not _TABLE.delete(connection, number):
                raise _missing(number)
            connection.execute("DELETE FROM bindings WHERE extension=?", (number,))

        await self._change(work, number)

    async def password(self, number: str) -> str | None:
        """The SIP password in clear, None when there is no such extension."""
        sealed = await self._database.read(lambda connection: _sealed(connection, number))
        return None if sealed is None else self._box.open(sealed, context=context(number))

    async def credentials(self) -> dict[str, str]:
        """SIP password by number, of those extensions that are enabled."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                "SELECT number, sip_password FROM extensions WHERE enabled"
            ).fetchall()
        )
        return {number: self._box.open(sealed, context=context(number)) for number, sealed in rows}

    async def everything(self) -> Sequence[ExtensionWrite]:
        """All extensions with their passwords: what a document is compared with."""
        rows = await self._database.read(
            lambda connection: connection.execute(
                f"SELECT {_TABLE.columns}, sip_password FROM extensions ORDER BY {_BY_NUMBER}"  # noqa: S608  constants
            ).fetchall()
        )
        return [self._with_password(_TABLE.decode(row[:-1]), row[-1]) for row in rows]

    async def apply(self, put: Sequence[ExtensionWrite], remove: Sequence[str]) -> None:
        """Create or change `put` (each with its password) and delete `remove`, all or nothing."""
        sealed = [(write.extension(), self._seal(write)) for write in put]

        def work(connection: sqlite3.Connection) -> None:
            for number in remove:
                _TABLE.delete(connection, number)
                connection.execute("DELETE FROM bindings WHERE extension=?", (number,))
            for extension, password in sealed:
                _TABLE.upsert(connection, extension, sip_password=password)

        await self._change(work, *(write.number for write in put), *remove)

    async def _change(self, work: Work[None], *numbers: str) -> None:
        await self._database.write(work)
        self._publish(numbers)

    def _publish(self, numbers: tuple[str, ...]) -> None:
        if self._bus is not None:
            self._bus.publish(TOPIC, ExtensionsChanged(numbers=numbers))

    def _seal(self, write: ExtensionWrite) -> bytes | None:
        if write.sip_password is None:
            return None
        return self._box.seal(write.sip_password, context=context(write.number))

    def _with_password(self, extension: Extension, sealed: bytes) -> ExtensionWrite:
        return ExtensionWrite(
            number=extension.number,
            name=extension.name,
            enabled=extension.enabled,
            ring_timeout_s=extension.ring_timeout_s,
            sip_password=self._box.open(sealed, context=context(extension.number)),
        )


def context(number: str) -> str:
    """Where a SIP password is sealed to: moved to another extension, it does not open."""
    return f"extension:{number}"


def _sealed(connection: sqlite3.Connection, number: str) -> bytes | None:
    row = connection.execute("SELECT sip_password FROM extensions WHERE number=?", (number,)).fetchone()
    return None if row is None else bytes(row[0])


def _missing(number: str) -> UserError:
    return UserError(f"there is no extension {number}", http_status=404)
