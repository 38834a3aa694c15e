"""What a conference says, and where its files lie."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from pbx.call.talk import Sound
from pbx.feature.sounds import Sounds

__all__ = ["Files", "Voice"]


@dataclass(frozen=True, slots=True)
class Voice:
    """The sentences, and the tones of coming and going."""

    says: Sounds
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
