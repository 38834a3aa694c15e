"""Where a tap's reader puts what came, at times of the test's choosing: no clock and no socket here."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_ext.codec_door import CodecProbe
from media_ext.tap_door import TapProbe, ogg_checksum
from tests.media.sound import packets
from tests.media.talk import onset_ms, tone_packets
from tests.oracles import ogg
from tests.oracles.tones import Samples, dominant_hz, from_bytes, level_db, snr_db, to_bytes, tone

MS = 1_000_000
TONE = tone_packets(440, 2.0)
LOUD = CodecProbe("PCMU", 8000).encode(to_bytes(np.full(160, 8000.0)))


def left(pcm: bytes) -> Samples:
    return from_bytes(pcm)[::2]


def run(tap: TapProbe, arrivals: Iterable[tuple[int, int, bytes]], until_ms: int) -> Samples:
    """(ns, index, payload) in the order of their arrival; the phone's side until then."""
    for at_ns, n, payload in arrivals:
        tap.heard(payload, at_ns, seq=65530 + n, rtp_ts=(4294967000 + 160 * n) & 0xFFFFFFFF)
    return left(tap.read(until_ms * MS, last=True))


def in_time(payloads: Sequence[bytes], start_ms: int = 100) -> list[tuple[int, int, bytes]]:
    return [((start_ms + 20 * n) * MS, n, payload) for n, payload in enumerate(payloads)]


def test_sound_lies_where_its_packets_arrived_and_over_wraps_nothing_is_missing() -> None:
    tap = TapProbe()
    sound = run(tap, in_time(TONE), 2200)
    assert len(sound) == 2200 * 8
    assert abs(onset_ms(sound, 8000) - 100) < 1
    assert snr_db(sound[800:16800], 440, 8000) > 35
    assert not np.any(sound[:800])
    assert not np.any(sound[16800:])
    assert tap.stats == {
        "packets": 100,
        "late": 0,
        "lost": 0,
        "undecodable": 0,
        "timelines": 1,
        "stretched": 0,
    }


@given(seed=st.integers(0, 1000), jitter_ms=st.integers(0, 80))
@settings(max_examples=25, deadline=None)
def test_jitter_and_reordering_within_the_lag_change_nothing(seed: int, jitter_ms: int) -> None:
    """But the first packet, which is the anchor."""
    chance = random.Random(seed)
    late = [(at + chance.randint(0, jitter_ms) * MS, n, data) for at, n, data in in_time(TONE[:80], 100)[1:]]
    arrivals = sorted([*in_time(TONE[:1]), *late])
    tap = TapProbe()
    assert np.array_equal(run(tap, arrivals, 2200), run(TapProbe(), in_time(TONE[:80]), 2200))
    assert tap.stats["late"] == 0


@given(lost=st.sets(st.integers(1, 98), max_size=30))
@settings(max_examples=25, deadline=None)
def test_what_is_lost_leaves_everything_else_in_its_place(lost: set[int]) -> None:
    whole = run(TapProbe(), in_time(TONE), 2200)
    tap = TapProbe()
    heard = run(tap, [each for each in in_time(TONE) if each[1] not in lost], 2200)
    assert tap.stats["lost"] == len(lost)
    for n in range(100):
        at = 800 + 160 * n
        if n not in lost and n - 1 not in lost:
            assert np.array_equal(heard[at : at + 160], whole[at : at + 160])


def test_a_short_loss_is_concealed_and_a_long_one_is_silence() -> None:
    missing = {20, *range(50, 80)}
    heard = run(TapProbe(), [each for each in in_time(TONE) if each[1] not in missing], 2200)
    assert level_db(heard[800 + 160 * 20 : 800 + 160 * 21]) > -20
    assert not np.any(heard[800 + 160 * 55 : 800 + 160 * 79])


def test_silence_of_the_sender_is_silence() -> None:
    """DTX: the timestamps go on while no packets come."""
    tap = TapProbe()
    for first, start, base in ((0, 100, 0), (25, 1600, 75)):
        for n in range(25):
            tap.heard(LOUD, (start + 20 * n) * MS, seq=first + n, rtp_ts=160 * (base + n))
    sound = left(tap.read(2500 * MS, last=True))
    loud = np.abs(sound) > 4000
    edges = np.flatnonzero(np.diff(loud.astype(int))) / 8
    assert [round(edge) for edge in edges] == [100, 600, 1600, 2100]
    assert tap.stats["lost"] == 0
    assert tap.stats["timelines"] == 1


