"""The calls of one account in the last day: how many, how long. Time is kept in buckets of five minutes, so memory is
bounded, and a span reaches back up to five minutes more than asked for.
"""

from __future__ import annotations

from collections import deque

import msgspec

from pbx.model.limit import Subject

__all__ = ["BUCKET_S", "DAY_S", "HOUR_S", "OFFICE", "Account", "Talk", "Tally"]

BUCKET_S = 300
HOUR_S = 3600
DAY_S = 86_400

Account = tuple[Subject, str]
"""What is counted for: ("extension", "101")."""
OFFICE: Account = ("office", "")


class Talk(msgspec.Struct):
    """One leg to an outside number. `leg` is empty until it is dialled; `answered` is a time of day in seconds.

    A transfer takes it into another call, where its leg is "from " and the call it left until it has joined.
    """

    call: str
    leg: str
    accounts: tuple[Account, ...]
    began: float
    number: str = ""
    answered: float | None = None
    behind_s: float = 0.0
    """How much the wall clock was set forward since the call began."""


class _Bucket(msgspec.Struct):
    index: int
    calls: int = 0
    seconds: float = 0.0


class Tally(msgspec.Struct):
    """The calls of one account in the last day, and those that are going on."""

    running: dict[int, Talk] = msgspec.field(default_factory=dict)
    _buckets: deque[_Bucket] = msgspec.field(default_factory=deque)

    def calls(self, now: float, span_s: int) -> int:
        first = _first_bucket(now, span_s)
        return sum(each.calls for each in self._buckets if each.index >= first)

    def seconds(self, now: float, span_s: int) -> float:
        """Talked in the last `span_s`, and in the rest of the five minutes in which they begin."""
        first = _first_bucket(now, span_s)
        done = sum(each.seconds for each in self._buckets if each.index >= first)
        return done + sum(
            max(0.0, now - max(talk.answered, first * BUCKET_S))
            for talk in self.running.values()
            if talk.answered is not None
        )

    def talking(self) -> int:
        return sum(talk.answered is not None for talk in self.running.values())

    def add(self, at: float, *, calls: int = 0, seconds: float = 0.0) -> None:
        bucket = self._bucket(int(at // BUCKET_S))
        bucket.calls = max(0, bucket.calls + calls)
        bucket.seconds += seconds

    def talked(self, start: float, end: float) -> None:
        """Count the time of a talk where it belongs."""
        start = max(start, end - DAY_S - BUCKET_S)
        while start < end:
            until = min(end, (start // BUCKET_S + 1) * BUCKET_S)
            self.add(start, seconds=until - start)
            start = until

    def is_empty(self, now: float) -> bool:
        """Forgets what is older than a day; whether nothing is left."""
        first = _first_bucket(now, DAY_S)
        while self._buckets and self._buckets[0].index < first:
            self._buckets.popleft()
        return not self._buckets and not self.running

    def _bucket(self, index: int) -> _Bucket:
        for each in reversed(self._buckets):
            if each.index == index:
                return each
            if each.index < index:
                break
        bucket = _Bucket(index)
        place = sum(each.index < index for each in self._buckets)
        self._buckets.insert(place, bucket)
        return bucket


def _first_bucket(now: float, span_s: int) -> int:
    return int((now - span_s) // BUCKET_S)
