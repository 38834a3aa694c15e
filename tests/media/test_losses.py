"""Bursts and gaps of lost packets against a count that knows the whole stream."""

from __future__ import annotations

import random
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from media_ext.kernels import SenderProbe
from tests.oracles.losses import Counts, count

DEPTH = 32

flags = st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=14).map(
    lambda runs: [flag for flag, times in runs for _ in range(times)]
)


def counted(probe: SenderProbe) -> Counts:
    """What the kernel says, with its open burst closed."""
    found = probe.losses
    burst = found["open_lost"] > 1
    return Counts(
        found["packets"],
        found["lost"],
        found["runs"],
        found["bursts"] + burst,
        found["burst_packets"] + burst * found["open_packets"],
        found["burst_lost"] + burst * found["open_lost"],
    )


@given(flags, st.integers(0, 65535))
def test_losses_are_counted_as_the_oracle_does(came: list[bool], first: int) -> None:
    """The stream goes on without loss until all of it is decided upon."""
    came = [True, *came, *[True] * DEPTH]
    probe = SenderProbe()
    for place, here in enumerate(came):
        if here:
            probe.receive(1, (first + place) % 65536)
    assert counted(probe) == count(came[:-DEPTH])


@given(flags, st.integers(0, 10_000))
def test_reordering_is_no_loss(came: list[bool], seed: int) -> None:
    """Each packet may be some places late."""
    came = [True, *came, *[True] * DEPTH]
    rng = random.Random(seed)
    places = [(place + rng.uniform(0, 5) * (place > 0), place) for place, here in enumerate(came) if here]
    in_order = sorted(places[:-DEPTH]) + places[-DEPTH:]
    probe = SenderProbe()
    for _, place in in_order:
        probe.receive(1, place)
    newest = list(accumulate((place for _, place in in_order), max))
    assert newest[-1] == len(came) - 1
    assert counted(probe) == count(came[:-DEPTH])


def test_a_restarted_stream_keeps_the_counts() -> None:
    probe = SenderProbe()
    for place in (*range(5), *range(6, 60)):
        probe.receive(1, place)
    for place in range(100, 140):
        probe.receive(2, place)
    found = counted(probe)
    assert (found.lost, found.packets) == (1, 60 - DEPTH + 40 - DEPTH)


def test_a_known_pattern() -> None:
    """RFC 3611: three losses close together are a burst of 100 ms, one alone is not."""
    came = [True] * 20 + [False, True, False, True, False] + [True] * 40 + [False] + [True] * 20
    assert count(came) == Counts(packets=86, lost=4, runs=4, bursts=1, burst_packets=5, burst_lost=3)
