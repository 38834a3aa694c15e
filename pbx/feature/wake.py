"""Wakes phones for calls: a push goes out, the caller hears that it rings, and the INVITE follows the phone's REGISTER.

Nothing waits for a timer: the REGISTER is the event. A phone that was woken for a call which somebody else took, or
whose caller gave up, gets a cancel, and no INVITE when it registers too late: the call it would ring for is over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from hmac import compare_digest
from itertools import count
from typing import Any, Protocol

from pbx.core.clock import Clock
from pbx.core.ids import token
from pbx.core.tasks import Supervisor
from pbx.feature.push_phones import PushPhones, is_of
from pbx.feature.registrar import Registrar
from pbx.model.binding import Binding
from pbx.model.party import DialTarget, Party
from pbx.model.push_phone import PushNotice, PushPhone, PushResult
from pbx.sip.outbound import phone_of

__all__ = ["CALL_HEADER", "PushGateway", "Wake"]

log = logging.getLogger(__name__)

CALL_HEADER = "X-Push-Call"
"""In the INVITE of a phone that was woken: the call_id of the push, so that an app knows which is which."""
CANCEL_GOOD_FOR_S = 60.0

Told = Callable[[], Awaitable[None]]


class PushGateway(Protocol):
    """Sends pushes: the node's own gateway, or another."""

    @property
    def services(self) -> Collection[str]: ...

    @property
    def vapid_key(self) -> str: ...

    async def send(self, notice: PushNotice) -> PushResult:
        """Never raises but when it is cancelled."""
        ...


@dataclass(slots=True, eq=False)
class Waking:
    """One phone that is being woken for one call. Implements `call.ports.Waking`."""

    phone: PushPhone
    push_id: str
    told: Told
    deadline_s: float
    seen: frozenset[str]
    """The phones that could be rung when it began: a phone without an instance is none of them."""
    came: asyncio.Future[DialTarget | None] = field(default_factory=asyncio.Future)
    sending: asyncio.Task[PushResult] | None = None
    why: str = ""
    dead: bool = False
    declined: bool = False
    secret: str = field(default_factory=partial(token, 16))
    """Goes with the push: whoever knows it may decline this call on this phone."""

    async def awake(self) -> DialTarget | None:
        """Where it can be rung; None when it does not wake in time, or need not be woken."""
        try:
            async with asyncio.timeout(self.deadline_s):
                if self.sending is not None:
                    either: list[asyncio.Future[Any]] = [self.came, self.sending]
                    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                    if not self.came.done():
                        result = self.sending.result()
                        if result.state != "sent":
                            self.why, self.dead = result.reason or result.state, result.state == "gone"
                            return None
                        await self.told()
                return await self.came
        except TimeoutError:
            self.why = f"it did not register within {self.deadline_s:g} s"
            return None

    def here(self) -> None:
        """It has answered our INVITE: it is awake, and rings."""
        if not self.came.done():
            self.came.set_result(None)

    def decline(self, secret: str) -> bool:
        """False when it is not who was pushed to, or too late."""
        if self.came.done() or not compare_digest(self.secret.encode(), secret.encode()):
            return False
        self.declined = True
        self.came.set_result(None)
        return True


class NotThere:
    """A phone that was forgotten a moment ago. Implements `call.ports.Waking`."""

    declined = False

    async def awake(self) -> DialTarget | None:
        return None

    def here(self) -> None:
        pass


