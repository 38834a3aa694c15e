"""What a conference says, and where its files lie."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from pbx.call.ports import Grown
from pbx.call.talk import Sound
from pbx.feature.sounds import Sounds
from pbx.model.stream import RecordingEnded

__all__ = ["Files", "RoomFile", "Voice"]


class Voice(msgspec.Struct, frozen=True):
    """The sentences, and the tones of coming and going."""

    says: Sounds
    joined: Callable[[], Sound]
    left: Callable[[], Sound]


class RoomFile(Protocol):
    """A recording of a conference that is to be made at `path`; `file` is its name in the list of recordings."""

    @property
    def id(self) -> str: ...

    @property
    def path(self) -> Path: ...

    @property
    def file(self) -> str: ...

    @property
    def format(self) -> Literal["wav", "opus"]: ...

    def may_go_on(self, progress: Grown) -> bool: ...

    def begun(self) -> None: ...

    def refused(self, error: OSError) -> None: ...

    def ended(self, ended: RecordingEnded) -> None: ...


class Files(msgspec.Struct, frozen=True):
    """`record` makes room for a recording of a conference in which a call is, or raises `OSError`. `name` is where a
    member's name is kept while it is in.
    """

    record: Callable[[str, str], Awaitable[RoomFile]]
    name: Callable[[str], Awaitable[Path]]
