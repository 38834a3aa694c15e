"""Speech to text, as providers: what they all take and give, and which one a node has.

Sound is one channel of 16-bit samples at 16 kHz. A recogniser may be wrong and does not know it, so whoever acts on
what it heard asks first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from pbx.core.errors import PbxError

__all__ = ["RATE_HZ", "Heard", "Recogniser", "RecognitionError", "Transcriber"]

RATE_HZ = 16000


class RecognitionError(PbxError):
    """Nothing can be recognised: no engine, no answer in time. The text is for the log and the administrator."""


class Heard(msgspec.Struct, frozen=True):
    """The words, "" for none; `confidence` from 0 to 1, a guess of the provider's kind and not of this utterance."""

    text: str
    confidence: float


class Recogniser(Protocol):
    """Writes down one short utterance."""

    async def recognise(self, pcm: bytes, *, expected: Sequence[str], language: str = "") -> Heard:
        """`expected` are the names and phrases that may be said. Raises `RecognitionError`."""
        ...

    async def close(self) -> None: ...


class Transcriber(Protocol):
    """Writes down free speech of any length."""

    async def transcribe(self, path: Path, language: str) -> str:
        """What is said in a sound file. Raises `RecognitionError`."""
        ...
