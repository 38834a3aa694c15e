"""The node's audio engine alone in a process, carrying one load: `python -m bench.capacity.node`, spoken to in JSON.

One media thread, pinned with all else here to one core. Each line of standard input is a question, each answer a line;
the process ends when standard input does.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import msgspec
import uvloop

from bench.capacity.load import formats, load_named
from pbx.media.engine import MediaEngine
from pbx.media.stream import Stream
from pbx.model.stream import RemoteMedia

__all__ = ["PORT_MAX", "PORT_MIN", "Question", "Reading", "Start"]

PORT_MIN, PORT_MAX = 10000, 59999


class Start(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Carry `load` between these phones. Answered with the port for each of them."""

    load: str
    ports: list[int]
    folder: str
    """Where recordings are written."""


class Read(msgspec.Struct, frozen=True, tag=True):
    """How far are we? Answered with a `Reading`. `streams`: count what was lost too, which takes a moment."""

    streams: bool


Question = Start | Read


class Reading(msgspec.Struct, frozen=True):
    """Since the start of the process. `lost` is -1 where it was not asked for."""

    cpu_s: float
    at_s: float
    resident_bytes: int
    lost: int = -1
    """Packets of the phones that never arrived."""


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Node:
    """One engine, and the streams of its load."""

    def __init__(self) -> None:
        self.media = MediaEngine(
            bind_host="127.0.0.1", port_min=PORT_MIN, port_max=PORT_MAX, silence_ms=60_000, quarantine_s=0
        )
        self.streams: list[Stream] = []
        self.kept: object = None

    async def answer(self, question: Question) -> list[int] | Reading:
        match question:
            case Start():
                return self.start(question)
            case Read():
                return self.read(question.streams)

    def start(self, question: Start) -> list[int]:
        load = load_named(question.load)
        units: list[list[Stream]] = []
        for at in range(0, len(question.ports), len(load.phones)):
            unit = question.ports[at : at + len(load.phones)]
            units.append(
                [self.open(at, port, encoding) for port, encoding in zip(unit, load.phones, strict=True)]
            )
        self.kept = load.join(self.media, units, Path(question.folder))
        return [stream.rtp_port for stream in self.streams]

    def open(self, number: int, port: int, encoding: str) -> Stream:
        stream = self.media.open_stream(label=f"{number}/{len(self.streams)}")
        spoken = formats(encoding)
        stream.set_remote(RemoteMedia(rtp_host="127.0.0.1", rtp_port=port, formats=spoken, voice=spoken[0]))
        self.streams.append(stream)
        return stream

    def read(self, streams: bool) -> Reading:
        lost = sum(max(stream.stats().lost, 0) for stream in self.streams) if streams else -1
        return Reading(
            cpu_s=time.process_time(), at_s=time.monotonic(), resident_bytes=resident_bytes(), lost=lost
        )


async def serve() -> None:
    node = Node()
    await node.media.start()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.buffer.readline):
        answer = await node.answer(msgspec.json.decode(line, type=Question))
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()
    await node.media.stop()


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] != "any":
        os.sched_setaffinity(0, {int(sys.argv[1])})  # before there are threads, which inherit it
    uvloop.run(serve())
