"""How many requests somebody may send: a bucket of tokens for each credential, and for each address without one.

The limits are far beyond what people and well-written programs need; they keep one that has run wild from taking the
node's time. Pure: time is an argument. Memory is bounded; what was quiet for longest is forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict
from math import ceil

import msgspec

__all__ = ["Rates"]

_KEPT = 4096


class _Bucket(msgspec.Struct):
    left: float
    at_s: float


class Rates:
    """`per_s` requests a second in the long run, `burst` at once; 0 a second: no limit."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, who: str, now_s: float) -> int:
        """Count a request; whole seconds until the next is allowed when this one is not, else 0."""
        if not self._per_s:
            return 0
        bucket = self._bucket(who, now_s)
        if bucket.left < 1:
            return max(1, ceil((1 - bucket.left) / self._per_s))
        bucket.left -= 1
        return 0

    def _bucket(self, who: str, now_s: float) -> _Bucket:
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = self._buckets[who] = _Bucket(float(self._burst), now_s)
            while len(self._buckets) > _KEPT:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(who)
            bucket.left = min(float(self._burst), bucket.left + (now_s - bucket.at_s) * self._per_s)
            bucket.at_s = now_s
        return bucket
