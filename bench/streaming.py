"""Many calls of Twilio's through one edge to an office that says back what it hears: the load of `test_stream_calls`.

Twilio is this process; the edge is another, and so is the office (`python -m bench.streaming URL KEY`). Each frame
carries the time at which it was sent; whoever relays it does not look inside.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import statistics
import struct
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import aiohttp
import uvloop

from pbx.core.clock import SystemClock
from pbx.core.tasks import Supervisor
from pbx.transport.tunnel.calls import EdgeCall
from pbx.transport.tunnel.link import Link, web_socket
from pbx.transport.tunnel.tunnel import Tunnel
from pbx.transport.tunnel.user import Delivery
from tests.fakes.twilio.server import FakeTwilio
from tests.live.edge_office import CALLER, NUMBER, PUBLIC, EdgeProcess, edge_office
from tests.live.node import cpu_of

__all__ = ["Streamed", "node_calls", "stream_calls"]

FRAME_S = 0.02
ECHO = "*43"
REST = bytes(152)


@dataclass
class Streamed:
    """Of `calls` for `seconds`: CPU of the edge, and how long each frame took there and back."""

    calls: int
    seconds: float
    cpu_s: float
    round_trips_ms: list[float] = field(default_factory=list)
    sent: int = 0
    back: int = 0

    took_s: float = 0.0

    @property
    def cpu_percent(self) -> float:
        """Of one core, for one call: by what a frame there and back costs, of which a second has 50."""
        return 100 * self.cpu_s / max(self.back, 1) / FRAME_S

    @property
    def keeps_pace(self) -> bool:
        """Whether this machine could speak as fast as callers do; otherwise the delay says nothing."""
        return self.took_s < 1.1 * self.seconds

    @property
    def one_way_ms(self) -> float:
        return statistics.median(self.round_trips_ms) / 2


class EchoSide:
    """An office that answers at once and says what it hears."""

    def __init__(self, call: EdgeCall) -> None:
        self._call = call

    def sound(self, payload: bytes, _number: int) -> None:
        self._call.sound(payload)

    def digit(self, _digit: str) -> None: ...
    def hung_up(self, _cause: str) -> None: ...
    def lost(self) -> None: ...
    def placed(self, _sid: str) -> None: ...
    def ringing(self) -> None: ...
    def answered(self) -> None: ...
    def failed(self, _status: int, _reason: str) -> None: ...


class EchoOffice:
    """Implements `TunnelUser`."""

    def __init__(self) -> None:
        self.up = asyncio.Event()

    def offered(self, call: EdgeCall, *, from_: str, to: str, name: str) -> EchoSide:
        call.answer()
        return EchoSide(call)

    def expect(self, token: str, *, from_: str, to: str, name: str) -> None: ...

    async def directory(self) -> bytes | None:
        return None

    async def take(self, delivery: Delivery) -> None: ...
    def event(self, topic: str, id: str, document: bytes) -> None: ...

    def changed(self, tunnel: Tunnel) -> None:
        if tunnel.is_up:
            self.up.set()


async def _open(
    twilio: FakeTwilio, session: aiohttp.ClientSession, edge: EdgeProcess
) -> aiohttp.ClientWebSocketResponse:
    """A call comes in, and its stream begins."""
    form = {"CallSid": "CA" + secrets.token_hex(16), "From": CALLER, "To": NUMBER, "Direction": "inbound"}
    asked = await twilio.webhooks.post(f"{PUBLIC}/twilio/voice", form)
    parameters = {
        each.get("name", ""): each.get("value", "")
        for each in ElementTree.fromstring(asked.body).iter("Parameter")
    }
    socket = await session.ws_connect(f"{edge.url}/twilio/stream")
    start = {
        "streamSid": "MZ" + secrets.token_hex(16),
        "callSid": form["CallSid"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": parameters,
    }
    await socket.send_str(json.dumps({"event": "start", "start": start}))
    return socket


async def _hear(socket: aiohttp.ClientWebSocketResponse, done: Streamed) -> None:
    async for message in socket:
        text: str = message.data
        if '"event":"media"' in text:
            payload = base64.b64decode(text[text.rindex(":") + 2 : -3])
            (sent_ns,) = struct.unpack("!Q", payload[:8])
            if payload[8:] != REST:  # a tone or a word of the office itself
                continue
            done.back += 1
            done.round_trips_ms.append((time.monotonic_ns() - sent_ns) / 1e6)


async def _speak(sockets: list[aiohttp.ClientWebSocketResponse], done: Streamed) -> None:
    """Calls speak at their own moments, as they do in life."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    gap_s = FRAME_S / len(sockets)
    for tick in range(round(done.seconds / FRAME_S)):
        for index, socket in enumerate(sockets):
            wait_s = began + tick * FRAME_S + index * gap_s - loop.time()
            await asyncio.sleep(wait_s if wait_s > 0.001 else 0)  # who hears has its turn, too
            payload = base64.b64encode(struct.pack("!Q", time.monotonic_ns()) + REST).decode()
            text = (
                '{"event":"media","sequenceNumber":"3","media":{"track":"inbound","chunk":"2","timestamp":"5",'
                f'"payload":"{payload}"}},"streamSid":"MZ"}}'
            )
            await socket.send_str(text)
            done.sent += 1


