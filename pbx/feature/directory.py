"""The office's extensions in memory, so that a call or a registration reads no database.

Loaded at start and again whenever an extension changes (by API, by import, or by another process on the same file).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from pbx.model.extension import Extension

log = logging.getLogger(__name__)


class Entry(msgspec.Struct, frozen=True):
    """An extension and the password its phones prove themselves with."""

    extension: Extension
    sip_password: str


class Directory:
    """`number → Entry`. `reload` swaps the whole table at once, so a reader never sees half of a change."""

    def __init__(self, load: Callable[[], Awaitable[Mapping[str, Entry]]]) -> None:
        self._load = load
        self._entries: Mapping[str, Entry] = {}
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each reload."""
        self._listeners.append(listener)

    async def reload(self) -> None:
        self._entries = await self._load()
        for listener in self._listeners:
            listener()

    def find(self, number: str) -> Entry | None:
        """The extension, also when it is disabled; None when there is none."""
        return self._entries.get(number)

    def password(self, number: str) -> str | None:
        """What the digest is checked against; None for unknown and disabled extensions alike."""
        entry = self._entries.get(number)
        return entry.sip_password if entry is not None and entry.extension.enabled else None

    def numbers(self) -> list[str]:
        """Every extension, the disabled ones included."""
        return list(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
