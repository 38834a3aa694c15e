"""A leg that comes through a tunnel, in a whole call: its messages, and its sound as RTP on the loopback."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.core.errors import PeerError
from pbx.model.leg_event import Answered, Ended, LegCause, LegFailed, Progress, Refused
from pbx.sip.sdp import parse
from pbx.sip.sdp.negotiate import audio_of
from pbx.transport.stream_leg import StreamLeg, read_kept
from tests.call.parts import sdp

EVENTS = "101 telephone-event/8000"
FRAME = bytes([0x20]) * 160


class FakeCall:
    """What the leg says into the tunnel."""

    def __init__(self) -> None:
        self.said: list[tuple[object, ...]] = []
        self.sounds: list[bytes] = []

    def sound(self, payload: bytes) -> None:
        self.sounds.append(payload)

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *values: self.said.append((name, *values))


class Engine:
    """The node's side of the sound: one UDP port."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.port = int(self.socket.getsockname()[1])

    async def packets(self, count: int) -> list[bytes]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(3):
            return [await loop.sock_recv(self.socket, 2048) for _ in range(count)]

    def say(self, payload_type: int, payload: bytes, port: int, *, number: int = 1, ts: int = 160) -> None:
        head = struct.pack("!BBHII", 0x80, payload_type, number, ts, 7)
        self.socket.sendto(head + payload, ("127.0.0.1", port))


@contextmanager
def leg_and_engine(*, incoming: bool = True) -> Iterator[tuple[StreamLeg, FakeCall, Engine]]:
    leg, call, engine = StreamLeg("127.0.0.1", incoming=incoming), FakeCall(), Engine()
    leg.call = call  # type: ignore[assignment]
    try:
        yield leg, call, engine
    finally:
        leg._sound.close()
        engine.socket.close()


def answer_of(engine: Engine) -> bytes:
    return sdp("0 PCMU/8000", EVENTS, port=engine.port)


async def test_a_caller_is_rung_answered_heard_and_let_go() -> None:
    with leg_and_engine() as (leg, call, engine):
        offer = audio_of(parse(leg.offer), "off")
        assert [each.encoding for each in offer.formats] == ["PCMU", "TELEPHONE-EVENT"]
        await leg.progress(180)
        assert await leg.answer(answer_of(engine)) is None
        leg.sound(FRAME, 0)
        leg.sound(FRAME, 2)
        first, second = await engine.packets(2)
        assert (first[1], second[1] & 0x7F) == (0x80, 0)  # PCMU, and the marker on the first
        assert int.from_bytes(second[4:8], "big") - int.from_bytes(first[4:8], "big") == 320
        assert first[12:] == FRAME
        engine.say(0, b"\x31" * 160, offer.rtp_port)
        engine.say(200, b"\x00" * 24, offer.rtp_port)  # RTCP shares the port
        await asyncio.sleep(0.05)
        assert call.sounds == [b"\x31" * 160]
        await leg.end()
        await leg.end()
        assert call.said == [("ringing",), ("answer",), ("hang_up", "normal")]
        assert await leg.receive() == Ended(LegCause.NORMAL)


async def test_a_later_process_goes_on_at_the_same_port_also_before_its_tunnel_is_there() -> None:
    with leg_and_engine() as (leg, call, engine):
        offer = audio_of(parse(leg.offer), "off")
        call.id, call.edge = "c1", "https://edge"  # type: ignore[attr-defined]
        assert leg.kept() is None, "nobody has answered"
        await leg.answer(answer_of(engine))
        call.edge = ""  # type: ignore[attr-defined]
        assert leg.kept() is None, "an edge that ends with this process holds nothing"
        call.edge = "https://edge"  # type: ignore[attr-defined]
        kept = leg.kept()
        leg._sound.close()
        assert kept is not None
        found = read_kept(kept)
        assert found is not None
        assert (found.call, found.edge) == ("c1", "https://edge")
        again = StreamLeg.revived("127.0.0.1", found)
        assert again.kept() == kept, "written anew before the tunnel is there, it is the same leg"
        tunnel = FakeCall()
        again.call = tunnel  # type: ignore[assignment]
        again.sound(FRAME, 900)
        (packet,) = await engine.packets(1)
        assert (packet[1], packet[12:]) == (0x80, FRAME)
        engine.say(0, b"\x31" * 160, offer.rtp_port)
        await asyncio.sleep(0.05)
        assert tunnel.sounds == [b"\x31" * 160]
        await again.end()
    assert read_kept(b"\x9a") is None


