"""What sound costs besides moving it: mixing, jitter buffer, concealment, digits; CPU time of one thread."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.figure import Figure, Peer, measure, record
from media_ext.processing_door import (
    mix_kernel_names,
    time_dtmf_detect_ns,
    time_jitter_ns,
    time_mix_ns,
    time_plc_ns,
)
from tests.oracles.dtmf import Sound, pcm, silence, tone

ROUNDS = 7

# Nanoseconds per member and tick of a mix of 8 kHz in our experiments: without levels, gates and gain.
EXPERIMENT_NS = {"portable": 211.0, "sse2": 53.0, "avx2": 17.0}
# Percent of a core per member of a conference, decoding, encoding and RTP included: 20 ms have 20,000,000 ns.
CONFBRIDGE = {(10, 10): 0.345, (30, 30): 0.285, (100, 100): 0.235, (30, 3): 0.20}


def median_of(benchmark: BenchmarkFixture, run: Callable[[], float]) -> float:
    """Of several turns: a busy neighbour spoils one or two."""
    figures: list[float] = []
    measure(benchmark, lambda: figures.append(run()), rounds=ROUNDS, warmup_rounds=1)
    return statistics.median(figures[1:])


def show(benchmark: BenchmarkFixture, figure: Figure) -> None:
    record(benchmark, figure)
    beside = f", {figure.peer.name} {figure.peer.value:g} {figure.unit}" if figure.peer else ""
    print(f"\n{figure.title}: {figure.value:.1f} {figure.unit}{beside}  {figure.how}")


@pytest.mark.parametrize("members", [10, 100])
@pytest.mark.parametrize("name", mix_kernel_names())
def test_mixing(benchmark: BenchmarkFixture, name: str, members: int) -> None:
    value = median_of(benchmark, lambda: time_mix_ns(name, members, members, 8000, 20_000 // members))
    confbridge_ns = CONFBRIDGE[members, members] / 100 * 20e6
    peer = (
        Peer(name="prototype", value=EXPERIMENT_NS[name], source="prototypes/media.c: the bare loops")
        if name in EXPERIMENT_NS
        else None
    )
    show(
        benchmark,
        Figure(
            title=f"Mix N-1 per member and tick, {members} talking, {name}",
            value=value,
            unit="ns",
            peer=peer,
            how=f"8 kHz, with levels and talkers; ConfBridge: {confbridge_ns:.0f} ns a member, codecs and RTP too",
        ),
    )


def test_mixing_when_three_of_thirty_talk(benchmark: BenchmarkFixture) -> None:
    name = mix_kernel_names()[0]
    value = median_of(benchmark, lambda: time_mix_ns(name, 30, 3, 8000, 1000))
    show(
        benchmark,
        Figure(
            title=f"Mix N-1 per member and tick, 3 of 30 talking, {name}",
            value=value,
            unit="ns",
            peer=Peer(
                name="ConfBridge", value=CONFBRIDGE[30, 3] / 100 * 20e6, source="all of its work per member"
            ),
            how="the others send noise below the gate, whose level is measured",
        ),
    )


@pytest.mark.parametrize("rate_hz", [16000, 48000])
def test_mixing_wide(benchmark: BenchmarkFixture, rate_hz: int) -> None:
    name = mix_kernel_names()[0]
    value = median_of(benchmark, lambda: time_mix_ns(name, 30, 30, rate_hz, 300))
    show(
        benchmark,
        Figure(
            title=f"Mix N-1 per member and tick, 30 talking, {rate_hz // 1000} kHz, {name}",
            value=value,
            unit="ns",
        ),
    )


def test_jitter_buffer(benchmark: BenchmarkFixture) -> None:
    value = median_of(benchmark, lambda: time_jitter_ns(50_000, 160))
    show(
        benchmark,
        Figure(title="Jitter buffer, one packet in and out", value=value, unit="ns", how="put, tick and get"),
    )


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_concealment(benchmark: BenchmarkFixture, rate_hz: int) -> None:
    t = np.arange(rate_hz) / rate_hz
    voice = pcm(
        sum((5000 / n * np.sin(2 * np.pi * 130 * n * t) for n in range(1, 12)), start=np.zeros(rate_hz))
    )
    value = median_of(benchmark, lambda: time_plc_ns(voice, rate_hz, 5000, 10))
    idle = time_plc_ns(voice, rate_hz, 5000, 0)
    show(
        benchmark,
        Figure(
            title=f"Concealment per 20 ms at {rate_hz // 1000} kHz, one in ten lost",
            value=value,
            unit="ns",
            how=f"without loss {idle:.0f} ns",
        ),
    )


@pytest.mark.parametrize(
    ("what", "sound"),
    [
        ("digits", np.concatenate([part for n in range(16) for part in (tone(n, 60), silence(60))])),
        ("noise", np.random.default_rng(1).normal(0, 3000, 8000)),
        ("silence", np.zeros(8000)),
    ],
)
def test_digit_detection(benchmark: BenchmarkFixture, what: str, sound: Sound) -> None:
    value = median_of(benchmark, lambda: time_dtmf_detect_ns(pcm(sound), 8000, 10_000))
    show(benchmark, Figure(title=f"DTMF detection per 20 ms, {what}", value=value, unit="ns"))
