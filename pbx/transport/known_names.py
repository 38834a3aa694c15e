"""The DNS as an office needs it: what was known goes on counting while no name server answers (RFC 8767).

    an answer            holds for as long as it says
    none, or an error    the last answer holds for another day; who asks waits 1.8 s at most, and once in 30 s
    no such name         is believed after an hour when the name had records: somebody may be mending his zone

Whoever asks for one name at once shares one question, so that none pile up. What is known is kept over a restart.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

import msgspec
from msgspec.structs import replace

from pbx.core.clock import Clock
from pbx.transport.dns import Answer, Dns, Naptr, Srv, is_of_this_machine

__all__ = ["KnownNames", "NameTrouble"]

log = logging.getLogger(__name__)

STALE_S = 86400.0
PATIENCE_S = 1.8
RECHECK_S = 30.0
LOOK_AGAIN_S = 10.0
DENIED_S = 3600.0
NOTHING_S = 5.0
"""How long "there is nothing of that name" holds."""
IN_USE_S = 600.0
"""Names that nobody has asked for in this time trouble nobody."""
SETTLED_S = 5.0
"""A failure that is over sooner was one packet."""
MOST = 1024
KEY = "names"
KEEP_EVERY_S = 5.0
STILL_S = 3600.0

Kind = Literal["naptr", "srv", "addresses"]
Key = tuple[Kind, str]


class Store(Protocol):
    """Where names are kept over a restart."""

    async def get(self, key: str, kind: type[Any]) -> Any: ...

    async def keep(self, key: str, value: Callable[[], object]) -> None: ...


class KeptName(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer as it is stored."""

    kind: Kind
    name: str
    at: datetime
    addresses: tuple[str, ...] = ()
    srv: tuple[Srv, ...] = ()
    naptr: tuple[Naptr, ...] = ()

    @property
    def records(self) -> tuple[Any, ...]:
        return self.addresses or self.srv or self.naptr


class NameTrouble(msgspec.Struct, frozen=True):
    """What is wrong with the DNS. `gone`: no server answers at all; else some names are not answered, or are denied."""

    kind: Literal["gone", "failing", "denied"]
    since: datetime
    names: tuple[str, ...]
    reason: str


class _Known(msgspec.Struct):
    answer: Answer
    said_at: float
    """When the DNS said so last."""
    good_until: float
    denied_since: float | None = None


class _Failure(msgspec.Struct):
    since: float
    began: datetime
    wanted_at: float
    reason: str


