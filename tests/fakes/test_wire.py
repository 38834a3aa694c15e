"""The network in memory: as bad as it was told to be, and the same for the same seed."""

from __future__ import annotations

from typing import Any

from pbx.sip.framer import KeepAlive
from pbx.sip.hop import Hop
from tests.fakes.clock import FakeClock, Timeline
from tests.fakes.wire import CALM, STORM, Network, Weather
from tests.sip.samples import text

A, B = ("192.0.2.7", 5062), ("192.0.2.1", 5060)


class Listener:
    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.data: list[bytes] = []
        self.messages: list[Any] = []
        self.hops: list[Hop] = []
        self.at: list[float] = []

    def received(self, data: bytes, hop: Hop) -> None:
        self.data.append(data)
        self.hops.append(hop)
        self.at.append(self.timeline.time)

    def received_message(self, message: Any, hop: Hop, raw: bytes = b"") -> None:
        self.messages.append(message)
        self.hops.append(hop)

    def undeliverable(self, hop: Hop) -> None:
        raise AssertionError(hop)


def send(weather: Weather, seed: int = 1, packets: int = 2000) -> tuple[Listener, Network]:
    timeline = Timeline()
    network = Network(timeline.call_later, lambda: timeline.time, seed=seed, weather=weather)
    sender = network.plug(*A)
    listener = Listener(timeline)
    network.plug(*B, listener)
    for number in range(packets):
        assert sender.send(str(number).encode(), Hop("UDP", *B, *A))
    timeline.run()
    return listener, network


def test_calm_weather_loses_and_reorders_nothing() -> None:
    listener, _ = send(CALM, packets=100)
    assert listener.data == [str(number).encode() for number in range(100)]
    assert set(listener.at) == {0.005}
    assert listener.hops[0] == Hop("UDP", *A, *B)


def test_a_storm_loses_duplicates_and_reorders_about_as_much_as_it_says() -> None:
    listener, network = send(STORM)
    assert 0.15 < network.counts["lost"] / 2000 < 0.25
    assert 0.05 < network.counts["duplicated"] / 2000 < 0.15
    numbers = [int(data) for data in listener.data]
    assert numbers != sorted(numbers)
    assert len(set(numbers)) == 2000 - network.counts["lost"]


def test_the_same_seed_is_the_same_storm() -> None:
    first, second, other = (send(STORM, seed)[0] for seed in (1, 1, 2))
    assert first.data == second.data
    assert first.at == second.at
    assert first.data != other.data


def test_streams_arrive_whole_and_in_order_and_answers_take_the_connection() -> None:
    timeline = Timeline()
    network = Network(timeline.call_later, lambda: timeline.time, weather=STORM)
    here, there = Listener(timeline), Listener(timeline)
    sender, receiver = network.plug(*A, here), network.plug(*B, there)
    for number in range(20):
        assert sender.send(text("OPTIONS", cseq=number + 1, transport="TCP"), Hop("TCP", *B, *A))
    timeline.run()
    assert [message.cseq.number for message in there.messages] == list(range(1, 21))
    hop = there.hops[0]
    assert hop.connection
    assert receiver.send(b"\r\n\r\n", hop)
    timeline.run()
    assert here.messages == [KeepAlive()]


def test_a_stream_to_nobody_is_refused_and_a_datagram_to_nobody_is_lost() -> None:
    timeline = Timeline()
    network = Network(timeline.call_later, lambda: timeline.time)
    sender = network.plug(*A)
    assert not sender.send(b"x", Hop("TCP", *B, *A))
    assert sender.send(b"x", Hop("UDP", *B, *A))
    timeline.run()
    assert network.counts["nobody"] == 1


def test_a_pulled_cable_is_silent() -> None:
    timeline = Timeline()
    network = Network(timeline.call_later, lambda: timeline.time)
    sender, listener = network.plug(*A), Listener(timeline)
    network.plug(*B, listener)
    network.unreachable.add(B)
    assert sender.send(b"x", Hop("UDP", *B, *A))
    timeline.run()
    assert not listener.data
    network.unreachable.clear()
    sender.send(text("OPTIONS"), Hop("UDP", *B, *A))
    timeline.run()
    assert len(listener.data) == 1
    assert network.transcript().splitlines()[0].endswith("(lost)")


def test_a_fake_clock_moves_only_when_moved() -> None:
    clock = FakeClock()
    first = clock.now()
    clock.advance(61.5)
    assert clock.monotonic() == 61.5
    assert (clock.now() - first).total_seconds() == 61.5
