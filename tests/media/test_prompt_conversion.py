"""What people upload, through the real decoder: sox and ffmpeg make it, FFT looks at what comes out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from pbx.core.errors import UserError
from pbx.media.levels import TARGET_DBOV
from pbx.media.prompt_conversion import convert_prompt
from pbx.media.sound_error import SoundError
from tests.live import wav

HZ = 623.0
SECONDS = 2.0


def made(path: Path, *how: str, rate_hz: int = 44100, channels: int = 2, gain: str = "-30") -> Path:
    source = path.with_name("source.wav")
    tone = ("synth", str(SECONDS), "sine", str(HZ), "gain", gain)
    subprocess.run(
        ["sox", "-q", "-n", "-r", str(rate_hz), "-c", str(channels), "-b", "16", str(source), *tone],
        check=True,
    )
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(source), *how, str(path)], check=True)
    return path


@pytest.mark.parametrize(
    ("name", "how", "rate_hz", "said"),
    [
        ("a.wav", (), 44100, "WAV, 44100 Hz, stereo"),
        ("b.wav", ("-c:a", "pcm_s24le"), 48000, "WAV, 48000 Hz, stereo"),
        ("c.wav", ("-c:a", "pcm_mulaw"), 8000, "WAV, 8000 Hz, stereo"),
        ("d.wav", ("-c:a", "pcm_f32le"), 96000, "WAV, 96000 Hz, stereo"),
        ("e.mp3", ("-b:a", "128k"), 44100, "MP3, 44100 Hz, stereo"),
        ("f.mp3", ("-b:a", "24k", "-ac", "1"), 11025, "MP3, 11025 Hz, mono"),
        ("g.ogg", ("-c:a", "libvorbis"), 44100, "Ogg, 44100 Hz, stereo"),
        ("h.ogg", ("-c:a", "libopus"), 48000, "Ogg, 48000 Hz, stereo"),
        ("i.flac", (), 22050, "FLAC, 22050 Hz, stereo"),
    ],
)
async def test_every_format_comes_out_the_same(
    tmp_path: Path, name: str, how: tuple[str, ...], rate_hz: int, said: str
) -> None:
    converted = await convert_prompt(made(tmp_path / name, *how, rate_hz=rate_hz), tmp_path)
    assert converted.original == said
    assert converted.seconds == pytest.approx(SECONDS, abs=0.06)
    for rate in (16000, 8000):
        sound = wav.read(tmp_path / f"sound.{rate}.wav")
        assert sound.rate_hz == rate
        assert sound.seconds == pytest.approx(converted.seconds, abs=0.001)
        steady = sound.between(0.2, 1.8)
        assert steady.dominant_hz() == pytest.approx(HZ, abs=1)
        assert steady.level_dbfs(HZ) == pytest.approx(TARGET_DBOV + 3.01, abs=0.5)
        assert steady.gaps(HZ) == []


async def test_two_channels_are_mixed(tmp_path: Path) -> None:
    source = tmp_path / "two.wav"
    subprocess.run(
        [
            "sox",
            "-q",
            "-n",
            "-c",
            "2",
            "-r",
            "16000",
            str(source),
            "synth",
            "2",
            "sine",
            "400",
            "sine",
            "900",
        ],
        check=True,
    )
    await convert_prompt(source, tmp_path)
    sound = wav.read(tmp_path / "sound.16000.wav").between(0.2, 1.8)
    assert sound.level_dbfs(400) == pytest.approx(sound.level_dbfs(900), abs=0.5)


def _noise(size: int) -> bytes:
    return np.random.default_rng(1).bytes(size)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no sound file"),
        (b"hello, this is no sound at all\n" * 100, "no sound file"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "no sound"),
        (b"OggS" + _noise(4000), "no sound"),
        (b"fLaC" + _noise(4000), "no sound"),
        (b"ID3\x03\x00\x00\x00\x00\x00\x00" + _noise(4000), "no sound"),
        (b"FORM\x00\x00\x00\x2eAIFF" + _noise(200), "no sound"),
        (b"\x00\x00\x00\x18ftypM4A " + _noise(2000), "no sound"),
    ],
)
async def test_junk_is_refused_in_plain_words(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "junk").write_bytes(content)
    with pytest.raises(SoundError) as caught:
        await convert_prompt(tmp_path / "junk", tmp_path)
    assert words in str(caught.value)
    assert caught.value.http_status == 422
    assert "Traceback" not in str(caught.value)


async def test_other_kinds_and_rates_are_refused(tmp_path: Path) -> None:
    subprocess.run(["sox", "-q", "-n", str(tmp_path / "a.aiff"), "synth", "1", "sine", "400"], check=True)
    with pytest.raises(SoundError, match="AIFF"):
        await convert_prompt(tmp_path / "a.aiff", tmp_path)
    subprocess.run(
        ["sox", "-q", "-n", "-r", "4000", str(tmp_path / "b.wav"), "synth", "1", "sine", "400"], check=True
    )
    with pytest.raises(SoundError, match="4000 samples a second"):
        await convert_prompt(tmp_path / "b.wav", tmp_path)


async def test_what_is_too_long_is_refused_before_all_of_it_is_read(tmp_path: Path) -> None:
    subprocess.run(
        ["sox", "-q", "-n", "-r", "8000", str(tmp_path / "long.flac"), "trim", "0", "700"], check=True
    )
    with pytest.raises(SoundError, match="longer than 10 minutes"):
        await convert_prompt(tmp_path / "long.flac", tmp_path)


async def test_a_full_disk_is_507(tmp_path: Path) -> None:
    source = made(tmp_path / "a.wav")
    full = tmp_path / "full"
    full.mkdir()
    for rate_hz in (16000, 8000):
        (full / f"sound.{rate_hz}.wav").symlink_to("/dev/full")
    with pytest.raises(UserError) as caught:
        await convert_prompt(source, full)
    assert caught.value.http_status == 507
