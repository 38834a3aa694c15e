"""What a conference says, and where its files lie: the parts of other features that it needs, as Protocols."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pbx.call.talk import Sound

__all__ = ["Files", "Says", "Voice"]


class Says(Protocol):
    """Sounds of sentences. Never raises for a missing voice: then the sound is a tone."""

    async def phrase(self, name: str, /, *, language: str = "", **values: str | int | datetime) -> Sound: ...

    async def text(self, text: str, *, language: str = "") -> Sound: ...

    async def file(self, path: Path) -> Sound: ...


@dataclass(frozen=True, slots=True)
class Voice:
    """The sentences, and the tones of coming and going."""

    says: Says
    joined: Callable[[], Sound]
    left: Callable[[], Sound]


@dataclass(frozen=True, slots=True)
class Files:
    """`recording` gives the path of a new recording of a conference, in a folder that is there; `recordings` is the
    folder below which they lie. `name` is where a member's name is kept while it is in.
    """

    recordings: Path
    recording: Callable[[str], Awaitable[Path]]
    name: Callable[[str], Awaitable[Path]]
