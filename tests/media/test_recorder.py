"""Recordings of calls between real phones: which side, how loud, when, and what survives."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from media_ext.codec_door import CodecProbe
from pbx.media.engine import MediaEngine
from pbx.media.recording import RecordingProgress
from pbx.media.stream import Stream
from pbx.model.stream import RecordingEnded, StreamEvent, StreamFormat
from tests.media.phone import G711, Phone, digit_payload
from tests.media.sound import packets
from tests.media.talk import Saying, channels, onset_ms, read_wav, say_all, tone_packets
from tests.media.test_relay import SAME, opened
from tests.oracles.tones import Samples, dominant_hz, from_bytes, level_db, snr_db, tone

MakePhone = Callable[..., Phone]
LEVEL_DB = -12.25  # of an amplitude of 8,000


@pytest.fixture
def call(engine: MediaEngine, phone: MakePhone) -> tuple[Phone, Phone, Stream, Stream]:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    return a, b, sa, sb


def middle(samples: Samples, rate_hz: int, onset: float, seconds: float) -> Samples:
    """Of a tone that began then, without its edges."""
    first = round((onset / 1000 + 0.1) * rate_hz)
    return samples[first : first + round((seconds - 0.2) * rate_hz)]


def steady_snr_db(samples: Samples, hz: float, rate_hz: int) -> float:
    """Of most stretches of 60 ms: where a busy machine sent late, the phase may step."""
    size = rate_hz * 60 // 1000
    parts = [samples[at : at + size] for at in range(0, len(samples) - size + 1, size)]
    return float(np.median([snr_db(part, hz, rate_hz) for part in parts]))


def steady_level_db(samples: Samples, hz: float, rate_hz: int) -> float:
    """Of one tone among others, in most stretches of 50 ms: these hold whole periods of 440 and of 1000 Hz."""
    size = rate_hz * 50 // 1000
    wave = np.exp(-2j * np.pi * hz * np.arange(size) / rate_hz)
    parts = [samples[at : at + size] for at in range(0, len(samples) - size + 1, size)]
    return float(20 * np.log10(np.median([2 * abs(np.mean(part * wave)) for part in parts]) / 32768))


async def test_each_side_is_in_its_channel_with_its_tone_level_and_time(
    engine: MediaEngine, call: tuple[Phone, Phone, Stream, Stream], tmp_path: Path
) -> None:
    a, b, sa, sb = call
    told: list[StreamEvent] = []
    sa.on_event = told.append
    recording = engine.record(sa, tmp_path / "call.wav")
    await asyncio.sleep(0.2)
    await say_all(
        Saying(a, sa.rtp_port, tone_packets(440, 1.0)),
        Saying(b, sb.rtp_port, tone_packets(1000, 0.6), delay_ms=lambda _: 300),
    )
    await asyncio.sleep(0.1)
    ended = await recording.stop()
    assert ended == RecordingEnded("stopped", ended.duration_ms, tmp_path / "call.wav")
    assert ended in told
    rate_hz, left, right = channels(ended.path)
    assert rate_hz == 8000
    assert len(left) // 8 == ended.duration_ms
    assert 1250 <= ended.duration_ms < 2500
    starts = onset_ms(left, rate_hz), onset_ms(right, rate_hz)
    assert 150 <= starts[0] < 800
    assert abs(starts[1] - starts[0] - 300) <= 20, "aligned to within a packet"
    for side, hz, start, seconds in ((left, 440, starts[0], 1.0), (right, 1000, starts[1], 0.6)):
        tone = middle(side, rate_hz, start, seconds)
        assert abs(dominant_hz(tone, rate_hz) - hz) < 2
        assert abs(level_db(tone) - LEVEL_DB) < 0.5
        assert np.abs(side[: round((start - 25) * 8)]).max(initial=0) < 200, "silence before it"
        assert np.abs(side[round((start + seconds * 1000 + 30) * 8) :]).max(initial=0) < 200, "and after it"
    assert steady_snr_db(middle(left, rate_hz, starts[0], 1.0), 440, rate_hz) > 30, (
        "no packet is missing or out of place"
    )


@pytest.mark.parametrize(("channel_count", "rate_hz"), [(1, 8000), (2, 16000), (2, 48000)])
async def test_opus_recordings_are_read_by_opusdec(
    engine: MediaEngine,
    call: tuple[Phone, Phone, Stream, Stream],
    tmp_path: Path,
    channel_count: int,
    rate_hz: int,
) -> None:
    a, b, sa, sb = call
    path = tmp_path / "call.opus"
    recording = engine.record(sa, path, format="opus", channels=channel_count, rate_hz=rate_hz)  # type: ignore[arg-type]
    await say_all(
        Saying(a, sa.rtp_port, tone_packets(440, 1.4)), Saying(b, sb.rtp_port, tone_packets(1000, 1.4))
    )
    ended = await recording.stop()
    assert ended.reason == "stopped"
    wav = tmp_path / "call.wav"
    subprocess.run(["opusdec", "--quiet", "--rate", "48000", str(path), str(wav)], check=True)
    decoded_hz, frames = read_wav(wav)
    assert frames.shape[1] == channel_count
    assert abs(len(frames) * 1000 / decoded_hz - ended.duration_ms) <= 1, "not a sample of padding"
    starts = [onset_ms(frames[:, n], decoded_hz) + 150 for n in range(channel_count)]
    parts = [
        frames[round(start * decoded_hz / 1000) :, n][: round(0.9 * decoded_hz)]
        for n, start in enumerate(starts)
    ]
    if channel_count == 2:
        for part, hz, other_hz in zip(parts, (440, 1000), (1000, 440), strict=True):
            assert abs(dominant_hz(part, decoded_hz) - hz) < 3
            assert abs(level_db(part) - LEVEL_DB) < 1.5
            assert steady_snr_db(part, hz, decoded_hz) > 8
            assert snr_db(part, other_hz, decoded_hz) < -30, "nothing of the other side"
    else:
        for hz in (440, 1000):
            assert (
                abs(steady_level_db(parts[0], hz, decoded_hz) - LEVEL_DB) < 3
            )  # the codec at 8 kHz, with two tones at once


async def test_a_pause_is_cut_out_to_the_moment(
    engine: MediaEngine, call: tuple[Phone, Phone, Stream, Stream], tmp_path: Path
) -> None:
    """A card number is said between pause and resume: not a sample of it is in the file."""
    a, _, sa, _ = call
    recording = engine.record(sa, tmp_path / "call.wav")
    await say_all(Saying(a, sa.rtp_port, tone_packets(440, 0.5)))
    await asyncio.sleep(0.05)
    recording.pause()
    await say_all(Saying(a, sa.rtp_port, tone_packets(1500, 0.6)))
    await asyncio.sleep(0.05)
    recording.resume()
    await say_all(Saying(a, sa.rtp_port, tone_packets(700, 0.5)))
    ended = await recording.stop()
    rate_hz, left, _ = channels(ended.path)
    assert 1000 <= ended.duration_ms < 1500
    spectrum = np.abs(np.fft.rfft(left))
    per_line = rate_hz / len(left)
    card = spectrum[round(1400 / per_line) : round(1600 / per_line)].max()
    assert card < spectrum.max() / 100
    halves = left[: len(left) // 2], left[len(left) // 2 :]
    assert [round(dominant_hz(half, rate_hz), -1) for half in halves] == [440, 700]


async def test_while_paused_to_the_end_nothing_more_is_written(
    engine: MediaEngine, call: tuple[Phone, Phone, Stream, Stream], tmp_path: Path
) -> None:
    a, _, sa, _ = call
    recording = engine.record(sa, tmp_path / "call.wav")
    recording.pause()
    await say_all(Saying(a, sa.rtp_port, tone_packets(440, 0.3)))
    ended = await recording.stop()
    assert ended.duration_ms < 60
    assert ended == await recording.stop(), "stopping again says the same"


async def test_a_phone_on_hold_a_new_sender_and_another_codec_go_into_one_recording(
    engine: MediaEngine, phone: MakePhone, tmp_path: Path
) -> None:
    a = phone()
    sa = opened(engine, a)
    recording = engine.record(sa, tmp_path / "call.wav")
    await say_all(Saying(a, sa.rtp_port, tone_packets(440, 0.5)))
    sa.set_remote(a.remote(receive=False))
    await asyncio.sleep(0.02)
    await say_all(Saying(a, sa.rtp_port, tone_packets(2000, 0.2)))
    await asyncio.sleep(0.05)
    sa.set_remote(a.remote())
    await asyncio.sleep(0.02)
    a.ssrc, a.seq, a.rtp_ts = 99, 7, 7
    law = tone_packets(700, 0.5, "PCMA")
    await say_all(Saying(a, sa.rtp_port, law, payload_type=8))
    ended = await recording.stop()
    rate_hz, left, right = channels(ended.path)
    assert not np.any(right)
    parts = [left[at : at + 320] for at in range(0, len(left) - 320, 320)]
    loud = [round(dominant_hz(part, rate_hz), -2) for part in parts if level_db(part) > -20]
    assert set(loud) == {400, 700}, "and never 2000"
    assert abs(loud.count(400) - 12) <= 2
    assert abs(loud.count(700) - 12) <= 2
    gap = left[round((onset_ms(left, rate_hz) + 560) * 8) :][: 8 * 100]
    assert np.abs(gap).max() < 200, "silence while on hold"


async def test_the_end_of_the_stream_ends_the_recording(
    engine: MediaEngine, call: tuple[Phone, Phone, Stream, Stream], tmp_path: Path
) -> None:
    a, _, sa, _ = call
    recording = engine.record(sa, tmp_path / "call.wav")
    await say_all(Saying(a, sa.rtp_port, tone_packets(440, 0.3)))
    sa.close()
    ended = await asyncio.wait_for(recording.ended, 3)
    assert ended.reason == "closed"
    assert abs(ended.duration_ms - 300) < 150
    assert level_db(channels(ended.path)[1]) > -18


@pytest.mark.slow
async def test_the_longest_length_and_a_quota_end_a_recording(
    engine: MediaEngine, call: tuple[Phone, Phone, Stream, Stream], tmp_path: Path
) -> None:
    _, _, sa, _ = call
    asked: list[RecordingProgress] = []

    def may_go_on(progress: RecordingProgress) -> bool:
        asked.append(progress)
        return False

    long = engine.record(sa, tmp_path / "long.wav", max_s=1)
    full = engine.record(sa, tmp_path / "full.wav", may_go_on=may_go_on)
    ended = await asyncio.wait_for(long.ended, 5)
    assert (ended.reason, ended.duration_ms) == ("max_length", 1000)
    assert len(channels(ended.path)[1]) == 8000
    ended = await asyncio.wait_for(full.ended, 10)
    assert ended.reason == "quota"
    assert len(asked) == 1
    assert 0 <= asked[0].size_bytes - 44 - 4 * 8 * asked[0].duration_ms < 4 * 8


async def test_a_file_is_never_written_over_and_a_missing_folder_is_told(
    engine: MediaEngine, call: tuple[Phone, Phone, Stream, Stream], tmp_path: Path
) -> None:
    _, _, sa, _ = call
    there = tmp_path / "call.wav"
    there.write_bytes(b"somebody's")
    for path, why in ((there, "File exists"), (tmp_path / "no" / "call.wav", "No such file")):
        ended = await asyncio.wait_for(engine.record(sa, path).ended, 3)
        assert (ended.reason, ended.duration_ms) == ("disk_failed", 0)
        assert why in ended.detail
    assert there.read_bytes() == b"somebody's"


async def test_two_recordings_and_a_listener_on_one_stream_hear_the_same(
    engine: MediaEngine, call: tuple[Phone, Phone, Stream, Stream], tmp_path: Path
) -> None:
    a, b, sa, sb = call
    recordings = [engine.record(sa, tmp_path / f"{n}.wav") for n in range(2)]
    async with engine.tap(sa, rate_hz=16000) as tap:
        await say_all(
            Saying(a, sa.rtp_port, tone_packets(440, 0.6)), Saying(b, sb.rtp_port, tone_packets(1000, 0.6))
        )
        await asyncio.sleep(0.15)
        for recording in recordings:
            ended = await recording.stop()
            _, left, right = channels(ended.path)
            assert abs(dominant_hz(left, 8000) - 440) < 3
            assert abs(dominant_hz(right, 8000) - 1000) < 3
    heard, said = b"", b""
    async for audio in tap:
        assert len(audio.heard) == len(audio.said)
        heard, said = heard + audio.heard, said + audio.said
    for pcm, hz in ((heard, 440), (said, 1000)):
        sound = from_bytes(pcm)
        assert abs(dominant_hz(sound, 16000) - hz) < 3
        loud = np.flatnonzero(np.abs(sound) > 1000)
        assert abs((loud[-1] - loud[0]) / 16 - 600) < 60
    assert await tap.read() is None
    assert tap.overrun_ms == 0


async def test_a_listener_who_does_not_read_is_told_what_he_missed(
    engine: MediaEngine, call: tuple[Phone, Phone, Stream, Stream]
) -> None:
    _, _, sa, _ = call
    tap = engine.tap(sa, rate_hz=8000, buffer_ms=200)
    await asyncio.sleep(1.0)
    audio = await tap.read()
    assert audio is not None
    assert 100 < len(audio.heard) / 16 <= 600
    assert tap.overrun_ms > 100
    sa.close()
    while await asyncio.wait_for(tap.read(), 3) is not None:
        pass
    tap.close()


async def test_damaged_and_strange_packets_are_left_out(
    engine: MediaEngine, phone: MakePhone, tmp_path: Path
) -> None:
    opus = StreamFormat(111, "OPUS", 48000, 2)
    odd = StreamFormat(96, "SPEEX", 8000)
    a = phone()
    sa = opened(engine, a, formats=(*G711, opus, odd))
    recording = engine.record(sa, tmp_path / "call.wav", rate_hz=16000)
    voice = packets(CodecProbe("OPUS", 48000), tone(440, 48000, 1.0))
    voice[5], voice[6] = b"", b"\xff\xff\xff"
    await say_all(Saying(a, sa.rtp_port, voice, payload_type=111, units=960))
    a.say(sa.rtp_port, payload_type=96)
    a.say(sa.rtp_port, payload_type=101, payload=digit_payload(5, 800, end=True))
    ended = await recording.stop()
    rate_hz, left, _ = channels(ended.path)
    assert rate_hz == 16000
    assert abs(dominant_hz(left, rate_hz) - 440) < 3
