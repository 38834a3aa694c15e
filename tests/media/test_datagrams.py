"""STUN and DTLS on an audio port: told apart from audio, given to who asked, and never too much of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from pbx.media.engine import MediaEngine
from tests.media.phone import Phone, eventually
from tests.media.test_relay import SAME, opened

MakePhone = Callable[..., Phone]
STUN = b"\x00\x01" + bytes(18)
DTLS = b"\x16\xfe\xfd" + bytes(40)
AT_ONCE = 32


async def test_what_nobody_asked_for_is_dropped_and_counted(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    stream = opened(engine, a)
    for data in (STUN, DTLS, b"\x03", b"\x3f" * 1200):
        a.throw(data, stream.rtp_port)
    await eventually(lambda: stream.stats().dropped_datagrams == 4)
    for first in (4, 19, 64, 127, 192, 255):
        a.throw(bytes([first]) + bytes(30), stream.rtp_port)
    await eventually(lambda: stream.stats().dropped_malformed == 6)
    a.throw(b"", stream.rtp_port)
    a.say(stream.rtp_port)
    await eventually(lambda: stream.stats().packets_in == 1)
    assert stream.stats().dropped_malformed == 7


async def test_stun_comes_with_its_source_and_is_answered(engine: MediaEngine, phone: MakePhone) -> None:
    a, stranger = phone(), phone()
    stream = opened(engine, a)
    heard: list[tuple[bytes, tuple[str, int]]] = []
    stream.listen(lambda data, address: heard.append((data, address)))
    await asyncio.sleep(0.05)
    longest = STUN + b"x" * (1500 - len(STUN))
    a.throw(STUN, stream.rtp_port)
    stranger.throw(longest, stream.rtp_port)
    a.throw(longest + b"x", stream.rtp_port)
    await eventually(lambda: len(heard) == 2)
    assert heard == [(STUN, ("127.0.0.1", a.port)), (longest, ("127.0.0.1", stranger.port))]
    assert stream.stats().dropped_oversize == 1
    assert stream.send_datagram(b"\x01\x01answer", heard[1][1])
    await asyncio.sleep(0.05)
    ((data, _, source),) = Phone.hear_raw(stranger.rtp)
    assert (data, source[1]) == (b"\x01\x01answer", stream.rtp_port)
    stream.listen(None)
    await asyncio.sleep(0.05)
    a.throw(STUN, stream.rtp_port)
    await eventually(lambda: stream.stats().dropped_datagrams == 1)
    assert len(heard) == 2


async def test_a_leg_that_is_listened_to_is_never_connected(engine: MediaEngine, phone: MakePhone) -> None:
    """Connected, the kernel would drop what comes from elsewhere; so it is with one that was connected before."""
    a, stranger = phone(), phone()
    stream = opened(engine, a)
    heard: list[bytes] = []
    await a.talk(stream.rtp_port, 55)
    stream.listen(lambda data, _address: heard.append(data))
    for _ in range(55):
        a.say(stream.rtp_port)
        stranger.throw(STUN, stream.rtp_port)
        await asyncio.sleep(0.02)
    assert len(heard) >= 50


async def test_a_flood_takes_no_place_from_others(engine: MediaEngine, phone: MakePhone) -> None:
    a, b, flooder = phone(), phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    at_a: list[bytes] = []
    at_b: list[bytes] = []
    sa.listen(lambda data, _address: at_a.append(data))
    sb.listen(lambda data, _address: at_b.append(data))
    await asyncio.sleep(0.05)
    for _ in range(10):
        for _ in range(12):
            flooder.throw(STUN, sa.rtp_port)
        flooder.throw(STUN, sb.rtp_port)
        a.say(sa.rtp_port)
        await asyncio.sleep(0.01)
    await eventually(lambda: len(at_b) == 10)
    assert len(await b.hear_some(10)) == 10
    assert AT_ONCE <= len(at_a) <= 3 * AT_ONCE
    assert sa.stats().dropped_datagrams + len(at_a) == 120


async def test_garbage_of_every_kind_leaves_the_engine_running(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    heard: list[bytes] = []
    sa.listen(lambda data, _address: heard.append(data))
    sa.secure(None, None)
    dice = random.Random(7)
    for n in range(600):
        data = dice.randbytes(dice.choice([1, 2, 7, 12, 13, 40, 172, 1499]))
        a.throw(data, sa.rtp_port, rtcp=False)
        a.throw(data, sa.rtcp_port, rtcp=True)
        if n % 50 == 0:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    sa.secure(None, None, required=False)
    await asyncio.sleep(0.05)
    await a.talk(sa.rtp_port, 3)
    assert len(await b.hear_some(3)) == 3
    assert all(data[0] < 4 for data in heard)
