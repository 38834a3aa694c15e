"""The back-off by itself: growth, limits, forgetting, bounded memory."""

from __future__ import annotations

from pbx.api.backoff import Backoff


def test_wait_doubles_up_to_fifteen_minutes() -> None:
    backoff, now, waits = Backoff(), 0.0, []
    for _ in range(20):
        backoff.failed("a", "x", now)
        wait = backoff.wait_s("a", f"other{now}", now)
        waits.append(wait)
        now += wait
    assert waits[:8] == [0, 0, 0, 0, 1, 2, 4, 8]
    assert waits[-1] == 900


def test_wait_passes() -> None:
    backoff = Backoff()
    for _ in range(6):
        backoff.failed("a", "x", 100.0)
    assert [backoff.wait_s("a", "x", now) for now in (100.0, 100.5, 101.9, 102.0)] == [2, 2, 1, 0]


def test_an_hour_of_quiet_is_forgiven() -> None:
    backoff = Backoff()
    for _ in range(30):
        backoff.failed("a", "x", 0.0)
    assert backoff.wait_s("a", "x", 3601.0) == 0
    backoff.failed("a", "x", 3601.0)
    assert backoff.wait_s("a", "x", 3601.0) == 0


def test_success_takes_the_account_count_back_so_busy_admins_never_add_up() -> None:
    backoff = Backoff()
    for n in range(100):
        backoff.failed(f"s{n}", "x", 0.0)
        backoff.succeeded(f"s{n}", "x")
    assert backoff.wait_s("new", "x", 0.0) == 0


def test_memory_is_bounded() -> None:
    backoff = Backoff()
    for n in range(10_000):
        backoff.failed(f"s{n}", f"a{n}", 0.0)
        backoff.succeeded(f"t{n}", f"b{n}")
    assert max(len(backoff._sources), len(backoff._accounts), len(backoff._trusted)) <= 4096
