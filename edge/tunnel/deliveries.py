"""What an office has still to get: kept in the store until the office says that it has it.

The office may be told of a delivery more than once (two edges, a broken tunnel, a crash); it knows by the id.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import msgspec

from edge.clock import Clock
from edge.model.base import new_id
from edge.store import Row, Store
from edge.tunnel import frames as f
from edge.tunnel.bodies import MOST_BYTES, pieces
from edge.tunnel.link import Link

__all__ = ["Deliveries", "TooLarge"]

log = logging.getLogger(__name__)

LOOK_S = 15.0
"""Another edge may have stored something for an office that is connected here."""
CONFIRM_S = 60.0
PIECE_PAUSE_S = 0.005
"""Between two pieces of a body: sound goes first."""


class TooLarge(ValueError):  # noqa: N818
    """More than a delivery may hold."""


class Deliveries:
    """`put` anything, any time; `carry` takes it over a connection."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waking: dict[str, asyncio.Event] = {}
        self._confirming: dict[str, asyncio.Future[None]] = {}

    async def put(
        self, office: str, kind: str, document: msgspec.Struct, body: bytes = b"", *, id: str = ""
    ) -> str:
        """Durable when it returns. The same `id` again changes nothing. Raises `TooLarge`."""
        if len(body) > MOST_BYTES:
            raise TooLarge(f"{len(body)} bytes, at most {MOST_BYTES}")
        name = id or new_id(self._clock.now_ms())
        await self._store.run(
            "INSERT INTO delivery (id, office, kind, document, body, made_at, refused)"
            " VALUES ($1, $2, $3, $4, $5, $6, '') ON CONFLICT (id) DO NOTHING",
            name, office, kind, msgspec.json.encode(document).decode(), body, self._clock.now_ms(),
        )  # fmt: skip
        if (waking := self._waking.get(office)) is not None:
            waking.set()
        return name

    async def delivered(self, office: str, id: str) -> None:
        """The office has it."""
        await self._store.run("DELETE FROM delivery WHERE id = $1 AND office = $2", id, office)
        self._confirm(id)

    async def refused(self, office: str, id: str, reason: str) -> None:
        """The office will never take it; it is kept for people to see."""
        log.warning("an office refused a delivery", extra={"office": office, "id": id, "reason": reason})
        await self._store.run(
            "UPDATE delivery SET refused = $1 WHERE id = $2 AND office = $3", reason or "refused", id, office
        )
        self._confirm(id)

    def _confirm(self, id: str) -> None:
        waiting = self._confirming.get(id)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def carry(self, office: str, link: Link) -> None:
        """Send one after the other, for as long as the connection stands. Never returns."""
        waking = self._waking[office] = asyncio.Event()
        number = 0
        while True:
            waking.clear()
            unsure: set[str] = set()
            while (row := await self._next(office, unsure)) is not None:
                number += 1
                if not await self._send(link, row, number):
                    unsure.add(row["id"])
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await waking.wait()

    async def _next(self, office: str, unsure: set[str]) -> Row | None:
        rows = await self._store.all(
            "SELECT id FROM delivery WHERE office = $1 AND refused = '' ORDER BY id LIMIT $2",
            office,
            len(unsure) + 1,
        )
        id = next((row["id"] for row in rows if row["id"] not in unsure), None)
        return None if id is None else await self._store.one("SELECT * FROM delivery WHERE id = $1", id)

    async def _send(self, link: Link, row: Row, number: int) -> bool:
        """Whether the office has answered in time."""
        id, body = str(row["id"]), bytes(row["body"])
        confirming = self._confirming[id] = asyncio.get_running_loop().create_future()
        try:
            link.send(
                f.encode(
                    f.Deliver(
                        id=id,
                        kind=row["kind"],
                        document=msgspec.Raw(row["document"].encode()),
                        body=number,
                        size=len(body),
                    )
                )
            )
            for piece in pieces(f.DELIVERY, number, body):
                link.send(piece)
                await asyncio.sleep(PIECE_PAUSE_S)
            async with asyncio.timeout(CONFIRM_S):
                await confirming
        except TimeoutError:
            log.warning("an office did not confirm a delivery", extra={"id": id})
            return False
        else:
            return True
        finally:
            if self._confirming.get(id) is confirming:
                del self._confirming[id]

    async def waiting(self, office: str) -> int:
        """How many the office has still to get."""
        row = await self._store.one(
            "SELECT COUNT(*) AS many FROM delivery WHERE office = $1 AND refused = ''", office
        )
        return int(row["many"]) if row is not None else 0