class Wake:
    """Implements `call.ports.Waker`. `deadline_s` is how long an extension's phones may take to wake."""

    def __init__(
        self,
        phones: PushPhones,
        registrar: Registrar,
        *,
        clock: Clock,
        deadline_s: Callable[[str], float],
        tasks: Supervisor,
    ) -> None:
        self.phones = phones
        self.gateway: PushGateway | None = None
        self._registrar = registrar
        self._clock = clock
        self._deadline_s = deadline_s
        self._tasks = tasks
        self._waiting: dict[str, set[Waking]] = {}
        self._serial = count(1)
        phones.decline = self.decline
        phones.services = lambda: () if self.gateway is None else self.gateway.services
        phones.vapid_key = lambda: "" if self.gateway is None else self.gateway.vapid_key
        registrar.push = phones
        registrar.on_register = self.registered

    def registered(self, number: str, bindings: Sequence[Binding]) -> None:
        """A REGISTER has put these; whoever waits for one of them goes on after the 200 has left."""
        for waking in list(self._waiting.get(number, ())):
            for binding in bindings:
                if _is_it(waking, binding) and not waking.came.done():
                    waking.came.set_result(self._target(waking, binding))

    def decline(self, push_id: str, secret: str) -> bool:
        """A phone that is being woken does not want the call; False when it is not, or was not told that secret."""
        waking = [each for those in self._waiting.values() for each in those]
        return any(each.push_id == push_id and each.decline(secret) for each in waking)

    @asynccontextmanager
    async def wake(
        self, call: str, caller: Party, target: DialTarget, told: Told
    ) -> AsyncIterator[Waking | NotThere]:
        """Send the push. On the way out it is taken back, unless the phone came or was here all the time."""
        phone = self.phones.get(target.phone)
        if phone is None or phone.dead:
            yield NotThere()
            return
        number = target.extension or ""
        bindings = [each for each in self._registrar.bindings(number) if self._registrar.can_be_rung(each)]
        waking = Waking(
            phone,
            f"{call}-{next(self._serial)}"[-64:],
            told,
            self._deadline_s(number),
            frozenset(phone_of(each) for each in bindings),
        )
        mine = next((each for each in bindings if is_of(phone, each)), None)
        if mine is not None and target.asleep:  # it has just come by itself
            waking.came.set_result(self._target(waking, mine))
            yield waking
            return
        began = self._clock.monotonic()
        waiting = self._waiting.setdefault(number, set())
        waiting.add(waking)
        waking.sending = self._tasks.spawn("push", self._send(waking, "incoming", caller))
        try:
            yield waking
        finally:
            waiting.discard(waking)
            if not waiting and self._waiting.get(number) is waiting:
                del self._waiting[number]
            self._tasks.spawn("push ended", self._ended(waking, caller, self._clock.monotonic() - began))

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Something that nobody waits for."""
        self._tasks.spawn(name, work)

    async def _ended(self, waking: Waking, caller: Party, took_s: float) -> None:
        """Note how it went, and take the push back where the phone was not there for it."""
        came = waking.came.done() and not waking.came.cancelled()
        if came:
            target = waking.came.result()
            if target is not None:
                await self.phones.note(waking.phone.id, woke_ms=took_s * 1000)
            return
        waking.came.cancel()
        if waking.why:
            await self.phones.note(waking.phone.id, woke_ms=None, reason=waking.why, dead=waking.dead)
        if not waking.dead:
            await self._send(waking, "cancel", caller)

    async def _send(self, waking: Waking, kind: str, caller: Party) -> PushResult:
        if self.gateway is None:
            return PushResult(state="failed", reason="there is no push gateway")
        where = await self.phones.token(waking.phone)
        if where is None:
            return PushResult(state="failed", reason="its log-in was taken back")
        return await self.gateway.send(
            PushNotice(
                kind="incoming" if kind == "incoming" else "cancel",
                phone=waking.phone,
                token=where,
                call_id=waking.push_id,
                caller=caller.shown or caller.number,
                caller_name=caller.name,
                decline=waking.secret if kind == "incoming" else "",
                good_for_s=waking.deadline_s if kind == "incoming" else CANCEL_GOOD_FOR_S,
            )
        )

    def _target(self, waking: Waking, binding: Binding) -> DialTarget:
        target = self._registrar.target_of(binding)
        return replace(target, phone=waking.phone.id, headers=((CALL_HEADER, waking.push_id),))


def _is_it(waking: Waking, binding: Binding) -> bool:
    phone = waking.phone
    if is_of(phone, binding):
        return True
    return phone.told_by == "app" and phone.instance is None and phone_of(binding) not in waking.seen
