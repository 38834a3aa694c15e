"""What transcoding costs above passing the same packets through, beside what the codecs' libraries take by themselves.

One engine and the same phones, by turns: legs linked (each packet is relayed as it is), then bridged (decoded, put in
order, encoded). Sockets, RTP and wake-ups are in both; the difference is what transcoding adds. The libraries' own cost
is SpanDSP's or libopus's encoder and decoder on the same sound with nothing around: SpanDSP's in one loop; libopus's on
as many legs, five at a time as the engine does it, for its tables and states do not stay in the caches meanwhile (in
one loop it takes a tenth less).
"""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench import libraries
from bench.figure import Figure, Peer, measure, record
from bench.talking import percent_of, said_in, talking
from media_ext.codec import available
from media_ext.codec_door import CodecProbe
from pbx.media.engine import MediaEngine
from pbx.media.stream import Stream
from pbx.model.stream import StreamFormat

PAIRS = 25
TURNS = 7
SETTLE_S = 0.7
TURN_S = 1.0
RATE_HZ = 8000
PCMU = StreamFormat(0, "PCMU")
PCMA = StreamFormat(8, "PCMA")
G722 = StreamFormat(9, "G722")
OPUS = StreamFormat(111, "OPUS", 48000, 2)
ASTERISK = {"PCMA": 0.30, "G722": 0.37, "OPUS": 1.1}


@dataclass(frozen=True, slots=True)
class Turn:
    """Percent of a core for one leg."""

    relayed: float
    transcoded: float
    libraries: float


def library_percent(form: StreamFormat) -> float:
    """Half of what encoding and decoding of both directions takes; µ-law's share needs no library."""
    heard = CodecProbe("PCMU", RATE_HZ)
    frames = [heard.decode(each) for each in said_in(PCMU)]
    payloads = said_in(form)
    if form is OPUS:
        return libraries.paced_opus_ns(RATE_HZ, frames[:50], payloads[:50], PAIRS) / 2 / 20e6 * 100
    encode = libraries.encode_ns(form.encoding, RATE_HZ, b"".join(frames))
    return (encode + libraries.decode_ns(form.encoding, RATE_HZ, payloads)) / 2 / 20e6 * 100


def relay(media: MediaEngine, a: Stream, b: Stream, form: StreamFormat) -> None:
    """As if the other phone understood it."""
    media.link(a, b, {PCMU.payload_type: form.payload_type}, {form.payload_type: PCMU.payload_type})


async def turns_of(form: StreamFormat) -> list[Turn]:
    async with talking([PCMU, form] * PAIRS) as (media, streams):
        pairs = list(zip(streams[::2], streams[1::2], strict=True))
        done = []
        for _ in range(TURNS):
            for a, b in pairs:
                relay(media, a, b, form)
            await asyncio.sleep(SETTLE_S)
            relayed = await percent_of(media, TURN_S)
            for a, b in pairs:
                media.bridge(a, b)
            await asyncio.sleep(SETTLE_S)
            transcoded = await percent_of(media, TURN_S)
            own = await asyncio.to_thread(library_percent, form) if form is not PCMA else 0.0
            done.append(Turn(relayed / len(streams), transcoded / len(streams), own))
        heard = [each.stats().packets_out for each in streams]
        assert min(heard) > 0.9 * TURNS * 2 * TURN_S / 0.02, heard
    return done


@pytest.mark.parametrize("form", [PCMA, G722, OPUS], ids=lambda each: each.encoding)
def test_transcoding_above_pass_through(benchmark: BenchmarkFixture, form: StreamFormat) -> None:
    if not available(form.encoding):
        pytest.skip(f"built without {form.encoding}")
    turns = measure(benchmark, lambda: asyncio.run(turns_of(form)))
    above = statistics.median(each.transcoded - each.relayed for each in turns)
    own = statistics.median(each.libraries for each in turns)
    figure = Figure(
        title=f"Transcoding µ-law and {form.encoding}, CPU per leg above pass-through",
        value=above,
        unit="% of a core",
        target=1.15 * own if own else None,
        peer=Peer(name="Asterisk, packets included", value=ASTERISK[form.encoding]),
        how=(
            f"{PAIRS} calls; jitter buffer and all; passed through "
            f"{statistics.median(each.relayed for each in turns):.4f} %, transcoded "
            f"{statistics.median(each.transcoded for each in turns):.4f} %; the library alone {own:.4f} %, "
            f"ratio {above / own:.2f}; medians of {TURNS} turns"
            if own
            else "the limit of what the engine adds without any codec's library"
        ),
    )
    record(benchmark, figure)
    print(
        f"\n{figure.title}: {figure.value:.4f} {figure.unit}, at most {figure.target or 0:.4f}; {figure.how}"
    )
