"""The shared inbox: what people of an office see of its conversations, and what they do with them.

Two people with one conversation: a reply says what its writer has seen (`seen`), and typing is announced. Who would
answer over somebody else's answer, or while somebody else is writing one, is told so (409) and may do it anyway.
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.clock import Clock
from edge.errors import EdgeError
from edge.model.base import new_id
from edge.model.texts import (
    Conversation,
    ConversationDetail,
    ConversationNote,
    ConversationQuery,
    Conversations,
    DetailQuery,
    Mode,
)
from edge.store import Store
from edge.texts.conversations import COLUMNS, Pair, conversation_of, require
from edge.texts.live import Live
from edge.texts.messages import with_media

__all__ = ["Inbox"]

TYPING_MS = 15_000
MOST_NOTES = 200


class Inbox:
    """Reads and marks. What is sent goes through `edge.texts.writing`."""

    def __init__(self, store: Store, clock: Clock, live: Live) -> None:
        self._store = store
        self._clock = clock
        self._live = live

    # -- reading -----------------------------------------------------------------------------------------------------

    async def list(self, office: str, query: ConversationQuery) -> Conversations:
        """The latest first."""
        where, values = _where(office, query)
        total = await self._count(where, values)
        rows = await self._store.all(
            f"SELECT {COLUMNS} FROM text_conversation c WHERE {where}"  # noqa: S608  fixed words
            f" ORDER BY c.last_at DESC, c.theirs, c.ours LIMIT ${len(values) + 1} OFFSET ${len(values) + 2}",
            *values, query.limit, query.offset,
        )  # fmt: skip
        now = self._clock.now_ms()
        return Conversations(
            items=tuple(conversation_of(row, now) for row in rows),
            total=total,
            unread=await self._count("c.office = $1 AND c.unread > 0", [office]),
        )

    async def detail(self, pair: Pair, query: DetailQuery) -> ConversationDetail:
        """Raises `EdgeError` 404."""
        row = await require(self._store, pair)
        before = await self._before(pair, query.before)
        rows = await self._store.all(
            "SELECT * FROM text_message WHERE office = $1 AND ours = $2 AND theirs = $3"
            " AND (at < $4 OR (at = $4 AND id < $5)) ORDER BY at DESC, id DESC LIMIT $6",
            pair.office, pair.ours, pair.theirs, *before, query.limit + 1,
        )  # fmt: skip
        shown = list(reversed(rows[: query.limit]))
        return ConversationDetail(
            conversation=conversation_of(row, self._clock.now_ms()),
            messages=await with_media(self._store, shown),
            notes=await self._notes(pair),
            more=len(rows) > query.limit,
        )

    # -- marking -----------------------------------------------------------------------------------------------------

    async def read(self, pair: Pair) -> Conversation:
        return await self._set(pair, "unread = 0")

    async def unread(self, pair: Pair) -> Conversation:
        return await self._set(pair, "unread = CASE WHEN unread = 0 THEN 1 ELSE unread END")

    async def assign(self, pair: Pair, to: str) -> Conversation:
        return await self._set(pair, "assigned_to = $4", to)

    async def hand(self, pair: Pair, mode: Mode) -> Conversation:
        """To a person, or back to the AI."""
        return await self._set(pair, "mode = $4", mode)

    async def typing(self, pair: Pair, actor: str, *, typing: bool) -> Conversation:
        """Somebody is writing; it is forgotten after some seconds. Another's writing is not taken over."""
        now = self._clock.now_ms()
        until = now + TYPING_MS if typing else 0
        return await self._set(
            pair,
            "typing_until = CASE WHEN typing_by IN ('', $4) OR typing_until <= $6 THEN $5 ELSE typing_until END,"
            " typing_by = CASE WHEN typing_by IN ('', $4) OR typing_until <= $6 THEN $4 ELSE typing_by END",
            actor, until, now,
        )  # fmt: skip

    async def note(self, pair: Pair, actor: str, text: str) -> ConversationNote:
        """Raises `EdgeError` 404, 409."""
        await require(self._store, pair)
        if len(await self._notes(pair)) >= MOST_NOTES:
            raise EdgeError(409, f"A conversation has {MOST_NOTES} notes at most.")
        now = self._clock.now_ms()
        note = ConversationNote(id=new_id(now), actor=actor, at=now, text=text)
        await self._store.run(
            "INSERT INTO text_note (office, id, ours, theirs, actor, at, text) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            pair.office, note.id, pair.ours, pair.theirs, actor, now, text,
        )  # fmt: skip
        await self._live.tell(pair, "note")
        return note

    async def drop_note(self, pair: Pair, id: str) -> None:
        """Raises `EdgeError` 404."""
        dropped = await self._store.run(
            "DELETE FROM text_note WHERE office = $1 AND id = $2 AND ours = $3 AND theirs = $4",
            pair.office, id, pair.ours, pair.theirs,
        )  # fmt: skip
        if not dropped:
            raise EdgeError(404, "There is no such note.")
        await self._live.tell(pair, "note")

    # -- below -------------------------------------------------------------------------------------------------------

    async def _set(self, pair: Pair, change: str, *values: object) -> Conversation:
        changed = await self._store.run(
            f"UPDATE text_conversation SET {change} WHERE office = $1 AND ours = $2 AND theirs = $3",  # noqa: S608
            pair.office, pair.ours, pair.theirs, *values,
        )  # fmt: skip
        row = await require(self._store, pair)
        if changed:
            await self._live.tell(pair, "conversation")
        return conversation_of(row, self._clock.now_ms())

    async def _count(self, where: str, values: Sequence[object]) -> int:
        row = await self._store.one(
            f"SELECT COUNT(*) AS n FROM text_conversation c WHERE {where}",  # noqa: S608  fixed words
            *values,
        )
        return int(row["n"]) if row is not None else 0

    async def _before(self, pair: Pair, id: str) -> tuple[int, str]:
        if not id:
            return 1 << 62, ""
        row = await self._store.one(
            "SELECT at FROM text_message WHERE id = $1 AND office = $2 AND ours = $3 AND theirs = $4",
            id, pair.office, pair.ours, pair.theirs,
        )  # fmt: skip
        if row is None:
            raise EdgeError(422, "There is no such message in this conversation.", field="query.before")
        return row["at"], id

    async def _notes(self, pair: Pair) -> tuple[ConversationNote, ...]:
        rows = await self._store.all(
            "SELECT * FROM text_note WHERE office = $1 AND ours = $2 AND theirs = $3 ORDER BY at, id",
            pair.office, pair.ours, pair.theirs,
        )  # fmt: skip
        return tuple(
            ConversationNote(id=row["id"], actor=row["actor"], at=row["at"], text=row["text"]) for row in rows
        )


def _where(office: str, query: ConversationQuery) -> tuple[str, list[object]]:
    parts, values = ["c.office = $1"], list[object]([office])

    def add(text: str, value: object) -> None:
        values.append(value)
        parts.append(text.replace("?", f"${len(values)}"))

    if query.unread:
        parts.append("c.unread > 0")
    if query.mode is not None:
        add("c.mode = ?", query.mode)
    if query.assigned_to:
        add("c.assigned_to = ?", "" if query.assigned_to == "-" else query.assigned_to)
    if query.number:
        add("c.ours = ?", query.number)
    if query.q.strip():
        escaped = query.q.strip().lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        add(
            "(c.theirs LIKE ? ESCAPE '!' OR c.ours LIKE ? ESCAPE '!' OR LOWER(c.assigned_to) LIKE ? ESCAPE '!'"
            " OR EXISTS (SELECT 1 FROM text_message m WHERE m.office = c.office AND m.ours = c.ours"
            " AND m.theirs = c.theirs AND LOWER(m.body) LIKE ? ESCAPE '!'))",
            f"%{escaped}%",
        )
    return " AND ".join(parts), values
