"""Hold music from a file: one decoded copy, and the tone whenever there is anything wrong with the file."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import numpy as np
import pytest

from pbx.media import hold_music
from pbx.media.hold_music import HoldMusic
from pbx.media.tones import hold_tone


def write_wav(path: Path, *, seconds: float = 1.0, rate_hz: int = 8000, hz: float = 500.0) -> None:
    samples = 8000 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.astype("<i2").tobytes())


async def test_without_a_file_the_tone_is_heard(tmp_path: Path) -> None:
    music = HoldMusic(tmp_path)
    await music.look()
    assert music() is hold_tone()
    assert music.problem == ""


@pytest.mark.parametrize(("rate_hz", "kept_hz"), [(8000, 8000), (16000, 16000), (44100, 16000)])
async def test_a_file_is_decoded_once_and_shared(tmp_path: Path, rate_hz: int, kept_hz: int) -> None:
    write_wav(tmp_path / "music.wav", rate_hz=rate_hz)
    music = HoldMusic(tmp_path)
    music.want("music.wav")
    await music.look()
    clip = music()
    await music.look()
    assert music() is clip
    assert clip.duration_ms == pytest.approx(1000, abs=10)
    samples = np.frombuffer(clip.pcm(), "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples[: kept_hz // 2]))
    assert np.argmax(spectrum) * 2 == pytest.approx(500, abs=4), "at the rate that is kept"


@pytest.mark.parametrize("damage", ["missing", "no sound file", "empty"])
async def test_a_missing_or_damaged_file_is_the_tone_and_a_problem(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "music.wav"
    if damage != "missing":
        path.write_bytes(b"MZ\x90 not a sound" if damage == "no sound file" else b"")
    music = HoldMusic(tmp_path)
    music.want("music.wav")
    await music.look()
    assert music() is hold_tone()
    assert "music.wav cannot be played" in music.problem
    write_wav(path)
    await music.look()
    assert music() is not hold_tone()
    assert music.problem == "", "it is found as soon as it is there"


async def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "music.wav"
    write_wav(path)
    music = HoldMusic(tmp_path)
    music.want("music.wav")
    await music.look()
    write_wav(path, seconds=2.0)
    os.utime(path, ns=(1, 1))
    await music.look()
    assert music().duration_ms == 2000
    music.want("")
    await music.look()
    assert music() is hold_tone()


async def test_only_the_beginning_of_a_long_file_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold_music, "LONGEST_S", 3)
    write_wav(tmp_path / "music.wav", seconds=5.0)
    music = HoldMusic(tmp_path)
    music.want("music.wav")
    await music.look()
    assert music().duration_ms == 3000
