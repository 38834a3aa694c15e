"""Audio between two phones through the real engine on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from pbx.media.engine import MediaEngine
from pbx.media.loop_setting import LoopSetting
from pbx.media.stream import Stream
from pbx.model.stream import TELEPHONE_EVENT, FirstPacket, StreamEvent, StreamFormat
from tests.media.phone import Phone, eventually, write_rtp

MakePhone = Callable[..., Phone]
SAME = {0: 0, 8: 8, 101: 101}


def opened(engine: MediaEngine, phone: Phone, label: str = "call/a", **remote: object) -> Stream:
    stream = engine.open_stream(label=label)
    stream.set_remote(phone.remote(**remote))  # type: ignore[arg-type]  # passed on as they are
    return stream


@pytest.fixture
def pair(engine: MediaEngine, phone: MakePhone) -> tuple[Phone, Phone, Stream, Stream]:
    """Two phones in a call, PCMU both ways."""
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    return a, b, sa, sb


async def test_speech_goes_both_ways_with_order_and_content(
    pair: tuple[Phone, Phone, Stream, Stream],
) -> None:
    a, b, sa, sb = pair
    for n in range(20):
        a.say(sa.rtp_port, payload=bytes([n]) * 160)
        b.say(sb.rtp_port, payload=bytes([100 + n]) * 160)
        await asyncio.sleep(0.005)
    at_b, at_a = await b.hear_some(20), await a.hear_some(20)
    assert [packet.payload[0] for packet in at_b] == list(range(20))
    assert [packet.payload[0] for packet in at_a] == list(range(100, 120))
    for heard, stream in ((at_b, sb), (at_a, sa)):
        assert [p.seq - heard[0].seq & 0xFFFF for p in heard] == list(range(20))
        assert [p.rtp_ts - heard[0].rtp_ts & 0xFFFFFFFF for p in heard] == list(range(0, 3200, 160))
        assert {p.source[1] for p in heard} == {stream.rtp_port}
        assert len({p.ssrc for p in heard}) == 1
    assert at_b[0].ssrc != a.ssrc
    stats = sa.stats()
    assert (stats.packets_in, stats.packets_out, stats.lost, stats.dropped) == (20, 20, 0, 0)
    assert stats.bytes_in == 20 * 172
    assert (stats.remote_host, stats.remote_port) == ("127.0.0.1", a.port)
    assert stats.packet_age_s is not None
    assert 0 <= stats.packet_age_s < 5


async def test_payload_types_are_rewritten_per_direction(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = phone(), phone()
    sa = opened(engine, a, formats=(StreamFormat(9, "G722"), StreamFormat(110, TELEPHONE_EVENT)))
    sb = opened(engine, b, "call/b", formats=(StreamFormat(96, "G722"), StreamFormat(97, TELEPHONE_EVENT)))
    engine.link(sa, sb, {9: 96, 110: 97}, {96: 9, 97: 110})
    a.say(sa.rtp_port, payload_type=9, marker=True)
    a.say(sa.rtp_port, payload_type=9)
    a.say(sa.rtp_port, payload_type=110, marker=True)
    b.say(sb.rtp_port, payload_type=97)
    heard = await b.hear_some(3)
    assert [(p.payload_type, p.marker) for p in heard] == [(96, True), (96, False), (97, True)]
    assert [p.payload_type for p in await a.hear_some(1)] == [110]


async def test_unknown_payload_types_are_dropped_and_counted(
    pair: tuple[Phone, Phone, Stream, Stream],
) -> None:
    a, b, sa, _ = pair
    a.say(sa.rtp_port)
    a.say(sa.rtp_port, payload_type=13)
    a.say(sa.rtp_port, payload_type=96)
    a.say(sa.rtp_port)
    assert [p.payload_type for p in await b.hear_some(2)] == [0, 0]
    assert sa.stats().dropped_payload_type == 2
    assert sa.stats().packets_in == 4


async def test_a_type_the_other_side_cannot_take_is_dropped_and_counted(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, {0: 0}, {0: 0})
    a.say(sa.rtp_port, payload_type=8)
    a.say(sa.rtp_port)
    assert [p.payload_type for p in await b.hear_some(1)] == [0]
    assert sa.stats().dropped_payload_type == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"hello, is this a phone system?",
        b"\x40" + write_rtp(1, 2, ssrc=3)[1:],
        write_rtp(1, 2, ssrc=3)[:11],
        b"\x8f" + write_rtp(1, 2, ssrc=3, payload=b"")[1:],
        b"\x90" + write_rtp(1, 2, ssrc=3, payload=b"\0\0\xff\xff")[1:],
        b"\xa0" + write_rtp(1, 2, ssrc=3, payload=b"\xff" * 20)[1:],
    ],
    ids=["empty", "one-byte", "text", "version-1", "short", "csrc-cut", "extension-cut", "padding-too-long"],
)
async def test_malformed_packets_are_dropped_and_counted(
    pair: tuple[Phone, Phone, Stream, Stream], data: bytes
) -> None:
    a, b, sa, _ = pair
    a.throw(data, sa.rtp_port)
    a.say(sa.rtp_port)
    assert len(await b.hear_some(1)) == 1
    assert sa.stats().dropped_malformed == 1


async def test_oversize_packets_are_dropped_and_counted(pair: tuple[Phone, Phone, Stream, Stream]) -> None:
    a, b, sa, _ = pair
    a.say(sa.rtp_port, payload=b"\0" * 1489)
    a.say(sa.rtp_port, payload=b"\0" * 9000)
    a.say(sa.rtp_port, payload=b"\0" * 1488)
    assert [len(p.payload) for p in await b.hear_some(1)] == [1488]
    assert sa.stats().dropped_oversize == 2


async def test_nothing_is_accepted_before_signalling_named_the_phone(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = phone(), phone()
    sa = engine.open_stream(label="x/a")
    sb = opened(engine, b, "x/b")
    engine.link(sa, sb, SAME, SAME)
    a.say(sa.rtp_port)
    await eventually(lambda: sa.stats().dropped_alien == 1)
    assert b.hear() == []
    sa.set_remote(a.remote())
    a.say(sa.rtp_port)
    assert len(await b.hear_some(1)) == 1


async def test_a_stream_without_remote_falls_silent_again(pair: tuple[Phone, Phone, Stream, Stream]) -> None:
    a, b, sa, sb = pair
    a.say(sa.rtp_port)
    await b.hear_some(1)
    sa.set_remote(None)
    a.say(sa.rtp_port)
    b.say(sb.rtp_port)
    await eventually(lambda: sb.stats().dropped_direction == 1 and sa.stats().dropped_alien == 1)
    assert a.hear() == b.hear() == []


async def test_held_phones_are_not_sent_to_and_not_listened_to(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = phone(), phone()
    sa, sb = opened(engine, a, send=False), opened(engine, b, "call/b", receive=False)
    engine.link(sa, sb, SAME, SAME)
    a.say(sa.rtp_port)
    b.say(sb.rtp_port)
    assert len(await b.hear_some(1)) == 1
    await eventually(lambda: sb.stats().dropped_direction == 1)
    assert a.hear() == []
    sa.set_remote(a.remote())
    sb.set_remote(b.remote())
    b.say(sb.rtp_port)
    assert len(await a.hear_some(1)) == 1


async def test_a_phone_that_said_it_only_listens_is_not_passed_on(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = phone(), phone()
    sa, sb = opened(engine, a, receive=False), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    a.say(sa.rtp_port)
    await eventually(lambda: sa.stats().dropped_direction == 1)
    assert b.hear() == []
    assert sa.stats().packets_in == 1, "it is counted and keeps its address alive"


async def test_unlinked_phones_hear_nothing_of_each_other(
    engine: MediaEngine, pair: tuple[Phone, Phone, Stream, Stream]
) -> None:
    a, b, sa, sb = pair
    engine.unlink(sb)
    a.say(sa.rtp_port)
    b.say(sb.rtp_port)
    await eventually(lambda: sa.stats().packets_in == sb.stats().packets_in == 1)
    await asyncio.sleep(0.02)
    assert a.hear() == b.hear() == []


async def test_a_new_link_ends_the_old_one(engine: MediaEngine, phone: MakePhone) -> None:
    a, b, c = phone(), phone(), phone()
    sa, sb, sc = opened(engine, a), opened(engine, b, "call/b"), opened(engine, c, "call/c")
    engine.link(sa, sb, SAME, SAME)
    engine.link(sa, sc, SAME, SAME)
    for each, stream in ((a, sa), (b, sb), (c, sc)):
        each.say(stream.rtp_port)
    await a.hear_some(1)
    await c.hear_some(1)
    await asyncio.sleep(0.02)
    assert b.hear() == []


async def test_echo_returns_what_was_said(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a)
    engine.echo(sa)
    for n in range(10):
        a.say(sa.rtp_port, payload=bytes([n]) * 160, payload_type=8)
        await asyncio.sleep(0.002)
    heard = await a.hear_some(10)
    assert [(p.payload_type, p.payload[0]) for p in heard] == [(8, n) for n in range(10)]
    assert {p.ssrc for p in heard} != {a.ssrc}


async def test_first_packet_is_told_once(pair: tuple[Phone, Phone, Stream, Stream]) -> None:
    a, _, sa, _ = pair
    events: list[StreamEvent] = []
    sa.on_event = events.append
    await a.talk(sa.rtp_port, 5, every_s=0.005)
    await eventually(lambda: events)
    await asyncio.sleep(0.05)
    assert events == [FirstPacket()]


async def test_a_failing_listener_costs_other_streams_nothing(
    pair: tuple[Phone, Phone, Stream, Stream], caplog: pytest.LogCaptureFixture
) -> None:
    a, b, sa, sb = pair
    events: list[StreamEvent] = []

    def fail(_: StreamEvent) -> None:
        raise RuntimeError("a mistake")

    sa.on_event = fail
    sb.on_event = events.append
    a.say(sa.rtp_port)
    b.say(sb.rtp_port)
    await eventually(lambda: events)
    assert events == [FirstPacket()]
    assert "a stream's listener failed" in caplog.text


async def test_duplicates_reach_the_other_phone_once(pair: tuple[Phone, Phone, Stream, Stream]) -> None:
    a, b, sa, _ = pair
    packets = [write_rtp(n, 160 * n, ssrc=9, payload=bytes([n]) * 160) for n in range(1, 6)]
    for data in (*packets[:2], packets[1], packets[3], packets[2], packets[4], packets[0]):
        a.throw(data, sa.rtp_port)
        await asyncio.sleep(0.004)
    heard = await b.hear_some(5)
    assert [p.payload[0] for p in heard] == [1, 2, 4, 3, 5]
    assert [p.seq - heard[0].seq & 0xFFFF for p in heard] == [0, 1, 3, 2, 4]
    stats = sa.stats()
    assert (stats.duplicates, stats.out_of_order, stats.packets_in) == (2, 1, 7)


async def test_audio_is_marked_for_expedited_forwarding(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a)
    engine.echo(sa)
    a.rtp.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    a.say(sa.rtp_port)
    for _ in range(200):
        try:
            _, ancillary, _, _ = a.rtp.recvmsg(2048, 64)
            break
        except BlockingIOError:
            await asyncio.sleep(0.005)
    classes = [
        value[0] >> 2
        for level, kind, value in ancillary
        if (level, kind) == (socket.IPPROTO_IP, socket.IP_TOS)
    ]
    assert classes == [46]


async def test_ipv6_phones_talk(loop: LoopSetting) -> None:
    media = MediaEngine(bind_host="::", port_min=29000, port_max=29100, silence_ms=0, loop=loop)
    await media.start()
    a, b = Phone("::1", ssrc=1), Phone("127.0.0.1", ssrc=2)
    try:
        sa, sb = opened(media, a), opened(media, b, "call/b")
        media.link(sa, sb, SAME, SAME)
        await a.talk(sa.rtp_port, 3, every_s=0.005)
        await b.talk(sb.rtp_port, 3, every_s=0.005)
        assert len(await a.hear_some(3)) == 3
        assert len(await b.hear_some(3)) == 3
        assert (sa.stats().remote_host, sb.stats().remote_host) == ("::1", "127.0.0.1")
    finally:
        a.close()
        b.close()
        await media.stop()