async def test_keys_go_both_ways_once() -> None:
    with leg_and_engine() as (leg, call, engine):
        port = audio_of(parse(leg.offer), "off").rtp_port
        await leg.answer(answer_of(engine))
        leg.digit("5")
        leg.digit("#")
        packets = await engine.packets(18)
        events = [(each[12], each[13] >> 7, each[1] >> 7) for each in packets if each[1] & 0x7F == 101]
        assert [event for event, _, marker in events if marker] == [5, 11]
        assert [event for event, end, _ in events if end] == [5, 5, 5, 11, 11, 11]
        assert len({each[4:8] for each in packets}) == 2
        for number, end in enumerate((0, 0, 0x80, 0x80)):
            engine.say(101, bytes([7, end | 10, 0, 160]), port, number=number, ts=480)
        await asyncio.sleep(0.05)
        assert call.said == [("answer",), ("digits", "7")]


async def test_refusals_and_hangups_before_the_answer() -> None:
    with leg_and_engine() as (leg, call, _):
        await leg.reject(486, "Busy Here")
        assert call.said == [("refuse", 486, "Busy Here")]
        assert await leg.receive() == Ended(LegCause.BUSY, 486, "Busy Here")
        with pytest.raises(LegFailed):
            await leg.answer(None)
    with leg_and_engine() as (leg, _, _engine):
        leg.hung_up("normal")
        assert await leg.receive() == Ended(LegCause.CANCELLED)
    with leg_and_engine() as (leg, _, engine):
        await leg.answer(answer_of(engine))
        leg.lost()
        assert await leg.receive() == Ended(LegCause.TRANSPORT, 503, "Tunnel Lost")
        assert not await leg.alive()


async def test_somebody_outside_is_called() -> None:
    with leg_and_engine(incoming=False) as (leg, _, engine):
        leg.offered(sdp("9 G722/8000", "8 PCMA/8000", "0 PCMU/8000", EVENTS, port=engine.port))
        leg.ringing()
        leg.answered()
        assert await leg.receive() == Progress(180)
        answered = await leg.receive()
        assert isinstance(answered, Answered)
        assert answered.sdp is not None
        assert [each.payload_type for each in audio_of(parse(answered.sdp), "off").formats] == [0, 101]
        leg.sound(FRAME, 0)
        assert (await engine.packets(1))[0][12:] == FRAME
    with leg_and_engine(incoming=False) as (leg, _, engine):
        leg.failed(486, "busy")
        assert await leg.receive() == Refused(486, "busy")
        assert await leg.receive() == Ended(LegCause.BUSY, 486, "busy")


async def test_an_engine_that_speaks_no_ulaw_is_refused() -> None:
    with leg_and_engine() as (leg, _, engine), pytest.raises(PeerError) as caught:
        await leg.answer(sdp("8 PCMA/8000", port=engine.port))
    assert caught.value.sip_status == 488


async def test_what_a_stalled_tunnel_sends_at_once_is_not_played_late() -> None:
    with leg_and_engine() as (leg, _, engine):
        await leg.answer(answer_of(engine))
        clock = [100.0]
        leg._sound._loop = type("Loop", (), {"time": lambda _: clock[0]})()
        for number in range(50):
            leg.sound(FRAME, number)
            clock[0] += 0.02
        await engine.packets(50)
        clock[0] += 2.0  # a hundred frames wait, and come together
        for number in range(50, 150):
            leg.sound(FRAME, number)
        assert leg._sound.late == 85
        leg.sound(FRAME, 150)
        assert len(await engine.packets(16)) == 16
        leg._sound._loop = asyncio.get_running_loop()


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_no_packet_of_the_engine_harms_the_leg(packets: list[bytes]) -> None:
    async def take() -> None:
        with leg_and_engine() as (leg, _, engine):
            await leg.answer(answer_of(engine))
            for packet in packets:
                leg._sound._take(packet)

    asyncio.run(take())
