"""A second of each fuzz target that takes one input at a time, from the same seed; longer runs by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.fuzz import fuzz_headers, fuzz_ice, fuzz_sdp, fuzz_sip, fuzz_sound, fuzz_web, fuzz_wire
from tests.fuzz.mutation import run

TABLES = fuzz_wire.TARGETS | fuzz_headers.TARGETS | fuzz_web.TARGETS


@pytest.mark.parametrize(
    ("target", "corpus"),
    [
        (fuzz_sip.target, fuzz_sip.CORPUS),
        (fuzz_sdp.target, fuzz_sdp.CORPUS),
        (fuzz_ice.target, fuzz_ice.CORPUS),
        (fuzz_sound.target, fuzz_sound.CORPUS),
        *TABLES.values(),
    ],
    ids=["sip", "sdp", "ice", "sound", *TABLES],
)
def test_nothing_breaks_in_a_second(target: Callable[[bytes], None], corpus: Sequence[bytes]) -> None:
    for data in corpus:
        target(data)
    tried, found = run(target, corpus, seconds=1.0, seed=1)
    assert found is None, found
    assert tried > 20
