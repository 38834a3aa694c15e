"""The node's voice: real espeak-ng; a stand-in for Piper that speaks with it; and what is kept on the disk."""

from __future__ import annotations

import json
import os
from array import array
from pathlib import Path

import numpy as np
import pytest

from pbx.core.errors import StartupError
from pbx.media.levels import TARGET_DBOV, level_dbov
from pbx.media.speech_cache import SpeechCache
from pbx.media.speech_synthesis import SPEECH_RATE_HZ, Espeak, SpeechError, Voices, voices_of


def espeak(language: str = "en", voice: str = "") -> Voices:
    return voices_of(language=language, voice=voice, piper_voice=None, piper_program="piper")


async def test_it_speaks_at_the_usual_level() -> None:
    said = await espeak().speak("You have three new messages.", "en")
    assert 1.0 < len(said) / SPEECH_RATE_HZ < 4.0
    assert level_dbov(said, SPEECH_RATE_HZ) == pytest.approx(TARGET_DBOV, abs=0.5)
    power = np.abs(np.fft.rfft(np.frombuffer(said, np.int16).astype(float))) ** 2
    hz = np.fft.rfftfreq(len(said), 1 / SPEECH_RATE_HZ)
    assert power[(hz > 100) & (hz < 4000)].sum() > 0.8 * power.sum(), "it is where voices are"


async def test_longer_texts_take_longer_and_languages_differ() -> None:
    voices = espeak()
    short, long_ = await voices.speak("One.", "en"), await voices.speak("One. " * 20, "en")
    assert len(long_) > 10 * len(short)
    assert await voices.speak("Guten Tag", "de") != await voices.speak("Guten Tag", "en")
    assert await espeak(voice="en-us+f3").speak("Hello", "en") != await voices.speak("Hello", "en")


@pytest.mark.parametrize(
    "text", ["-v de --help", "$(reboot)", "<b>bold</b>", "[[h@'loU]]", "ünïcödé 漢字 hello"]
)
async def test_a_text_is_never_an_option(text: str) -> None:
    assert len(await espeak().speak(text, "en")) > 1000


async def test_what_cannot_be_spoken_is_said_so() -> None:
    with pytest.raises(SpeechError) as caught:
        await espeak().speak("Hello", "xx")
    assert caught.value.http_status == 422
    with pytest.raises(SpeechError, match="no sound") as caught:
        await espeak().speak("  ", "en")
    with pytest.raises(SpeechError, match="no voice") as caught:
        await Voices().speak("Hello", "en")
    assert caught.value.http_status == 503
    with pytest.raises(SpeechError, match="cannot be started"):
        await Voices(Espeak("/nowhere/espeak-ng")).speak("Hello", "en")


def piper(folder: Path, program: str) -> tuple[Path, str]:
    """A voice without a model, and a program that takes the options of Piper."""
    voice = folder / "sara.onnx"
    voice.write_bytes(b"")
    voice.with_name("sara.onnx.json").write_text(json.dumps({"language": {"code": "de_DE"}}))
    script = folder / "piper"
    script.write_text(f"#!/bin/sh\n{program}\n")
    script.chmod(0o755)
    return voice, str(script)


async def test_piper_speaks_its_language_and_espeak_the_others(tmp_path: Path) -> None:
    voice, program = piper(
        tmp_path, '[ "$1 $3" = "--model --output_file" ] && exec espeak-ng -v de -w "$4" --stdin'
    )
    voices = voices_of(language="de", voice="", piper_voice=voice, piper_program=program)
    assert voices.key("de-AT") == "piper:sara.onnx"
    assert voices.key("en").startswith("espeak-ng")
    assert len(await voices.speak("Guten Tag.\nAuf Wiederhören.", "de")) > SPEECH_RATE_HZ


@pytest.mark.parametrize("program", ["exit 3", "exit 0"])
async def test_a_piper_that_fails_is_told(tmp_path: Path, program: str) -> None:
    voice, script = piper(tmp_path, program)
    with pytest.raises(SpeechError):
        await voices_of(language="de", voice="", piper_voice=voice, piper_program=script).speak("Hallo", "de")


def test_a_piper_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    voice, script = piper(tmp_path, "exit 0")
    with pytest.raises(StartupError, match="the program no-such-piper"):
        voices_of(language="en", voice="", piper_voice=voice, piper_program="no-such-piper")
    with pytest.raises(StartupError, match="cannot be used"):
        voices_of(language="en", voice="", piper_voice=tmp_path / "none.onnx", piper_program=script)


def test_what_was_said_is_kept_and_found(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path / "speech")
    assert cache.find("en", "hello") is None
    path = cache.keep(array("h", [1, 2, 3]), "en", "hello")
    assert path == cache.find("en", "hello")
    assert cache.find("en", "hell", "o") is None


def test_what_was_not_heard_for_longest_makes_room(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path, largest_bytes=10_000)
    second = array("h", [1] * 1000)
    for at, name in enumerate("abcd"):
        path = cache.keep(second, name)
        assert path is not None
        os.utime(path, (at, at))
    assert cache.find("a") is not None  # young again
    cache.keep(second, "e")
    assert [name for name in "abcde" if cache.find(name)] == ["a", "d", "e"]
    assert sum(each.stat().st_size for each in tmp_path.iterdir()) <= 10_000
    assert SpeechCache(tmp_path, largest_bytes=10_000).find("e") is not None


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "speech").write_text("a file is in the way")
    cache = SpeechCache(tmp_path / "speech")
    assert cache.keep(array("h", [1]), "x") is None
    assert cache.problem
    (tmp_path / "speech").unlink()
    assert cache.keep(array("h", [1]), "x") is not None
    assert not cache.problem
