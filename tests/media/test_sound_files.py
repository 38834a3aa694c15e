"""Sound files as the engine hears them, against sox and opusdec; and as a phone hears them."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.codec_door import CodecProbe
from media_ext.sound_door import Clip
from pbx.core.tasks import Supervisor
from pbx.media.engine import MediaEngine
from pbx.media.ogg_opus import split
from pbx.media.recording import Recording
from pbx.media.sound import RawFormat, open_sound, read_clip
from pbx.media.sound_error import SoundError
from pbx.media.streamed import Streamer
from pbx.model.stream import StreamEvent, StreamFormat
from tests.media.phone import Phone
from tests.media.talker import assert_one_stream
from tests.media.test_player import L16, heard_until, l16, listening
from tests.media.test_relay import opened
from tests.oracles.ogg import ogg_opus
from tests.oracles.tones import (
    Samples,
    dominant_hz,
    from_bytes,
    level_db,
    speech_like,
    to_bytes,
    tone,
)

MakePhone = Callable[..., Phone]
needs_sox = pytest.mark.skipif(not shutil.which("sox"), reason="sox is not installed")
needs_opus_tools = pytest.mark.skipif(not shutil.which("opusdec"), reason="opus-tools are not installed")


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def wav(sound: Samples, rate_hz: int = 8000, channels: int = 1) -> bytes:
    """By Python's own `wave`."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((channels, 2, rate_hz, 0, "NONE", ""))
        out.writeframes(to_bytes(sound))
    return file.getvalue()


@needs_sox
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [8000, 22050, 48000])
@pytest.mark.parametrize("kind", ["signed-integer", "mu-law", "a-law"])
def test_wav_is_read_as_sox_reads_it(tmp_path: Path, kind: str, rate_hz: int, channels: int) -> None:
    path, raw = tmp_path / "a.wav", tmp_path / "a.raw"
    bits = [] if kind != "signed-integer" else ["-b", "16"]
    made = (
        ["synth", "0.3", "sine", "300", "sine", "700"] if channels == 2 else ["synth", "0.3", "sine", "300"]
    )
    run("sox", "-n", "-r", str(rate_hz), "-c", str(channels), "-e", kind, *bits, str(path), *made)
    run("sox", "-D", str(path), "-b", "16", "-e", "signed-integer", str(raw))
    expected = np.fromfile(raw, "<i2").reshape(-1, channels).astype(int)
    clip = read_clip(path)
    found = from_bytes(clip.pcm())
    assert clip.rate_hz == rate_hz
    assert len(found) == len(expected)
    # sox rounds G.711's 14 bits as this engine does; a mean of two channels may be half a step off.
    assert np.abs(found - expected.mean(axis=1)).max() <= (1 if kind == "signed-integer" else 4)


@needs_opus_tools
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("rate_hz", "frame_ms"), [(8000, "20"), (16000, "60"), (48000, "2.5")])
def test_ogg_opus_is_read_as_opusdec_reads_it(
    tmp_path: Path, rate_hz: int, channels: int, frame_ms: str
) -> None:
    plain, path, told = tmp_path / "a.wav", tmp_path / "a.opus", tmp_path / "b.wav"
    sound = speech_like(rate_hz, 1.2345)
    plain.write_bytes(wav(np.repeat(sound, channels), rate_hz, channels))
    run("opusenc", "--quiet", "--framesize", frame_ms, str(plain), str(path))
    run("opusdec", "--quiet", "--no-dither", "--rate", str(rate_hz), str(path), str(told))
    with wave.open(str(told)) as file:
        expected = (
            np.frombuffer(file.readframes(1 << 24), "<i2").reshape(-1, file.getnchannels()).mean(axis=1)
        )
    clip = read_clip(path)
    found = from_bytes(clip.pcm())
    assert clip.rate_hz == rate_hz
    assert abs(len(found) - len(expected)) <= 1, "nothing of pre-skip and padding is left"
    length = min(len(found), len(expected))
    lag = best_lag(found[:length], expected[:length])
    assert abs(lag) <= 4, "opusdec resamples from 48 kHz, which has a delay of its own"
    a, b = found[100 : length - 100], expected[100 - lag : length - 100 - lag]
    assert level_db(a - b) < level_db(b) - 20


