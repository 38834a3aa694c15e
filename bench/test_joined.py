"""CPU of the media thread while it decodes, mixes and encodes conferences, with UDP and RTP included."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.figure import Figure, Peer, measure, record
from bench.talking import percent_of, talking
from pbx.media.engine import MediaEngine
from pbx.media.stream import Stream
from pbx.model.stream import StreamFormat

SETTLE_S = 2.5
TURNS = 5
TURN_S = 1.0
PCMU = StreamFormat(0, "PCMU")
# Percent of a core for a member.
CONFBRIDGE = {10: 0.345, 100: 0.235}

Join = Callable[[MediaEngine, list[Stream]], None]


async def core_percent(formats: list[StreamFormat], join: Join) -> float:
    """CPU of the one media thread with these phones talking, in percent of a core: the median of several turns."""
    async with talking(formats) as (media, streams):
        join(media, streams)
        await asyncio.sleep(SETTLE_S)
        turns = [await percent_of(media, TURN_S) for _ in range(TURNS)]
        sent = [each.stats().packets_out for each in streams]
        assert min(sent) > 0.9 * (SETTLE_S + TURNS * TURN_S - 0.5) / 0.02, sent
    return statistics.median(turns)


def show(benchmark: BenchmarkFixture, figure: Figure) -> None:
    record(benchmark, figure)
    beside = f", {figure.peer.name} {figure.peer.value:g} {figure.unit}" if figure.peer else ""
    print(f"\n{figure.title}: {figure.value:.4f} {figure.unit}{beside}  {figure.how}")


@pytest.mark.parametrize("members", [10, 100])
def test_conference(benchmark: BenchmarkFixture, members: int) -> None:
    def join(media: MediaEngine, streams: list[Stream]) -> None:
        room = media.room(members, label="bench")
        for each in streams:
            room.join(each)

    value = measure(benchmark, lambda: asyncio.run(core_percent([PCMU] * members, join))) / members
    peer = Peer(name="Asterisk ConfBridge", value=CONFBRIDGE[members])
    show(
        benchmark,
        Figure(
            title=f"Conference of {members}, µ-law, all talking, CPU per member",
            value=value,
            unit="% of a core",
            target=peer.value / 4,
            peer=peer,
            how="jitter buffer, decoding, mixing, encoding, RTP and UDP included",
        ),
    )
