"""Choosing a loop, and what would show a mistake in how one keeps its requests: bursts, floods, lost phones."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from pbx.core.errors import StartupError
from pbx.media import loop_setting
from pbx.media.engine import MediaEngine
from pbx.media.loop_setting import LoopSetting, loop_for
from pbx.media.stream import Stream
from pbx.media.tones import hold_tone
from tests.media.phone import Phone, eventually, write_rtp
from tests.media.test_relay import SAME, opened

MakePhone = Callable[..., Phone]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_setting, "io_uring_refusal", lambda: "the kernel refuses it: not today")


@pytest.mark.usefixtures("refused")
def test_where_io_uring_is_refused_auto_means_epoll(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_setting, "AUTO", "io_uring")
    assert loop_for("auto") == loop_for("epoll") == "epoll"


@pytest.mark.usefixtures("refused")
def test_asking_for_io_uring_where_it_is_refused_stops_the_start_with_the_reason() -> None:
    with pytest.raises(StartupError, match="not today"):
        loop_for("io_uring")


async def test_the_engine_tells_its_loop(engine: MediaEngine, loop: LoopSetting) -> None:
    assert engine.loop_name == loop


async def test_a_closed_streams_ports_are_free_at_once(engine: MediaEngine, phone: MakePhone) -> None:
    """No request holds a socket that was closed, however busy it and its neighbours are."""
    a, b = phone(), phone()
    other = opened(engine, b, "other/b")
    for _ in range(20):
        stream = opened(engine, a)
        for _ in range(10):
            a.say(stream.rtp_port)
            b.say(other.rtp_port)
        await asyncio.sleep(0.002)
        stream.close()
        await eventually(lambda: engine.streams == 1)
        for port in (stream.rtp_port, stream.rtcp_port):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind(("127.0.0.1", port))


async def test_a_burst_from_many_phones_is_passed_on_whole(loop: LoopSetting, phone: MakePhone) -> None:
    """More packets at once than there are receive buffers, and than a batch may send."""
    media = MediaEngine(bind_host="127.0.0.1", port_min=22000, port_max=22199, silence_ms=0, loop=loop)
    await media.start()
    speakers = [phone(ssrc=100 + n) for n in range(30)]
    streams = [opened(media, each, f"{n}/a") for n, each in enumerate(speakers)]
    for stream in streams:
        media.echo(stream)
    for _ in range(60):
        for each, stream in zip(speakers, streams, strict=True):
            each.say(stream.rtp_port)
    for each in speakers:
        heard = await each.hear_some(60)
        assert [packet.seq - heard[0].seq & 0xFFFF for packet in heard] == list(range(60))
    assert sum(stream.stats().send_errors for stream in streams) == 0
    await media.stop()


async def test_a_flooded_port_does_not_silence_other_calls(engine: MediaEngine, phone: MakePhone) -> None:
    a, b, victim, flooder = phone(), phone(), phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    flooded = opened(engine, victim, "victim/a")
    engine.link(sa, sb, SAME, SAME)
    rubbish = write_rtp(1, 2, ssrc=3, payload=b"\0" * 20)
    before = sum(engine.native.cpu_seconds())
    for _ in range(25):
        for _ in range(400):
            flooder.throw(rubbish, flooded.rtp_port)
        a.say(sa.rtp_port)
        await asyncio.sleep(0.02)
    assert len(await b.hear_some(25)) == 25
    assert sum(engine.native.cpu_seconds()) - before < 0.3
    engine.echo(flooded)
    await asyncio.sleep(0.1)
    victim.say(flooded.rtp_port)
    assert len(await victim.hear_some(1)) == 1, "the port is listened to again"


async def test_prompts_for_more_phones_than_a_batch_copies(loop: LoopSetting, phone: MakePhone) -> None:
    media = MediaEngine(bind_host="127.0.0.1", port_min=22200, port_max=22599, silence_ms=0, loop=loop)
    await media.start()
    phones = [phone(ssrc=100 + n) for n in range(150)]
    streams: list[Stream] = []
    for n, each in enumerate(phones):
        streams.append(opened(media, each, f"{n}/a"))
        media.play(streams[-1], hold_tone(), loop=True)
    await asyncio.sleep(0.3)
    for each in phones:
        heard = await each.hear_some(8)
        assert [packet.seq - heard[0].seq & 0xFFFF for packet in heard] == list(range(len(heard)))
        assert {len(packet.payload) for packet in heard} == {160}
    await media.stop()


async def test_a_phone_that_is_gone_costs_nothing_and_may_come_back(
    engine: MediaEngine, phone: MakePhone
) -> None:
    """The kernel says "refused" to a connected socket; it must go on receiving."""
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    for _ in range(50):  # until the sockets are connected
        a.say(sa.rtp_port)
        b.say(sb.rtp_port)
        await asyncio.sleep(0.02)
    port = b.port
    b.rtp.close()
    for _ in range(10):
        a.say(sa.rtp_port)
        await asyncio.sleep(0.01)
    b.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    b.rtp.bind(("127.0.0.1", port))
    b.rtp.setsockopt(socket.SOL_SOCKET, 35, 1)
    b.rtp.setblocking(False)
    await asyncio.sleep(0.02)
    a.hear()
    for _ in range(5):
        a.say(sa.rtp_port)
        b.say(sb.rtp_port)
        await asyncio.sleep(0.01)
    assert len(await b.hear_some(4)) >= 4
    assert len(await a.hear_some(5)) == 5
