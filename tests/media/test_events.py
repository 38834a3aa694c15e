"""Digits, silence and reports as Python is told of them, on real sockets."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Callable

import pytest

from pbx.media.engine import MediaEngine
from pbx.media.stream import Stream
from pbx.model.stream import (
    TELEPHONE_EVENT,
    DigitPressed,
    FirstPacket,
    Resumed,
    StreamEvent,
    StreamFormat,
    WentSilent,
)
from tests.media.phone import Phone, eventually, write_rtp
from tests.media.test_relay import SAME, opened
from tests.oracles.digits import Press
from tests.oracles.rtcp import Block, Report, bye, sdes
from tests.oracles.rtcp_checker import Compound, read

MakePhone = Callable[..., Phone]
Call = tuple[Phone, Phone, Stream, Stream]


@pytest.fixture
def call(engine: MediaEngine, phone: MakePhone) -> Call:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    return a, b, sa, sb


async def press(phone: Phone, port: int, event: int, duration: int = 800, *, payload_type: int = 101) -> int:
    """Send a digit as a phone does; returns how many packets it took."""
    digit = Press(event, duration, phone.rtp_ts)
    for n, (rtp_ts, payload) in enumerate(digit.packets):
        data = write_rtp(
            phone.seq, rtp_ts, ssrc=phone.ssrc, payload_type=payload_type, payload=payload, marker=n == 0
        )
        phone.throw(data, port)
        phone.seq += 1
        await asyncio.sleep(0.002)
    phone.rtp_ts += duration
    return len(digit.packets)


async def test_digits_are_told_once_and_passed_on(call: Call) -> None:
    a, b, sa, _ = call
    events: list[StreamEvent] = []
    sa.on_event = events.append
    packets = sum([await press(a, sa.rtp_port, event) for event in (1, 1, 10, 11, 15)])
    heard = await b.hear_some(packets)
    assert {packet.payload_type for packet in heard} == {101}
    await eventually(lambda: len(events) == 6)
    assert events == [FirstPacket(), *(DigitPressed(digit, 100) for digit in "11*#D")]


async def test_digit_lengths_follow_the_clock_of_their_payload_type(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a = phone()
    sa = opened(
        engine, a, formats=(StreamFormat(111, "OPUS", 48000, 2), StreamFormat(110, TELEPHONE_EVENT, 48000))
    )
    events: list[StreamEvent] = []
    sa.on_event = events.append
    await press(a, sa.rtp_port, 5, 4800, payload_type=110)
    await eventually(lambda: DigitPressed("5", 100) in events)


async def test_a_digit_whose_end_was_lost_is_told_all_the_same(call: Call) -> None:
    a, _, sa, _ = call
    events: list[StreamEvent] = []
    sa.on_event = events.append
    a.say(sa.rtp_port, payload_type=101, payload=struct.pack("!BBH", 9, 10, 640))
    await eventually(lambda: DigitPressed("9", 80) in events)


async def test_silence_is_told_once_and_so_is_its_end(call: Call) -> None:
    """The engine of these tests calls 300 ms without RTP silence."""
    a, _, sa, _ = call
    events: list[StreamEvent] = []
    sa.on_event = events.append
    await a.talk(sa.rtp_port, 10)
    quiet_since = time.monotonic()
    await eventually(lambda: len(events) == 2)
    assert 0.25 < time.monotonic() - quiet_since < 0.45
    assert isinstance(events[1], WentSilent)
    assert 300 <= events[1].silent_ms < 400
    await asyncio.sleep(0.5)
    assert len(events) == 2
    a.say(sa.rtp_port)
    await eventually(lambda: len(events) == 3)
    assert events[2] == Resumed()


async def test_a_phone_that_agreed_to_listen_is_not_silent(call: Call) -> None:
    a, _, sa, _ = call
    events: list[StreamEvent] = []
    sa.on_event = events.append
    await a.talk(sa.rtp_port, 3)
    sa.set_remote(a.remote(receive=False))
    await asyncio.sleep(0.6)
    assert events == [FirstPacket()]
    sa.set_remote(a.remote())
    resumed_at = time.monotonic()
    await eventually(lambda: len(events) == 2)
    assert time.monotonic() - resumed_at > 0.25, "silence counts from when it should talk again"


async def test_a_phone_that_never_spoke_is_not_told_silent(call: Call) -> None:
    _, _, sa, _ = call
    events: list[StreamEvent] = []
    sa.on_event = events.append
    await asyncio.sleep(0.7)
    assert events == []


async def test_no_silence_is_told_of_a_phone_that_talks(call: Call) -> None:
    a, _, sa, _ = call
    events: list[StreamEvent] = []
    sa.on_event = events.append
    await a.talk(sa.rtp_port, 60)
    assert events == [FirstPacket()]


async def test_sender_reports_match_the_rewritten_stream(call: Call) -> None:
    a, b, sa, sb = call
    await a.talk(sa.rtp_port, 3, every_s=0.005)
    b.say(sb.rtp_port)
    heard, by_a = await b.hear_some(3), (await a.hear_some(1))[0]
    block = Block(
        ssrc=by_a.ssrc, fraction=5, lost=2, highest=0x10000 + by_a.seq, jitter=11, last_report=3, delay=4
    )
    said = Report(a.ssrc, (0x1234ABCD, 0x56780000, a.rtp_ts - 160, 99, 9999), [block])
    a.throw(said.write() + sdes(a.ssrc, b"alice@example.com") + bye(a.ssrc), sa.rtcp_port, rtcp=True)
    (told,) = await some_rtcp(b)
    out_ts = heard[-1].rtp_ts
    origin = Block(b.ssrc, 5, 2, (b.seq - 1) & 0xFFFF, 11, 3, 4)
    wanted = Report(heard[0].ssrc, (0x1234ABCD, 0x56780000, out_ts, 3, 480), [origin])
    name = read(0, told).cname
    assert told == wanted.write() + sdes(heard[0].ssrc, name or b"")
    assert len(name or b"") == 16
    assert (sa.stats().rtcp_in, sb.stats().rtcp_out) == (1, 1)
    assert sa.stats().rtcp_age_s is not None


async def test_the_round_trip_is_measured_from_reports(call: Call) -> None:
    a, b, sa, sb = call
    a.say(sa.rtp_port)
    (heard,) = await b.hear_some(1)
    a.throw(Report(a.ssrc, (0xAAAA1111, 0x2222BBBB, a.rtp_ts, 1, 160)).write(), sa.rtcp_port, rtcp=True)
    await some_rtcp(b)
    await asyncio.sleep(0.08)
    answer = Report(b.ssrc, None, [Block(heard.ssrc, last_report=0x11112222, delay=int(0.03 * 65536))])
    b.throw(answer.write(), sb.rtcp_port, rtcp=True)
    await eventually(lambda: sb.stats().rtt_ms is not None)
    rtt_ms = sb.stats().rtt_ms
    assert rtt_ms is not None
    assert 45 < rtt_ms < 120


async def test_rtcp_goes_where_each_phone_wants_it(engine: MediaEngine, phone: MakePhone) -> None:
    """One phone multiplexes RTCP on its RTP port (RFC 5761), the other has a port of its own."""
    a, b = phone(), phone()
    sa, sb = opened(engine, a, rtcp_mux=True), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    a.say(sa.rtp_port)
    b.say(sb.rtp_port)
    (at_a,) = await a.hear_some(1)
    (at_b,) = await b.hear_some(1)
    a.throw(Report(a.ssrc).write(), sa.rtp_port)
    assert [(told.ssrc, told.sender) for told in await some_reports(b)] == [(at_b.ssrc, None)]
    b.throw(Report(b.ssrc).write(), sb.rtcp_port, rtcp=True)
    raw: list[bytes] = []
    await eventually(lambda: raw or raw.__iadd__([data for data, _, _ in a.hear_raw(a.rtp)]))
    assert [read(0, data).ssrc for data in raw] == [at_a.ssrc]
    assert a.hear_rtcp() == []


async def test_loss_and_jitter_are_those_of_what_came_in(call: Call) -> None:
    a, _, sa, _ = call
    for n in range(100):
        if n % 10 == 5:
            a.seq, a.rtp_ts = a.seq + 1, a.rtp_ts + 160
        else:
            a.say(sa.rtp_port)
        await asyncio.sleep(0.004 if n % 2 else 0.016)
    await eventually(lambda: sa.stats().packets_in == 90)
    stats = sa.stats()
    assert (stats.expected, stats.lost) == (100, 10)
    assert 4 < stats.jitter_ms < 20, "20 ms of speech every 4 or 16 ms"


async def test_bursts_and_gaps_of_loss_are_told_apart(call: Call) -> None:
    a, _, sa, _ = call
    lost = {20, 22, 23, 60}
    for n in range(130):
        if n in lost:
            a.seq, a.rtp_ts = a.seq + 1, a.rtp_ts + 160
        else:
            a.say(sa.rtp_port)
        await asyncio.sleep(0.003)
    await eventually(lambda: sa.stats().decided_lost == 4)
    stats = sa.stats()
    assert (stats.lost, stats.loss_runs, stats.bursts, stats.burst_packets, stats.burst_lost) == (
        4,
        3,
        1,
        4,
        3,
    )
    assert stats.burst_loss == 0.75
    assert 0 < stats.gap_loss < 0.02
    assert stats.codec == "PCMU"
    assert stats.jitter_max_ms >= stats.jitter_mean_ms > 0
    assert stats.quality is not None


async def some_reports(phone: Phone) -> list[Compound]:
    return [read(0, data) for data in await some_rtcp(phone)]


async def some_rtcp(phone: Phone) -> list[bytes]:
    heard: list[bytes] = []
    await eventually(lambda: heard or heard.__iadd__(phone.hear_rtcp()))
    return heard


def fill_with_events(engine: MediaEngine, stream: Stream) -> None:
    """More happens than there is room for, and nobody reads: the stream is over when anybody does."""
    engine.native.wake_once(None)
    for n in range(5000):
        engine.native.set_path(stream.native, True, b"\x7f\0\0\1", 1024 + n)
    stream.close()
    time.sleep(0.1)


async def test_a_stream_that_ends_while_nobody_reads_is_told_afterwards(
    engine: MediaEngine, phone: MakePhone
) -> None:
    """Nothing else is left that would wake its thread."""
    fill_with_events(engine, opened(engine, phone()))
    await eventually(lambda: not engine.streams)
    assert engine.native.events_lost > 500
