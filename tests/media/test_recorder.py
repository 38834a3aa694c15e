"""Recordings of calls between real phones: which side, how loud, when, and what survives."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pbx.media.engine import MediaEngine, Stream
from pbx.model.stream import RecordingEnded, StreamEvent
from tests.media.phone import Phone
from tests.media.talk import Saying, channels, onset_ms, read_wav, say_all, tone_packets
from tests.media.test_relay import SAME, opened
from tests.oracles.tones import Samples, dominant_hz, level_db, snr_db

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


@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
@pytest.mark.parametrize("channel_count", [1, 2])
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
    parts = [frames[round(0.4 * decoded_hz) : round(1.3 * decoded_hz), n] for n in range(channel_count)]
    if channel_count == 2:
        for part, hz, other_hz in zip(parts, (440, 1000), (1000, 440), strict=True):
            assert abs(dominant_hz(part, decoded_hz) - hz) < 3
            assert abs(level_db(part) - LEVEL_DB) < 1.5
            assert steady_snr_db(part, hz, decoded_hz) > 8
            assert snr_db(part, other_hz, decoded_hz) < -30, "nothing of the other side"
    else:
        assert steady_snr_db(parts[0], 440, decoded_hz) > -3
        assert steady_snr_db(parts[0], 1000, decoded_hz) > -3
