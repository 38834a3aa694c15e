"""From a phone's packets to words: the tap, the end of speech, the recogniser, and keys in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from media_ext.codec_door import CodecProbe
from pbx.app.listening import Hearing
from pbx.core.config import NodeConfig
from pbx.flow import live_listening
from pbx.flow.live_listening import LiveListening
from pbx.flow.node import NodeError
from pbx.flow.ports import Answer, Say, Text
from pbx.media.engine import MediaEngine
from pbx.media.recognition import Heard, RecognitionError
from pbx.media.recognition_sphinx import refusal
from tests.media.phone import Phone
from tests.media.sound import packets
from tests.media.spoken import can_speak, spoken
from tests.media.talk import Saying, say_all
from tests.media.test_relay import opened
from tests.oracles.tones import Samples, from_bytes, tone

NAMES = ("Alice Example", "Robert Smith", "Caroline Jones")


class Line:
    """Nobody presses anything but `key`, after `after_s`."""

    def __init__(self, key: str = "", after_s: float = 0.0, at_once: str = "") -> None:
        self.key, self.after_s, self.at_once = key, after_s, at_once

    async def say(self, *what: Say, barge_in: bool = True) -> str:
        return self.at_once

    async def wait(self, seconds: float, *, music: bool = False) -> str:
        await asyncio.sleep(self.after_s if self.key else seconds)
        return self.key


class Ears:
    """A recogniser that remembers what it was given."""

    def __init__(self, error: str = "") -> None:
        self.error = error
        self.pcm: list[bytes] = []

    async def recognise(self, pcm: bytes, *, expected: object, language: str = "") -> Heard:
        self.pcm.append(pcm)
        if self.error:
            raise RecognitionError(self.error)
        return Heard("words", 0.7)

    async def close(self) -> None: ...


def payloads(sound: Samples) -> list[bytes]:
    return packets(CodecProbe("PCMU", 8000), sound)


@pytest.fixture
def caller(engine: MediaEngine, phone: Callable[..., Phone]) -> tuple[Any, Phone]:
    """A call whose party sends to an open stream."""
    person = phone()
    return SimpleNamespace(a=SimpleNamespace(stream=opened(engine, person))), person


async def listen(
    engine: MediaEngine, caller: tuple[Any, Phone], sound: Samples, line: Line, ears: Any
) -> Answer:
    call, person = caller
    listening = LiveListening(
        call, cast("Any", line), recogniser=lambda: ears, tap=lambda stream: engine.tap(cast("Any", stream))
    )
    talking = asyncio.create_task(say_all(Saying(person, call.a.stream.rtp_port, payloads(sound))))
    try:
        return await listening.listen(Text("who?"), expected=NAMES, max_s=4.0)
    finally:
        talking.cancel()


def speech(before_s: float, seconds: float) -> Samples:
    """A tone for a word."""
    return np.concatenate([np.zeros(int(8000 * before_s)), tone(300, 8000, seconds), np.zeros(8000 * 12)])


async def test_an_utterance_is_recognised_when_it_has_ended(
    engine: MediaEngine, caller: tuple[Any, Phone]
) -> None:
    ears = Ears()
    assert await listen(engine, caller, speech(0.5, 0.7), Line(), ears) == Answer("words", 0.7)
    assert 0.7 < len(ears.pcm[0]) / 32000 < 2.5


async def test_silence_is_nobodys_word(
    engine: MediaEngine, caller: tuple[Any, Phone], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_listening, "FIRST_S", 1.0)
    ears = Ears()
    assert await listen(engine, caller, np.zeros(8000 * 8), Line(), ears) == Answer()
    assert ears.pcm == []


async def test_a_key_ends_it_and_one_in_the_sentence_before_asks_nobody(
    engine: MediaEngine, caller: tuple[Any, Phone]
) -> None:
    ears = Ears()
    assert await listen(engine, caller, speech(3, 1), Line(key="0", after_s=0.3), ears) == Answer(key="0")
    assert await listen(engine, caller, speech(3, 1), Line(at_once="5"), ears) == Answer(key="5")
    assert ears.pcm == []


async def test_a_recogniser_that_fails_is_a_node_that_cannot(
    engine: MediaEngine, caller: tuple[Any, Phone]
) -> None:
    with pytest.raises(NodeError, match="no engine"):
        await listen(engine, caller, speech(0.2, 0.5), Line(), Ears("no engine"))


async def test_a_stream_that_is_gone_cannot_be_listened_to(
    engine: MediaEngine, caller: tuple[Any, Phone]
) -> None:
    caller[0].a.stream.close()
    listening = LiveListening(
        caller[0], cast("Any", Line()), recogniser=Ears, tap=lambda stream: engine.tap(cast("Any", stream))
    )
    with pytest.raises(NodeError):
        await listening.listen(expected=())


@pytest.mark.slow
@can_speak
@pytest.mark.skipif(bool(refusal()), reason=refusal())
async def test_a_name_over_g711_is_heard_by_the_ears_of_a_node(
    engine: MediaEngine, caller: tuple[Any, Phone]
) -> None:
    hearing = Hearing(NodeConfig())
    name = from_bytes(spoken("caroline jones", voice="rms", rate_hz=8000))
    sound = np.concatenate([np.zeros(4000), name, np.zeros(8000 * 8)])
    call, person = caller
    listening = hearing.listening(engine)(call, cast("Any", Line()))
    async with asyncio.TaskGroup() as tasks:
        talking = tasks.create_task(say_all(Saying(person, call.a.stream.rtp_port, payloads(sound))))
        answer = await listening.listen(expected=NAMES)
        talking.cancel()
    await hearing.close()
    assert answer.text == "Caroline Jones"
