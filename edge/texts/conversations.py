"""Conversations in the store: one for each pair of numbers, made by the first text either way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from edge.errors import EdgeError
from edge.model.texts import Conversation, Mode
from edge.store import Row, Statements

__all__ = ["COLUMNS", "Pair", "conversation_of", "find", "heard", "hold", "require", "said"]

MOST_SHOWN = 200
COLUMNS = (
    "c.*, COALESCE((SELECT k.opted_out FROM text_consent k WHERE k.office = c.office AND k.ours = c.ours"
    " AND k.theirs = c.theirs), 0) AS opted_out"
)
"""Of `text_conversation c`, as `conversation_of` reads them."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A number of the office, and the other side's."""

    office: str
    ours: str
    theirs: str


def conversation_of(row: Row, now_ms: int) -> Conversation:
    return Conversation(
        from_=row["theirs"],
        to=row["ours"],
        mode=cast("Mode", row["mode"]),
        assigned_to=row["assigned_to"],
        unread=row["unread"],
        last_id=row["last_id"],
        last_at=row["last_at"],
        last_text=row["last_text"],
        last_direction=row["last_direction"],
        last_writer=row["last_writer"],
        typing=row["typing_by"] if row["typing_until"] > now_ms else "",
        opted_out=bool(row["opted_out"]),
    )


async def find(statements: Statements, pair: Pair) -> Row | None:
    return await statements.one(
        f"SELECT {COLUMNS} FROM text_conversation c WHERE c.office = $1 AND c.ours = $2 AND c.theirs = $3",  # noqa: S608
        pair.office, pair.ours, pair.theirs,
    )  # fmt: skip


async def hold(statements: Statements, pair: Pair) -> None:
    """Whoever else changes this conversation waits until the transaction is over."""
    await statements.run(
        "UPDATE text_conversation SET unread = unread WHERE office = $1 AND ours = $2 AND theirs = $3",
        pair.office, pair.ours, pair.theirs,
    )  # fmt: skip


async def heard(statements: Statements, pair: Pair, *, id: str, at: int, text: str, unread: bool) -> None:
    """They have written."""
    await statements.run(
        "INSERT INTO text_conversation AS c (office, ours, theirs, mode, assigned_to, unread, last_id, last_at,"
        " last_text, last_direction, last_writer, typing_by, typing_until, created_at)"
        " VALUES ($1, $2, $3, 'ai', '', $4, $5, $6, $7, 'in', '', '', 0, $6)"
        " ON CONFLICT (office, ours, theirs) DO UPDATE SET unread = c.unread + excluded.unread,"
        " last_id = excluded.last_id, last_at = excluded.last_at, last_text = excluded.last_text,"
        " last_direction = 'in'",
        pair.office, pair.ours, pair.theirs, int(unread), id, at, text[:MOST_SHOWN],
    )  # fmt: skip


async def said(
    statements: Statements,
    pair: Pair,
    *,
    id: str,
    at: int,
    text: str,
    writer: str = "",
    mode: Mode | None = None,
    makes: bool = True,
) -> None:
    """The office has written. By a person (`writer`): nothing is unread any more. `makes`: also where none was."""
    if makes:
        await statements.run(
            "INSERT INTO text_conversation (office, ours, theirs, mode, assigned_to, unread, last_id, last_at,"
            " last_text, last_direction, last_writer, typing_by, typing_until, created_at)"
            " VALUES ($1, $2, $3, $4, '', 0, $5, $6, $7, 'out', $8, '', 0, $6)"
            " ON CONFLICT (office, ours, theirs) DO NOTHING",
            pair.office, pair.ours, pair.theirs, mode or "ai", id, at, text[:MOST_SHOWN], writer,
        )  # fmt: skip
    await statements.run(
        "UPDATE text_conversation SET last_id = $4, last_at = $5, last_text = $6, last_direction = 'out',"
        " last_writer = CASE WHEN $7 = '' THEN last_writer ELSE $7 END,"
        " unread = CASE WHEN $7 = '' THEN unread ELSE 0 END,"
        " typing_by = CASE WHEN typing_by = $7 THEN '' ELSE typing_by END,"
        " mode = CASE WHEN $8 = '' THEN mode ELSE $8 END"
        " WHERE office = $1 AND ours = $2 AND theirs = $3",
        pair.office, pair.ours, pair.theirs, id, at, text[:MOST_SHOWN], writer, mode or "",
    )  # fmt: skip


async def require(statements: Statements, pair: Pair) -> Row:
    """Raises `EdgeError` 404."""
    row = await find(statements, pair)
    if row is None:
        raise EdgeError(404, f"There is no conversation between {pair.theirs} and {pair.ours}.")
    return row
