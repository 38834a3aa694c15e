"""Calls that come, change and go at random while packets flow, for hours: `python -m tests.media.soak [options]`.

By default 30 minutes at 300 calls. Every so often all hang up, and nothing may be left: no port, file, thread, native
record or memory. At the end every call must still be one in which both hear the other. Prints the seed.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from media_ext.sound_door import Clip
from pbx.media.engine import MediaEngine
from pbx.media.recording import Recording
from pbx.media.room import Room
from pbx.media.stream import Stream
from pbx.media.tap import Tap
from pbx.model.stream import RecordingEnded, RemoteMedia, SrtpKey
from tests.media.crowd import Crowd
from tests.media.phone import G711, eventually

__all__ = ["Left", "Soak"]

PORTS = (32000, 45999)
SAME = {0: 0, 8: 8, 101: 101}
CHANGE_EVERY_S = 2.0  # of each call, on average
EMPTY_EVERY_S = 60.0
NATIVE_SLACK = 256 * 1024  # allocators keep something: what may be left of a round
OBJECT_SLACK = 3000
ROOMS, ROOM = 4, 12
DRY_ROUNDS = 2  # tables and caches are filled once


class MallInfo(ctypes.Structure):
    """struct mallinfo2 of glibc 2.33 and newer."""

    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
    )]  # fmt: skip


def native_bytes() -> int:
    """What C code has allocated and not freed; 0 where the C library does not tell."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        return 0
    libc.mallinfo2.restype = MallInfo
    info = libc.mallinfo2()
    return int(info.uordblks + info.hblkhd)


@dataclass(frozen=True, slots=True)
class Left:
    """What the process holds when nobody is in a call."""

    files: int
    threads: list[str]
    streams: int
    records: int
    ports: int
    holders: int
    native_bytes: int
    objects: int


@dataclass(slots=True)
class Call:
    """Two phones and what joins them."""

    streams: list[Stream]
    phones: list[int]
    recordings: list[Recording] = field(default_factory=list)
    taps: list[Tap] = field(default_factory=list)


