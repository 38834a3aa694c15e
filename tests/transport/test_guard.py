"""Offences are counted per source, in bounded memory."""

from __future__ import annotations

from pbx.transport.guard import Guard, Offence


def test_counts_are_per_source_and_kind_and_told() -> None:
    told: list[tuple[Offence, str]] = []
    guard = Guard(on_offence=lambda kind, host: told.append((kind, host)))
    assert [guard.count(Offence.AUTH_FAILED, "a") for _ in range(3)] == [1, 2, 3]
    assert guard.count(Offence.MALFORMED, "a") == 1
    assert guard.count(Offence.AUTH_FAILED, "b") == 1
    assert guard.of("a") == {Offence.AUTH_FAILED: 3, Offence.MALFORMED: 1}
    assert guard.totals[Offence.AUTH_FAILED] == 4
    assert guard.worst(1) == [("a", guard.of("a"))]
    assert len(told) == 5
    guard.forgive("a")
    assert guard.of("a") == {}


def test_the_source_that_was_quiet_longest_is_forgotten_first() -> None:
    guard = Guard(max_sources=100)
    guard.count(Offence.MALFORMED, "stubborn")
    for number in range(5000):
        guard.count(Offence.MALFORMED, f"spoofed-{number}")
        guard.count(Offence.MALFORMED, "stubborn")
    assert len(guard) == 100
    assert guard.of("stubborn") == {Offence.MALFORMED: 5001}
