"""The office's records in memory, so that no call reads a database. Loaded at start and whenever a record changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pbx.model.kind import Kind
from pbx.model.kinds import KINDS
from pbx.store.records import RecordStore

__all__ = ["Office"]


class Office:
    """All records of all kinds. `reload` swaps the whole at once, so a reader never sees half of a change."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._records: Mapping[str, Mapping[str, Any]] = {kind.name: {} for kind in KINDS}
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each reload."""
        self._listeners.append(listener)

    async def reload(self) -> None:
        self._records = {
            kind.name: {kind.key_of(each): each for each in await self._store.all(kind)} for kind in KINDS
        }
        for listener in self._listeners:
            listener()

    def get(self, kind: Kind, key: str) -> Any | None:
        return self._records[kind.name].get(key)

    def all(self, kind: Kind) -> Sequence[Any]:
        return tuple(self._records[kind.name].values())
