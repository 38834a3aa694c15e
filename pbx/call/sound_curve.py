"""How one direction of a leg sounded over the time of the call: few points, however long it was.

Each point is the worst MOS of its span, 0 where nothing was known: nobody talked, or no report came.
"""

from __future__ import annotations

__all__ = ["LOOK_EVERY_S", "MOST", "SoundCurve"]

LOOK_EVERY_S = 5.0
MOST = 48


class SoundCurve:
    """`every_s` is the span of a point; it doubles when there are too many."""

    def __init__(self, every_s: float) -> None:
        self.every_s = every_s
        self._looks = 1
        """How many make a point."""
        self._points: list[float] = []
        self._open: list[float] = []

    @property
    def points(self) -> tuple[float, ...]:
        """The oldest first; the last one may be shorter than the others. None when nothing was ever known."""
        found = [*self._points, *([_worst(self._open)] if self._open else [])]
        return tuple(found) if any(found) else ()

    def add(self, mos: float | None) -> None:
        """What a look has seen."""
        self._open.append(round(mos, 1) if mos is not None else 0.0)
        if len(self._open) < self._looks:
            return
        self._points.append(_worst(self._open))
        self._open = []
        if len(self._points) >= MOST:
            self._points = [_worst(self._points[at : at + 2]) for at in range(0, len(self._points), 2)]
            self._looks *= 2
            self.every_s *= 2


def _worst(points: list[float]) -> float:
    return min((each for each in points if each), default=0.0)