def best_lag(a: Samples, b: Samples) -> int:
    middle = slice(2000, len(a) - 2000)
    scores = {lag: float(np.dot(a[middle], np.roll(b, lag)[middle])) for lag in range(-40, 41)}
    return max(scores, key=lambda lag: scores[lag])


def test_an_opus_file_is_as_long_as_its_last_page_says() -> None:
    codec = CodecProbe("OPUS", 48000)
    packets = [codec.encode(to_bytes(tone(440, 48000, 0.02))) for _ in range(25)]
    assert read_clip(ogg_opus(packets, packet_ms=20)).duration_ms == 500


async def test_a_recording_of_two_sides_can_be_played(
    engine: MediaEngine, phone: MakePhone, tmp_path: Path
) -> None:
    a = phone()
    stream = opened(engine, a)
    path = tmp_path / "a.opus"
    recording: Recording = engine.record(stream, path, format="opus")
    engine.play(stream, Clip(to_bytes(tone(600, 8000, 1.0)), 8000), loop=True)
    await a.talk(stream.rtp_port, 50)
    await recording.stop()
    found = from_bytes(read_clip(path).pcm(8000))
    assert len(found) > 6000
    assert abs(dominant_hz(found[2000:6000], 8000) - 600) < 5


@given(st.lists(st.integers(1, 400), min_size=1, max_size=48), st.sampled_from([0, 1, 2, 3]), st.booleans())
def test_two_streams_in_one_packet_are_told_apart(sizes: list[int], code: int, variable: bool) -> None:
    """RFC 6716 B, written here from the text."""
    toc = bytes([0x48 | code])
    sizes = {0: sizes[:1], 1: [sizes[0]] * 2, 2: (sizes * 2)[:2]}.get(code, sizes)
    if code == 3 and not variable:
        sizes = [sizes[0]] * len(sizes)
    lengths = [bytes([n]) if n < 252 else bytes([252 + n % 4, (n - 252 - n % 4) // 4]) for n in sizes]
    frames = b"".join(bytes([n % 256]) * n for n in sizes)
    count = bytes([len(sizes) | (0x80 if variable else 0)]) if code == 3 else b""
    told = lengths if code == 2 or (code == 3 and variable) else lengths[:1]
    plain = toc + count + b"".join(told[:-1]) + frames
    own = toc + count + b"".join(told) + frames
    assert split(own + b"\x48rest") == (plain, b"\x48rest")


def test_raw_samples_are_read_as_they_are(tmp_path: Path) -> None:
    codes = bytes(range(256)) * 10
    samples = from_bytes(CodecProbe("PCMU", 8000).decode(codes[:256]))
    path = tmp_path / "moh.ulaw"
    path.write_bytes(codes)
    assert (from_bytes(read_clip(path).pcm())[:256] == samples).all()
    assert read_clip(b"\1\2\3\4\5", raw=RawFormat("L16", 16000)).pcm() == b"\1\2\3\4"


GOOD = wav(tone(440, 8000, 0.1))


def changed(at: int, new: bytes) -> bytes:
    return GOOD[:at] + new + GOOD[at + len(new) :]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "neither WAV nor"),
        (b"ID3\x03rest of an mp3", "neither WAV nor"),
        (GOOD[:30], "ends before its sound"),
        (GOOD[:44], "no sound"),
        (changed(8, b"AVI "), "no WAV file"),
        (changed(12, b"junk"), "does not say"),
        (changed(20, b"\x55\0"), "MP3"),
        (changed(20, b"\x03\0"), "floating point"),
        (changed(22, b"\x06\0"), "6 channels"),
        (changed(24, struct.pack("<I", 4000)), "4000 samples a second"),
        (changed(32, b"\x03\0"), "contradicts"),
        (changed(34, b"\x18\0"), "24-bit"),
        (b"OggS" + bytes(100), "beginning is damaged"),
        (ogg_opus([], packet_ms=20), "no sound"),
    ],
)
def test_a_bad_file_is_refused_in_plain_words(data: bytes, complaint: str) -> None:
    with pytest.raises(SoundError, match=complaint):
        read_clip(data)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match="cannot be read"):
        open_sound(tmp_path / "none.wav")
    with pytest.raises(SoundError, match="cannot be read"):
        open_sound(tmp_path)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 1 << 20])
