"""The notices of the node: kept, told to whoever listens, and sent to their targets until each has taken them.

All of it is one bounded list that survives a restart. Each target has its own pace: a mail server that hangs does not
hold up a webhook. An attempt that failed is repeated after 10 s, 30 s, 2 min … for a day; a receiver may get a notice
twice and knows it by its id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import msgspec

from pbx.core.clock import Clock
from pbx.core.errors import PbxError
from pbx.core.events import EventBus
from pbx.model.notice import Delivery, Notice, NoticeKind, NoticeTarget
from pbx.notify.errors import SendError
from pbx.notify.words import in_language

__all__ = ["Deliver", "Notices", "State"]

log = logging.getLogger(__name__)

T = TypeVar("T")

TOPIC = "notice"
STATE_KEY = "notices"
MOST = 500
PAUSES_S = (10, 30, 120, 600, 1800, 3600)
FURTHEST = timedelta(seconds=2 * max(PAUSES_S))
"""Later than this nothing is to be repeated: the clock was set back."""
GIVE_UP = timedelta(days=1)
KEEP_AGAIN_S = 30.0
"""After the disk took nothing."""

Deliver = Callable[[NoticeTarget, Notice], Awaitable[None]]
"""Sends one notice to one target. Raises `SendError`."""


class State(Protocol):
    """What remembers across restarts."""

    async def get(self, key: str, kind: type[T]) -> T | None: ...

    async def put(self, key: str, value: object) -> None: ...


class Notices:
    """`targets` are the office's. `run` must be running for anything to be sent or kept."""

    def __init__(
        self,
        *,
        targets: Callable[[], Sequence[NoticeTarget]],
        deliver: Deliver,
        bus: EventBus,
        clock: Clock,
        new_id: Callable[[], str],
        language: str = "en",
    ) -> None:
        """`language` is that of the office: what is told is written in it where there are words for it."""
        self._language = language
        self._targets = targets
        self._deliver = deliver
        self._bus = bus
        self._clock = clock
        self._new_id = new_id
        self._notices: dict[str, Notice] = {}  # oldest first
        self._sending: set[tuple[str, str]] = set()  # (target, notice)
        self._dirty = False
        self._failing = False
        self._wake = asyncio.Event()

    def post(
        self, kind: NoticeKind, title: str, text: str = "", facts: dict[str, str] | None = None
    ) -> Notice:
        """Tell everybody whom it concerns. Returns at once."""
        title, text = in_language(self._language, kind, title, text, facts or {})
        wanted = [each for each in self._targets() if each.enabled and (not each.kinds or kind in each.kinds)]
        notice = Notice(
            id=self._new_id(),
            at=self._clock.now(),
            kind=kind,
            title=title,
            text=text,
            facts=facts or {},
            deliveries=tuple(Delivery(target=each.id) for each in wanted),
        )
        self._put(notice)
        self._bus.publish(TOPIC, notice)
        return notice

    def newest(self) -> list[Notice]:
        """All that are kept, newest first."""
        return list(reversed(self._notices.values()))

    async def run(self, state: State) -> None:
        """Take back what was kept before the restart, then send and keep. Runs until it is cancelled."""
        kept = await state.get(STATE_KEY, tuple[Notice, ...]) or ()
        self._notices = {each.id: each for each in (*kept, *self._notices.values())}
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    self._wake.clear()
                    for target, notice in self._due():
                        self._sending.add((target.id, notice.id))
                        group.create_task(self._attempt(target, notice))
                    await self._keep(state)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._until_next()):
                            await self._wake.wait()
        finally:
            await self._keep(state)

    # -- below ---------------------------------------------------------------------------------------------------------

    async def _keep(self, state: State) -> None:
        if self._dirty:
            self._dirty = False
            try:
                await state.put(STATE_KEY, tuple(self._notices.values()))
            except PbxError as error:  # a full or failing disk: what is sent matters more than what is kept
                log.error("notices could not be stored", extra={"reason": str(error)})  # noqa: TRY400
                self._dirty = self._failing = True
            except asyncio.CancelledError:
                self._dirty = True  # for the last time that `run` keeps them
                raise
            else:
                self._failing = False

    def _put(self, notice: Notice) -> None:
        self._notices[notice.id] = notice
        while len(self._notices) > MOST:
            del self._notices[next(iter(self._notices))]
        self._dirty = True
        self._wake.set()

    def _due(self) -> list[tuple[NoticeTarget, Notice]]:
        """What can be sent now: one notice at a time to each target, calls for help before all others."""
        targets = {each.id: each for each in self._targets() if each.enabled}
        busy = {target for target, _ in self._sending}
        now = self._clock.now()
        found: list[tuple[NoticeTarget, Notice]] = []
        for notice in sorted(self._notices.values(), key=lambda each: each.kind != "emergency"):
            for delivery in notice.deliveries:
                if delivery.state != "waiting" or delivery.target in busy:
                    continue
                if delivery.target not in targets:
                    self._ended(notice, delivery.target, "failed", "The target is gone or switched off.")
                elif delivery.next_at is None or not now < delivery.next_at <= now + FURTHEST:
                    busy.add(delivery.target)
                    found.append((targets[delivery.target], notice))
        return found

    def _until_next(self) -> float | None:
        """Seconds until a repetition is due; None when none is, 0 when there is something to write."""
        if self._dirty and not self._failing:
            return 0.0
        busy = {target for target, _ in self._sending}
        now = self._clock.now()
        waits = [
            (delivery.next_at - now).total_seconds() if delivery.next_at is not None else 0.0
            for delivery in self._waiting(self._notices.values())
            if delivery.target not in busy
        ]
        if self._failing:
            waits.append(KEEP_AGAIN_S)
        return max(0.0, min(waits)) if waits else None

    @staticmethod
    def _waiting(notices: Iterable[Notice]) -> Iterable[Delivery]:
        return (each for notice in notices for each in notice.deliveries if each.state == "waiting")

    async def _attempt(self, target: NoticeTarget, notice: Notice) -> None:
        try:
            await self._deliver(target, notice)
        except SendError as error:
            log.warning(
                "a notice could not be sent",
                extra={"target": target.id, "notice": notice.id, "reason": str(error)},
            )
            self._failed(notice, target.id, error)
        except Exception as error:
            log.exception("sending a notice failed", extra={"target": target.id, "notice": notice.id})
            self._failed(notice, target.id, SendError(f"A fault of this node: {error}"))
        else:
            self._ended(notice, target.id, "sent", "")
        finally:
            self._sending.discard((target.id, notice.id))
            self._wake.set()

    def _failed(self, notice: Notice, target: str, error: SendError) -> None:
        now = self._clock.now()
        if error.final or now - notice.at >= GIVE_UP:
            self._ended(notice, target, "failed", str(error))
            return
        tried = next((each.attempts for each in notice.deliveries if each.target == target), 0)
        pause = timedelta(seconds=PAUSES_S[min(tried, len(PAUSES_S) - 1)])
        self._change(notice, target, "waiting", str(error), now + pause)

    def _ended(self, notice: Notice, target: str, state: str, error: str) -> None:
        self._change(notice, target, state, error, None)

    def _change(self, notice: Notice, target: str, state: str, error: str, next_at: datetime | None) -> None:
        """The notice with another state of one delivery; nothing when it has been forgotten meanwhile."""
        current = self._notices.get(notice.id)
        if current is None:
            return
        deliveries = tuple(
            msgspec.structs.replace(
                each, state=state, error=error, next_at=next_at, attempts=each.attempts + 1
            )
            if each.target == target
            else each
            for each in current.deliveries
        )
        self._put(msgspec.structs.replace(current, deliveries=deliveries))
