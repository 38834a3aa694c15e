"""Strangers on the wire: nobody but the phone gets into a call, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pbx.media.engine import MediaEngine
from pbx.media.loop_setting import LoopSetting
from pbx.media.stream import Stream
from tests.media.phone import Phone, eventually, write_rtp
from tests.media.test_relay import SAME, opened
from tests.oracles.rtcp import Report

MakePhone = Callable[..., Phone]
Call = tuple[Phone, Phone, Stream, Stream]


@pytest.fixture
def call(engine: MediaEngine, phone: MakePhone) -> Call:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    return a, b, sa, sb


async def test_a_stranger_with_the_stolen_ssrc_never_takes_over(call: Call, phone: MakePhone) -> None:
    a, b, sa, sb = call
    thief = phone(ssrc=a.ssrc)
    for n in range(60):  # beyond the moment when the socket is connected
        a.say(sa.rtp_port, payload=b"\x01" * 160)
        b.say(sb.rtp_port)
        thief.throw(write_rtp(a.seq, a.rtp_ts, ssrc=a.ssrc, payload=b"\x66" * 160), sa.rtp_port)
        thief.seq = a.seq
        await asyncio.sleep(0.015)
        if n == 20:
            assert sa.stats().dropped_alien >= 20
    heard = await b.hear_some(60)
    assert {packet.payload[0] for packet in heard} == {1}
    assert len(heard) == 60
    assert thief.hear() == []
    assert len(a.hear()) == 60
    assert sa.stats().remote_port == a.port


async def test_strangers_are_counted_before_the_phone_has_spoken(call: Call, phone: MakePhone) -> None:
    a, b, sa, sb = call
    thief = phone()
    for _ in range(4):
        thief.say(sa.rtp_port)
        thief.seq += 7
        b.say(sb.rtp_port)
        await asyncio.sleep(0.02)
    assert sa.stats().dropped_alien == 4
    assert thief.hear() == []
    assert len(await a.hear_some(4)) == 4, "audio goes to the signalled address meanwhile"


async def test_a_phone_behind_nat_is_heard_and_sent_to_where_it_is(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = phone(), phone()
    sa = opened(engine, a, rtp_host="192.0.2.200", rtp_port=4000)
    sb = opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    await a.talk(sa.rtp_port, 12)
    assert len(await b.hear_some(8)) == 8
    b.say(sb.rtp_port)
    assert len(await a.hear_some(1)) == 1
    assert sa.stats().remote_port == a.port


async def test_a_source_without_an_agreed_payload_type_proves_nothing(call: Call, phone: MakePhone) -> None:
    _, _, sa, _ = call
    stray = phone()
    await stray.talk(sa.rtp_port, 10, payload_type=96)
    await eventually(lambda: sa.stats().dropped_alien == 10)
    assert sa.stats().remote_port == 0
    await stray.talk(sa.rtp_port, 6)
    await eventually(lambda: sa.stats().remote_port == stray.port)


async def test_the_phone_takes_its_stream_back_from_an_early_stranger(call: Call, phone: MakePhone) -> None:
    a, b, sa, sb = call
    thief = phone()
    await thief.talk(sa.rtp_port, 10)
    a.say(sa.rtp_port, payload=b"\x01" * 160)
    await eventually(lambda: sa.stats().remote_port == a.port)
    thief.hear()
    b.hear()
    for _ in range(5):
        thief.say(sa.rtp_port, payload=b"\x66" * 160)
        a.say(sa.rtp_port, payload=b"\x01" * 160)
        b.say(sb.rtp_port)
        await asyncio.sleep(0.01)
    assert {packet.payload[0] for packet in await b.hear_some(5)} == {1}
    assert thief.hear() == []


async def test_a_reinvite_moves_the_stream_to_another_address(call: Call, phone: MakePhone) -> None:
    a, b, sa, sb = call
    await a.talk(sa.rtp_port, 30)
    before = await b.hear_some(30)
    other = phone()
    sa.set_remote(other.remote())
    # Until the engine's thread has let go of the old address, the kernel drops others.
    await asyncio.sleep(0.01)
    other.say(sa.rtp_port)
    after = await b.hear_some(1)
    assert after[0].ssrc == before[0].ssrc
    assert after[0].seq == (before[-1].seq + 1) & 0xFFFF
    assert after[0].marker
    b.say(sb.rtp_port)
    assert len(await other.hear_some(1)) == 1
    await a.talk(sa.rtp_port, 10, every_s=0.01)
    assert b.hear() == []
    assert a.hear() == []


async def test_a_phone_that_changes_networks_is_followed(call: Call, phone: MakePhone) -> None:
    """Same SSRC, the sequence goes on, the old address is silent; the socket was connected to the old one."""
    a, b, sa, _ = call
    await a.talk(sa.rtp_port, 45)
    b.hear()
    moved = phone(ssrc=a.ssrc)
    moved.seq, moved.rtp_ts = a.seq, a.rtp_ts
    await moved.talk(sa.rtp_port, 60)
    assert len(await b.hear_some(15)) >= 15
    assert sa.stats().remote_port == moved.port


async def test_a_silent_phone_does_not_lose_its_stream(call: Call, phone: MakePhone) -> None:
    a, b, sa, _ = call
    await a.talk(sa.rtp_port, 45)
    b.hear()
    await asyncio.sleep(1.2)
    thief = phone()
    await thief.talk(sa.rtp_port, 15)
    assert b.hear() == []
    a.say(sa.rtp_port)
    assert len(await b.hear_some(1)) == 1
    assert sa.stats().dropped_alien == 15


async def test_rtcp_of_strangers_is_dropped_and_counted(call: Call, engine: MediaEngine) -> None:
    a, b, sa, _ = call
    a.say(sa.rtp_port)
    await b.hear_some(1)
    stranger = Phone("127.0.0.2")
    try:
        stranger.rtcp.sendto(Report(9).write(), ("127.0.0.1", sa.rtcp_port))
        await eventually(lambda: sa.stats().dropped_alien == 1)
        assert b.hear_rtcp() == []
    finally:
        stranger.close()


async def test_a_phone_that_goes_on_talking_does_not_stay_in_the_next_call(
    phone: MakePhone, loop: LoopSetting
) -> None:
    """Both calls have the same port; the pool has no other. The old phone never heard that its call is over."""
    media = MediaEngine(
        bind_host="127.0.0.1", port_min=29200, port_max=29203, silence_ms=0, quarantine_s=0.3, loop=loop
    )
    await media.start()
    try:
        await asyncio.sleep(0.35)
        old, new, b = phone(), phone(), phone()
        first, sb = opened(media, old), opened(media, b, "call/b")
        port = first.rtp_port
        first.close()
        await eventually(lambda: media.ports_available == 1)
        second = opened(media, new)
        assert second.rtp_port == port
        media.link(second, sb, SAME, SAME)
        new.say(port, payload=b"\x01" * 160)
        for _ in range(10):
            old.say(port, payload=b"\x66" * 160)
            new.say(port, payload=b"\x01" * 160)
            await asyncio.sleep(0.02)
        assert {packet.payload[0] for packet in await b.hear_some(11)} == {1}
    finally:
        await media.stop()