@dataclass
class Soak:
    """A crowd, an engine with several threads, and everything that may happen to a call."""

    calls: int
    seed: int
    threads: int = 2
    tell: bool = False
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.clips = [Clip(bytes(2 * 8000), 8000), Clip(bytes(2 * 1600), 8000)]
        self.rooms: list[Room] = []
        self.live: list[Call] = []
        self.ending: list[asyncio.Future[RecordingEnded]] = []
        self.number = 0

    async def run(self, seconds: float, empty_every_s: float = EMPTY_EVERY_S) -> list[Left]:
        """Returns what was left after each round. Raises AssertionError where something must not be."""
        gc.collect()  # what came before must not give its files back in the middle
        files, threads = self._files(), self._threads()
        self.media = MediaEngine(
            bind_host="127.0.0.1", port_min=PORTS[0], port_max=PORTS[1], threads=self.threads, silence_ms=500,
            quarantine_s=0.2,
        )  # fmt: skip
        await self.media.start()
        self.crowd = Crowd()
        folder = tempfile.TemporaryDirectory()
        self.folder = folder.name
        try:
            left = [await self._empty()]
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                await self._round(min(empty_every_s, until - time.monotonic()))
                left.append(await self._empty())
                if self.tell:
                    print(f"round {len(left) - 1}: {left[-1]}", flush=True)
            assert self.media.native.events_lost == 0
        finally:
            self.crowd.close()
            await self.media.stop()
            folder.cleanup()
        del self.media  # its files are closed with the last reference
        gc.collect()
        assert (self._files(), self._threads()) == (files, threads)
        self.check(left)
        return left

    async def _round(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self.live += [self._new() for _ in range(self.calls)]
        while time.monotonic() < until:
            await asyncio.sleep(self.chance.expovariate(self.calls / CHANGE_EVERY_S))
            self._change()
        await self._both_hear()

    def _change(self) -> None:
        names = list(CHANGES)
        name = self.chance.choices(names, [CHANGES[name][0] for name in names])[0]
        CHANGES[name][1](self, self.chance.choice(self.live))
        self.done[name] += 1

    async def _both_hear(self) -> None:
        """Whatever happened, a call can be made what it was."""
        for call in self.live:
            self.decrypt(call)
            for which in (0, 1):
                self._remote(call, which)
                self.media.stop_playing(call.streams[which])
            self.media.link(call.streams[0], call.streams[1], SAME, SAME)
        await asyncio.sleep(0.3)
        self.crowd.heard.clear()
        ports = {stream.rtp_port for call in self.live for stream in call.streams}
        await eventually(lambda: min(self.crowd.heard[port] for port in ports) >= 3, 30.0)

    async def _empty(self) -> Left:
        """All hang up; what is left then."""
        for call in self.live:
            self._hang_up(call)
        self.live.clear()
        for room in self.rooms:
            room.close()
        self.rooms.clear()
        await asyncio.gather(*self.ending)
        self.ending.clear()
        await eventually(
            lambda: self.media.streams == 0 and self.media.recordings == 0,
            30.0,
            lambda: f"{self.media.streams} streams and {self.media.recordings} recordings are left",
        )
        for path in Path(self.folder).iterdir():
            path.unlink()
        size = (PORTS[1] - PORTS[0] + 1) // 2
        await eventually(
            lambda: self.media.ports_available == size,
            30.0,
            lambda: f"{size - self.media.ports_available} ports are left",
        )
        await asyncio.sleep(0.1)
        gc.collect()
        return Left(
            files=self._files(),
            threads=self._threads(),
            streams=self.media.streams,
            records=self.media.native.leg_count,
            ports=self.media.ports_available,
            holders=sum(clip.holders for clip in self.clips),
            native_bytes=native_bytes(),
            objects=sys.getallocatedblocks(),
        )

    def check(self, left: list[Left]) -> None:
        for one in left[1:]:
            assert one.files == left[1].files, "a file was left open"
            assert one.threads == left[1].threads, "a thread was left"
            assert (one.streams, one.records) == (0, 0), "a stream was left"
            assert one.holders == len(self.clips), "somebody still holds a sound"
        if len(left) > DRY_ROUNDS + 1:
            first, last = left[DRY_ROUNDS], left[-1]
            assert last.native_bytes - first.native_bytes < NATIVE_SLACK, "native memory grows"
            assert last.objects - first.objects < OBJECT_SLACK, "Python objects are left"

    # -- what happens to calls -----------------------------------------------------------------------------------

    def _new(self) -> Call:
        self.number += 1
        streams = [self.media.open_stream(label=f"{self.number}/{side}") for side in "ab"]
        call = Call(streams, [self.crowd.join(stream.rtp_port) for stream in streams])
        for which in (0, 1):
            self._remote(call, which)
        self.media.link(streams[0], streams[1], SAME, SAME)
        return call

    def _remote(self, call: Call, which: int, *, send: bool = True, receive: bool = True) -> None:
        call.streams[which].set_remote(
            RemoteMedia(
                rtp_host="127.0.0.1", rtp_port=call.phones[which], formats=G711, voice=G711[0], send=send,
                receive=receive,
            )
        )  # fmt: skip

    def _hang_up(self, call: Call) -> None:
        for stream in call.streams:
            self.crowd.leave(stream.rtp_port)
            stream.close()
        for tap in call.taps:
            tap.close()

    def replace(self, call: Call) -> None:
        self._hang_up(call)
        self.live.remove(call)
        self.live.append(self._new())

    def reinvite(self, call: Call) -> None:
        self._remote(call, self.chance.randrange(2))

    def hold(self, call: Call) -> None:
        which = self.chance.randrange(2)
        self._remote(call, which, send=False, receive=self.chance.random() < 0.5)
        self.media.play(call.streams[1 - which], self.clips[0], loop=True)

    def resume(self, call: Call) -> None:
        for which in (0, 1):
            self.media.stop_playing(call.streams[which])
            self._remote(call, which)

    def announce(self, call: Call) -> None:
        self.media.play(self.chance.choice(call.streams), self.clips[1])

    def part(self, call: Call) -> None:
        self.media.unlink(self.chance.choice(call.streams))

    def echo(self, call: Call) -> None:
        self.media.echo(self.chance.choice(call.streams))

    def transfer(self, call: Call) -> None:
        """To a leg of another call, which may live in another thread."""
        other = self.chance.choice(self.live)
        if other is not call:
            self.media.link(self.chance.choice(call.streams), self.chance.choice(other.streams), SAME, SAME)

    def bridge(self, call: Call) -> None:
        a, b = call.streams
        self.media.bridge(a, b)

    def confer(self, call: Call) -> None:
        """Into a conference that is there, or a new one; whoever hangs up or is joined to somebody leaves it."""
        if len(self.rooms) < ROOMS:
            self.number += 1
            self.rooms.append(self.media.room(ROOM, label=f"{self.number}"))
        room = self.chance.choice(self.rooms)
        for stream in call.streams:
            if len(room.members) < ROOM - 1 or stream in room.members:
                room.join(stream, muted=self.chance.random() < 0.3)

    def leave(self, call: Call) -> None:
        for room in self.rooms:
            room.leave(call.streams[0])

    def end_conference(self, _call: Call) -> None:
        if self.rooms:
            self.rooms.pop(self.chance.randrange(len(self.rooms))).close()

    def say_to_all(self, _call: Call) -> None:
        if self.rooms:
            self.chance.choice(self.rooms).play(self.clips[1])

    def press(self, call: Call) -> None:
        self.media.send_digits(self.chance.choice(call.streams), "12#")

    def watch(self, call: Call) -> None:
        self.media.detect_digits(self.chance.choice(call.streams), self.chance.random() < 0.7)

    def forget(self, call: Call) -> None:
        self.chance.choice(call.streams).set_remote(None)

    def encrypt(self, call: Call) -> None:
        """The crowd does not, so what it says is refused until `decrypt`."""
        key = SrtpKey(1, self.chance.randbytes(16), self.chance.randbytes(14))
        self.chance.choice(call.streams).secure(key, key, required=self.chance.random() < 0.8)

    def decrypt(self, call: Call) -> None:
        for stream in call.streams:
            stream.secure(None, None, required=False)

    def record(self, call: Call) -> None:
        """Until the call ends, or `stop_recording`."""
        self.number += 1
        form, stream = self.chance.choice(("wav", "opus")), self.chance.choice(call.streams)
        path = Path(self.folder) / f"{self.number}.{form}"
        call.recordings.append(self.media.record(stream, path, format="opus" if form == "opus" else "wav"))

    def stop_recording(self, call: Call) -> None:
        if call.recordings:
            self.ending.append(asyncio.ensure_future(call.recordings.pop().stop()))

    def listen_in(self, call: Call) -> None:
        """Nobody reads, so that it overruns as well."""
        if call.taps and self.chance.random() < 0.5:
            call.taps.pop().close()
        else:
            call.taps.append(self.media.tap(self.chance.choice(call.streams)))

    @staticmethod
    def _files() -> int:
        return len(os.listdir("/proc/self/fd"))

    @staticmethod
    def _threads() -> list[str]:
        """All but those that asyncio keeps for blocking calls."""
        return sorted(each.name for each in threading.enumerate() if not each.name.startswith("asyncio_"))


CHANGES: dict[str, tuple[int, Callable[[Soak, Call], None]]] = {
    "new call": (3, Soak.replace),
    "re-INVITE": (3, Soak.reinvite),
    "hold": (3, Soak.hold),
    "resume": (3, Soak.resume),
    "announcement": (2, Soak.announce),
    "unlink": (1, Soak.part),
    "echo": (1, Soak.echo),
    "transfer": (2, Soak.transfer),
    "bridge": (3, Soak.bridge),
    "conference": (3, Soak.confer),
    "leave": (1, Soak.leave),
    "end of conference": (1, Soak.end_conference),
    "to all": (1, Soak.say_to_all),
    "digits": (1, Soak.press),
    "watch for digits": (1, Soak.watch),
    "no remote": (1, Soak.forget),
    "record": (2, Soak.record),
    "stop recording": (1, Soak.stop_recording),
    "listen in": (2, Soak.listen_in),
    "encrypt": (1, Soak.encrypt),
    "decrypt": (2, Soak.decrypt),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.media.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=time.time_ns() & 0xFFFFFF)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    soak = Soak(calls=options.calls, seed=options.seed, threads=options.threads, tell=True)
    left = asyncio.run(soak.run(options.minutes * 60))
    print(", ".join(f"{count} × {name}" for name, count in soak.done.most_common()))
    print(
        f"after the first and the last of {len(left) - 1} rounds:",
        left[min(DRY_ROUNDS, len(left) - 1)],
        left[-1],
    )


if __name__ == "__main__":
    main()
