"""Messages in the store: what an outgoing one is made of, and how a row reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from edge.model.texts import Attachment, Author, State, TextMessage
from edge.store import Row, Statements

__all__ = ["Draft", "attachments", "insert", "message_of", "with_media"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text that is to be sent. `id` is ours: the same one twice is one text. It is not sent before `due_at`.

    `last_word`: the confirmation of an opt-out, which alone goes out although the opt-out holds.
    """

    id: str
    office: str
    ours: str
    theirs: str
    body: str
    author: Author
    actor: str = ""
    campaign: str = ""
    media: tuple[str, ...] = ()
    last_word: bool = False
    due_at: int = 0


async def insert(statements: Statements, draft: Draft, now_ms: int) -> bool:
    """Queue it. Returns False when a message with this id is there already."""
    added = await statements.one(
        "INSERT INTO text_message (id, office, ours, theirs, direction, author, actor, body, at, state, sid, code,"
        " reason, media, segments, campaign, last_word, answer, attempts, due_at, claimed_at, settled_at)"
        " VALUES ($1, $2, $3, $4, 'out', $5, $6, $7, $8, 'queued', '', 0, '', $9, 0, $10, $11, '', 0, $12, 0, 0)"
        " ON CONFLICT (id) DO NOTHING RETURNING id",
        draft.id, draft.office, draft.ours, draft.theirs, draft.author, draft.actor, draft.body, now_ms,
        len(draft.media), draft.campaign, int(draft.last_word), max(draft.due_at, now_ms),
    )  # fmt: skip
    return added is not None


def message_of(row: Row, media: Sequence[Attachment] = ()) -> TextMessage:
    """As the API shows it."""
    incoming = row["direction"] == "in"
    return TextMessage(
        id=row["id"],
        from_=row["theirs"] if incoming else row["ours"],
        to=row["ours"] if incoming else row["theirs"],
        direction=row["direction"],
        author=cast("Author", row["author"]),
        actor=row["actor"],
        text=row["body"],
        at=row["at"],
        state=cast("State", row["state"]),
        code=row["code"],
        reason=row["reason"],
        segments=row["segments"],
        campaign=row["campaign"],
        media=tuple(media),
    )


async def attachments(statements: Statements, messages: Iterable[str]) -> dict[str, list[Attachment]]:
    """The pictures of these messages, without their bytes."""
    ids = list(messages)
    found: dict[str, list[Attachment]] = {}
    if not ids:
        return found
    places = ", ".join(f"${place}" for place in range(1, len(ids) + 1))
    rows = await statements.all(
        "SELECT id, message, type, size, state, reason FROM text_media"  # noqa: S608  places only
        f" WHERE message IN ({places}) ORDER BY message, place",
        *ids,
    )
    for row in rows:
        found.setdefault(row["message"], []).append(
            Attachment(
                id=row["id"], type=row["type"], size=row["size"], state=row["state"], reason=row["reason"]
            )
        )
    return found


async def with_media(statements: Statements, rows: Sequence[Row]) -> tuple[TextMessage, ...]:
    """Messages with what belongs to them."""
    media = await attachments(statements, [row["id"] for row in rows if row["media"]])
    return tuple(message_of(row, media.get(row["id"], ())) for row in rows)
