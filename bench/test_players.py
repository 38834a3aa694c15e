"""CPU of the media thread while many phones hear something from the node, each from a player of its own.

A thread that cannot keep up skips sound and not sequence numbers, so the packets are counted as well.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.figure import Figure, measure, record
from media_ext.sound_door import Clip, Feed
from pbx.media.engine import MediaEngine
from pbx.media.stream import Stream
from pbx.model.stream import RemoteMedia, StreamFormat
from tests.oracles.tones import speech_like, to_bytes

PLAYERS = 200
OPUS_PLAYERS = 50
"""A core encodes about 200 of them, and no more."""
SETTLE_S = 1.5
TURNS = 5
TURN_S = 1.5
PCMU = StreamFormat(0, "PCMU")
G722 = StreamFormat(9, "G722")
OPUS = StreamFormat(111, "OPUS", 48000, 2)

Play = Callable[[MediaEngine, Stream, int], None]


@dataclass(frozen=True, slots=True)
class Run:
    """Percent of a core for all players; packets that came, and that are missing."""

    percent: float
    turns: list[float]
    came: int
    missing: int


async def play_all(form: StreamFormat, play: Play, players: int) -> Run:
    media = MediaEngine(bind_host="127.0.0.1", port_min=32000, port_max=32999, threads=1, silence_ms=0)
    await media.start()
    phones = subprocess.Popen(
        [sys.executable, "-m", "bench.listeners"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert phones.stdin is not None
    assert phones.stdout is not None
    port = int(phones.stdout.readline())
    for n in range(players):
        stream = media.open_stream(label=f"bench/{n}")
        stream.set_remote(RemoteMedia(rtp_host="127.0.0.1", rtp_port=port, formats=(form,), voice=form))
        play(media, stream, n)
        await asyncio.sleep(0.0013)
    begun = time.monotonic()
    await asyncio.sleep(SETTLE_S)
    turns = []
    for _ in range(TURNS):
        before = media.native.cpu_seconds()[0]
        await asyncio.sleep(TURN_S)
        turns.append((media.native.cpu_seconds()[0] - before) / TURN_S * 100)
    lasted_s = time.monotonic() - begun
    phones.stdin.write("\n")
    phones.stdin.flush()
    told = json.loads(phones.stdout.readline())
    assert told["senders"] == players
    assert told["came"] > 0.99 * players * lasted_s / 0.02, "the thread kept up"
    phones.stdin.close()
    phones.wait(10)
    await media.stop()
    return Run(statistics.median(turns), turns, told["came"], told["missing"])


def one_clip(rate_hz: int) -> Play:
    clip = Clip(to_bytes(speech_like(rate_hz, 10)), rate_hz)
    return lambda media, stream, n: media.play(stream, clip, loop=True, start_ms=n * 37)


def streamed() -> Play:
    """Everything that will be heard waits in the ring, at a rate that has to be resampled."""
    sound = to_bytes(speech_like(16000, 14))

    def play(media: MediaEngine, stream: Stream, _number: int) -> None:
        feed = Feed(16000, room_ms=15000)
        feed.push(sound)
        media.play(stream, feed)

    return play


CASES: dict[str, tuple[StreamFormat, Callable[[], Play], float | None]] = {
    "a clip in µ-law": (PCMU, lambda: one_clip(8000), 15),
    "a clip in G.722": (G722, lambda: one_clip(16000), None),
    "a clip of 8 kHz in Opus": (OPUS, lambda: one_clip(8000), None),
    "a clip of 16 kHz in Opus": (OPUS, lambda: one_clip(16000), None),
    "streams of 16 kHz in µ-law": (PCMU, streamed, None),
}


@pytest.mark.parametrize("what", CASES)
def test_players_at_once(benchmark: BenchmarkFixture, what: str) -> None:
    form, play, target = CASES[what]
    players = OPUS_PLAYERS if form is OPUS else PLAYERS
    run = measure(benchmark, lambda: asyncio.run(play_all(form, play(), players)))
    record(
        benchmark,
        Figure(
            title=f"{players} players at once, {what}",
            value=run.percent,
            unit="% of a core",
            target=target,
            how=(
                f"{run.percent / players * 10_000:.0f} µs of CPU for a player's second; {run.came} packets, "
                f"{run.missing} missing; median of {', '.join(f'{each:.1f}' for each in run.turns)}"
            ),
        ),
    )
    assert run.missing == 0
