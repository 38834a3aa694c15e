"""When the room is used up: against a slow, obvious count of every day's files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pbx.feature.recording.forecast import HORIZON_DAYS, full_in_days


def oracle(used: int, quota: int, per_day: int, expiring: list[int], keep: int | None) -> int | None:
    """Keep a list of what was made on which day."""
    if used >= quota:
        return 0
    there: list[tuple[int | None, int]] = [(day + 1, size) for day, size in enumerate(expiring)]
    there.append((None, used - sum(expiring)))
    for day in range(1, HORIZON_DAYS + 1):
        there.append((None if keep is None else day + keep, per_day))
        there = [(end, size) for end, size in there if end is None or end > day]
        if sum(size for _, size in there) >= quota:
            return day
    return None


@given(
    st.integers(0, 10_000),
    st.integers(1, 20_000),
    st.integers(0, 500),
    st.lists(st.integers(0, 50), max_size=30),
    st.none() | st.integers(1, 60),
)
def test_it_is_what_a_count_of_every_file_says(
    used: int, quota: int, per_day: int, expiring: list[int], keep: int | None
) -> None:
    used += sum(expiring)
    assert full_in_days(used, quota, per_day, expiring, keep) == oracle(used, quota, per_day, expiring, keep)


def test_examples() -> None:
    assert full_in_days(100, 200, 10, ()) == 10
    assert full_in_days(100, 200, 0, ()) is None
    assert full_in_days(200, 200, 0, ()) == 0
    assert full_in_days(0, 200, 10, (), keep_days=10) is None