async def stream_calls(folder: Path, calls: int, seconds: float) -> Streamed:
    """Run so many calls at once for so long."""
    async with FakeTwilio() as twilio, Supervisor() as supervisor, aiohttp.ClientSession() as session:
        edge = EdgeProcess(folder, twilio)
        key = await edge.add_office()
        await edge.start()
        words = [sys.executable, "-m", "bench.streaming", edge.url, key]
        office = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        try:
            assert office.stdout is not None
            await asyncio.wait_for(office.stdout.readline(), 20)
            sockets = [await _open(twilio, session, edge) for _ in range(calls)]
            warm = Streamed(calls, 1.0, 0.0)
            done = Streamed(calls, seconds, 0.0)
            hearing = [supervisor.spawn("hear", _hear(socket, warm)) for socket in sockets]
            await _speak(sockets, warm)
            for task in hearing:
                task.cancel()
            hearing = [supervisor.spawn("hear", _hear(socket, done)) for socket in sockets]
            assert edge.process is not None
            before, began = cpu_of(edge.process.pid), time.monotonic()
            await _speak(sockets, done)
            done.took_s = time.monotonic() - began
            done.cpu_s = cpu_of(edge.process.pid) - before
            await asyncio.sleep(0.3)
            for socket in sockets:
                await socket.close()
        finally:
            office.kill()
            await office.wait()
            await edge.stop()
    return done


async def node_calls(folder: Path, calls: int, seconds: float) -> Streamed:
    """The same to a real node, whose echo answers: through stream legs and the engine too. CPU of the node."""
    async with edge_office(folder, rtp_ports=4 * calls + 40) as line, Supervisor() as supervisor:
        assert line.edge is not None
        await line.leads_to(ECHO)
        async with aiohttp.ClientSession() as session:
            sockets = [await _open(line.twilio, session, line.edge) for _ in range(calls)]
            await asyncio.sleep(1.0)
            done = Streamed(calls, seconds, 0.0)
            for socket in sockets:
                supervisor.spawn("hear", _hear(socket, done))
            before, began = line.node.cpu_s, time.monotonic()
            await _speak(sockets, done)
            done.took_s, done.cpu_s = time.monotonic() - began, line.node.cpu_s - before
            await asyncio.sleep(0.3)
            for socket in sockets:
                await socket.close()
            await line.node.no_calls()
    return done


async def echo_office(url: str, key: str) -> None:
    """Until it is killed; says when the tunnel is up."""
    office = EchoOffice()

    async def connect() -> Link:
        return await web_socket(url, key, None)

    async with Supervisor() as supervisor:
        tunnel = Tunnel("edge", connect, office, supervisor=supervisor, clock=SystemClock())
        running = supervisor.spawn("tunnel", tunnel.run())
        await office.up.wait()
        print("up", flush=True)
        await running


if __name__ == "__main__":
    uvloop.run(echo_office(sys.argv[1], sys.argv[2]))
