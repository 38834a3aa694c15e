"""Tones and prompts as a phone hears them: right frequency, level and cadence, without gaps or drift."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from media_ext.engine import Prompt
from pbx.media.engine import MediaEngine
from pbx.media.prompts import HOLD, MILLIWATT, RINGBACK, Tone, alaw, encode, render, tone_prompt, ulaw
from pbx.model.stream import PromptEnded, StreamEvent
from tests.media.phone import Phone, Rtp, eventually
from tests.media.test_relay import SAME, opened
from tests.oracles.g711 import decode_alaw, decode_ulaw

MakePhone = Callable[..., Phone]
Samples = NDArray[np.float64]


def decoded(packets: Iterable[Rtp], encoding: str = "PCMU") -> Samples:
    decode = decode_ulaw if encoding == "PCMU" else decode_alaw
    return np.array([decode(code) for packet in packets for code in packet.payload], dtype=np.float64)


def peaks(samples: Samples, clock_hz: int = 8000) -> dict[int, float]:
    """Frequency → level in dBm0 of every peak within 20 dB of the strongest."""
    window = np.hanning(len(samples))
    size = 16 * len(samples)  # finer than a bin, so a level does not depend on where the bins lie
    spectrum = np.abs(np.fft.rfft(samples * window, size)) / (window.sum() / 2)
    tops = [
        n
        for n in range(1, len(spectrum) - 1)
        if spectrum[n - 1] < spectrum[n] >= spectrum[n + 1] and spectrum[n] > spectrum.max() / 10
    ]
    full_dbm0 = 20 * np.log10(spectrum / 32124 + 1e-9) + 3.17
    return {round(n * clock_hz / size): float(full_dbm0[n]) for n in tops}


@pytest.mark.parametrize("encoding", ["PCMU", "PCMA"])
@pytest.mark.parametrize("country", sorted(RINGBACK))
def test_ringing_tones_have_the_frequencies_and_level_of_their_country(country: str, encoding: str) -> None:
    tone = RINGBACK[country]
    codes = encode(render(tone), encoding)
    decode = decode_ulaw if encoding == "PCMU" else decode_alaw
    samples = np.array([decode(code) for code in codes], dtype=np.float64)
    on = samples[: tone.bursts[0].ms * 8]
    found = peaks(on[400:-400])
    assert len(found) == len(tone.bursts[0].hz)
    for hz, level in zip(sorted(tone.bursts[0].hz), (found[key] for key in sorted(found)), strict=True):
        assert min(abs(hz - other) for other in found) <= 3
        assert abs(level - tone.level_dbm0) < 0.5
    at = 0
    for burst in tone.bursts:
        part = samples[at * 8 : (at + burst.ms) * 8]
        assert (np.abs(part).max() > 1000) == bool(burst.hz)
        at += burst.ms


async def test_a_phone_hears_an_unbroken_tone_in_time(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a)
    started = time.monotonic()
    engine.play(sa, tone_prompt(MILLIWATT, "PCMU"), payload_type=0, loop=True)
    heard: list[Rtp] = []
    while time.monotonic() - started < 2.5:
        heard.extend(a.hear())
        await asyncio.sleep(0.005)
    assert abs(len(heard) - 125) <= 5
    assert abs(heard[-1].at - heard[0].at - 0.02 * (len(heard) - 1)) < 0.05, "no drift"
    assert [p.seq - heard[0].seq & 0xFFFF for p in heard] == list(range(len(heard)))
    assert [(p.rtp_ts - heard[0].rtp_ts) & 0xFFFFFFFF for p in heard] == [160 * n for n in range(len(heard))]
    samples = decoded(heard)
    ((hz, level),) = peaks(samples[:16000]).items()
    assert hz == 1004
    assert abs(level) < 0.1
    loudness = np.sqrt((samples[: len(samples) // 160 * 160].reshape(-1, 160) ** 2).mean(axis=1))
    assert loudness.min() > 0.97 * loudness.max(), "no gap, not even where the loop closes"
    late = [p.at - heard[0].at - 0.02 * n for n, p in enumerate(heard)]
    assert np.median(np.abs(late)) < 0.005


async def test_a_prompt_ends_once_and_the_partner_is_heard_again(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    events: list[StreamEvent] = []
    sa.on_event = events.append
    engine.link(sa, sb, SAME, SAME)
    prompt = Prompt(b"".join(bytes([n]) * 160 for n in range(5)), encoding="PCMU", frame_bytes=160)
    engine.play(sa, prompt, payload_type=0, loop=False)
    for _ in range(12):
        b.say(sb.rtp_port, payload=b"\x77" * 160)
        await asyncio.sleep(0.02)
    heard = await a.hear_some(10)
    codes = [packet.payload[0] for packet in heard]
    assert codes[:5] == [0, 1, 2, 3, 4]
    assert set(codes[5:]) == {0x77}
    assert events == [PromptEnded()]
    assert sb.stats().dropped_direction + len(codes) - 5 == 12


async def test_a_prompt_gives_way_to_the_next_one_and_stops(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a)
    events: list[StreamEvent] = []
    sa.on_event = events.append
    prompts = [Prompt(bytes([code]) * 160, encoding="PCMU", frame_bytes=160) for code in (1, 2)]
    engine.play(sa, prompts[0], payload_type=0, loop=True)
    await asyncio.sleep(0.05)
    engine.play(sa, prompts[1], payload_type=8, loop=True)
    await asyncio.sleep(0.05)
    engine.stop_playing(sa)
    await asyncio.sleep(0.02)
    heard = a.hear()
    await asyncio.sleep(0.05)
    assert a.hear() == []
    kinds = list(dict.fromkeys((packet.payload[0], packet.payload_type) for packet in heard))
    assert kinds == [(1, 0), (2, 8)]
    assert events == []
    await eventually(lambda: [prompt.holders for prompt in prompts] == [1, 1])


async def test_nothing_is_played_to_a_phone_that_must_not_hear(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a, send=False)
    engine.play(sa, tone_prompt(HOLD, "PCMA"), payload_type=8, loop=True)
    await asyncio.sleep(0.1)
    assert a.hear() == []
    sa.set_remote(a.remote())
    assert len(await a.hear_some(3)) >= 3


async def test_many_players_keep_their_time(engine: MediaEngine, phone: MakePhone) -> None:
    """Thirty players, all started at different moments, each 50 packets a second."""
    phones = [phone() for _ in range(30)]
    for each in phones:
        engine.play(opened(engine, each), tone_prompt(MILLIWATT, "PCMU"), payload_type=0, loop=True)
        await asyncio.sleep(0.003)
    for each in phones:
        each.hear()
    await asyncio.sleep(1.0)
    counts = [len(each.hear()) for each in phones]
    assert min(counts) >= 48
    assert max(counts) - min(counts) <= 3


@pytest.mark.parametrize(
    ("data", "frame_bytes"), [(b"", 160), (b"x" * 159, 160), (b"x" * 320, 0), (b"x" * 4000, 2000)]
)
def test_a_prompt_of_broken_frames_is_refused(data: bytes, frame_bytes: int) -> None:
    with pytest.raises(ValueError, match="frames"):
        Prompt(data, encoding="PCMU", frame_bytes=frame_bytes)


def test_g711_tables_agree_with_the_definition_on_every_sample() -> None:
    """The code whose value lies nearest to the sample, as ITU-T G.711's decision values have it."""
    for code in range(256):
        assert ulaw(decode_ulaw(code)) in (code, 0xFF if code == 0x7F else code)
        assert alaw(decode_alaw(code)) == code
    for encoder, decoder in ((ulaw, decode_ulaw), (alaw, decode_alaw)):
        values = [decoder(encoder(sample)) for sample in range(-32768, 32768)]
        assert values == sorted(values)
        errors = [abs(value - sample) for value, sample in zip(values, range(-32768, 32768), strict=True)]
        assert max(errors[32768 - 64 : 32768 + 64]) <= 16
        for error, sample in zip(errors, range(-32768, 32768), strict=True):
            assert error <= max(16, abs(sample) // 16) or abs(sample) > 32000


def test_a_tone_that_is_not_whole_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="not made of frames"):
        render(Tone(()))
