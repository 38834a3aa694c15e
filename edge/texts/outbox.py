"""The one way out for texts and campaigns. The queue is the store's, so a kill loses nothing and sends nothing twice.

             claim                accepted            callback
    queued ─────────▶ sending ───────────────▶ sent ───────────▶ delivered, failed
       ▲                 │  │ answer lost, or nobody came back within the lease
       └─ refused, again ┘  ▼
                        uncertain ── callback, or Twilio's list of messages ──▶ sent, delivered, failed
                            └─ neither knows: it stays, is shown, and a person decides

A message is claimed and that is durable before Twilio is asked, so what may have left is never taken for unsent. Our id
rides in the status-callback address. Only what Twilio surely did not take is tried again by itself.

`put` is all that campaigns need, with the recipient's id as the message's: they hold back by calling it later or with
`due_at`, read `state` from `text_message` (index campaign, state), and are told of changes by `listen`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from edge.bell import Bell
from edge.clock import Clock
from edge.model.texts import TextMessage
from edge.store import Row, Statements, Store, StoreError
from edge.texts.consent import ConsentRecords
from edge.texts.messages import Draft, insert, message_of
from edge.texts.sending import Accepted, Outcome, Outgoing, Refused, Seen, Sender, SendingError, Unknown

__all__ = ["Outbox", "Told"]

log = logging.getLogger(__name__)

AT_ONCE = 8
LEASE_MS = 60_000
"""Whoever claimed a message and has not said what became of it by then is dead."""
AGAIN_MS = (5_000, 30_000, 120_000, 600_000)
ASK_MS = (5_000, 60_000, 600_000)
"""How long after becoming uncertain Twilio's list is read; after the last time a person decides."""
UNREAD_MS = 15_000
"""Until it is tried to read it again, after that failed."""
SKEW_MS = 120_000
LOOK_S = 5.0
OPTED_OUT = 21610
OUT_WORDS = "They have opted out of texts from this number."
LOST_WORDS = (
    "Nobody knows whether this was sent: Twilio's answer was lost, and its list does not show it yet."
)

_IS_OUT = (
    "(last_word = 0 AND EXISTS (SELECT 1 FROM text_consent c WHERE c.office = text_message.office"
    " AND c.theirs = text_message.theirs AND c.opted_out = 1"
    " AND (c.ours = text_message.ours OR text_message.campaign <> '')))"
)
"""Who stopped any number of the office gets no campaign; see edge.texts.consent."""

Told = Callable[[str, TextMessage], Awaitable[None]]
"""Office, and the message as it is now. Not durable: who has to know for sure reads the store."""
Media = Callable[[Statements, Row], Awaitable[tuple[str, ...]]]

_STATES = {
    "accepted": "sent", "scheduled": "sent", "queued": "sent", "sending": "sent", "sent": "sent",
    "delivered": "delivered", "read": "delivered", "partially_delivered": "delivered",
    "undelivered": "failed", "failed": "failed", "canceled": "failed",
}  # fmt: skip
"""Twilio's words, as ours."""