def test_a_file_that_was_never_finished_is_played_as_far_as_it_goes(size: int) -> None:
    data = changed(40, struct.pack("<I", size))
    assert read_clip(data[:-7]).pcm() == GOOD[44:-8]


def test_what_lies_around_the_sound_is_passed_over() -> None:
    odd = b"LIST" + struct.pack("<I", 5) + b"abcde\0"
    data = GOOD[:12] + odd + GOOD[12:36] + odd + GOOD[36:] + odd
    assert read_clip(data).pcm() == GOOD[44:]


def test_a_page_of_another_stream_or_a_damaged_one_costs_only_itself() -> None:
    codec = CodecProbe("OPUS", 48000)
    packets = [codec.encode(to_bytes(tone(440, 48000, 0.02))) for _ in range(10)]
    whole = ogg_opus(packets, packet_ms=20)
    pages = [b"OggS" + part for part in whole.split(b"OggS")[1:]]
    broken = bytearray(pages[5])
    broken[-1] ^= 0xFF
    data = b"".join([*pages[:5], bytes(broken), *pages[6:]])
    assert read_clip(data).duration_ms == 180


async def test_a_short_file_is_heard_to_the_sample(
    engine: MediaEngine, phone: MakePhone, tmp_path: Path
) -> None:
    a = phone()
    stream, events = listening(engine, a, L16)
    sound = speech_like(8000, 0.4)
    path = tmp_path / "a.wav"
    path.write_bytes(wav(sound))
    engine.play(stream, read_clip(path))
    samples = l16(await heard_until(a, events))
    assert (samples[: len(sound)] == np.frombuffer(to_bytes(sound), "=i2")).all()


async def test_a_long_file_is_streamed_to_the_sample(
    engine: MediaEngine, phone: MakePhone, tmp_path: Path
) -> None:
    a = phone()
    stream, events = listening(engine, a, L16)
    sound = speech_like(8000, 3.2)
    path = tmp_path / "a.wav"
    path.write_bytes(wav(sound))
    async with Supervisor() as tasks:
        engine.play(stream, await Streamer(tasks).stream(path))
        heard = await heard_until(a, events)
    samples = l16(heard)
    expected = np.frombuffer(to_bytes(sound), "=i2")
    assert (samples[: len(expected)] == expected).all()
    assert len(samples) - len(expected) < 160
    assert_one_stream(heard)


async def test_an_opus_file_is_heard_in_the_phones_codec(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    stream = opened(engine, a, formats=(StreamFormat(0, "PCMU"),))
    events: list[StreamEvent] = []
    stream.on_event = events.append
    codec = CodecProbe("OPUS", 48000)
    sound = tone(1000, 48000, 1.0)
    packets = [codec.encode(to_bytes(sound[at : at + 960])) for at in range(0, 48000, 960)]
    engine.play(stream, read_clip(ogg_opus(packets, packet_ms=20)))
    heard = await heard_until(a, events)
    samples = from_bytes(
        CodecProbe("PCMU", 8000).decode(b"".join(each.payload for each in heard[:45])[:1500])
    )
    assert abs(dominant_hz(samples[500:], 8000) - 1000) < 5
    assert 50 <= len(heard) <= 52
