"""A speech engine behind the address of an OpenAI-compatible server, such as a Whisper on this machine or the next.

POST {base}/audio/transcriptions with the sound as a file (multipart/form-data); the answer is {"text": …}. Where sound
goes to is the administrator's choice: redirects are not followed. The answer's time and size are bounded.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pbx.core.imports import imported
from pbx.media.recognition import RATE_HZ, Heard, RecognitionError

if TYPE_CHECKING:
    from aiohttp import ClientSession

__all__ = ["SpeechServer", "SpeechSettings", "endpoint"]

CONFIDENCE = 0.7
"""It writes what it hears, and something when it hears nothing."""
MOST_BYTES = 256 << 10
MOST_FILE_BYTES = 25 << 20
"""What such servers take."""
PROMPT_LETTERS = 600
UTTERANCE_LETTERS = 600
UTTERANCE_S = 8.0
TRANSCRIPTION_S = 300.0
AT_ONCE = 2


class SpeechSettings(msgspec.Struct, frozen=True):
    """`url` is the server's base, with or without /v1."""

    url: str
    model: str = "whisper-1"
    key: str = ""
    utterance_s: float = UTTERANCE_S
    """How long a caller waits for an answer."""

    def __repr__(self) -> str:
        return f"SpeechSettings({self.url!r}, {self.model!r})"


class _Transcription(msgspec.Struct, frozen=True):
    text: str


class SpeechServer:
    """Both a recogniser of utterances and a transcriber of recordings."""

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        self._url = endpoint(settings.url)
        self._session: ClientSession | None = None
        self._seats = asyncio.Semaphore(AT_ONCE)

    async def recognise(self, pcm: bytes, *, expected: Sequence[str], language: str = "") -> Heard:
        """The expected phrases are a hint. Raises `RecognitionError`."""
        if not pcm:
            return Heard("", 0.0)
        hint = ", ".join(expected)[:PROMPT_LETTERS]
        text = await self._send(wav(pcm), "speech.wav", language, hint, self._settings.utterance_s)
        text = " ".join(text.split())[:UTTERANCE_LETTERS]
        return Heard(text, CONFIDENCE if text else 0.0)

    async def transcribe(self, path: Path, language: str) -> str:
        """What is said in a sound file. Raises `RecognitionError`."""
        try:
            data = await asyncio.to_thread(_read, path)
        except OSError as error:
            raise RecognitionError(f"{path.name} cannot be read: {error.strerror}") from None
        async with self._seats:  # callers on the line do not wait for mailboxes
            return (await self._send(data, path.name, language, "", TRANSCRIPTION_S)).strip()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _send(self, data: bytes, name: str, language: str, hint: str, within_s: float) -> str:
        await imported("aiohttp")
        import aiohttp

        try:
            async with asyncio.timeout(within_s):
                return await self._post(data, name, language, hint)
        except TimeoutError:
            raise RecognitionError(f"no answer within {within_s:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise RecognitionError(f"it cannot be asked: {type(error).__name__}: {error}"[:200]) from None

    async def _post(self, data: bytes, name: str, language: str, hint: str) -> str:
        import aiohttp

        if self._session is None:
            headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Bellwire"}
            if self._settings.key:
                headers["Authorization"] = f"Bearer {self._settings.key}"
            self._session = aiohttp.ClientSession(
                headers=headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
            )
        form = aiohttp.FormData()
        form.add_field("file", data, filename=name, content_type="application/octet-stream")
        form.add_field("model", self._settings.model)
        form.add_field("response_format", "json")
        for field, value in (("language", language.partition("-")[0]), ("prompt", hint)):
            if value:
                form.add_field(field, value)
        async with self._session.post(self._url, data=form, allow_redirects=False) as answer:
            if answer.status != 200:
                raise RecognitionError(f"the server answered {answer.status}")
            body = bytearray()
            async for piece in answer.content.iter_chunked(8192):
                body += piece
                if len(body) > MOST_BYTES:
                    raise RecognitionError(f"its answer is longer than {MOST_BYTES} bytes")
        try:
            return msgspec.json.decode(body, type=_Transcription).text
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise RecognitionError(f"its answer is no transcription: {error}") from None


def endpoint(base: str) -> str:
    """Where to send sound: `base` may be the server's root, or end in /v1 or in another version's folder."""
    path = "audio/transcriptions"
    base = base.rstrip("/")
    if base.endswith(path):
        return base
    last = base.rpartition("/")[2]
    return f"{base}/{path}" if last[:1] == "v" and last[1:2].isdigit() else f"{base}/v1/{path}"


def wav(pcm: bytes) -> bytes:
    """The samples with a header (RIFF, PCM, one channel)."""
    form = struct.pack("<HHIIHH", 1, 1, RATE_HZ, RATE_HZ * 2, 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(pcm)) + pcm
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MOST_FILE_BYTES + 1)
    if len(data) > MOST_FILE_BYTES:
        raise RecognitionError(
            f"{path.name} is larger than {MOST_FILE_BYTES >> 20} MB, which no server takes"
        )
    return data
