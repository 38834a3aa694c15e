"""Two seconds of each fuzz target over text, always from the same seed; longer runs are started by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.fuzz import fuzz_sdp, fuzz_sip
from tests.fuzz.mutation import run


@pytest.mark.parametrize(
    ("target", "corpus"),
    [(fuzz_sip.target, fuzz_sip.CORPUS), (fuzz_sdp.target, fuzz_sdp.CORPUS)],
    ids=["sip", "sdp"],
)
def test_nothing_breaks_in_two_seconds(target: Callable[[bytes], None], corpus: Sequence[bytes]) -> None:
    for data in corpus:
        target(data)
    tried, found = run(target, corpus, seconds=2.0, seed=1)
    assert found is None, found
    assert tried > 50
