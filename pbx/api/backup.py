"""One file with all that an office is, sent while it is made."""

from __future__ import annotations

import asyncio
import io
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from aiohttp import web
from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.problem import plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.model.base import Record
from pbx.store import backup

__all__ = ["ROUTES"]

CHUNK = 256 * 1024
MOST_CHUNKS = 8
SLOW_S = 60.0
"""A client that takes nothing for so long has gone."""


class BackupQuery(Record, frozen=True, kw_only=True):
    """What is in it."""

    recordings: Annotated[
        bool, Meta(description="Also the recordings of calls, which may be many gigabytes.")
    ] = False


class LockedBackupOrder(Record, frozen=True, kw_only=True):
    """What is in it, and what locks it."""

    passphrase: Annotated[
        str,
        Meta(
            min_length=8,
            max_length=1024,
            description="Whoever has it and the file has the office. It is kept nowhere.",
            extra_json_schema={"x-widget": "password", "writeOnly": True},
        ),
    ]
    recordings: Annotated[bool, Meta(description="Also the recordings of calls.")] = True


class _NobodyTakesItError(OSError):
    """The client has gone."""


class _Pipe(io.RawIOBase):
    """Written by a thread, read by the loop; the writer waits while the reader is behind."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._chunks: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(MOST_CHUNKS)
        self._pending = bytearray()
        self._abandoned = False

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # tarfile gives bytes
        self._pending += data
        if len(self._pending) >= CHUNK:
            self._push(bytes(self._pending))
            self._pending.clear()
        return len(data)

    def finish(self, error: Exception | None = None) -> None:
        """By the writer: nothing follows."""
        if self._pending and error is None:
            self._push(bytes(self._pending))
        self._push(error)

    def abandon(self) -> None:
        """By the reader: nobody listens."""
        self._abandoned = True
        while not self._chunks.empty():
            self._chunks.get_nowait()

    async def chunks(self) -> AsyncIterator[bytes]:
        while (chunk := await self._chunks.get()) is not None:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    def _push(self, chunk: bytes | Exception | None) -> None:
        if self._abandoned:
            raise _NobodyTakesItError
        asyncio.run_coroutine_threadsafe(self._chunks.put(chunk), self._loop).result(SLOW_S)


async def make_backup(exchange: Exchange, *, query: BackupQuery) -> web.StreamResponse:
    return await _make(exchange, recordings=query.recordings)


async def make_locked_backup(exchange: Exchange, *, body: LockedBackupOrder) -> web.StreamResponse:
    return await _make(exchange, recordings=body.recordings, passphrase=body.passphrase)


async def _make(exchange: Exchange, *, recordings: bool, passphrase: str = "") -> web.StreamResponse:
    """One at a time: each reads the whole database and all sounds."""
    service = exchange.service
    if service.backing_up.locked():
        raise plain_error(409, "A backup is being made already.")
    async with service.backing_up:
        deps = service.deps
        at = deps.clock.now()
        loop = asyncio.get_running_loop()
        pipe = _Pipe(loop)

        def work() -> None:
            with suppress(_NobodyTakesItError, TimeoutError):
                try:
                    _write(deps.config.data_dir, pipe, recordings, passphrase, deps.version, at)
                except (OSError, sqlite3.Error) as error:
                    pipe.finish(error)
                else:
                    pipe.finish()

        writing = loop.run_in_executor(None, work)
        try:
            name = f"bellwire-{at:%Y%m%d-%H%M%S}"
            return await _send(exchange, pipe, f"{name}.backup" if passphrase else f"{name}.tar")
        finally:
            pipe.abandon()
            await writing


def _write(  # noqa: PLR0917
    data_dir: Path, pipe: _Pipe, recordings: bool, passphrase: str, version: str, at: datetime
) -> None:
    out: Any = pipe  # all that tarfile needs
    if passphrase:
        backup.write_locked(data_dir, out, passphrase, recordings=recordings, version=version, at=at)
    else:
        backup.write(data_dir, out, recordings=recordings, version=version, at=at)


async def _send(exchange: Exchange, pipe: _Pipe, name: str) -> web.StreamResponse:
    """What goes wrong before the first byte can still be said."""
    chunks = pipe.chunks()
    try:
        first = await anext(chunks)
    except (OSError, sqlite3.Error) as error:
        raise plain_error(503, f"No backup can be made: {error}") from error
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/x-tar" if name.endswith(".tar") else "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
    )
    await response.prepare(exchange.request)
    await response.write(first)
    async for chunk in chunks:
        await response.write(chunk)
    await response.write_eof()
    return response


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/backup",
        scope=Scope.BACKUP,
        name="makeBackup",
        tag="Node",
        summary="Make a backup and send it",
        description=(
            "One tar file: the database as it is in one moment, sounds, prompts and voice messages. Put it back with "
            "`pbx restore`. The file secret.key of the data directory is not in it: keep that elsewhere; without it "
            "the passwords in a backup stay closed."
        ),
        query=BackupQuery,
        response_type="application/x-tar",
        errors=(409,),
        handler=make_backup,
    ),
    Route(
        method="POST",
        path="/api/v1/backup/locked",
        scope=Scope.BACKUP,
        name="makeLockedBackup",
        tag="Node",
        summary="Make a backup of everything, locked with a passphrase, and send it",
        description=(
            "All that a new machine needs: databases, sounds, voice messages, recordings, the key file and the "
            "certificates. It is encrypted as it is sent (argon2id, AES-256-GCM). Put it back with `pbx restore`."
        ),
        request=LockedBackupOrder,
        response_type="application/octet-stream",
        errors=(409,),
        handler=make_locked_backup,
    ),
)
