"""The engine's life: nothing leaks, closing is final, several threads share the work."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from pbx.media.engine import MediaEngine
from pbx.media.loop_setting import LoopSetting
from pbx.media.tones import hold_tone
from pbx.model.stream import FirstPacket, RemoteMedia, StreamEvent, StreamFormat
from tests.media.phone import Phone, eventually
from tests.media.test_relay import SAME, opened

MakePhone = Callable[..., Phone]


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_stopping_leaves_no_thread_and_no_file(loop: LoopSetting) -> None:
    await asyncio.to_thread(os.getpid)  # the executor's own thread and files exist from here on
    gc.collect()
    threads, files = threading.active_count(), open_files()
    for _ in range(3):
        media = MediaEngine(
            bind_host="127.0.0.1", port_min=27000, port_max=27099, threads=2, silence_ms=0, loop=loop
        )
        await media.start()
        streams = [media.open_stream(label=f"{n}/a") for n in range(5)]
        media.link(streams[0], streams[1], SAME, SAME)
        streams[2].set_remote(RemoteMedia(rtp_host="127.0.0.1", rtp_port=9, voice=StreamFormat(0, "PCMU")))
        media.play(streams[2], hold_tone(), loop=True)
        await media.stop()
        assert media.streams == 0
        del media, streams
    gc.collect()
    assert threading.active_count() <= threads + 1
    assert open_files() == files


@pytest.mark.parametrize("threads", [1, 3])
async def test_thousands_of_calls_leak_neither_memory_nor_files(
    threads: int, phone: MakePhone, loop: LoopSetting
) -> None:
    media = MediaEngine(
        bind_host="127.0.0.1",
        port_min=26000,
        port_max=26199,
        threads=threads,
        silence_ms=50,
        quarantine_s=0,
        loop=loop,
    )
    await media.start()
    a, b = phone(), phone()
    prompt = hold_tone()
    resident, files = 0, open_files()
    for n in range(1500):
        sa, sb = opened(media, a, f"{n}/a"), opened(media, b, f"{n + threads}/b")
        media.link(sa, sb, SAME, SAME)
        a.say(sa.rtp_port)
        if n % 3 == 0:
            media.play(sb, prompt, loop=True)
        if n % 5 == 0:
            media.echo(sa)
        sa.set_remote(a.remote(send=bool(n % 2)))
        sa.close()
        sb.close()
        sb.close()
        if media.streams > 60:
            await eventually(lambda: media.streams == 0)
        if n == 500:
            gc.collect()
            resident = resident_bytes()
    await eventually(lambda: media.streams == 0)
    a.hear()
    b.hear()
    gc.collect()
    assert open_files() == files
    assert resident_bytes() - resident < 3_000_000
    assert prompt.holders == 1
    await media.stop()


async def test_stats_outlive_the_stream(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a)
    await a.talk(sa.rtp_port, 5, every_s=0.005)
    await eventually(lambda: sa.stats().packets_in == 5)
    sa.close()
    await eventually(lambda: engine.streams == 0)
    assert sa.stats().packets_in == 5
    assert sa.stats().remote_port == a.port


async def test_a_closed_stream_takes_no_commands_and_tells_nothing(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    events: list[StreamEvent] = []
    sa.on_event = events.append
    a.say(sa.rtp_port)
    sa.close()
    sa.close()
    sa.set_remote(a.remote())
    engine.link(sa, sb, SAME, SAME)
    engine.link(sb, sa, SAME, SAME)
    engine.unlink(sa)
    engine.echo(sa)
    engine.play(sa, hold_tone(), loop=True)
    engine.stop_playing(sa)
    await eventually(lambda: engine.streams == 1)
    assert events == []


async def test_a_partner_survives_when_the_other_stream_closes(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    a.say(sa.rtp_port)
    await b.hear_some(1)
    sb.close()
    await a.talk(sa.rtp_port, 5, every_s=0.005)
    engine.echo(sa)
    await asyncio.sleep(0.01)
    a.say(sa.rtp_port)
    assert len(await a.hear_some(1)) == 1


async def test_streams_of_different_threads_can_be_joined(phone: MakePhone, loop: LoopSetting) -> None:
    """Whatever threads the streams began on, and while both are being talked to."""
    media = MediaEngine(
        bind_host="127.0.0.1", port_min=25000, port_max=25399, threads=4, silence_ms=0, loop=loop
    )
    await media.start()
    phones = [phone() for _ in range(12)]
    streams = [opened(media, each, f"{n}/x") for n, each in enumerate(phones)]
    events: list[StreamEvent] = []
    for stream in streams:
        stream.on_event = events.append
    for turn in range(1, 12, 2):
        for n in range(0, 12, 2):
            media.link(streams[n], streams[(n + turn) % 12], SAME, SAME)
    for n in range(0, 12, 2):
        media.play(streams[n], hold_tone(), loop=True)
        media.stop_playing(streams[n])
    await asyncio.sleep(0.1)
    for each in phones:
        each.hear()
    for _ in range(10):
        for each, stream in zip(phones, streams, strict=True):
            each.say(stream.rtp_port, payload=bytes([stream.id % 251]) * 160)
        await asyncio.sleep(0.01)
    for n in range(0, 12, 2):
        other = (n + 11) % 12
        assert {p.payload[0] for p in await phones[n].hear_some(10)} == {streams[other].id % 251}
        assert {p.payload[0] for p in await phones[other].hear_some(10)} == {streams[n].id % 251}
    assert events == [FirstPacket()] * 12
    await media.stop()


def test_the_engine_runs_on_uvloop(loop: LoopSetting) -> None:
    async def call() -> list[StreamEvent]:
        media = MediaEngine(bind_host="127.0.0.1", port_min=24000, port_max=24099, silence_ms=0, loop=loop)
        await media.start()
        a = Phone()
        stream = opened(media, a)
        events: list[StreamEvent] = []
        stream.on_event = events.append
        a.say(stream.rtp_port)
        await eventually(lambda: events)
        a.close()
        await media.stop()
        return events

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(call()) == [FirstPacket()]


async def test_an_idle_engine_sleeps(loop: LoopSetting) -> None:
    media = MediaEngine(bind_host="127.0.0.1", port_min=23000, port_max=23099, silence_ms=60_000, loop=loop)
    await media.start()
    before = sum(media.native.cpu_seconds())
    await asyncio.sleep(0.5)
    assert sum(media.native.cpu_seconds()) - before < 0.005
    await media.stop()
