"""When the room for recordings is used up, at the pace of the last days."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["HORIZON_DAYS", "full_in_days"]

HORIZON_DAYS = 365


def full_in_days(
    used: int, quota: int, per_day: int, expiring: Sequence[int], keep_days: int | None = None
) -> int | None:
    """In how many days `used` bytes reach `quota`; 0: they have, None: not within a year.

    `expiring` are the bytes of today's files that go on each day; what is recorded from now on goes after `keep_days`.
    """
    if used >= quota:
        return 0
    for day in range(1, HORIZON_DAYS + 1):
        used += per_day
        used -= expiring[day - 1] if day <= len(expiring) else 0
        if keep_days is not None and day > keep_days:
            used -= per_day
        if used >= quota:
            return day
    return None
