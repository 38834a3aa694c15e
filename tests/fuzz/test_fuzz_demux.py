"""A moment of the fuzzer with a fixed seed, so that it stays in working order."""

from __future__ import annotations

from tests.fuzz.fuzz_demux import fuzz


async def test_damaged_stun_and_dtls_harm_nothing() -> None:
    assert await fuzz(1.5, seed=4) > 200
