"""What is not kept: texts older than the office keeps them, and all of a person's data when that person asks for it.

An opt-out outlives both: forgetting that somebody said STOP would be the wrong favour. It holds a number and a moment,
no words. What Twilio has of the erased texts is deleted there too, which is tried until it is done; the receipt says
how much is left.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from edge.clock import Clock
from edge.errors import EdgeError
from edge.model.base import new_id
from edge.model.text_settings import Erasure
from edge.offices import Offices
from edge.store import Statements, Store, StoreError
from edge.texts.conversations import Pair
from edge.texts.live import Live
from edge.texts.settings import Settings
from edge.twilio.errors import TwilioError

__all__ = ["Deleter", "Eraser", "Erasing"]

log = logging.getLogger(__name__)

DAY_MS = 24 * 3_600_000
BATCH = 200
AGAIN_MS = 3_600_000
MOST_ATTEMPTS = 200
EVERY_S = 600.0


class Eraser(Protocol):
    """Another area that keeps something of people: calls, voicemail, campaigns."""

    async def erase(self, statements: Statements, office: str, number: str) -> Mapping[str, int]:
        """Remove what there is of the number, in this transaction; how much of what."""
        ...


class Deleter(Protocol):
    """`edge.twilio.client.TwilioClient` is one. Raises `TwilioError`; what is gone already is no error."""

    async def delete_message(self, sid: str) -> None: ...


class Erasing:
    """`run` removes what is too old, and what Twilio still has. `secret` makes the receipt's hash of a number."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settings: Settings,
        live: Live,
        *,
        offices: Offices,
        deleter: Deleter | None,
        secret: bytes,
        others: Sequence[Eraser] = (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._live = live
        self._offices = offices
        self._deleter = deleter
        self._key = hashlib.sha256(b"bellwire erasure\0" + secret).digest()
        self._others = others

    # -- on request ----------------------------------------------------------------------------------------------------

    async def erase(self, office: str, actor: str, number: str) -> Erasure:
        """All that the edge has of this number. Raises `EdgeError` 409 while a text to it is being sent."""
        now = self._clock.now_ms()
        id, counts = new_id(now), dict[str, int]()
        async with self._store.transaction() as statements:
            busy = await statements.one(
                "SELECT id FROM text_message WHERE office = $1 AND theirs = $2 AND state = 'sending'",
                office, number,
            )  # fmt: skip
            if busy is not None:
                raise EdgeError(409, "A text to this number is being sent. Try again in a moment.")
            pairs = await statements.all(
                "SELECT DISTINCT ours FROM text_conversation WHERE office = $1 AND theirs = $2",
                office,
                number,
            )
            sids = await statements.all(
                "SELECT sid FROM text_message WHERE office = $1 AND theirs = $2 AND sid <> ''", office, number
            )
            for row in sids:
                await statements.run(
                    "INSERT INTO text_erasure_left (sid, office, erasure, attempts, due_at) VALUES ($1, $2, $3, 0, $4)"
                    " ON CONFLICT (sid) DO NOTHING",
                    row["sid"], office, id, now,
                )  # fmt: skip
            counts |= await _erase_texts(statements, office, number)
            for other in self._others:
                for name, count in (await other.erase(statements, office, number)).items():
                    counts[name] = counts.get(name, 0) + count
            await statements.run(
                "INSERT INTO text_erasure (office, id, person, at, actor, counts) VALUES ($1, $2, $3, $4, $5, $6)",
                office, id, self._person(office, number), now, actor, msgspec.json.encode(counts).decode(),
            )  # fmt: skip
        for pair in pairs:
            await self._live.tell(Pair(office, pair["ours"], number), "gone")
        return await self.receipt(office, id)

    async def receipt(self, office: str, id: str) -> Erasure:
        """Raises `EdgeError` 404."""
        row = await self._store.one("SELECT * FROM text_erasure WHERE office = $1 AND id = $2", office, id)
        if row is None:
            raise EdgeError(404, "There is no such receipt.")
        left = await self._store.one("SELECT COUNT(*) AS n FROM text_erasure_left WHERE erasure = $1", id)
        return Erasure(
            id=id,
            person=row["person"],
            at=row["at"],
            actor=row["actor"],
            erased=msgspec.json.decode(row["counts"], type=dict[str, int]),
            at_twilio=left["n"] if left is not None else 0,
        )

    def _person(self, office: str, number: str) -> str:
        return hmac.new(self._key, f"{office}\0{number}".encode(), hashlib.sha256).hexdigest()[:32]

    # -- by itself -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            try:
                for office in await self._offices.list():
                    while await self.forget(office.id):
                        pass
                while await self.delete_next():
                    pass
            except StoreError:
                log.exception("old texts cannot be removed")
            await self._clock.sleep(EVERY_S)

    async def forget(self, office: str) -> bool:
        """Remove some that are older than the office keeps them. Returns whether there may be more."""
        settings = await self._settings.of(office)
        if not settings.keep_days:
            return False
        before = self._clock.now_ms() - settings.keep_days * DAY_MS
        async with self._store.transaction() as statements:
            rows = await statements.all(
                "SELECT id FROM text_message WHERE office = $1 AND at < $2 AND state NOT IN ('queued', 'sending')"
                " ORDER BY at LIMIT $3",
                office, before, BATCH,
            )  # fmt: skip
            for row in rows:
                await statements.run("DELETE FROM text_media WHERE message = $1", row["id"])
                await statements.run("DELETE FROM text_mail WHERE message = $1", row["id"])
                await statements.run("DELETE FROM text_message WHERE id = $1", row["id"])
            await statements.run("DELETE FROM text_note WHERE office = $1 AND at < $2", office, before)
            await statements.run(
                "DELETE FROM text_conversation WHERE office = $1 AND last_at < $2 AND NOT EXISTS (SELECT 1 FROM"
                " text_message m WHERE m.office = $1 AND m.ours = text_conversation.ours"
                " AND m.theirs = text_conversation.theirs)",
                office, before,
            )  # fmt: skip
        return len(rows) == BATCH

    async def delete_next(self) -> bool:
        """Have Twilio remove one. Returns whether there was one to ask for."""
        if self._deleter is None:
            return False
        now = self._clock.now_ms()
        row = await self._store.one(
            "UPDATE text_erasure_left SET attempts = attempts + 1, due_at = $2 WHERE due_at <= $1 AND sid = ("
            " SELECT sid FROM text_erasure_left WHERE due_at <= $1 AND attempts < $3 ORDER BY due_at, sid LIMIT 1)"
            " RETURNING *",
            now, now + AGAIN_MS, MOST_ATTEMPTS,
        )  # fmt: skip
        if row is None:
            return False
        try:
            await self._deleter.delete_message(row["sid"])
        except TwilioError as error:
            log.warning("Twilio did not remove a text", extra={"reason": error.words})
            return True
        await self._store.run("DELETE FROM text_erasure_left WHERE sid = $1", row["sid"])
        return True


async def _erase_texts(statements: Statements, office: str, number: str) -> dict[str, int]:
    steps = {
        "files": "DELETE FROM text_media WHERE message IN"
        " (SELECT id FROM text_message WHERE office = $1 AND theirs = $2)",
        "mails": "DELETE FROM text_mail WHERE message IN"
        " (SELECT id FROM text_message WHERE office = $1 AND theirs = $2)",
        "texts": "DELETE FROM text_message WHERE office = $1 AND theirs = $2",
        "notes": "DELETE FROM text_note WHERE office = $1 AND theirs = $2",
        "conversations": "DELETE FROM text_conversation WHERE office = $1 AND theirs = $2",
    }
    return {name: await statements.run(sql, office, number) for name, sql in steps.items()}
