"""What is to be sent: queued, kept over a restart, and tried again with longer and longer pauses until it is taken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import msgspec

from pbx.core.clock import Clock
from pbx.core.errors import PbxError
from pbx.notify.errors import SendError
from pbx.notify.notices import State

__all__ = ["MOST", "Queued", "SendingQueue"]

log = logging.getLogger(__name__)

MOST = 500


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """One that waits. `id` is the same for each attempt."""

    id: str
    at: datetime
    attempts: int = 0
    next_at: datetime | None = None


Q = TypeVar("Q", bound=Queued)


class SendingQueue(Generic[Q]):
    """`send` raises `SendError` for what was not taken; one that is `final` is not tried again. `name` is what the log
    calls them, and the key they are kept under. `run` must be running for anything to be sent or kept.
    """

    def __init__(
        self,
        name: str,
        kind: type[Q],
        send: Callable[[Q], Awaitable[None]],
        *,
        clock: Clock,
        pauses_s: Sequence[int],
        give_up: timedelta,
    ) -> None:
        self._name = name
        self._kind = kind
        self._send = send
        self._clock = clock
        self._pauses_s = pauses_s
        self._give_up = give_up
        self._waiting: dict[str, Q] = {}  # oldest first
        self.counts = {"sent": 0, "given_up": 0, "repeated": 0}
        self._dirty = False
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def put(self, item: Q) -> None:
        """Returns at once. Raises `SendError` when too many wait already."""
        if len(self._waiting) >= MOST:
            raise SendError(f"{MOST} wait already ({self._name}).")
        self._keep(item)

    async def run(self, state: State) -> None:
        """Take back what waited before the restart, then send and keep. Runs until it is cancelled."""
        kept = await state.get(self._name, tuple[self._kind, ...]) or ()  # type: ignore[name-defined]
        self._waiting = {each.id: each for each in (*kept, *self._waiting.values())}
        try:
            while True:
                self._wake.clear()
                await self._store(state)
                if (item := self._due()) is not None:
                    await self._attempt(item)
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._until_next()):
                        await self._wake.wait()
        finally:
            await self._store(state)

    # -- below ---------------------------------------------------------------------------------------------------------

    def _keep(self, item: Q) -> None:
        self._waiting[item.id] = item
        self._dirty = True
        self._wake.set()

    def _due(self) -> Q | None:
        """The one that has waited for longest."""
        now = self._clock.now()
        # Further ahead than any pause: the clock was set back since.
        ahead = now + timedelta(seconds=2 * max(self._pauses_s))
        due = [
            each
            for each in self._waiting.values()
            if each.next_at is None or each.next_at <= now or each.next_at > ahead
        ]
        return min(due, key=lambda each: each.next_at or each.at, default=None)

    def _until_next(self) -> float | None:
        now = self._clock.now()
        waits = [(each.next_at - now).total_seconds() for each in self._waiting.values() if each.next_at]
        return max(0.0, min(waits)) if waits else None

    async def _attempt(self, item: Q) -> None:
        try:
            await self._send(item)
        except SendError as error:
            self._failed(item, error)
        except Exception as error:
            log.exception("sending failed", extra={"what": self._name, "id": item.id})
            self._failed(item, SendError(f"A fault of this node: {error}"))
        else:
            self.counts["sent"] += 1
            self._forget(item)

    def _failed(self, item: Q, error: SendError) -> None:
        now = self._clock.now()
        gives_up = error.final or now - item.at >= self._give_up
        log.warning(
            "could not be sent",
            extra={
                "what": self._name,
                "id": item.id,
                "reason": str(error),
                "attempts": item.attempts + 1,
                "final": gives_up,
            },
        )
        self.counts["given_up" if gives_up else "repeated"] += 1
        if gives_up:
            self._forget(item)
            return
        pause = timedelta(seconds=self._pauses_s[min(item.attempts, len(self._pauses_s) - 1)])
        self._keep(msgspec.structs.replace(item, attempts=item.attempts + 1, next_at=now + pause))

    def _forget(self, item: Q) -> None:
        del self._waiting[item.id]
        self._dirty = True

    async def _store(self, state: State) -> None:
        if not self._dirty:
            return
        self._dirty = False
        try:
            await state.put(self._name, tuple(self._waiting.values()))
        except PbxError as error:  # a full or failing disk: what is sent matters more than what is kept
            log.error("could not be stored", extra={"what": self._name, "reason": str(error)})  # noqa: TRY400
            self._dirty = True
        except asyncio.CancelledError:
            self._dirty = True  # for the last time that `run` keeps them
            raise
