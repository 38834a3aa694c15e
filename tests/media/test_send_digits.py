"""Digits that the node sends: RFC 4733 events at every clock, or tones; alone, beside sound, and on a relayed leg."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from media_ext.processing_door import DtmfDetectProbe
from media_ext.sound_door import Clip
from pbx.media.engine import MediaEngine
from pbx.media.tones import MILLIWATT, tone_clip
from pbx.model.stream import TELEPHONE_EVENT, DigitPressed, StreamEvent, StreamFormat
from tests.media.phone import Phone, Rtp, eventually
from tests.media.test_player import G722, L16, OPUS, PCMU, decoded
from tests.media.test_relay import SAME, opened
from tests.oracles.spandsp import dtmf_digits

MakePhone = Callable[..., Phone]


def event(clock_hz: int) -> StreamFormat:
    return StreamFormat(101, TELEPHONE_EVENT, clock_hz)


def read(packet: Rtp) -> tuple[int, bool, int]:
    """event, end, duration."""
    number, flags, duration = struct.unpack("!BBH", packet.payload)
    return number, bool(flags & 0x80), duration


def presses(heard: list[Rtp], clock_hz: int) -> list[tuple[int, int]]:
    """(digit, ms) of each digit; checks that each is told as RFC 4733 2.5.1 wants it."""
    digits: dict[int, list[Rtp]] = {}
    for packet in heard:
        if packet.payload_type == 101:
            digits.setdefault(packet.rtp_ts, []).append(packet)
    told = []
    for packets in digits.values():
        fields = [read(packet) for packet in packets]
        assert [packet.marker for packet in packets] == [True] + [False] * (len(packets) - 1)
        assert len({number for number, _, _ in fields}) == 1
        assert [end for _, end, _ in fields] == [False] * (len(fields) - 3) + [True] * 3
        durations = [duration for _, _, duration in fields]
        assert durations == sorted(durations)
        assert durations[0] > 0
        told.append((fields[0][0], durations[-1] * 1000 // clock_hz))
    return told


def assert_in_sequence(heard: list[Rtp]) -> None:
    assert len({packet.ssrc for packet in heard}) == 1
    assert [packet.seq - heard[0].seq & 0xFFFF for packet in heard] == list(range(len(heard)))


async def heard_for(phone: Phone, seconds: float) -> list[Rtp]:
    await asyncio.sleep(seconds)
    return phone.hear()


@pytest.mark.parametrize(
    ("voice", "clock_hz", "ptime_ms"),
    [(PCMU, 8000, 20), (StreamFormat(97, "L16", 16000), 16000, 10), (OPUS, 48000, 60), (OPUS, 8000, 20)],
)
async def test_digits_are_events_at_their_clock(
    engine: MediaEngine, phone: MakePhone, voice: StreamFormat, clock_hz: int, ptime_ms: int
) -> None:
    a = phone()
    stream = opened(engine, a, formats=(voice, event(clock_hz)), voice=voice, ptime_ms=ptime_ms)
    engine.send_digits(stream, "5#", duration_ms=120, pause_ms=80)
    heard = await heard_for(a, 0.7)
    assert {packet.payload_type for packet in heard} == {101}
    assert presses(heard, clock_hz) == [(5, 120), (11, 120)]
    assert_in_sequence(heard)
    first, second = dict.fromkeys(packet.rtp_ts for packet in heard)
    apart_ms = ((second - first) & 0xFFFFFFFF) * 1000 / voice.clock_hz
    assert 180 <= apart_ms <= 320, "both lie on the sound's timeline"


async def test_a_digit_takes_the_place_of_sound_for_as_long_as_it_lasts(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a = phone()
    stream = opened(engine, a, formats=(L16, event(8000)), voice=L16)
    ramp = np.arange(16000).astype(np.int16)
    engine.play(stream, Clip(ramp.tobytes(), 8000))
    await asyncio.sleep(0.2)
    engine.send_digits(stream, "1", duration_ms=100)
    heard = await heard_for(a, 0.6)
    assert presses(heard, 8000) == [(1, 100)]
    assert_in_sequence(heard)
    sound = [packet for packet in heard if packet.payload_type == L16.payload_type]
    places = [int.from_bytes(packet.payload[:2], "big") for packet in sound]
    steps = [(later.rtp_ts - earlier.rtp_ts) & 0xFFFFFFFF for earlier, later in pairwise(sound)]
    assert sorted(steps)[-2:] == [160, 960], "100 ms of sound are not there, nor is their time"
    assert [later - earlier for earlier, later in pairwise(places)] == steps, "sound lies where it was"
    digit = next(packet for packet in heard if packet.payload_type == 101)
    before = sound[steps.index(960)]
    assert (digit.rtp_ts - before.rtp_ts) & 0xFFFFFFFF == 160


async def test_a_long_digit_goes_on_under_a_new_timestamp(engine: MediaEngine, phone: MakePhone) -> None:
    """RFC 4733 2.5.1.3: at 48 kHz, 65,535 units are 1.37 s."""
    a = phone()
    stream = opened(engine, a, formats=(OPUS, event(48000)), voice=OPUS)
    engine.play(stream, tone_clip(MILLIWATT), loop=True)
    await asyncio.sleep(0.1)
    engine.send_digits(stream, "7", duration_ms=1600)
    heard = await heard_for(a, 2.0)
    assert_in_sequence(heard)
    begins = list(dict.fromkeys(packet.rtp_ts for packet in heard if packet.payload_type == 101))
    assert [(later - earlier) & 0xFFFFFFFF for earlier, later in pairwise(begins)] == [0xFFFF]
    sound = [packet for packet in heard if packet.payload_type == 111]
    steps = [(later.rtp_ts - earlier.rtp_ts) & 0xFFFFFFFF for earlier, later in pairwise(sound)]
    assert sorted(steps)[-2:] == [960, 960 + 1600 * 48]


async def test_a_digit_replaces_what_is_relayed(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    heard: list[Rtp] = []
    for n in range(50):
        b.say(sb.rtp_port)
        await asyncio.sleep(0.02)
        heard.extend(a.hear())
        if n == 10:
            engine.send_digits(sa, "42", duration_ms=100, pause_ms=200)
    assert presses(heard, 8000) == [(4, 100), (2, 100)]
    assert_in_sequence(heard)
    kinds = [packet.payload_type for packet in heard]
    runs = [kind for n, kind in enumerate(kinds) if n == 0 or kinds[n - 1] != kind]
    assert runs == [0, 101, 0, 101, 0], "speech comes through between the digits"
    stamps = [packet.rtp_ts for packet in heard if packet.payload_type == 0]
    assert all(0 < (later - earlier) & 0xFFFFFFFF < 8000 for earlier, later in pairwise(stamps))
    assert abs((heard[-1].rtp_ts - heard[0].rtp_ts) / 8000 - (heard[-1].at - heard[0].at)) < 0.2
    assert 6 <= sb.stats().dropped_direction <= 20


async def test_the_other_node_understands_the_digits(engine: MediaEngine, phone: MakePhone) -> None:
    """One stream's port is the other's phone: what is sent is received by the same rules."""
    sa = engine.open_stream(label="a/a")
    sb = engine.open_stream(label="b/b")
    a, b = phone(), phone()
    sa.set_remote(a.remote(rtp_port=sb.rtp_port))
    sb.set_remote(b.remote(rtp_port=sa.rtp_port))
    events: list[StreamEvent] = []
    sb.on_event = events.append
    engine.send_digits(sa, "1234567890*#ABCD", duration_ms=60, pause_ms=40)
    pressed = list[DigitPressed]

    def told() -> pressed:
        return [each for each in events if isinstance(each, DigitPressed)]

    await eventually(lambda: len(told()) == 16, 4)
    assert told() == [DigitPressed(digit, 60) for digit in "1234567890*#ABCD"]


@pytest.mark.parametrize("voice", [PCMU, G722, OPUS], ids=lambda each: each.encoding)
async def test_digits_are_tones_for_a_phone_without_events(
    engine: MediaEngine, phone: MakePhone, voice: StreamFormat
) -> None:
    a = phone()
    stream = opened(engine, a, formats=(voice,), voice=voice)
    engine.send_digits(stream, "159D*", duration_ms=100, pause_ms=70)
    samples, rate_hz = decoded(await heard_for(a, 1.1), voice)
    pcm = samples[:: rate_hz // 8000].astype("=i2").tobytes()
    found = DtmfDetectProbe(8000).feed(pcm)
    assert "".join("0123456789*#ABCD"[number] for what, number, _, _ in found if what == "began") == "159D*"
    assert dtmf_digits(pcm) == "159D*"
    assert a.hear() == [], "then nothing is sent any more"


async def test_digits_wait_for_those_before_them(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    stream = opened(engine, a)
    for digit in "123":
        engine.send_digits(stream, digit, duration_ms=60, pause_ms=40)
    heard = await heard_for(a, 0.6)
    assert [number for number, _ in presses(heard, 8000)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("digits", "options"),
    [
        ("", {}),
        ("12x", {}),
        ("1" * 65, {}),
        ("1", {"duration_ms": 10}),
        ("1", {"duration_ms": 60000}),
        ("1", {"pause_ms": 0}),
    ],
)
async def test_what_is_no_digit_is_refused(
    engine: MediaEngine, phone: MakePhone, digits: str, options: dict[str, int]
) -> None:
    stream = opened(engine, phone())
    with pytest.raises(ValueError, match=r"digit|not in|found"):
        engine.send_digits(stream, digits, **options)
