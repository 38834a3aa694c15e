"""What the node says: real espeak-ng, real files, and a tone wherever there is no voice."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from media_ext.sound_door import Clip, Feed
from pbx.core.tasks import Supervisor
from pbx.feature.sounds import SpokenSounds, joined, tone
from pbx.feature.wording import Wording
from pbx.media.prompt_conversion import write_wav
from pbx.media.prompt_files import PromptFiles
from pbx.media.speech_cache import SpeechCache
from pbx.media.speech_synthesis import SPEECH_RATE_HZ, Voices, voices_of
from pbx.media.streamed import Streamer
from pbx.model.prompt import Prompt, PromptAudio
from tests.live import wav

NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)


class Speaker:
    """A voice that counts what it says: a second of a square wave."""

    key = "speaker"

    def __init__(self) -> None:
        self.said: list[str] = []

    def speaks(self, _language: str) -> bool:
        return True

    async def speak(self, text: str, language: str) -> bytes:
        self.said.append(f"{language}: {text}")
        await asyncio.sleep(0.05)
        made = BytesIO()
        write_wav(made, array("h", ([4000] * 40 + [-4000] * 40) * 100), 8000)
        return made.getvalue()


Make = Callable[..., SpokenSounds]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    async with Supervisor() as tasks:

        def sounds(*voices: Speaker, prompts: tuple[Prompt, ...] = ()) -> SpokenSounds:
            by_id = {each.id: each for each in prompts}
            return SpokenSounds(
                voices=Voices(*voices),
                wording=Wording(),
                cache=SpeechCache(tmp_path / "speech"),
                prompts=PromptFiles(tmp_path / "prompts"),
                streamer=Streamer(tasks),
                find=by_id.get,
                language="en",
                now=lambda: NOW,
            )

        yield sounds


def loudness(clip: Clip) -> float:
    return float(np.abs(np.frombuffer(clip.pcm(), np.int16).astype(float)).mean())


async def test_a_sentence_is_made_once_and_kept_over_a_restart(make: Make) -> None:
    voice = Speaker()
    sounds = make(voice)
    first, second, third = await asyncio.gather(*(sounds.phrase("forward_off") for _ in range(3)))
    assert voice.said == ["en: Call forwarding is off."]
    assert first.prompt is second.prompt is third.prompt
    assert first.seconds == pytest.approx(1.0, abs=0.1)
    again = await make(voice).phrase("forward_off")
    assert len(voice.said) == 1
    assert again.prompt.pcm() == first.prompt.pcm()


async def test_a_cache_that_was_deleted_or_cannot_be_written_is_no_matter(make: Make, tmp_path: Path) -> None:
    (tmp_path / "speech").write_text("in the way")
    voice = Speaker()
    sounds = make(voice)
    assert loudness((await sounds.phrase("forward_off")).prompt) > 100
    await sounds.phrase("forward_off")
    assert len(voice.said) == 1, "memory keeps it"
    (tmp_path / "speech").unlink()
    assert loudness((await make(voice).phrase("forward_off")).prompt) > 100


async def test_without_a_voice_a_tone_is_heard(make: Make) -> None:
    sounds = make()
    for sound in (
        await sounds.phrase("forward_off"),
        await sounds.text("Hello"),
        await sounds.prompt("none"),
    ):
        assert sound == tone()
        assert loudness(sound.prompt) > 100
        assert sound.seconds > 0.5
    assert await sounds.spoken("forward_off") is None
    assert "none has neither" in sounds.problem


async def test_an_unknown_phrase_is_a_tone(make: Make) -> None:
    assert await make(Speaker()).phrase("no_such_phrase") == tone()


async def test_a_voice_that_fails_is_a_tone_and_told(make: Make) -> None:
    sounds = make()
    sounds.voices = voices_of(language="en", voice="zz-zz", piper_voice=None, piper_program="piper")
    assert await sounds.phrase("forward_off") == tone()
    assert "voice failed" in sounds.problem


def keep(folder: Path, id: str, seconds: float, hz: float = 500) -> None:
    files = PromptFiles(folder / "prompts")
    with files.workshop() as made:
        for rate_hz in (16000, 8000):
            wav.write_tone(made / f"sound.{rate_hz}.wav", hz, rate_hz=rate_hz, seconds=seconds)
        files.keep(PromptAudio(prompt=id, source="uploaded", made_at=NOW, seconds=seconds), made)


async def test_a_prompt_is_its_sound_else_its_text(make: Make, tmp_path: Path) -> None:
    voice = Speaker()
    sounds = make(voice, prompts=(Prompt(id="hello", name="Hello", text="Hello there", language="en-gb"),))
    await sounds.prompt("hello")
    assert voice.said == ["en-gb: Hello there"]
    keep(tmp_path, "hello", 2.0)
    sound = await sounds.prompt("hello")
    assert sound.seconds == pytest.approx(2.0, abs=0.01)
    assert sound.prompt.rate_hz == 16000


async def test_a_long_prompt_is_taken_at_the_lower_rate_and_a_damaged_one_is_spoken(
    make: Make, tmp_path: Path
) -> None:
    voice = Speaker()
    sounds = make(voice, prompts=(Prompt(id="long", name="Long", text="Long"),))
    keep(tmp_path, "long", 130.0)
    long_ = await sounds.prompt("long")
    assert (long_.prompt.rate_hz, round(long_.seconds)) == (8000, 130)
    PromptFiles(tmp_path / "prompts").path("long", 8000).write_bytes(b"damaged")
    await make(voice, prompts=(Prompt(id="long", name="Long", text="Long"),)).prompt("long")
    assert voice.said == ["en: Long"]


async def test_files_are_clips_or_streams_or_a_tone(make: Make, tmp_path: Path) -> None:
    sounds = make()
    wav.write_tone(tmp_path / "short.wav", 500, rate_hz=8000, seconds=1.5)
    wav.write_tone(tmp_path / "long.wav", 500, rate_hz=8000, seconds=125)
    (tmp_path / "junk.wav").write_bytes(b"junk")
    short, long_ = await sounds.file(tmp_path / "short.wav"), await sounds.file(tmp_path / "long.wav")
    assert isinstance(short.prompt, Clip)
    assert short.seconds == pytest.approx(1.5)
    assert isinstance(long_.prompt, Feed)
    assert long_.seconds == pytest.approx(125)
    assert long_.prompt.waiting_ms > 400
    assert await sounds.file(tmp_path / "junk.wav") == tone()
    assert await sounds.file(tmp_path / "none.wav") == tone()


async def test_memory_is_bounded(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbx.feature.sounds.MEMORY_BYTES", 200_000)
    voice = Speaker()
    sounds = make(voice)
    for number in range(20):
        await sounds.text(f"number {number}")
    assert sum(each.duration_ms for each in sounds._clips.values()) <= 5000
    await sounds.text("number 0")
    assert len(voice.said) == 20, "the disk has it"


async def test_several_sounds_are_one(make: Make) -> None:
    one, two = await make(Speaker()).text("One"), tone()
    both = joined(one, None, joined(two, two))
    assert both.prompt == [one.prompt, two.prompt, two.prompt]
    assert both.seconds == pytest.approx(one.seconds + 2 * two.seconds)


async def test_the_phrases_of_the_system_are_spoken_by_espeak(make: Make) -> None:
    sounds = make()
    sounds.voices = voices_of(language="en", voice="", piper_voice=None, piper_program="piper")
    sound = await sounds.phrase("forward_always_on", number="+12025550123")
    assert 3 < sound.seconds < 12
    assert sound.prompt.rate_hz == SPEECH_RATE_HZ
    assert loudness(sound.prompt) > 300
