"""What the administrator was told not long ago, so that the same is not told again with every call."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

__all__ = ["ToldLately"]

MOST_REMEMBERED = 5000

K = TypeVar("K", bound=Hashable)


class ToldLately(Generic[K]):
    """By what it was about; the oldest are forgotten when there are too many."""

    def __init__(self) -> None:
        self._told: dict[K, datetime] = {}

    def is_due(self, about: K, at: datetime, quiet: timedelta) -> bool:
        """Whether nothing was told of it for so long; then it counts as told now. A clock that was set back tells."""
        before = self._told.get(about)
        if before is not None and timedelta() <= at - before < quiet:
            return False
        self._told.pop(about, None)
        self._told[about] = at
        if len(self._told) > MOST_REMEMBERED:
            del self._told[next(iter(self._told))]
        return True
