"""Fakes at `call/ports.py`: legs that a test drives, media and a log that remember what they were told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from pbx.call.call import Call
from pbx.call.codecs import codecs_of
from pbx.call.incoming import CallPorts, Incoming
from pbx.core.errors import PeerError
from pbx.model.call_event import CallEvent
from pbx.model.cdr import Cdr
from pbx.model.leg_event import DialogName, LegCause, LegEvent
from pbx.model.party import DialTarget, Party
from pbx.model.stream import (
    Fingerprint,
    IceCredentials,
    RemoteMedia,
    SrtpKey,
    StreamEvent,
    StreamFormat,
    StreamStats,
)
from pbx.sip.sdp.negotiate import KNOWN
from pbx.sip.sdp.security import SrtpPolicy

Reply = Callable[[bytes | None], bytes | None]


def sdp(*payloads: str, port: int = 4000, direction: str = "sendrecv", host: str = "127.0.0.1") -> bytes:
    """An SDP body; each payload is "number encoding/clock"."""
    numbers = " ".join(each.split()[0] for each in payloads)
    lines = [
        "v=0",
        f"o=- 1 1 IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {numbers}",
    ]
    lines += [f"a=rtpmap:{each}" for each in payloads]
    lines.append(f"a={direction}")
    return ("\r\n".join(lines) + "\r\n").encode()


PCMU, PCMA, G722 = "0 PCMU/8000", "8 PCMA/8000", "9 G722/8000"


class ScriptedLeg:
    """A leg whose phone is the test: `tell` makes it do something, the lists hold what the call did to it."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.events: asyncio.Queue[LegEvent] = asyncio.Queue()
        self.progressed: list[tuple[int, bytes | None]] = []
        self.answers: list[bytes | None] = []
        self.rejected: list[int] = []
        self.reoffers: list[bytes | None] = []
        self.ended: list[LegCause] = []
        self.digits: list[str] = []
        self.reports: list[int] = []
        self.shown: list[Party | None] = []
        self.is_alive = True
        self.asked = 0
        self.ack_sdp: bytes | None = None
        self.reoffer_reply: Reply = lambda offer: offer
        self.answer_gate: asyncio.Event | None = None
        self._read = False

    def tell(self, event: LegEvent) -> None:
        self.events.put_nowait(event)

    async def receive(self) -> LegEvent:
        if self._read:
            raise RuntimeError("two readers of one leg")
        self._read = True
        try:
            return await self.events.get()
        finally:
            self._read = False

    async def progress(self, status: int, sdp: bytes | None = None) -> None:
        self.progressed.append((status, sdp))

    async def answer(self, sdp: bytes | None) -> bytes | None:
        self.answers.append(sdp)
        if self.answer_gate is not None:
            await self.answer_gate.wait()
        return self.ack_sdp

    async def reject(
        self, status: int, reason: str | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.rejected.append(status)

    async def reoffer(self, sdp: bytes | None) -> bytes | None:
        self.reoffers.append(sdp)
        return self.reoffer_reply(sdp)

    def send_digit(self, digit: str, duration_ms: int) -> None:
        self.digits.append(digit)

    def show(self, party: Party | None) -> None:
        self.shown.append(party)

    def report_transfer(self, status: int) -> None:
        self.reports.append(status)

    def is_dialog(self, name: DialogName) -> bool:
        return name.call_id == self.id

    def dialog_name(self) -> DialogName | None:
        return DialogName(self.id, "ours", "theirs")

    def kept(self) -> bytes | None:
        return None

    def kept_invite(self) -> bytes | None:
        return None

    async def alive(self) -> bool:
        self.asked += 1
        return self.is_alive

    async def end(self, cause: LegCause = LegCause.NORMAL) -> None:
        self.ended.append(cause)


class FakeStream:
    """A stream that only remembers."""

    def __init__(self, label: str, port: int) -> None:
        self.label = label
        self.rtp_port = port
        self.rtcp_port = port + 1
        self.remote: RemoteMedia | None = None
        self.fingerprint = Fingerprint("sha-256", bytes(range(32)))
        self.keying_failed = ""
        self.secured: list[tuple[SrtpKey | None, SrtpKey | None, bool]] = []
        self.handshakes: list[tuple[bool, tuple[Fingerprint, ...], str, int]] = []
        self.ice_sides: list[tuple[IceCredentials | None, IceCredentials | None]] = []
        self.closed = False
        self.on_event: Callable[[StreamEvent], None] = lambda event: None
        self.counters = StreamStats()

    def set_remote(self, remote: RemoteMedia | None) -> None:
        self.remote = remote

    def secure(self, receive: SrtpKey | None, send: SrtpKey | None, *, required: bool = True) -> None:
        self.secured.append((receive, send, required))

    def handshake(self, *, active: bool, fingerprints: Sequence[Fingerprint], host: str, port: int) -> None:
        self.handshakes.append((active, tuple(fingerprints), host, port))

    def ice(self, ours: IceCredentials | None, theirs: IceCredentials | None) -> None:
        self.ice_sides.append((ours, theirs))

    def stats(self) -> StreamStats:
        return self.counters

    def kept(self) -> bytes:
        return b""

    def close(self) -> None:
        self.closed = True


class FakeMedia:
    """Remembers links; `capacity` is how many streams may be open."""

    def __init__(self, capacity: int = 100) -> None:
        self.streams: list[FakeStream] = []
        self.capacity = capacity
        self.links: dict[str, tuple[str, Mapping[int, int], Mapping[int, int]]] = {}
        self.bridges: dict[str, str] = {}
        self.detecting: dict[str, bool] = {}
        self.telling: dict[str, bool] = {}
        self.digits: list[tuple[str, str]] = []
        self.playing: dict[str, object] = {}
        self.echoing: set[str] = set()
        self._ports = count(10000, 2)

    @property
    def open_streams(self) -> list[FakeStream]:
        return [each for each in self.streams if not each.closed]

    def open_stream(self, *, label: str) -> FakeStream:
        if len(self.open_streams) >= self.capacity:
            raise PeerError(503, "No RTP Ports Free", headers=(("Retry-After", "5"),))
        stream = FakeStream(label, next(self._ports))
        self.streams.append(stream)
        return stream

    def link(self, a: Any, b: Any, a_to_b: Mapping[int, int], b_to_a: Mapping[int, int]) -> None:
        if a is b:
            raise ValueError("a leg cannot be linked to itself: that is an echo")
        self.bridges.pop(a.label, None)
        self.links[a.label] = (b.label, dict(a_to_b), dict(b_to_a))

    def unlink(self, a: Any) -> None:
        self.links.pop(a.label, None)
        self.bridges.pop(a.label, None)

    def echo(self, a: Any) -> None:
        self.echoing.add(a.label)

    def play(self, a: Any, sound: object, *, loop: bool = False) -> None:
        self.playing[a.label] = sound

    def stop_playing(self, a: Any) -> None:
        self.playing.pop(a.label, None)


COSTS = {"PCMU": 1, "PCMA": 1, "G722": 20, "L16": 5, "OPUS": 200}


class FakeTranscoder:
    """Remembers bridges in `media`, which a link or an unlink ends; any two codecs can be bridged."""

    def __init__(self, media: FakeMedia) -> None:
        self._media = media

    def pair_cost(self, a: StreamFormat, b: StreamFormat) -> int | None:
        if (a.encoding, a.clock_hz) == (b.encoding, b.clock_hz):
            return 0
        return COSTS[a.encoding] + COSTS[b.encoding]

    def bridge(self, a: Any, b: Any) -> None:
        self._media.links.pop(a.label, None)
        self._media.bridges[a.label] = b.label

    def detect_digits(self, a: Any, on: bool) -> None:
        self._media.detecting[a.label] = on

    def tell_talkers(self, a: Any, on: bool) -> None:
        self._media.telling[a.label] = on

    def send_digits(self, a: Any, digits: str, *, duration_ms: int = 100, pause_ms: int = 70) -> None:
        self._media.digits.append((a.label, digits))


class FakeSignaling:
    """Hands out scripted legs, one per dialled target, in order."""

    def __init__(self) -> None:
        self.legs: dict[str, ScriptedLeg] = {}
        self.offers: dict[str, bytes | None] = {}
        self.on_dial: Callable[[str, ScriptedLeg], None] = lambda uri, leg: None

    def dial(
        self,
        target: DialTarget,
        *,
        offer: bytes | None,
        caller: Party,
        call: str,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> ScriptedLeg:
        leg = self.legs[target.uri] = ScriptedLeg(target.uri)
        self.offers[target.uri] = offer
        self.on_dial(target.uri, leg)
        return leg


class FakeLog:
    """A call log in a list."""

    def __init__(self) -> None:
        self.cdrs: list[Cdr] = []
        self.events: list[CallEvent] = []

    def put(self, call: str, record: Callable[[], Cdr]) -> None:
        self.cdrs.append(record())

    def publish(self, event: CallEvent) -> None:
        self.events.append(event)


class TickingClock:
    """Each look at it is a second later."""

    def __init__(self) -> None:
        self._at = datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.now().timestamp()

    def now(self) -> datetime:
        self._at += timedelta(seconds=1)
        return self._at


class Office:
    """One call under test with all its fakes."""

    def __init__(
        self,
        *,
        offer: bytes | None = None,
        capacity: int = 100,
        rtp_timeout_s: float = 0.01,
        srtp: SrtpPolicy = "optional",
        transcodes: bool = False,
    ) -> None:
        self.media = FakeMedia(capacity)
        transcoder = FakeTranscoder(self.media) if transcodes else None
        self.signaling = FakeSignaling()
        self.log = FakeLog()
        self.caller = ScriptedLeg("a")
        ids = count(1)
        self.ports = CallPorts(
            media=self.media,
            signaling=self.signaling,
            log=self.log,
            clock=TickingClock(),
            rtp_timeout_s=rtp_timeout_s,
            new_session_id=lambda: next(ids),
            local_host=lambda remote: "192.0.2.1",
            hold_tone=lambda: "hold",
            ringback=lambda: "ringback",
            srtp=srtp,
            transcoder=transcoder,
            codecs=codecs_of(KNOWN, transcoder),
        )
        self.call = Call(
            "call-1",
            Incoming(
                leg=self.caller,
                caller=Party(number="101", name="Alice", extension="101"),
                dialled="102",
                source="udp:127.0.0.1:5060",
                source_host="127.0.0.1",
                offer=offer,
            ),
            self.ports,
        )

    @property
    def cdr(self) -> Cdr:
        return self.log.cdrs[-1]

    def kinds(self) -> list[str]:
        return [type(each).__name__ for each in self.log.events]


def target(uri: str) -> DialTarget:
    return DialTarget(uri=uri, to_uri=uri, host="127.0.0.1", port=5060, label=uri)


async def settle(rounds: int = 20) -> None:
    """Let everything that can run now run."""
    for _ in range(rounds):
        await asyncio.sleep(0)
