"""What an office has set for its texts, and the texts it needs often."""

from __future__ import annotations

import msgspec

from edge.clock import Clock
from edge.errors import EdgeError
from edge.model.base import new_id
from edge.model.text_settings import TextSettings, TextTemplate, TextTemplates, TextTemplateWrite
from edge.store import Row, Statements, Store

__all__ = ["MOST_TEMPLATES", "Settings", "TextTemplateShelf"]

MOST_TEMPLATES = 500


class Settings:
    """One document an office; without one the defaults hold."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, office: str, statements: Statements | None = None) -> TextSettings:
        row = await (statements or self._store).one(
            "SELECT document FROM text_settings WHERE office = $1", office
        )
        if row is None:
            return TextSettings()
        return msgspec.json.decode(row["document"], type=TextSettings)

    async def put(self, office: str, settings: TextSettings) -> TextSettings:
        await self._store.run(
            "INSERT INTO text_settings (office, document) VALUES ($1, $2)"
            " ON CONFLICT (office) DO UPDATE SET document = excluded.document",
            office, msgspec.json.encode(settings).decode(),
        )  # fmt: skip
        return settings


class TextTemplateShelf:
    """Templates, by name."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def list(self, office: str) -> TextTemplates:
        rows = await self._store.all(
            "SELECT * FROM text_template WHERE office = $1 ORDER BY LOWER(name), id", office
        )
        return TextTemplates(items=tuple(_template(row) for row in rows), total=len(rows))

    async def add(self, office: str, write: TextTemplateWrite) -> TextTemplate:
        """Raises `EdgeError` 409 when there are too many."""
        count = await self._store.one("SELECT COUNT(*) AS n FROM text_template WHERE office = $1", office)
        if count is not None and count["n"] >= MOST_TEMPLATES:
            raise EdgeError(409, f"An office has {MOST_TEMPLATES} templates at most.")
        now = self._clock.now_ms()
        row = await self._store.one(
            "INSERT INTO text_template (office, id, name, text, updated_at) VALUES ($1, $2, $3, $4, $5) RETURNING *",
            office, new_id(now), write.name, write.text, now,
        )  # fmt: skip
        return _template(_there(row))

    async def put(self, office: str, id: str, write: TextTemplateWrite) -> TextTemplate:
        """Raises `EdgeError` 404."""
        row = await self._store.one(
            "UPDATE text_template SET name = $3, text = $4, updated_at = $5 WHERE office = $1 AND id = $2 RETURNING *",
            office, id, write.name, write.text, self._clock.now_ms(),
        )  # fmt: skip
        return _template(_there(row))

    async def drop(self, office: str, id: str) -> None:
        """Raises `EdgeError` 404."""
        if not await self._store.run("DELETE FROM text_template WHERE office = $1 AND id = $2", office, id):
            raise _nothing()


def _template(row: Row) -> TextTemplate:
    return TextTemplate(id=row["id"], name=row["name"], text=row["text"], updated_at=row["updated_at"])


def _there(row: Row | None) -> Row:
    if row is None:
        raise _nothing()
    return row


def _nothing() -> EdgeError:
    return EdgeError(404, "There is no such template.")
