"""How the node understands a phone that does not make it easy: it counts anew, changes codecs, says nothing aloud."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

import numpy as np
import pytest

from media_ext.codec import available
from media_ext.codec_door import resampling_available
from pbx.media.engine import MediaEngine
from pbx.model.stream import DigitPressed, StreamEvent, StreamFormat
from tests.media.phone import Phone, eventually, write_rtp
from tests.media.talker import OPUS, PCMA, PCMU, Talker
from tests.oracles.digits import Press
from tests.oracles.tones import dominant_hz, level_db, tone

MakePhone = Callable[..., Phone]
COMFORT_NOISE = StreamFormat(13, "CN")

pytestmark = pytest.mark.skipif(not resampling_available(), reason="built without libspeexdsp")


def joined(
    engine: MediaEngine, phone: MakePhone, a: StreamFormat = PCMU, b: StreamFormat = PCMA
) -> tuple[Talker, Talker]:
    those = [
        Talker(engine, phone(ssrc=secrets.randbits(32)), voice, label=f"call/{n}")
        for n, voice in enumerate((a, b))
    ]
    engine.bridge(those[0].stream, those[1].stream)
    return those[0], those[1]


@pytest.mark.parametrize("step", [-3000, -200, 9000])
async def test_a_phone_whose_numbers_jump_is_heard_at_once(
    engine: MediaEngine, phone: MakePhone, step: int
) -> None:
    """Its SSRC and its timestamps go on; RFC 3550 A.1 asks for two packets in order."""
    a, b = joined(engine, phone)
    await a.say(tone(1000, 8000, 0.3))
    a.phone.seq = (a.phone.seq + step) & 0xFFFF
    await a.say(tone(1000, 8000, 0.6))
    assert len(b.heard()) > 0.75 * 8000
    last = b.heard()[-8000 * 3 // 10 :]
    assert level_db(last) == pytest.approx(level_db(tone(1000, 8000, 1)), abs=2)
    assert abs(dominant_hz(last, 8000) - 1000) < 5


async def test_what_was_counted_stays_counted_when_the_codec_changes(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, _ = joined(engine, phone)
    await a.say(tone(1000, 8000, 0.2))
    kept = write_rtp(a.phone.seq, a.phone.rtp_ts, ssrc=a.phone.ssrc)
    a.phone.seq += 1
    a.phone.rtp_ts += 160
    await a.say(tone(1000, 8000, 0.4))
    a.phone.throw(kept, a.stream.rtp_port)
    await eventually(lambda: a.stream.stats().late == 1)
    larger = StreamFormat(97, "L16", 16000)
    a.stream.set_remote(a.phone.remote(formats=(PCMU, larger)))
    await a.say(tone(1000, 8000, 0.2))
    assert a.stream.stats().late == 1


async def test_comfort_noise_is_silence_and_no_loss(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = joined(engine, phone)
    a.stream.set_remote(a.phone.remote(formats=(PCMU, COMFORT_NOISE)))
    await a.say(tone(1000, 8000, 0.3))
    a.phone.say(a.stream.rtp_port, payload_type=13, payload=b"\x40")
    await asyncio.sleep(0.3)
    a.phone.rtp_ts += 2400
    await a.say(tone(600, 8000, 0.3))
    await eventually(lambda: len(b.heard()) > 0.85 * 8000)
    heard = b.heard()
    assert abs(dominant_hz(heard[1000:2000], 8000) - 1000) < 10
    assert abs(dominant_hz(heard[-1400:-400], 8000) - 600) < 10
    pause = np.abs(heard[int(0.42 * 8000) : int(0.52 * 8000)])
    assert np.max(pause) < 100, "the last packet does not go round"
    assert a.stream.stats().lost == 0


@pytest.mark.skipif(not available("OPUS"), reason="built without libopus")
async def test_a_digit_in_a_clock_of_its_own_does_not_disturb_the_sound_beside_it(
    engine: MediaEngine, phone: MakePhone
) -> None:
    """Opus ticks at 48 kHz; many phones send digits at 8 kHz all the same, with timestamps to match."""
    a, b = joined(engine, phone, OPUS)
    events: list[StreamEvent] = []
    a.stream.on_event = events.append
    await a.say(tone(1000, 48000, 0.3))
    for rtp_ts, payload in Press(5, 800, 123_456).packets:
        packet = write_rtp(a.phone.seq, rtp_ts, ssrc=a.phone.ssrc, payload_type=101, payload=payload)
        a.phone.throw(packet, a.stream.rtp_port)
        a.phone.seq += 1
        await asyncio.sleep(0.01)
    a.phone.rtp_ts += 8 * 480
    await a.say(tone(1000, 48000, 0.4))
    assert [each.digit for each in events if isinstance(each, DigitPressed)] == ["5"]
    last = b.heard()[-8000 // 5 :]
    assert abs(dominant_hz(last, 8000) - 1000) < 10
