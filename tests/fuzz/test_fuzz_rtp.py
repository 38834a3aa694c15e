"""A moment of the fuzzer with a fixed seed, so that it stays in working order."""

from __future__ import annotations

from tests.fuzz.fuzz_rtp import fuzz


async def test_damaged_packets_harm_nothing() -> None:
    assert await fuzz(1.0, seed=4) > 100
