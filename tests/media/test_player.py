"""Sound that the node plays, as a phone hears it: right frequency and level, every sample, without gaps or drift."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from media_ext.codec_door import CodecProbe
from media_ext.sound_door import Clip, Feed
from pbx.media.engine import MediaEngine
from pbx.media.stream import Stream
from pbx.media.tones import HOLD, MILLIWATT, tone_clip
from pbx.model.stream import PromptEnded, StreamEvent, StreamFormat
from tests.media.phone import Phone, Rtp, eventually
from tests.media.talker import assert_one_stream
from tests.media.test_relay import SAME, opened
from tests.oracles.g711 import decode_alaw, decode_ulaw
from tests.oracles.tones import dominant_hz, snr_db, tone

MakePhone = Callable[..., Phone]
Samples = NDArray[np.int16]

PCMU, PCMA = StreamFormat(0, "PCMU"), StreamFormat(8, "PCMA")
G722, OPUS = StreamFormat(9, "G722"), StreamFormat(111, "OPUS", 48000, 2)
L16, L16_WIDE = StreamFormat(96, "L16"), StreamFormat(97, "L16", 16000)
ALL = (PCMU, PCMA, G722, OPUS, L16, L16_WIDE)


def decoded(packets: Iterable[Rtp], voice: StreamFormat) -> tuple[NDArray[np.float64], int]:
    """The samples of what was heard, and their rate."""
    packets = list(packets)
    payload = b"".join(packet.payload for packet in packets)
    if voice.encoding in ("PCMU", "PCMA"):
        decode = decode_ulaw if voice.encoding == "PCMU" else decode_alaw
        return np.array([decode(code) for code in payload], dtype=np.float64), 8000
    if voice.encoding == "L16":
        return np.frombuffer(payload, ">i2").astype(np.float64), voice.clock_hz
    codec = CodecProbe(voice.encoding, encodes=False)
    pcm = b"".join(codec.decode(packet.payload) for packet in packets)
    return np.frombuffer(pcm, "=i2").astype(np.float64), codec.rate_hz


def l16(packets: Iterable[Rtp]) -> Samples:
    return np.frombuffer(b"".join(each.payload for each in packets), ">i2").astype(np.int16)


def noise(samples: int, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).integers(-20000, 20000, samples).astype(np.int16)


def clip(samples: Samples, rate_hz: int = 8000) -> Clip:
    return Clip(samples.astype("=i2").tobytes(), rate_hz)


async def heard_until(phone: Phone, events: list[StreamEvent], ends: int = 1) -> list[Rtp]:
    packets: list[Rtp] = []

    def ended() -> bool:
        packets.extend(phone.hear())
        return events.count(PromptEnded()) >= ends

    await eventually(ended, 5)
    return packets


def listening(
    engine: MediaEngine, phone: Phone, voice: StreamFormat, **remote: Any
) -> tuple[Stream, list[StreamEvent]]:
    stream = opened(engine, phone, formats=ALL, voice=voice, **remote)
    events: list[StreamEvent] = []
    stream.on_event = events.append
    return stream, events


@pytest.mark.parametrize("voice", ALL, ids=lambda each: f"{each.encoding}/{each.clock_hz}")
@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 60])
async def test_a_tone_is_heard_in_every_codec_and_packet_length(
    engine: MediaEngine, phone: MakePhone, voice: StreamFormat, ptime_ms: int
) -> None:
    a = phone()
    stream = opened(engine, a, formats=ALL, voice=voice, ptime_ms=ptime_ms)
    engine.play(stream, tone_clip(MILLIWATT), loop=True)
    if voice is L16_WIDE:
        ptime_ms = min(ptime_ms, 40)  # 60 ms would not fit a packet
    heard = await a.hear_some(600 // ptime_ms, 3)
    assert {packet.payload_type for packet in heard} == {voice.payload_type}
    assert_one_stream(heard, voice.clock_hz)
    units = voice.clock_hz * ptime_ms // 1000
    assert [(p.rtp_ts - heard[0].rtp_ts) & 0xFFFFFFFF for p in heard] == [
        units * n for n in range(len(heard))
    ]
    samples, rate_hz = decoded(heard, voice)
    assert len(samples) == len(heard) * ptime_ms * rate_hz // 1000
    steady = samples[rate_hz // 10 : rate_hz // 2]
    assert abs(dominant_hz(steady, rate_hz) - 1004) < 3
    assert snr_db(steady, 1004, rate_hz) > (20 if voice.encoding == "OPUS" else 30)
    level_dbm0 = 20 * np.log10(np.sqrt(2 * np.mean(steady**2)) / 32124) + 3.17
    assert abs(level_dbm0) < 0.7


async def test_an_unbroken_tone_keeps_its_time(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a)
    started = time.monotonic()
    engine.play(sa, tone_clip(MILLIWATT), loop=True)
    heard: list[Rtp] = []
    while time.monotonic() - started < 2.5:
        heard.extend(a.hear())
        await asyncio.sleep(0.005)
    assert abs(len(heard) - 125) <= 5
    assert abs(heard[-1].at - heard[0].at - 0.02 * (len(heard) - 1)) < 0.05, "no drift"
    assert_one_stream(heard)
    samples, _ = decoded(heard, PCMU)
    loudness = np.sqrt((samples[: len(samples) // 160 * 160].reshape(-1, 160) ** 2).mean(axis=1))
    assert loudness.min() > 0.97 * loudness.max(), "no gap, not even where the loop closes"
    late = [p.at - heard[0].at - 0.02 * n for n, p in enumerate(heard)]
    assert np.median(np.abs(late)) < 0.005


async def test_a_resampled_tone_has_no_seam(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    stream = opened(engine, a, formats=ALL, voice=L16_WIDE)
    engine.play(stream, tone_clip(MILLIWATT), loop=True)
    samples, rate_hz = decoded(await a.hear_some(80), L16_WIDE)
    assert snr_db(samples[:24000], 1004, rate_hz) > 55, "a second and a half: over the end of the loop"


@pytest.mark.parametrize("ptime_ms", [10, 20, 60])
async def test_a_list_is_played_without_a_gap_to_the_sample(
    engine: MediaEngine, phone: MakePhone, ptime_ms: int
) -> None:
    a = phone()
    stream, events = listening(engine, a, L16, ptime_ms=ptime_ms)
    parts = [noise(n, seed) for seed, n in enumerate((1, 159, 777, 2000, 33))]
    engine.play(stream, [clip(part) for part in parts])
    samples = l16(await heard_until(a, events))
    whole = np.concatenate(parts)
    assert (samples[: len(whole)] == whole).all()
    assert not samples[len(whole) :].any()
    assert len(samples) - len(whole) < 8 * ptime_ms
    assert events == [PromptEnded()]


async def test_a_list_in_g711_is_played_to_the_sample(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    stream, events = listening(engine, a, PCMU)
    codes = np.random.default_rng(5).integers(0, 256, 1000)
    values = np.array([decode_ulaw(int(code)) for code in codes], dtype=np.int16)
    engine.play(stream, [clip(values[:333]), clip(values[333:])])
    heard = await heard_until(a, events)
    samples, _ = decoded(heard, PCMU)
    assert (samples[:1000] == values).all()


async def test_a_loop_goes_through_the_list_again_and_may_begin_in_the_middle(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a = phone()
    stream, _ = listening(engine, a, L16)
    parts = [noise(n, seed) for seed, n in enumerate((500, 300))]
    engine.play(stream, [clip(part) for part in parts], loop=True, start_ms=2 * 100 + 70)
    samples = l16(await a.hear_some(20))
    turn = np.concatenate(parts)
    at = 270 * 8 % 800
    assert (samples == np.tile(turn, 5)[at : at + len(samples)]).all()


@pytest.mark.parametrize(
    ("start_ms", "left"), [(0, 1600), (1, 1592), (123, 616), (199, 8), (200, 0), (9000, 0)]
)
async def test_playing_begins_where_it_is_told(
    engine: MediaEngine, phone: MakePhone, start_ms: int, left: int
) -> None:
    a = phone()
    stream, events = listening(engine, a, L16)
    sound = noise(1600)
    engine.play(stream, [clip(sound[:700]), clip(sound[700:])], start_ms=start_ms)
    samples = l16(await heard_until(a, events))
    assert (samples[:left] == sound[1600 - left :]).all()
    assert len(samples) - left < 160


async def test_gain_is_applied_and_saturates(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    stream, events = listening(engine, a, L16)
    sound = noise(800)
    engine.play(stream, clip(sound), gain_db=-6.02)
    quiet = l16(await heard_until(a, events))[:800]
    assert np.abs(quiet - sound / 2).max() < 8
    engine.play(stream, clip(sound), gain_db=12.04)
    loud = l16(await heard_until(a, events, 2))[:800]
    assert np.abs(loud - np.clip(sound * 4.0, -32768, 32767)).max() < 32
    with pytest.raises(ValueError, match="gain"):
        engine.play(stream, clip(sound), gain_db=30)


async def test_a_whisper_is_mixed_with_what_is_played(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    stream, events = listening(engine, a, L16)
    music, words = noise(3200) // 2, noise(1600, 2) // 2
    engine.play(stream, clip(music))
    engine.play(stream, clip(words), over=True)
    samples = l16(await heard_until(a, events, 2))
    at = next(n for n in range(0, 1600, 160) if (samples[n : n + 160] != music[n : n + 160]).any())
    mixed = music.copy()
    mixed[at : at + 1600] += words
    assert (samples[:3200] == mixed).all()
    assert events == [PromptEnded(), PromptEnded()]


async def test_nothing_is_whispered_where_packets_pass_untouched(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    with pytest.raises(ValueError, match="bridge"):
        engine.play(sb, tone_clip(MILLIWATT), over=True)
    engine.unlink(sa)
    engine.play(sb, tone_clip(MILLIWATT), over=True)
    await b.hear_some(3)


async def test_a_prompt_ends_once_and_the_partner_is_heard_again(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    events: list[StreamEvent] = []
    sa.on_event = events.append
    engine.link(sa, sb, SAME, SAME)
    values = np.repeat([decode_ulaw(code) for code in range(5)], 160).astype(np.int16)
    engine.play(sa, clip(values))
    heard: list[Rtp] = []
    for _ in range(14):
        b.say(sb.rtp_port, payload=b"\x77" * 160)
        await asyncio.sleep(0.02)
        heard.extend(a.hear())
    codes = [packet.payload[0] for packet in heard]
    assert codes[:5] == [0, 1, 2, 3, 4]
    assert len(codes) > 10
    assert set(codes[5:]) == {0x77}
    assert events == [PromptEnded()]
    assert sb.stats().dropped_direction + len(codes) - 5 == 14
    assert_one_stream(heard)
    assert sum(packet.marker for packet in heard) == 2


async def test_a_prompt_gives_way_to_the_next_one_and_stops(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a)
    events: list[StreamEvent] = []
    sa.on_event = events.append
    clips = [clip(np.full(160, decode_ulaw(code), np.int16)) for code in (1, 2)]
    engine.play(sa, clips[0], loop=True)
    await asyncio.sleep(0.05)
    engine.play(sa, clips[1], loop=True)
    await asyncio.sleep(0.05)
    engine.stop_playing(sa)
    await asyncio.sleep(0.02)
    heard = a.hear()
    await asyncio.sleep(0.05)
    assert a.hear() == []
    assert list(dict.fromkeys(packet.payload[0] for packet in heard)) == [1, 2]
    assert_one_stream(heard)
    assert events == []
    await eventually(lambda: [each.holders for each in clips] == [1, 1])


async def test_nothing_is_played_to_a_phone_that_must_not_hear(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a, send=False)
    engine.play(sa, tone_clip(HOLD), loop=True)
    await asyncio.sleep(0.1)
    assert a.hear() == []
    sa.set_remote(a.remote())
    assert len(await a.hear_some(3)) >= 3


async def test_a_phone_that_agreed_on_no_voice_of_ours_cannot_be_spoken_to(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a = phone()
    sa = opened(engine, a, formats=(StreamFormat(18, "G729"),))
    with pytest.raises(ValueError, match="no voice format"):
        engine.play(sa, tone_clip(HOLD))
    with pytest.raises(ValueError, match="no voice format"):
        engine.send_digits(sa, "1")


async def test_what_is_played_goes_on_through_a_change_of_codec(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a = phone()
    rising = (np.arange(16000) * 2 - 16000).astype(np.int16)
    stream, events = listening(engine, a, L16)
    engine.play(stream, clip(rising))
    heard: list[Rtp] = []
    for voice, ptime_ms in ((L16_WIDE, 20), (G722, 20), (OPUS, 40), (L16, 20)):
        await asyncio.sleep(0.25)
        heard.extend(a.hear())
        stream.set_remote(a.remote(formats=ALL, voice=voice, ptime_ms=ptime_ms))
    heard.extend(await heard_until(a, events))
    assert list(dict.fromkeys(each.payload_type for each in heard)) == [96, 97, 9, 111]
    assert heard[-1].payload_type == 96
    assert len({each.ssrc for each in heard}) == 1
    assert [each.seq - heard[0].seq & 0xFFFF for each in heard] == list(range(len(heard)))
    last = l16(each for each in heard[-10:] if each.payload_type == 96)
    wide = l16(each for each in heard if each.payload_type == 97)
    first = l16(each for each in heard[:8])
    assert first[0] == -16000
    assert (
        abs(int(wide[400]) - (-16000 + 2 * len([e for e in heard if e.payload_type == 96][:12]) * 160)) < 2500
    )
    assert last.max() > 15500
    assert abs(heard[-1].at - heard[0].at - 2) < 0.3, "two seconds of sound take two seconds"


async def test_a_clip_is_heard_to_its_end_after_its_leg_moved_to_another_thread(phone: MakePhone) -> None:
    media = MediaEngine(bind_host="127.0.0.1", port_min=29000, port_max=29039, threads=2, silence_ms=300)
    await media.start()
    a, b = phone(), phone()
    streams = [opened(media, each, f"{n}/x") for n, each in enumerate((a, b))]
    labels = iter(range(2, 20))
    while streams[0].native.thread == streams[1].native.thread:
        streams[1] = opened(media, b, f"{next(labels)}/x")
    events: list[StreamEvent] = []
    streams[1].on_event = events.append
    sound = noise(4000)
    values = np.array([decode_ulaw(code) for code in np.abs(sound) % 256], dtype=np.int16)
    media.play(streams[1], clip(values))
    await asyncio.sleep(0.1)
    media.link(streams[0], streams[1], SAME, SAME)
    heard = await heard_until(b, events)
    samples, _ = decoded(heard, PCMU)
    assert (samples[:4000] == values).all()
    await media.stop()


async def test_many_players_keep_their_time(engine: MediaEngine, phone: MakePhone) -> None:
    """Thirty players, all started at different moments, each 50 packets a second."""
    phones = [phone() for _ in range(30)]
    for each in phones:
        engine.play(opened(engine, each), tone_clip(MILLIWATT), loop=True)
        await asyncio.sleep(0.003)
    for each in phones:
        each.hear()
    await asyncio.sleep(1.0)
    counts = [len(each.hear()) for each in phones]
    assert min(counts) >= 48
    assert max(counts) - min(counts) <= 3


async def test_a_feed_is_heard_as_it_was_pushed_and_ends(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    stream, events = listening(engine, a, L16)
    feed, sound = Feed(8000, room_ms=500), noise(8000)
    left = sound.tobytes()
    engine.play(stream, feed)
    while left:
        taken = feed.push(left[:1000])
        left = left[taken:]
        await asyncio.sleep(0.01 if taken else 0.05)
    feed.finish()
    samples = l16(await heard_until(a, events))
    begin = int(np.flatnonzero(samples)[0])
    assert (samples[begin : begin + 8000] == sound[np.flatnonzero(sound)[0] :][:8000]).all()
    assert (feed.underruns, feed.missing_ms, feed.played_ms, feed.waiting_ms) == (0, 0, 1000, 0)
    assert events == [PromptEnded()]
    with pytest.raises(ValueError, match="finished"):
        feed.push(b"\0\0")


async def test_a_feed_that_runs_dry_is_silence_and_counted(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    stream, events = listening(engine, a, L16)
    feed = Feed(8000)
    feed.push(noise(800).tobytes())
    engine.play(stream, feed)
    await asyncio.sleep(0.3)
    assert (feed.underruns, feed.played_ms) == (1, 100)
    assert feed.missing_ms > 100
    feed.push(noise(800, 2).tobytes())
    feed.finish()
    heard = await heard_until(a, events)
    samples = l16(heard)
    assert (samples[:800] == noise(800)).all()
    assert (samples[-800:] == noise(800, 2)).all()
    assert not samples[800:-800].any()
    assert feed.underruns == 1
    assert_one_stream(heard)


async def test_a_feed_at_another_rate_is_resampled(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    stream, events = listening(engine, a, L16_WIDE)
    feed = Feed(48000)
    feed.push(tone(1000, 48000, 1.0).astype("=i2").tobytes())
    feed.finish()
    engine.play(stream, feed)
    samples = l16(await heard_until(a, events)).astype(np.float64)
    assert 15900 <= len(samples) <= 16320
    assert snr_db(samples[1600:14400], 1000, 16000) > 45


async def test_what_waits_in_a_feed_can_be_dropped(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    stream, events = listening(engine, a, L16)
    feed = Feed(8000)
    feed.push(np.full(8000, 1000, np.int16).tobytes())
    engine.play(stream, feed)
    await a.hear_some(3)
    feed.drop()
    feed.push(np.full(160, 2000, np.int16).tobytes())
    feed.finish()
    samples = l16(await heard_until(a, events))
    assert list(dict.fromkeys(samples.tolist()))[-1] == 2000
    assert len(samples) < 4000


@pytest.mark.parametrize(
    ("sounds", "options", "complaint"),
    [
        ([], {}, "nothing"),
        ([Feed(8000), Feed(8000)], {}, "alone"),
        ([Feed(8000)], {"loop": True}, "beginning"),
        ([Feed(8000)], {"start_ms": 5}, "beginning"),
        ([Clip(b"\0\0", 8000)], {"start_ms": -5}, "beginning"),
    ],
)
async def test_what_cannot_be_played_is_refused(
    engine: MediaEngine, phone: MakePhone, sounds: list[Clip], options: dict[str, object], complaint: str
) -> None:
    sa = opened(engine, phone())
    with pytest.raises(ValueError, match=complaint):
        engine.play(sa, sounds, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("pcm", "rate_hz"), [(b"", 8000), (b"x", 8000), (b"xx", 7999), (b"xx", 200000)])
def test_a_clip_of_no_samples_is_refused(pcm: bytes, rate_hz: int) -> None:
    with pytest.raises(ValueError, match=r"samples|rates"):
        Clip(pcm, rate_hz)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 24000, 44100, 48000])
def test_a_clip_at_another_rate_is_as_long_and_sounds_the_same(rate_hz: int) -> None:
    made = Clip(tone(700, 16000, 0.5).astype("=i2").tobytes(), 16000)
    samples = np.frombuffer(made.pcm(rate_hz), "=i2").astype(np.float64)
    assert len(samples) == rate_hz // 2
    assert snr_db(samples[rate_hz // 50 : -rate_hz // 50], 700, rate_hz) > 50
    assert made.holders == (1 if rate_hz == 16000 else 2)


async def test_a_rate_that_two_threads_make_at_once_is_made_for_good(
    engine: MediaEngine, phone: MakePhone
) -> None:
    """What the first has made may be played already when the second comes with its own."""
    stream, _ = listening(engine, phone(), L16_WIDE)
    made = clip(noise(60 * 48000), 48000)
    first = asyncio.create_task(asyncio.to_thread(made.prepare, 16000))
    await asyncio.sleep(0.03)
    second = asyncio.create_task(asyncio.to_thread(made.prepare, 16000))
    await first
    engine.play(stream, made, loop=True)
    await second
    assert made.holders == 3, "two rates, and the player of one of them"
