"""How much an office may send: a bucket that fills with time, and holds ten seconds' worth."""

from __future__ import annotations

from collections.abc import Callable

from mobile_push.errors import PushError

BURST_S = 10.0


class Limits:
    """One bucket for each office. `rate` is pushes per second; 0 sets no limit."""

    def __init__(self, rate: float, monotonic: Callable[[], float]) -> None:
        self.rate = rate
        self._monotonic = monotonic
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, office: str, count: int) -> None:
        """Raises `PushError` 429, with the time until there is room again."""
        if not self.rate:
            return
        now, most = self._monotonic(), max(self.rate * BURST_S, 1.0)
        left, at = self._buckets.get(office, (most, now))
        left = min(most, left + (now - at) * self.rate)
        if count > left and left < most:  # more than a bucket holds passes when the bucket is full
            self._buckets[office] = (left, now)
            wait_s = (min(count, most) - left) / self.rate
            raise PushError(429, "This office sends too many pushes.", retry_after_s=wait_s)
        self._buckets[office] = (left - count, now)
