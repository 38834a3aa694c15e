"""Pictures and other files of messages: fetched from Twilio, taken from people of the office, and given to Twilio.

in    webhook ─▶ wanted ─▶ fetched with our credentials, type and size checked ─▶ stored
out   uploaded ─▶ stored ─▶ Twilio fetches it at a signed address that ends after some hours
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import quote

from aiohttp import web

from edge.bell import Bell
from edge.clock import Clock
from edge.errors import EdgeError
from edge.model.base import new_id
from edge.model.texts import Attachment
from edge.store import Row, Statements, Store, StoreError
from edge.texts.conversations import Pair
from edge.texts.file_types import EXTENSIONS, SHOWN, TYPES, type_of
from edge.texts.live import Live
from edge.texts.messages import with_media
from edge.twilio.errors import TwilioError
from edge.twilio.records import File

__all__ = ["MOST_BYTES", "PATH", "Fetcher", "Pictures", "headers_of"]

log = logging.getLogger(__name__)

PATH = "/twilio/media/{id}"
MOST_BYTES = 5 << 20
"""Twilio takes and sends no more in one message."""
OPEN_MS = 6 * 3_600_000
"""How long Twilio may fetch what is sent."""
UNUSED_MS = 24 * 3_600_000
AGAIN_MS = (5_000, 60_000, 600_000, 3_600_000, 4 * 3_600_000)
LOOK_S = 15.0
LEASE_MS = 120_000
TIDY_MS = 3_600_000


class Fetcher(Protocol):
    """`edge.twilio.client.TwilioClient` is one: it sends our credentials to Twilio only."""

    async def fetch_media(self, url: str, *, most_bytes: int = ...) -> File: ...


class Pictures:
    """`secret` signs addresses; each edge of a shared store has the same. `run` fetches."""

    def __init__(
        self, store: Store, clock: Clock, fetcher: Fetcher | None, live: Live, *, secret: bytes, base: str
    ) -> None:
        self._store = store
        self._clock = clock
        self._fetcher = fetcher
        self._live = live
        self._key = hashlib.sha256(b"bellwire media\0" + secret).digest()
        self._base = base
        self._bell = Bell()

    # -- in ----------------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        self._bell.ring()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        tidied = 0
        while True:
            try:
                while await self.work():
                    pass
                if self._clock.now_ms() - tidied > TIDY_MS:
                    await self.forget_unused()
                    tidied = self._clock.now_ms()
            except StoreError:
                log.exception("pictures cannot be stored")
            await self._bell.wait(LOOK_S)

    async def work(self) -> bool:
        """Fetch one that is wanted. Returns whether there was one."""
        if self._fetcher is None:
            return False
        now = self._clock.now_ms()
        row = await self._store.one(
            "UPDATE text_media SET attempts = attempts + 1, due_at = $2 WHERE state = 'wanted' AND due_at <= $1"
            " AND id = (SELECT id FROM text_media WHERE state = 'wanted' AND due_at <= $1 ORDER BY due_at, id LIMIT 1)"
            " RETURNING id, office, message, url, attempts",
            now, now + LEASE_MS,
        )  # fmt: skip
        if row is None:
            return False
        try:
            file = await self._fetcher.fetch_media(row["url"], most_bytes=MOST_BYTES)
        except TwilioError as error:
            await self._failed(row, error.words, again=error.status not in {400, 401, 403, 404, 410, 413})
        else:
            await self._take(row, file.content)
        await self._tell(row)
        return True

    async def _take(self, row: Row, content: bytes) -> None:
        type = type_of(content)
        if not type or len(content) > MOST_BYTES:
            reason = "This kind of file is not kept." if not type else "The file is larger than 5 MB."
            await self._failed(row, reason, again=False)
            return
        await self._store.run(
            "UPDATE text_media SET state = 'stored', type = $2, size = $3, body = $4, reason = '' WHERE id = $1",
            row["id"], type, len(content), content,
        )  # fmt: skip

    async def _failed(self, row: Row, reason: str, *, again: bool) -> None:
        attempts = row["attempts"]
        if again and attempts <= len(AGAIN_MS):
            due = self._clock.now_ms() + AGAIN_MS[attempts - 1]
            await self._store.run(
                "UPDATE text_media SET due_at = $2, reason = $3 WHERE id = $1", row["id"], due, reason
            )
            return
        await self._store.run(
            "UPDATE text_media SET state = 'failed', reason = $2 WHERE id = $1", row["id"], reason
        )

    async def _tell(self, row: Row) -> None:
        rows = await self._store.all("SELECT * FROM text_message WHERE id = $1", row["message"])
        for each, message in zip(rows, await with_media(self._store, rows), strict=True):
            await self._live.tell(Pair(row["office"], each["ours"], each["theirs"]), "state", message)

    # -- people of the office ------------------------------------------------------------------------------------------

    async def upload(self, office: str, content: bytes) -> Attachment:
        """To be sent soon; what is not is forgotten after a day. Raises `EdgeError` 413, 415."""
        if len(content) > MOST_BYTES:
            raise EdgeError(413, "A picture has 5 MB at most.")
        type = type_of(content)
        if not type:
            raise EdgeError(415, f"One of these is needed: {', '.join(TYPES)}.")
        now = self._clock.now_ms()
        id = new_id(now)
        await self._store.run(
            "INSERT INTO text_media (id, office, message, place, state, type, size, body, url, reason, attempts,"
            " due_at, created_at) VALUES ($1, $2, '', 0, 'stored', $3, $4, $5, '', '', 0, 0, $6)",
            id, office, type, len(content), content, now,
        )  # fmt: skip
        return Attachment(id=id, type=type, size=len(content), state="stored")

    async def attach(self, statements: Statements, office: str, message: str, ids: Sequence[str]) -> None:
        """In the transaction that puts the message into the outbox. Raises `EdgeError` 422."""
        size = 0
        for place, id in enumerate(ids):
            row = await statements.one(
                "UPDATE text_media SET message = $3, place = $4 WHERE id = $1 AND office = $2 AND message IN ('', $3)"
                " AND state = 'stored' RETURNING size",
                id, office, message, place,
            )  # fmt: skip
            if row is None:
                raise EdgeError(422, f"There is no uploaded file {id}.", field="$.media")
            size += row["size"]
        if size > MOST_BYTES:
            raise EdgeError(422, "All files of a text have 5 MB at most.", field="$.media")

    async def get(self, office: str, id: str) -> tuple[str, bytes, str]:
        """Type, content, file name. Raises `EdgeError` 404, 409."""
        row = await self._store.one("SELECT * FROM text_media WHERE id = $1 AND office = $2", id, office)
        if row is None:
            raise EdgeError(404, "There is no such file.")
        if row["state"] != "stored":
            raise EdgeError(409, row["reason"] or "The file is still being fetched.")
        return row["type"], bytes(row["body"]), f"{id}.{EXTENSIONS[row['type']]}"

    # -- out -----------------------------------------------------------------------------------------------------------

    async def addresses(self, statements: Statements, row: Row) -> tuple[str, ...]:
        """Where Twilio fetches the files of a message."""
        if not row["media"]:
            return ()
        rows = await statements.all(
            "SELECT id FROM text_media WHERE message = $1 AND state = 'stored' ORDER BY place", row["id"]
        )
        until = self._clock.now_ms() + OPEN_MS
        return tuple(
            f"{self._base}{PATH.format(id=quote(each['id']))}?until={until}&key={self._sign(each['id'], until)}"
            for each in rows
        )

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self._serve)]

    async def _serve(self, request: web.Request) -> web.Response:
        id, until = request.match_info["id"], request.query.get("until", "")
        whole = until if until.isascii() and until.isdigit() and len(until) < 16 else "0"
        right = hmac.compare_digest(
            request.query.get("key", "").encode(), self._sign(id, int(whole)).encode()
        )
        if not right or int(whole) < self._clock.now_ms():
            raise web.HTTPForbidden(text="This address is not valid, or not any more.")
        row = await self._store.one(
            "SELECT type, body FROM text_media WHERE id = $1 AND state = 'stored'", id
        )
        if row is None:
            raise web.HTTPNotFound(text="The file is gone.")
        return web.Response(
            body=bytes(row["body"]),
            content_type=row["type"],
            headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"},
        )

    def _sign(self, id: str, until: int) -> str:
        return hmac.new(self._key, f"{id}\0{until}".encode(), hashlib.sha256).hexdigest()

    async def forget_unused(self) -> None:
        """What was uploaded and never sent."""
        await self._store.run(
            "DELETE FROM text_media WHERE message = '' AND created_at < $1", self._clock.now_ms() - UNUSED_MS
        )


def headers_of(type: str, name: str) -> dict[str, str]:
    """For an answer to a browser: only what is safe to show is shown."""
    how = "inline" if type in SHOWN else "attachment"
    return {"Content-Disposition": f'{how}; filename="{name}"', "X-Content-Type-Options": "nosniff"}