class KnownNames:
    """A `Dns` in front of another one."""

    def __init__(self, dns: Dns, clock: Clock) -> None:
        self._dns = dns
        self._clock = clock
        self._known: dict[Key, _Known] = {}
        self._asking: dict[Key, asyncio.Task[Answer]] = {}
        self._failing: dict[Key, _Failure] = {}
        self._denied: dict[Key, datetime] = {}
        self._wanted: dict[Key, float] = {}
        self._answered_at = float("-inf")
        self._changed = asyncio.Event()

    # -- Dns -----------------------------------------------------------------------------------------------------------

    async def naptr(self, name: str) -> Answer:
        return await self._answer(("naptr", name))

    async def srv(self, name: str) -> Answer:
        return await self._answer(("srv", name))

    async def addresses(self, name: str) -> Answer:
        return await self._answer(("addresses", name))

    async def lookup(self, name: str) -> Sequence[str]:
        """The addresses alone (`pbx.core.names.Lookup`)."""
        found: tuple[str, ...] = (await self.addresses(name)).records
        return found

    async def _answer(self, key: Key) -> Answer:
        now = self._clock.monotonic()
        self._wanted[key] = now
        known = self._known.get(key)
        if known is not None and known.good_until > now:
            return replace(known.answer, ttl_s=known.good_until - now)
        asking = self._ask(key)
        if known is None or known.said_at + STALE_S < now:
            return await asyncio.shield(asking)
        if not self._is_gone():
            await asyncio.wait([asking], timeout=PATIENCE_S)
            if asking.done() and not asking.cancelled() and asking.exception() is None:
                return asking.result()
        log.info("the DNS does not answer, its last answer is used", extra={"host": key[1]})
        known.good_until = self._clock.monotonic() + RECHECK_S
        return replace(known.answer, ttl_s=RECHECK_S)

    # -- asking --------------------------------------------------------------------------------------------------------

    def _ask(self, key: Key) -> asyncio.Task[Answer]:
        """The question that is on its way, or a new one. It goes on when nobody waits for it any more."""
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.get_running_loop().create_task(self._put(key))
            task.add_done_callback(lambda done: self._over(key, done))
        return task

    def _over(self, key: Key, task: asyncio.Task[Answer]) -> None:
        self._asking.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen, though nobody may have waited

    async def _put(self, key: Key) -> Answer:
        kind, name = key
        ask: Callable[[str], Awaitable[Answer]] = getattr(self._dns, kind)
        try:
            answer = await ask(name)
        except OSError as error:  # a TimeoutError is one too
            self._failed(key, error)
            raise
        now = self._clock.monotonic()
        if not is_of_this_machine(name):
            self._answered_at = now
        if self._failing.pop(key, None) is not None and not self._failing:
            log.info("the DNS answers again")
        if not answer.records:
            return self._nothing(key, answer, now)
        self._denied.pop(key, None)
        self._keep(key, answer, now, answer.ttl_s)
        return answer

    def _nothing(self, key: Key, answer: Answer, now: float) -> Answer:
        """The name has no such record. It is not believed at once when it had some."""
        known = self._known.get(key)
        if known is None or not known.answer.records or known.said_at + STALE_S < now:
            self._keep(key, answer, now, max(answer.ttl_s, NOTHING_S))
            return answer
        if known.denied_since is None:
            log.warning(
                "the DNS no longer knows a name; what it said before is used for an hour",
                extra={"host": key[1]},
            )
            known.denied_since = now
            self._denied[key] = self._clock.now()
        if now - known.denied_since > DENIED_S:
            self._denied.pop(key, None)
            self._keep(key, answer, now, max(answer.ttl_s, NOTHING_S))
            return answer
        known.good_until = now + RECHECK_S
        return replace(known.answer, ttl_s=RECHECK_S)

    def _keep(self, key: Key, answer: Answer, now: float, ttl_s: float) -> None:
        before = self._known.pop(key, None)
        self._known[key] = _Known(answer, now, now + max(ttl_s, 1.0))
        if len(self._known) > MOST:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._wanted.pop(oldest, None)
        if before is None or before.answer.records != answer.records:
            self._changed.set()

    def _failed(self, key: Key, error: OSError) -> None:
        now = self._clock.monotonic()
        reason = "silent" if isinstance(error, TimeoutError) else str(error)
        if not self._failing:
            log.warning("the DNS does not answer", extra={"host": key[1], "reason": reason})
        if key not in self._failing and len(self._failing) < MOST:
            self._failing[key] = _Failure(now, self._clock.now(), self._wanted.get(key, now), reason)
        elif key in self._failing:
            self._failing[key].reason = reason

    # -- trouble -------------------------------------------------------------------------------------------------------

    def trouble(self) -> NameTrouble | None:
        """What to tell of it, if it lasts."""
        now = self._clock.monotonic()
        failing = {
            key: each
            for key, each in self._failing.items()
            if now - self._wanted.get(key, each.wanted_at) < IN_USE_S and now - each.since >= SETTLED_S
        }
        if failing:
            first = min(failing.values(), key=lambda each: each.since)
            names = tuple(sorted({name for _, name in failing}))
            return NameTrouble("gone" if self._is_gone() else "failing", first.began, names, first.reason)
        denied = {key: at for key, at in self._denied.items() if now - self._wanted.get(key, now) < IN_USE_S}
        if denied:
            return NameTrouble("denied", min(denied.values()), tuple(sorted({n for _, n in denied})), "")
        return None

    def _is_gone(self) -> bool:
        """Nothing has been answered since questions began to fail."""
        return bool(self._failing) and self._answered_at <= min(each.since for each in self._failing.values())

    # -- over a restart ------------------------------------------------------------------------------------------------

    async def load(self, store: Store) -> None:
        """What the last run knew. It is asked for again when it is needed."""
        kept: list[KeptName] = await store.get(KEY, list[KeptName]) or []
        now, wall = self._clock.monotonic(), self._clock.now()
        for each in kept:
            age_s = max((wall - each.at).total_seconds(), 0.0)
            if (each.kind, each.name) not in self._known and age_s < STALE_S:
                answer = Answer(each.records, 0.0)
                self._known[each.kind, each.name] = _Known(answer, now - age_s, now - 1.0)

    async def run(self, store: Store) -> None:
        """Look after them, for ever."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._look_again())
                group.create_task(self._remember(store))
        finally:
            await self.close()

    async def _look_again(self) -> None:
        """Ask again for what has no answer, so that the end of a trouble is seen."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            now = self._clock.monotonic()
            self._wanted = {key: at for key, at in self._wanted.items() if now - at < IN_USE_S}
            for key in [*self._failing, *self._denied]:
                if key in self._wanted:
                    self._ask(key)
                else:
                    self._failing.pop(key, None)
                    self._denied.pop(key, None)

    async def _remember(self, store: Store) -> None:
        """Keep what is known; now and then also that it still is so."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(STILL_S):
                    await self._changed.wait()
            self._changed.clear()
            await store.keep(KEY, self._kept)
            await asyncio.sleep(KEEP_EVERY_S)

    def _kept(self) -> list[KeptName]:
        now, wall = self._clock.monotonic(), self._clock.now()
        kept: list[KeptName] = []
        for (kind, name), known in self._known.items():
            records: dict[str, Any] = {kind: known.answer.records}
            kept.append(KeptName(kind, name, wall - timedelta(seconds=now - known.said_at), **records))
        return kept

    async def close(self) -> None:
        """Give up what is being asked."""
        for task in list(self._asking.values()):
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
