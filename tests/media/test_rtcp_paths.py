"""Where RTCP comes from and goes to: with and without rtcp-mux, behind NAT, after a move, and past strangers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pbx.media.engine import MediaEngine
from pbx.media.stream import Stream
from tests.media.phone import Phone, eventually, write_rtp
from tests.media.test_relay import SAME, opened
from tests.oracles.rtcp import Report, sdes
from tests.oracles.rtcp_checker import read

MakePhone = Callable[..., Phone]


def report_of(phone: Phone) -> bytes:
    return Report(phone.ssrc).write() + sdes(phone.ssrc, b"phone")


async def rtcp_at(sock_of: Phone, *, mux: bool) -> int:
    """How many reports wait where this phone wants them; at least one, and each is whole."""
    found: list[bytes] = []
    sock = sock_of.rtp if mux else sock_of.rtcp
    await eventually(
        lambda: found or found.__iadd__([data for data, _, _ in Phone.hear_raw(sock) if data[1] == 201])
    )
    for data in found:
        read(0, data)
    return len(found)


async def in_a_call(
    engine: MediaEngine, phone: MakePhone, **remote: object
) -> tuple[Phone, Phone, Stream, Stream]:
    a, b = phone(), phone()
    sa, sb = opened(engine, a, "call/a", **remote), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    return a, b, sa, sb


@pytest.mark.parametrize("mux", [False, True])
async def test_rtcp_on_the_other_port_than_agreed_is_taken_all_the_same(
    engine: MediaEngine, phone: MakePhone, mux: bool
) -> None:
    """A phone that was offered rtcp-mux may have sent a report before it read the answer (RFC 5761 5.1.1)."""
    a, b, sa, _ = await in_a_call(engine, phone, rtcp_mux=mux)
    a.say(sa.rtp_port)
    await b.hear_some(1)
    if mux:
        a.throw(report_of(a), sa.rtcp_port, rtcp=True)
    else:
        a.throw(report_of(a), sa.rtp_port)
    assert await rtcp_at(b, mux=False) == 1


async def test_a_reinvite_turns_mux_on_and_off(engine: MediaEngine, phone: MakePhone) -> None:
    a, b, sa, sb = await in_a_call(engine, phone)
    b.say(sb.rtp_port)
    await a.hear_some(1)
    for mux in (True, False, True):
        sa.set_remote(a.remote(rtcp_mux=mux))
        b.throw(report_of(b), sb.rtcp_port, rtcp=True)
        assert await rtcp_at(a, mux=mux) == 1
        assert a.capture() == []


async def test_rtcp_of_a_phone_behind_nat_is_learned_from_its_own(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b, sa, sb = await in_a_call(engine, phone, rtp_host="192.0.2.200", rtp_port=4000)
    await a.talk(sa.rtp_port, 8)
    await eventually(lambda: sa.stats().remote_port == a.port)
    a.throw(report_of(a), sa.rtcp_port, rtcp=True)
    assert await rtcp_at(b, mux=False) == 1
    b.throw(report_of(b), sb.rtcp_port, rtcp=True)
    assert await rtcp_at(a, mux=False) == 1


async def test_rtcp_follows_a_phone_that_moved(engine: MediaEngine, phone: MakePhone) -> None:
    a, b, sa, sb = await in_a_call(engine, phone)
    await a.talk(sa.rtp_port, 20)
    a.throw(report_of(a), sa.rtcp_port, rtcp=True)
    assert await rtcp_at(b, mux=False) == 1
    moved = phone(ssrc=a.ssrc)
    sa.set_remote(moved.remote())
    b.throw(report_of(b), sb.rtcp_port, rtcp=True)
    assert await rtcp_at(moved, mux=False) == 1
    assert [data for data, _, _ in Phone.hear_raw(a.rtcp)] == []


async def test_strangers_and_monsters_on_both_ports_are_counted(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b, sa, _ = await in_a_call(engine, phone, rtcp_mux=True)
    stranger = Phone("127.0.0.2")
    try:
        a.say(sa.rtp_port)
        await b.hear_some(1)
        for port in (sa.rtp_port, sa.rtcp_port):
            stranger.rtcp.sendto(report_of(stranger), ("127.0.0.1", port))
            stranger.rtp.sendto(write_rtp(1, 2, ssrc=3), ("127.0.0.1", port))
            a.throw(report_of(a) + b"\x80\xcc\x01\x77" + bytes(1500), port)
            a.throw(b"\x80\xc9\xff\xff" + bytes(4), port)
        await eventually(lambda: sa.stats().dropped_oversize == 2)
        await eventually(lambda: sa.stats().dropped == 8)
        stats = sa.stats()
        assert (stats.dropped_alien, stats.dropped_malformed) == (3, 3), (
            "RTP has no business on the RTCP port"
        )
        assert b.capture() == []
    finally:
        stranger.close()