class Outbox:
    """`run` must be running for anything to be sent. `media` gives addresses of pictures, `words` explains a code.

    `is_alone`: nobody else uses this store, so what is being sent when it starts was being sent by who has died.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        sender: Sender,
        consent: ConsentRecords,
        *,
        media: Media,
        words: Callable[[int, str], str],
        lease_ms: int = LEASE_MS,
        is_alone: bool = False,
    ) -> None:
        self._store = store
        self._clock = clock
        self._sender = sender
        self._consent = consent
        self._media = media
        self._words = words
        self._lease_ms = lease_ms
        self._is_alone = is_alone
        self._told: list[Told] = []
        self._bell = Bell()

    def listen(self, told: Told) -> None:
        self._told.append(told)

    async def put(self, statements: Statements, draft: Draft) -> bool:
        """Queue it, in the caller's transaction. False: it was put before. Call `wake` when that is committed."""
        return await insert(statements, draft, self._clock.now_ms())

    def wake(self) -> None:
        self._bell.ring()

    # -- sending ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Send what is due, settle what is uncertain. Runs until it is cancelled."""
        seats = asyncio.Semaphore(AT_ONCE)
        if self._is_alone:
            await self._recover(lease_ms=0)
        async with asyncio.TaskGroup() as group:
            while True:
                asked = False
                try:
                    asked = await self.settle()
                    await self._start(group, seats)
                except StoreError:
                    log.exception("the outbox cannot use the store")
                if asked:
                    continue
                await self._bell.wait(LOOK_S)

    async def work(self) -> bool:
        """One round, until all that it sent is answered. Returns whether anything was there to do."""
        settled = await self.settle()
        async with asyncio.TaskGroup() as group:
            sent = await self._start(group, asyncio.Semaphore(1 << 20))
        return settled or sent

    async def _start(self, group: asyncio.TaskGroup, seats: asyncio.Semaphore) -> bool:
        """Begin to send all that is due, some at once. Returns whether anything was."""
        began = False
        while True:
            await seats.acquire()
            row: Row | None = None
            try:
                row = await self._claim()
            finally:
                if row is None:
                    seats.release()
            if row is None:
                return began
            began = True
            group.create_task(self._send(row, seats))

    async def _send(self, row: Row, seats: asyncio.Semaphore) -> None:
        try:
            media = await self._media(self._store, row)
            outgoing = Outgoing(row["id"], row["office"], row["ours"], row["theirs"], row["body"], media)
            await self._keep(row, await self._sender.send(outgoing))
        except Exception:  # it stays claimed, and is uncertain when the lease is over
            log.exception("a text could not be handed over", extra={"text": row["id"]})
        finally:
            seats.release()
            self._bell.ring()

    async def _claim(self) -> Row | None:
        """The next one, marked as being sent. Those of one pair go one after the other, in their order; the same words
        wait while nobody knows whether they went out already, since Twilio's list could not tell the two apart."""
        now = self._clock.now_ms()
        return await self._store.one(
            "UPDATE text_message SET state = 'sending', claimed_at = $1, attempts = attempts + 1"  # noqa: S608  _IS_OUT
            " WHERE state = 'queued' AND id = ("
            "  SELECT m.id FROM text_message m WHERE m.state = 'queued' AND m.due_at <= $1"
            "  AND (m.until_at = 0 OR m.until_at > $1) AND NOT EXISTS ("
            "   SELECT 1 FROM text_message e WHERE e.office = m.office AND e.ours = m.ours AND e.theirs = m.theirs"
            "   AND e.id <> m.id"
            "   AND (e.state = 'sending' OR (e.state = 'uncertain' AND e.due_at > 0 AND e.body = m.body)"
            "   OR (e.state = 'queued' AND (e.at < m.at OR (e.at = m.at AND e.id < m.id)))))"
            "  ORDER BY CASE WHEN m.campaign = '' THEN 0 ELSE 1 END, m.due_at, m.id LIMIT 1)"
            f" AND NOT {_IS_OUT} RETURNING *",
            now,
        )

    async def _keep(self, row: Row, outcome: Outcome) -> None:
        """What the carrier said. A callback may have come before its answer: then the callback's word stands."""
        now = self._clock.now_ms()
        if isinstance(outcome, Accepted):
            await self._change(
                row["id"],
                "UPDATE text_message SET state = CASE WHEN state IN ('sending', 'uncertain') THEN 'sent' ELSE state"
                " END, sid = $2, segments = $3, reason = CASE WHEN state IN ('sending', 'uncertain') THEN '' ELSE"
                " reason END, settled_at = $4, due_at = 0 WHERE id = $1 RETURNING *",
                outcome.sid, outcome.segments, now,
            )  # fmt: skip
        elif isinstance(outcome, Unknown):
            await self._change(
                row["id"],
                "UPDATE text_message SET state = 'uncertain', reason = $2, attempts = 0, due_at = $3, code = $4"
                " WHERE id = $1 AND state = 'sending' RETURNING *",
                LOST_WORDS, now + ASK_MS[0], outcome.code,
            )  # fmt: skip
            log.warning("it is not known whether a text was sent", extra={"reason": outcome.reason})
        else:
            await self._refused(row, outcome, now)

    async def _refused(self, row: Row, outcome: Refused, now: int) -> None:
        if outcome.again and row["attempts"] <= len(AGAIN_MS):
            await self._change(
                row["id"],
                "UPDATE text_message SET state = 'queued', reason = $2, code = $3, due_at = $4"
                " WHERE id = $1 AND state = 'sending' RETURNING *",
                outcome.reason, outcome.code, now + AGAIN_MS[row["attempts"] - 1],
            )  # fmt: skip
            return
        if outcome.code == OPTED_OUT:
            async with self._store.transaction() as statements:
                await self._consent.change(
                    statements, row["office"], row["ours"], row["theirs"], opted_out=True, how="carrier"
                )
        await self._change(
            row["id"],
            "UPDATE text_message SET state = 'failed', reason = $2, code = $3, due_at = 0, settled_at = $4"
            " WHERE id = $1 AND state = 'sending' RETURNING *",
            outcome.reason, outcome.code, now,
        )  # fmt: skip

    async def _drop_opted_out(self) -> None:
        """What waits for somebody who has opted out meanwhile is not sent any more."""
        rows = await self._store.all(
            "UPDATE text_message SET state = 'failed', code = $1, reason = $2, due_at = 0, settled_at = $3"  # noqa: S608
            f" WHERE state = 'queued' AND {_IS_OUT} RETURNING *",
            OPTED_OUT, OUT_WORDS, self._clock.now_ms(),
        )  # fmt: skip
        for row in rows:
            await self._tell(row)

    # -- what is uncertain -----------------------------------------------------------------------------------------

    async def settle(self) -> bool:
        """Look after what waits, what is lost, and one that is uncertain. Returns whether one was asked about."""
        await self._recover()
        await self._drop_opted_out()
        return await self._settle_next()

    async def _recover(self, *, lease_ms: int | None = None) -> None:
        """Whoever was sending these has died: a kill, a crash, another edge that is gone."""
        now = self._clock.now_ms()
        rows = await self._store.all(
            "UPDATE text_message SET state = 'uncertain', reason = $1, attempts = 0, due_at = $2"
            " WHERE state = 'sending' AND claimed_at <= $3 RETURNING *",
            LOST_WORDS, now + ASK_MS[0], now - (self._lease_ms if lease_ms is None else lease_ms),
        )  # fmt: skip
        for row in rows:
            await self._tell(row)

    async def _settle_next(self) -> bool:
        """Ask Twilio's list about one of them. `attempts` counts how often that was done."""
        now = self._clock.now_ms()
        row = await self._store.one(
            "UPDATE text_message SET attempts = attempts + 1, due_at = $2 WHERE state = 'uncertain' AND id = ("
            " SELECT m.id FROM text_message m WHERE m.state = 'uncertain' AND m.due_at > 0 AND m.due_at <= $1"
            " AND NOT EXISTS (SELECT 1 FROM text_message e WHERE e.office = m.office AND e.ours = m.ours"
            "  AND e.theirs = m.theirs AND e.state = 'sending' AND e.body = m.body)"
            " ORDER BY m.due_at, m.id LIMIT 1) AND due_at <= $1 AND due_at > 0 RETURNING *",
            now, now + LEASE_MS,
        )  # fmt: skip
        if row is None:
            return False
        try:
            listed = await self._sender.seen(row["ours"], row["theirs"], since_ms=row["claimed_at"] - SKEW_MS)
        except SendingError as error:
            log.warning("Twilio's list of messages cannot be read", extra={"reason": str(error)})
            await self._ask_later(row, now, asked=False)
            return True
        found = await self._unclaimed(row, listed)
        if found is None:
            await self._ask_later(row, now, asked=True)
        else:
            await self.report(row["id"], found.sid, found.status, found.code)
        return True

    async def _unclaimed(self, row: Row, listed: Sequence[Seen]) -> Seen | None:
        """The first that says the same and belongs to none of ours."""
        said = row["body"].split()
        for seen in listed:
            if seen.body.split() != said:
                continue
            if await self._store.one("SELECT id FROM text_message WHERE sid = $1", seen.sid) is None:
                return seen
        return None

    async def _ask_later(self, row: Row, now: int, *, asked: bool) -> None:
        """Later, or not any more. Not being able to ask counts for nothing."""
        times = row["attempts"] if asked else row["attempts"] - 1
        pause = UNREAD_MS if not asked else (*ASK_MS, 0)[min(times, len(ASK_MS))]
        due = now + pause if pause else 0
        await self._change(
            row["id"],
            "UPDATE text_message SET attempts = $2, due_at = $3 WHERE id = $1 AND state = 'uncertain' RETURNING *",
            times, due,
        )  # fmt: skip

    async def report(self, id: str, sid: str, status: str, code: int = 0) -> bool:
        """What Twilio says of a message, by callback or in its list. Returns False for one that is not ours.

        An older word never overrules a newer one: delivered and failed are the end.
        """
        state = _STATES.get(status)
        if state is None or not sid:
            return False
        reason = self._words(code, "") if state == "failed" else ""
        now = self._clock.now_ms()
        row = await self._change(
            id,
            "UPDATE text_message SET sid = $2, state = $3, code = $4, reason = $5, settled_at = $6, due_at = 0"
            " WHERE id = $1 AND direction = 'out' AND sid IN ('', $2)"
            " AND (state IN ('queued', 'sending', 'uncertain') OR (state = 'sent' AND $3 <> 'sent')) RETURNING *",
            sid, state, code, reason, now,
        )  # fmt: skip
        if row is not None and code == OPTED_OUT:
            async with self._store.transaction() as statements:
                await self._consent.change(
                    statements, row["office"], row["ours"], row["theirs"], opted_out=True, how="carrier"
                )
        return row is not None

    # -- below -----------------------------------------------------------------------------------------------------

    async def _change(self, id: str, sql: str, *values: object) -> Row | None:
        row = await self._store.one(sql, id, *values)
        if row is not None:
            await self._tell(row)
        return row

    async def _tell(self, row: Row) -> None:
        message = message_of(row)
        for told in tuple(self._told):
            try:
                await told(row["office"], message)
            except Exception:
                log.exception("a listener of the outbox failed")
