"""What a phone hears stays one RTP stream through every switch (RFC 3550 5.1)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from media_ext.kernels import OutputProbe
from pbx.media.engine import MediaEngine
from pbx.media.tones import hold_tone, silence
from tests.media.conftest import port_range
from tests.media.phone import G711, Phone
from tests.media.test_relay import SAME, opened
from tests.oracles.rtp_checker import assert_one_stream

MakePhone = Callable[..., Phone]


async def test_hold_music_and_a_new_partner_do_not_break_the_stream(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b, c = phone(), phone(), phone()
    sa, sb, sc = opened(engine, a), opened(engine, b, "call/b"), opened(engine, c, "call/c")
    heard: list[tuple[float, bytes]] = []

    async def listen(packets: int, *talkers: tuple[Phone, int]) -> None:
        for _ in range(packets):
            for talker, port in talkers:
                talker.say(port)
            await asyncio.sleep(0.02)
            heard.extend(a.capture())

    engine.link(sa, sb, SAME, SAME)
    await listen(10, (b, sb.rtp_port))
    engine.unlink(sa)
    engine.play(sa, hold_tone(), loop=True)
    await listen(10, (b, sb.rtp_port))
    engine.stop_playing(sa)
    engine.link(sa, sb, SAME, SAME)
    await listen(10, (b, sb.rtp_port))
    b.ssrc, b.seq, b.rtp_ts = 0x0BADCAFE, 5, 5
    await listen(10, (b, sb.rtp_port))
    engine.link(sa, sc, SAME, SAME)
    await listen(10, (b, sb.rtp_port), (c, sc.rtp_port))
    engine.echo(sa)
    await listen(10, (a, sa.rtp_port))
    engine.play(sa, silence(100))
    await listen(15, (a, sa.rtp_port))
    verdict = assert_one_stream(heard)
    assert len(verdict.packets) >= 65
    assert verdict.talkspurts == 8, "one talkspurt begins with each change"


async def test_relay_transcoding_conference_hold_and_announcement_are_one_stream(
    engine: MediaEngine, phone: MakePhone
) -> None:
    """Every way in which a phone can be spoken to, one after the other; its partner changes codec."""
    mu, alaw = G711[:2]
    a, b = phone(), phone()
    sa = opened(engine, a, formats=(mu,), voice=mu)
    sb = opened(engine, b, "call/b", formats=(mu,), voice=mu)
    heard: list[tuple[float, bytes]] = []

    async def listen(payload_type: int) -> None:
        for _ in range(20):
            b.say(sb.rtp_port, payload_type=payload_type)
            a.say(sa.rtp_port)
            await asyncio.sleep(0.02)
            heard.extend(a.capture())

    for _ in range(2):
        sb.set_remote(b.remote(formats=(mu,), voice=mu))
        engine.link(sa, sb, SAME, SAME)
        await listen(0)
        sb.set_remote(b.remote(formats=(alaw,), voice=alaw))
        engine.bridge(sa, sb)
        await listen(8)
        engine.unlink(sa)
        engine.play(sa, hold_tone(), loop=True)
        await listen(8)
        engine.stop_playing(sa)
        engine.bridge(sa, sb)
        engine.play(sa, silence(200), over=True)
        await listen(8)
        room = engine.room(2, label="call")
        room.join(sa)
        room.join(sb)
        await listen(8)
        room.play(silence(200))
        await listen(8)
        room.close()
        engine.echo(sa)
        await listen(8)
    verdict = assert_one_stream(heard, slack_s=3)  # on a busy machine the phones' own clocks fall behind
    assert len(verdict.packets) > 0.8 * 2 * 7 * 20
    assert verdict.talkspurts >= 8


async def test_a_reinvite_and_a_hold_do_not_break_the_stream_or_its_reports(phone: MakePhone) -> None:
    """The partner's codec, address and SSRC change; RTP and RTCP towards the phone stay one stream."""
    first, last = port_range()
    media = MediaEngine(bind_host="127.0.0.1", port_min=first, port_max=last, silence_ms=0, report_s=0.05)
    await media.start()
    try:
        a, b, moved = phone(), phone(), phone()
        sa, sb = opened(media, a), opened(media, b, "call/b")
        heard: list[tuple[float, bytes]] = []

        async def listen(talker: Phone, payload_type: int = 0) -> None:
            for _ in range(15):
                talker.say(sb.rtp_port, payload_type=payload_type)
                await asyncio.sleep(0.02)
                heard.extend(a.capture())

        media.link(sa, sb, SAME, SAME)
        await listen(b)
        await listen(b, payload_type=8)
        sb.set_remote(moved.remote())
        await asyncio.sleep(0.01)
        await listen(moved)
        sa.set_remote(a.remote(send=False))
        await listen(moved)
        sa.set_remote(a.remote())
        media.unlink(sa)
        media.play(sa, hold_tone(), loop=True)
        await listen(moved)
        media.stop_playing(sa)
        media.link(sa, sb, SAME, SAME)
        await listen(moved)
        verdict = assert_one_stream(heard)
        assert len(verdict.packets) >= 70
        assert len(verdict.reports) >= 3
    finally:
        await media.stop()


async def test_a_pause_shows_in_timestamps_and_not_in_sequence(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    await b.talk(sb.rtp_port, 3)
    engine.unlink(sa)
    await b.talk(sb.rtp_port, 15)
    engine.link(sa, sb, SAME, SAME)
    await b.talk(sb.rtp_port, 3)
    heard = await a.hear_some(6)
    assert [p.seq - heard[0].seq & 0xFFFF for p in heard] == list(range(6))
    pause_ms = ((heard[3].rtp_ts - heard[2].rtp_ts) & 0xFFFFFFFF) / 8
    assert 300 <= pause_ms < 420


@given(
    st.integers(0, 0xFFFF),
    st.integers(0, 2**32 - 1),
    st.lists(
        st.tuples(st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(0, 900)),
        min_size=1,
        max_size=12,
    ),
)
def test_any_sequence_of_feeds_is_one_stream(
    seq: int, rtp_ts: int, feeds: list[tuple[int, int, int, int]]
) -> None:
    """Feeds with any numbering, one after the other, each after a pause."""
    probe, now_ms, sent = OutputProbe(seq, rtp_ts), 5000, []
    for index, (feed_seq, feed_ts, packets, pause_ms) in enumerate(feeds):
        now_ms += pause_ms
        for n in range(packets):
            out = probe.relay(index + 1, (feed_seq + n) % 0x10000, (feed_ts + 160 * n) % 2**32, 8000, now_ms)
            assert out is not None
            assert out[2] == (n == 0)
            sent.append((now_ms, *out))
            now_ms += 20
    assert sent[0][1:3] == (seq, rtp_ts)
    for (at, number, ts, _), (later, next_number, next_ts, _) in pairwise(sent):
        assert next_number == (number + 1) % 0x10000
        assert (next_ts - ts) % 2**32 == max(160, (later - at) * 8)


@given(st.integers(0, 0xFFFF), st.integers(1, 99))
def test_stragglers_from_before_a_change_are_not_sent(feed_seq: int, behind: int) -> None:
    probe = OutputProbe(100, 1000)
    assert probe.relay(1, feed_seq, 0, 8000, 0) is not None
    assert probe.relay(1, (feed_seq - behind) % 0x10000, 0, 8000, 1) is None
    assert probe.relay(1, (feed_seq + 1) % 0x10000, 160, 8000, 20) == (101, 1160, False)
