"""A moment of the fuzzer with a fixed seed, so that it stays in working order."""

from __future__ import annotations

from tests.fuzz.fuzz_record import fuzz


async def test_recordings_of_nonsense_are_whole_and_no_longer_than_it_took() -> None:
    assert await fuzz(1.5, seed=4) > 100
