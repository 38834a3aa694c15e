"""Writes recordings down: a speech server behind an OpenAI-compatible address, such as a Whisper.

POST {base}/audio/transcriptions, the sound as a file of a form; the answer is {"text": …}. Its time and its size are
limited, and it may not send us elsewhere.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp
import msgspec

from edge.ai.chat import endpoint

__all__ = ["Transcriber", "TranscriberSettings", "TranscriptionError"]

MOST_BYTES = 256 << 10
MOST_LETTERS = 8000


class TranscriptionError(Exception):
    """No text; it says why."""


@dataclass(frozen=True, slots=True)
class TranscriberSettings:
    """`url` is the server's base, with or without /v1."""

    url: str
    model: str = "whisper-1"
    key: str = ""
    time_limit_s: float = 240.0

    def __repr__(self) -> str:
        return f"TranscriberSettings({self.url!r}, {self.model!r})"


class _Transcription(msgspec.Struct, frozen=True):
    text: str


class Transcriber:
    """One recording at a time; `close` ends its connections."""

    def __init__(self, settings: TranscriberSettings) -> None:
        self._settings = settings
        self._url = endpoint(settings.url, "audio/transcriptions")
        self._session: aiohttp.ClientSession | None = None
        self._seat = asyncio.Lock()

    async def write_down(self, sound: bytes, language: str = "") -> str:
        """What is said in a WAV file. Raises `TranscriptionError`."""
        try:
            async with asyncio.timeout(self._settings.time_limit_s), self._seat:
                return await self._post(sound, language.partition("-")[0].lower())
        except TimeoutError:
            raise TranscriptionError(f"no answer within {self._settings.time_limit_s:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise TranscriptionError(f"{type(error).__name__}: {error}"[:200]) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, sound: bytes, language: str) -> str:
        if self._session is None:
            self._session = _session(self._settings.key)
        form = aiohttp.FormData()
        form.add_field("file", sound, filename="message.wav", content_type="audio/wav")
        form.add_field("model", self._settings.model)
        form.add_field("response_format", "json")
        if language:
            form.add_field("language", language)
        async with self._session.post(self._url, data=form, allow_redirects=False) as answer:
            if answer.status != 200:
                raise TranscriptionError(f"the server answered {answer.status}")
            body = bytearray()
            async for piece in answer.content.iter_chunked(8192):
                body += piece
                if len(body) > MOST_BYTES:
                    raise TranscriptionError(f"the server's answer is longer than {MOST_BYTES} bytes")
        try:
            return msgspec.json.decode(body, type=_Transcription).text.strip()[:MOST_LETTERS]
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise TranscriptionError(f"the server's answer is no transcription: {error}") from None


def _session(key: str) -> aiohttp.ClientSession:
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    return aiohttp.ClientSession(
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
    )
