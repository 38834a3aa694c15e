"""What both stores do. Parameters are written `$1`, `$2` …; each call is one durable transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

Row = Mapping[str, Any]

FOLDER = Path(__file__).parent / "migrations"


class Store(Protocol):
    """A database."""

    async def all(self, sql: str, *args: object) -> Sequence[Row]: ...

    async def one(self, sql: str, *args: object) -> Row | None: ...

    async def run(self, sql: str, *args: object) -> int:
        """How many rows it changed."""
        ...

    async def many(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        """The same statement for all rows, together or not at all."""
        ...

    async def aclose(self) -> None: ...


def migrations() -> list[tuple[int, str]]:
    """Number and text, in order."""
    return [(int(path.name[:4]), path.read_text()) for path in sorted(FOLDER.glob("[0-9]*.sql"))]
