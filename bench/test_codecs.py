"""CPU per 20 ms of sound: G.711 by kernels, the codecs beside their libraries alone, transcoding, resampling.

Times are of this thread's CPU clock. Each turn measures everything once, so that a busy neighbour or a changing clock
meets all alike; G.711 takes the best turn, the rest the median.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench import libraries
from bench.figure import Figure, Peer, measure, record
from media_ext.codec import available
from media_ext.codec_door import (
    CodecProbe,
    ResamplerProbe,
    TranscoderProbe,
    common_rate,
    g711_encode,
    g711_names,
    resampling_available,
    time_g711_decode_ns,
    time_g711_encode_ns,
)
from tests.media.sound import packets
from tests.oracles.tones import speech_like, to_bytes

SAMPLES = 160
CALLS = 2000
SECONDS = 2.0
TURNS = 12

G711_TARGET_NS = {"decode": 20.0, "encode": 30.0}


def test_g711(benchmark: BenchmarkFixture) -> None:
    pcm = to_bytes(speech_like(8000, 0.02))
    timed: dict[tuple[str, str, str], list[float]] = {}

    def turn() -> None:
        for law in ("ulaw", "alaw"):
            codes = g711_encode(law, pcm)
            for name in g711_names():
                decode, encode = (
                    timed.setdefault((law, "decode", name), []),
                    timed.setdefault((law, "encode", name), []),
                )
                decode.append(time_g711_decode_ns(law, codes, CALLS, name))
                encode.append(time_g711_encode_ns(law, pcm, CALLS, name))

    measure(benchmark, turn, rounds=200)
    best = g711_names()[-1]
    record(
        benchmark,
        *(
            Figure(
                title=f"{'µ' if law == 'ulaw' else 'A'}-law {way}, {SAMPLES} samples, {name}",
                value=min(values),
                unit="ns",
                target=G711_TARGET_NS[way] if name == best != "portable" else None,
                how=f"best of 200 turns of {CALLS} calls",
            )
            for (law, way, name), values in timed.items()
        ),
    )


CODECS = [("G722", 16000), ("G722", 8000), ("OPUS", 8000), ("OPUS", 16000), ("OPUS", 48000)]


def interleaved(works: dict[str, Callable[[], float]], turns: int) -> dict[str, float]:
    """Median ns of each, measured in turn."""
    timed: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(turns):
        for name in list(works)[:: 1 if turn % 2 else -1]:  # what comes first finds cold caches
            timed[name].append(works[name]())
    return {name: statistics.median(values) for name, values in timed.items()}


@pytest.mark.parametrize(("name", "rate_hz"), CODECS)
def test_codec_beside_its_library(benchmark: BenchmarkFixture, name: str, rate_hz: int) -> None:
    if not available(name):
        pytest.skip(f"built without {name}")
    sound = speech_like(rate_hz, SECONDS)
    pcm, sent = to_bytes(sound), packets(CodecProbe(name, rate_hz), sound)
    works: dict[str, Callable[[], float]] = {
        "encode": lambda: CodecProbe(name, rate_hz).time_encode_ns(pcm),
        "encode bare": lambda: libraries.encode_ns(name, rate_hz, pcm),
        "decode": lambda: CodecProbe(name, rate_hz).time_decode_ns(sent),
        "decode bare": lambda: libraries.decode_ns(name, rate_hz, sent),
    }
    medians = measure(benchmark, lambda: interleaved(works, TURNS))
    record(
        benchmark,
        *(
            Figure(
                title=f"{name} {rate_hz // 1000} kHz {way}, 20 ms",
                value=medians[way] / 1000,
                unit="µs",
                target=1.15 * medians[f"{way} bare"] / 1000,
                peer=Peer(
                    name={"G722": "SpanDSP", "OPUS": "libopus"}[name],
                    value=medians[f"{way} bare"] / 1000,
                    same_run=True,
                    source="same run",
                ),
                how="median of 12 turns over 2 s of sound, complexity 5; limit: the library and 15 %",
            )
            for way in ("encode", "decode")
        ),
    )


def transcoding_ns(source: str, sink: str, rate_hz: int, sent: list[bytes]) -> float:
    return TranscoderProbe(CodecProbe(source, rate_hz), CodecProbe(sink, rate_hz)).time_ns(sent)


@pytest.mark.parametrize("pair", [("PCMU", "PCMA"), ("PCMU", "G722"), ("PCMU", "OPUS")], ids="-".join)
def test_transcoding_both_ways(benchmark: BenchmarkFixture, pair: tuple[str, str]) -> None:
    """One leg costs half of both directions; as a share of a core at 50 packets a second."""
    if not all(map(available, pair)):
        pytest.skip(f"built without {pair}")
    rate = common_rate(*pair)
    sound = speech_like(rate, SECONDS)
    sent = {name: packets(CodecProbe(name, rate), sound) for name in pair}
    works = {
        f"{source} to {sink}": partial(transcoding_ns, source, sink, rate, sent[source])
        for source, sink in (pair, pair[::-1])
    }
    bare: dict[str, Callable[[], float]] = {}
    for name in {"G722", "OPUS"} & set(pair):
        bare["encode"] = partial(libraries.encode_ns, name, rate, to_bytes(sound))
        bare["decode"] = partial(libraries.decode_ns, name, rate, sent[name])
    medians = measure(benchmark, lambda: interleaved({**works, **bare}, TURNS))
    total = sum(medians[name] for name in works)
    alone = sum(medians[name] for name in bare)
    record(
        benchmark,
        Figure(
            title=f"Transcoding {pair[0]} and {pair[1]}, one leg",
            value=total / 2 / 20e6 * 100,
            unit="% of a core",
            target=1.15 * alone / 2 / 20e6 * 100 if bare else None,
            peer=Peer(
                name="Asterisk, packets included", value={"PCMA": 0.30, "G722": 0.37, "OPUS": 1.1}[pair[1]]
            ),
            how=f"{rate} Hz, decode and encode of 20 ms both ways, halved; limit: the library and 15 %",
        ),
    )


@pytest.mark.parametrize(("from_hz", "to_hz"), [(8000, 16000), (16000, 8000), (8000, 48000), (48000, 8000)])
def test_resampling(benchmark: BenchmarkFixture, from_hz: int, to_hz: int) -> None:
    if not resampling_available():
        pytest.skip("built without libspeexdsp")
    pcm = to_bytes(speech_like(from_hz, SECONDS))
    works = {"resample": lambda: ResamplerProbe(from_hz, to_hz).time_ns(pcm, from_hz // 50)}
    medians = measure(benchmark, lambda: interleaved(works, TURNS))
    record(
        benchmark,
        Figure(
            title=f"Resampling {from_hz // 1000} to {to_hz // 1000} kHz, 20 ms",
            value=medians["resample"] / 1000,
            unit="µs",
            how="quality 3, median of 12 turns",
        ),
    )
