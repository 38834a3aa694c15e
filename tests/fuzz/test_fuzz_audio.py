"""A moment of the fuzzer with a fixed seed, so that it stays in working order."""

from __future__ import annotations

from tests.fuzz.fuzz_audio import fuzz


def test_what_is_no_audio_harms_nothing() -> None:
    assert fuzz(1.0, seed=4) > 300
