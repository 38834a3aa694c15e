"""Messages written down by a speech server, which may be slow, refuse, or send anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.ai.transcriber import Transcriber, TranscriberSettings, TranscriptionError
from edge.store import Store
from tests.edge.clock import TestClock
from tests.edge.offline import parts as p
from tests.edge.offline.scene import scene
from tests.fakes.twilio.audio import tone, wav

SOUND = wav(tone(440, 1.0))


class Whisper:
    """Answers with `body`; remembers the forms."""

    def __init__(self) -> None:
        self.status, self.body = 200, b'{"text": " Please call me back. "}'
        self.forms: list[dict[str, object]] = []
        self.keys: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.forms.append(
            {
                name: value.file.read() if isinstance(value, web.FileField) else value
                for name, value in form.items()
            }
        )
        self.keys.append(request.headers.get("Authorization", ""))
        return web.Response(status=self.status, body=self.body, headers={"Location": "http://127.0.0.1:9/"})


@pytest.fixture
async def whisper() -> AsyncIterator[tuple[Whisper, str]]:
    made = Whisper()
    application = web.Application()
    application.router.add_post("/v1/audio/transcriptions", made.answer)
    async with TestServer(application) as server:
        yield made, str(server.make_url(""))


async def test_the_server_gets_the_sound_its_language_and_its_key(whisper: tuple[Whisper, str]) -> None:
    server, url = whisper
    transcriber = Transcriber(TranscriberSettings(url, "large", "secret"))
    try:
        assert await transcriber.write_down(SOUND, "de-DE") == "Please call me back."
    finally:
        await transcriber.close()
    (form,) = server.forms
    assert (form["file"], form["model"], form["language"]) == (SOUND, "large", "de")
    assert server.keys == ["Bearer secret"]
    assert "secret" not in repr(TranscriberSettings(url, "large", "secret"))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (307, b""),
        (200, b""),
        (200, b"[]"),
        (200, b'{"text": 1}'),
        (200, b"x" * 300_000),
        (200, b"[" * 9999),
    ],
)
async def test_any_other_answer_is_an_error(whisper: tuple[Whisper, str], status: int, body: bytes) -> None:
    server, url = whisper
    server.status, server.body = status, body
    transcriber = Transcriber(TranscriberSettings(url))
    try:
        with pytest.raises(TranscriptionError):
            await transcriber.write_down(SOUND)
    finally:
        await transcriber.close()


async def test_nobody_there_is_an_error() -> None:
    transcriber = Transcriber(TranscriberSettings("http://127.0.0.1:9", time_limit_s=5))
    with pytest.raises(TranscriptionError):
        await transcriber.write_down(SOUND)
    await transcriber.close()


@pytest.mark.parametrize("broken", [False, True])
async def test_a_message_comes_with_its_words_and_without_them(
    store: Store, clock: TestClock, whisper: tuple[Whisper, str], tmp_path: Path, broken: bool
) -> None:
    server, url = whisper
    server.status = 500 if broken else 200
    key = tmp_path / "key"
    key.write_text("secret\n")
    async with scene(store, clock, config={"speech_url": url, "speech_key_file": key}) as office:
        call = await office.call(p.LINE)
        await call.leave_message()
        await call.ended()
        for _ in range(4):
            await office.collect()
            await clock.advance(60)
        (message,) = office.inbox.of("voicemail")
        assert message["transcript"] == (None if broken else "Please call me back.")
        assert set(server.keys) == {"Bearer secret"}
        assert server.forms[0]["language"] == "en"
