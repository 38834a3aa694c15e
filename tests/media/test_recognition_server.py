"""The speech server's client: what it sends, and that a server that misbehaves ends in `RecognitionError`."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from pbx.media.recognition import Heard, RecognitionError
from pbx.media.recognition_server import MOST_FILE_BYTES, SpeechServer, SpeechSettings, endpoint
from tests.edge.hostile import Hostile, http


def _text(text: object) -> bytes:
    return http(json.dumps({"text": text}).encode())


async def _heard(respond: Callable[[bytes], bytes], pcm: bytes = b"\x01\x00" * 100) -> tuple[Heard, bytes]:
    async with Hostile(respond) as server:
        ears = SpeechServer(SpeechSettings(server.url, "small", key="sesame", utterance_s=0.3))
        try:
            return await ears.recognise(
                pcm, expected=("Alice Example", "Bob"), language="en-GB"
            ), server.requests[0]
        finally:
            await ears.close()


async def test_an_utterance_is_sent_as_a_wav_file_with_what_is_expected() -> None:
    heard, request = await _heard(lambda _: _text("  Alice\nExample. "))
    assert heard.text == "Alice Example."
    assert request.startswith(b"POST /v1/audio/transcriptions HTTP/1.1\r\n")
    assert b"Authorization: Bearer sesame\r\n" in request
    assert b"Alice Example, Bob" in request
    assert b'name="language"\r\n\r\nen\r\n' in request
    with wave.open(BytesIO(request[request.index(b"RIFF") :])) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        assert file.readframes(100) == b"\x01\x00" * 100


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        Hostile.STALL,
        _text("Alice") + Hostile.DRIP,
        _text(None),
        _text(["Alice"]),
        http(b"{}"),
        http(b"[" * 30_000),
        http(b'{"text": "\xff"}'),
        http(b'{"text":"' + b"a" * 400_000 + b'"}'),
        http(b"{}", status="500 Oops"),
        http(b"{}", status="302 Found", headers="Location: http://127.0.0.1:1/\r\n"),
        b"SSH-2.0-x\r\n\r\n",
    ],
)
async def test_what_is_no_answer_is_an_error(answer: bytes) -> None:
    with pytest.raises(RecognitionError):
        await _heard(lambda _: answer)


async def test_a_talkative_server_is_cut_short() -> None:
    heard, _ = await _heard(lambda _: _text("word " * 2000))
    assert len(heard.text) <= 600


async def test_silence_is_not_sent() -> None:
    ears = SpeechServer(SpeechSettings("http://127.0.0.1:1"))
    assert await ears.recognise(b"", expected=()) == Heard("", 0.0)


async def test_a_recording_is_transcribed(tmp_path: Path) -> None:
    message = tmp_path / "message.ogg"
    message.write_bytes(b"OggS" + b"\x05" * 1000)
    async with Hostile(lambda _: _text(" Call me back. ")) as server:
        ears = SpeechServer(SpeechSettings(server.url + "/v1"))
        assert await ears.transcribe(message, "") == "Call me back."
        await ears.close()
    assert b'filename="message.ogg"' in server.requests[0]
    assert message.read_bytes() in server.requests[0]


async def test_a_file_that_is_gone_or_too_large_is_an_error(tmp_path: Path) -> None:
    ears = SpeechServer(SpeechSettings("http://127.0.0.1:1"))
    with pytest.raises(RecognitionError, match="cannot be read"):
        await ears.transcribe(tmp_path / "gone.wav", "en")
    with (tmp_path / "large.wav").open("wb") as file:
        file.truncate(MOST_FILE_BYTES + 1)
    with pytest.raises(RecognitionError, match="larger"):
        await ears.transcribe(tmp_path / "large.wav", "en")


def test_where_sound_goes_to() -> None:
    assert (
        endpoint("http://h:8000") == endpoint("http://h:8000/v1/") == "http://h:8000/v1/audio/transcriptions"
    )
