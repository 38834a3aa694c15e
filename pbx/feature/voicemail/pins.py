"""PINs of boxes: who tries too often has to wait, longer each time, whoever it is and from wherever they call.

The wait is that of the box, and survives a restart. On the owner's own phone no PIN is needed, so nobody can shut an
owner out by guessing.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from pbx.core.clock import Clock
from pbx.store.errors import StoreError

if TYPE_CHECKING:
    from pbx.model.mailbox import Mailbox

__all__ = ["Pins", "Tries"]

T = TypeVar("T")

STATE_KEY = "voicemail_pins"
FREE = 3
SHORTEST_S = 30.0
LONGEST_S = 3600.0
FORGET_S = 24 * 3600.0
MOST_BOXES = 2000


class Tries(msgspec.Struct, frozen=True, kw_only=True):
    """Wrong PINs in a row, and until when none is looked at; Unix seconds."""

    wrong: int = 0
    last: float = 0.0
    locked_until: float = 0.0


class State(Protocol):
    """What remembers across restarts."""

    async def get(self, key: str, kind: type[T]) -> T | None: ...

    async def put(self, key: str, value: object) -> None: ...


class Pins:
    """`secret` finds a box's PIN by its number, `change` sets it."""

    def __init__(
        self,
        *,
        secret: Callable[[str], Awaitable[str | None]],
        change: Callable[[Mailbox, str], Awaitable[None]],
        state: State,
        clock: Clock,
    ) -> None:
        self.wrong = 0
        self._secret = secret
        self._change = change
        self._state = state
        self._clock = clock
        self._tries: dict[str, Tries] = {}

    async def load(self) -> None:
        """Take back what was counted before the restart."""
        self._tries = await self._state.get(STATE_KEY, dict[str, Tries]) or {}

    async def is_set(self, box: str) -> bool:
        return await self._secret(box) is not None

    async def set(self, box: Mailbox, pin: str) -> None:
        """From now on this is the PIN. Raises `UserError`, `StoreError`."""
        await self._change(box, pin)

    def locked_s(self, box: str) -> float:
        """Seconds until a PIN is looked at again."""
        return max(0.0, self._of(box).locked_until - self._now())

    async def check(self, box: str, pin: str) -> bool:
        """Whether it is the PIN; never, while the box is locked, and for a number that is no box."""
        if self.locked_s(box):
            return False
        wanted = await self._secret(box)
        right = hmac.compare_digest(pin.encode(), (wanted or secrets.token_hex(8)).encode())
        if right and wanted is not None:
            if self._tries.pop(box, None) is not None:
                await self._save()
            return True
        await self._failed(box)
        return False

    async def _failed(self, box: str) -> None:
        now = self._now()
        wrong = self._of(box).wrong + 1
        wait = 0.0 if wrong < FREE else min(SHORTEST_S * 2.0 ** min(wrong - FREE, 20), LONGEST_S)
        self.wrong += 1
        self._tries[box] = Tries(wrong=wrong, last=now, locked_until=now + wait)
        while len(self._tries) > MOST_BOXES:
            del self._tries[min(self._tries, key=lambda each: self._tries[each].last)]
        await self._save()

    async def _save(self) -> None:
        with suppress(StoreError):  # a full disk opens no box
            await self._state.put(STATE_KEY, self._tries)

    def _of(self, box: str) -> Tries:
        found = self._tries.get(box, Tries())
        return found if self._now() - found.last < FORGET_S else Tries()

    def _now(self) -> float:
        return self._clock.now().timestamp()
