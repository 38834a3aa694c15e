"""The AI's part of a conversation: takes the texts that want an answer, and writes at most one for each.

What is wanted stands in the store with the text. The answer is worked out first, which changes nothing; then one
transaction takes the wanted texts off the list and puts the reply into the outbox, if meanwhile nobody else did, no
person took the thread and they have not opted out. So a kill, or a second edge, leads to no second reply.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from edge.bell import Bell
from edge.clock import Clock
from edge.model.base import new_id
from edge.store import Row, Store, StoreError
from edge.texts.chat import Answer, TextChat
from edge.texts.consent import ConsentRecords
from edge.texts.conversations import Pair, find, hold, said
from edge.texts.knowledge import Knowledge, KnowledgeOf
from edge.texts.live import Live
from edge.texts.messages import Draft, message_of
from edge.texts.outbox import Outbox
from edge.texts.prompt import Turn

__all__ = ["Answering"]

log = logging.getLogger(__name__)

PAUSE_MS = 1500
"""Who writes three texts in a row gets one answer."""
LOOK_S = 5.0
AT_ONCE = 4
MOST_TURNS = 40
MOST_AN_HOUR = 12
"""More replies than that in one conversation: two machines talk with each other. A person has a look."""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Answering:
    """`run` must be running. `pause_ms` is how long it waits for more before it answers."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        chat: TextChat,
        consent: ConsentRecords,
        outbox: Outbox,
        knowledge: KnowledgeOf,
        live: Live,
        pause_ms: int = PAUSE_MS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._chat = chat
        self._consent = consent
        self._outbox = outbox
        self._knowledge = knowledge
        self._live = live
        self._pause_ms = pause_ms
        self._bell = Bell()

    def wake(self) -> None:
        self._bell.ring()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            try:
                busy = await self.work()
            except StoreError:
                log.exception("the texts that want an answer cannot be read")
                busy = False
            if not busy:
                wait_s = min(LOOK_S, self._pause_ms / 1000) if await self._any() else LOOK_S
                await self._bell.wait(wait_s)

    async def work(self) -> bool:
        """Answer those that have waited long enough. Returns whether there were any."""
        rows = await self._store.all(
            "SELECT office, ours, theirs, MAX(at) AS last FROM text_message WHERE answer = 'wanted'"
            " GROUP BY office, ours, theirs HAVING MAX(at) <= $1 ORDER BY MIN(at) LIMIT $2",
            self._clock.now_ms() - self._pause_ms, AT_ONCE,
        )  # fmt: skip
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(self._try(Pair(row["office"], row["ours"], row["theirs"])))
        return bool(rows)

    async def _any(self) -> bool:
        return (
            await self._store.one("SELECT id FROM text_message WHERE answer = 'wanted' LIMIT 1") is not None
        )

    async def _try(self, pair: Pair) -> None:
        try:
            await self._answer(pair)
        except StoreError:
            raise
        except Exception:  # a person sees it; asking again would fail again
            log.exception("a text could not be answered")
            await self._settle(pair, await self._wanted(pair), Answer(hands_over=True))

    async def _answer(self, pair: Pair) -> None:
        wanted = await self._wanted(pair)
        if not wanted:
            return
        knowledge = await self._knowledge(pair.office)
        row = await find(self._store, pair)
        if row is None or row["mode"] == "person" or not knowledge.answers or await self._too_many(pair):
            await self._settle(pair, wanted, Answer(hands_over=row is not None))
            return
        turns = await self._turns(pair, knowledge, wanted)
        said = "\n".join(_words(each) for each in wanted)
        answer = await self._chat.answer(turns, knowledge, said=said, waiting=row["mode"] == "waiting")
        await self._settle(pair, wanted, answer)

    async def _wanted(self, pair: Pair) -> Sequence[Row]:
        return await self._store.all(
            "SELECT * FROM text_message WHERE office = $1 AND ours = $2 AND theirs = $3 AND answer = 'wanted'"
            " ORDER BY at, id",
            pair.office, pair.ours, pair.theirs,
        )  # fmt: skip

    async def _turns(self, pair: Pair, knowledge: Knowledge, wanted: Sequence[Row]) -> list[Turn]:
        """What was said in the days that are remembered, oldest first; what is to be answered is always there."""
        since = min(self._clock.now_ms() - knowledge.memory_days * DAY_MS, wanted[0]["at"])
        rows = await self._store.all(
            "SELECT id, direction, body, media, at FROM text_message WHERE office = $1 AND ours = $2 AND theirs = $3"
            " AND at >= $4 AND (direction = 'in' OR state <> 'failed') ORDER BY at DESC, id DESC LIMIT $5",
            pair.office, pair.ours, pair.theirs, since, MOST_TURNS,
        )  # fmt: skip
        last = wanted[-1]["id"]
        known = [row for row in rows if (row["at"], row["id"]) <= (wanted[-1]["at"], last)]
        return [
            Turn(
                "them" if row["direction"] == "in" else "us",
                row["body"] or ("[picture]" if row["media"] else ""),
            )
            for row in reversed(known)
        ]

    async def _too_many(self, pair: Pair) -> bool:
        row = await self._store.one(
            "SELECT COUNT(*) AS n FROM text_message WHERE office = $1 AND ours = $2 AND theirs = $3"
            " AND author = 'ai' AND at > $4",
            pair.office, pair.ours, pair.theirs, self._clock.now_ms() - HOUR_MS,
        )  # fmt: skip
        return row is not None and row["n"] >= MOST_AN_HOUR

    async def _settle(self, pair: Pair, wanted: Sequence[Row], answer: Answer) -> None:
        """Once: whoever takes the texts off the list writes the reply."""
        draft: Draft | None = None
        async with self._store.transaction() as statements:
            await hold(statements, pair)
            mine = False
            for row in wanted:
                changed = await statements.run(
                    "UPDATE text_message SET answer = 'done' WHERE id = $1 AND answer = 'wanted'", row["id"]
                )
                mine = mine or bool(changed)
            conversation = await find(statements, pair)
            if not mine or conversation is None or conversation["mode"] == "person":
                return
            if answer.text and not await self._consent.is_out(
                statements, pair.office, pair.ours, pair.theirs
            ):
                now = self._clock.now_ms()
                draft = Draft(
                    id=new_id(now), office=pair.office, ours=pair.ours, theirs=pair.theirs,
                    body=answer.text, author="ai",
                )  # fmt: skip
                await self._outbox.put(statements, draft)
                await said(statements, pair, id=draft.id, at=now, text=answer.text)
            if answer.hands_over:
                await statements.run(
                    "UPDATE text_conversation SET mode = 'waiting' WHERE office = $1 AND ours = $2 AND theirs = $3"
                    " AND mode = 'ai'",
                    pair.office, pair.ours, pair.theirs,
                )  # fmt: skip
        if draft is not None:
            self._outbox.wake()
        await self._tell(pair, draft)

    async def _tell(self, pair: Pair, draft: Draft | None) -> None:
        row = (
            await self._store.one("SELECT * FROM text_message WHERE id = $1", draft.id)
            if draft is not None
            else None
        )
        if row is None:
            await self._live.tell(pair, "conversation")
        else:
            await self._live.tell(pair, "message", message_of(row))


def _words(row: Row) -> str:
    """A picture alone is something that a person has to look at."""
    return str(row["body"]) or ("[picture]" if row["media"] else "")