def test_a_new_ssrc_or_a_jump_of_the_clock_begins_where_it_arrives() -> None:
    tap = TapProbe()
    streams = [(100, 1, 0), (700, 2, 77_000), (1300, 2, 4_000_000)]
    for start, ssrc, base in streams:
        for n in range(20):
            seq = n + (20 if base == 4_000_000 else 0)
            tap.heard(LOUD, (start + 20 * n) * MS, ssrc=ssrc, seq=seq, rtp_ts=base + 160 * n)
    sound = left(tap.read(2000 * MS, last=True))
    edges = np.flatnonzero(np.diff((np.abs(sound) > 4000).astype(int))) / 8
    assert [round(edge) for edge in edges] == [100, 500, 700, 1100, 1300, 1700]
    assert tap.stats["timelines"] == 3


@pytest.mark.parametrize(
    ("codec", "pcm_hz", "clock_hz"),
    [("PCMA", 8000, 8000), ("G722", 16000, 8000), ("OPUS", 48000, 48000), ("L16", 16000, 16000)],
)
@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
def test_a_change_of_codec_goes_on_in_time(codec: str, pcm_hz: int, clock_hz: int, rate_hz: int) -> None:
    tap = TapProbe(rate_hz=rate_hz)
    for n, payload in enumerate(TONE[:25]):
        tap.heard(payload, (100 + 20 * n) * MS, seq=n, rtp_ts=160 * n)
    units = clock_hz // 50
    for n, payload in enumerate(packets(CodecProbe(codec, pcm_hz), tone(1000, pcm_hz, 0.5))):
        tap.heard(
            payload,
            (600 + 20 * n) * MS,
            codec=codec,
            clock_hz=clock_hz,
            seq=25 + n,
            rtp_ts=160 * 25 + units * n,
        )
    sound = left(tap.read(1500 * MS, last=True))
    assert len(sound) == 1500 * rate_hz // 1000
    for start, hz in ((100, 440), (600, 1000)):
        part = sound[(start + 100) * rate_hz // 1000 : (start + 400) * rate_hz // 1000]
        assert abs(dominant_hz(part, rate_hz) - hz) < 4
        assert abs(level_db(part) + 12.25) < 1
    assert not np.any(sound[1150 * rate_hz // 1000 :])


@pytest.mark.parametrize("ppm", [-300, 50, 300])
def test_over_hours_a_sender_whose_clock_drifts_stays_in_its_place(ppm: int) -> None:
    """Two hours at 300 ppm are 2.2 s; each minute a click is looked for where it was sent."""
    tap = TapProbe()
    quiet = CodecProbe("PCMU", 8000).encode(bytes(320))
    chance = random.Random(ppm)
    worst = 0.0
    tone_period = round(0.02 * 1e9 * (1 + ppm / 1e6))
    for n in range(2 * 3600 * 50):
        sent_ns = 100 * MS + n * tone_period
        payload = LOUD if n % 3000 < 5 else quiet
        tap.heard(payload, sent_ns + chance.randint(0, 8) * MS, seq=n, rtp_ts=160 * n & 0xFFFFFFFF)
        if n % 3000 == 100:
            sound = left(tap.read(sent_ns))
            begun_ms = (sent_ns / MS - 400) - len(sound) / 8
            click_ms = begun_ms + onset_ms(sound, 8000)
            worst = max(worst, abs(click_ms - (sent_ns - 100 * tone_period) / MS))
        elif n % 50 == 0 and not 0 <= n % 3000 <= 100:
            tap.read(sent_ns)
    assert worst < 20, "within a packet"
    assert tap.dropped == 0
    assert tap.stats["timelines"] == 1


def test_a_sender_that_falls_behind_for_a_while_loses_nothing() -> None:
    """900 ms without a packet, then all at once: the sound is late, whole, and comes back to its place."""
    tap = TapProbe()
    arrivals = [(max(at, 1200 * MS) if n >= 10 else at, n, data) for at, n, data in in_time(TONE)]
    sound = left(b"".join(chunks(tap, arrivals, 4000)))
    assert tap.stats["late"] == 0
    assert tap.stats["packets"] == 100
    assert np.sum(np.abs(sound) > 100) > 0.95 * np.sum(np.abs(run(TapProbe(), in_time(TONE), 4000)) > 100)


def chunks(tap: TapProbe, arrivals: list[tuple[int, int, bytes]], until_ms: int) -> Iterable[bytes]:
    """Read each 100 ms, as a thread does."""
    waiting = iter(sorted(arrivals))
    following = next(waiting, None)
    for now_ms in range(0, until_ms, 100):
        while following is not None and following[0] <= now_ms * MS:
            at_ns, n, payload = following
            tap.heard(payload, at_ns, seq=n, rtp_ts=160 * n)
            following = next(waiting, None)
        yield tap.read(now_ms * MS)
    yield tap.read(until_ms * MS, last=True)


def test_a_full_ring_counts_what_it_drops_and_what_it_kept_is_right() -> None:
    tap = TapProbe(ring_bytes=4096)
    sound = run(tap, in_time(TONE), 2200)
    kept = 4096 // 192
    assert tap.dropped == 100 - kept
    assert np.array_equal(sound[: 800 + 160 * kept], run(TapProbe(), in_time(TONE), 2200)[: 800 + 160 * kept])
    for n in range(300):  # the ring goes round
        tap.heard(LOUD, (2200 + 20 * n) * MS, seq=n, rtp_ts=160 * n, ssrc=9)
        tap.read((2300 + 20 * n) * MS)
    assert tap.dropped == 100 - kept


def test_the_frames_of_a_conference_are_heard_with_their_pauses() -> None:
    tap = TapProbe(rate_hz=16000, channels=1)
    frame = to_bytes(np.full(320, 5000.0))
    for n in itertools.chain(range(20), range(60, 80)):
        tap.pcm(frame, (100 + 20 * n) * MS, rate_hz=16000)
    sound = from_bytes(tap.read(2500 * MS, last=True))
    edges = np.flatnonzero(np.diff((np.abs(sound) > 4000).astype(int))) / 16
    assert [round(edge / 10) * 10 for edge in edges] == [100, 500, 1300, 1700]
    assert tap.stats["lost"] == 0


def test_numbers_of_packets_without_audio_are_not_losses() -> None:
    tap = TapProbe()
    for n in range(50):
        digit = 20 <= n < 28
        tap.heard(
            b"\x05\x0a\x00\xa0" if digit else LOUD,
            (100 + 20 * n) * MS,
            codec="" if digit else "PCMU",
            seq=n,
            rtp_ts=160 * (20 if digit else n),
        )
    sound = left(tap.read(1200 * MS, last=True))
    edges = np.flatnonzero(np.diff((np.abs(sound) > 4000).astype(int))) / 8
    assert [round(edge) for edge in edges] == [100, 500, 660, 1100]
    assert tap.stats["lost"] == 0


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(0, 65535), st.integers(0, 2**32 - 1), st.binary(max_size=400)
        )
    )
)
@settings(max_examples=200, deadline=None)
def test_no_packets_break_the_reader(said: list[tuple[int, int, int, bytes]]) -> None:
    tap = TapProbe(rate_hz=48000)
    codecs = [("PCMU", 8000), ("OPUS", 48000), ("G722", 8000), ("L16", 8000)]
    for n, (codec, seq, rtp_ts, payload) in enumerate(said):
        name, clock_hz = codecs[codec]
        tap.heard(payload, n * 7 * MS, codec=name, clock_hz=clock_hz, seq=seq, rtp_ts=rtp_ts, ssrc=seq % 2)
    assert len(tap.read(3000 * MS, last=True)) == 4 * 48 * 3000


@given(st.binary(min_size=1, max_size=300))
def test_ogg_checksums_are_those_of_the_slow_way(page: bytes) -> None:
    assert ogg_checksum(page) == ogg.checksum(page)
