"""Wakes phones for calls: a push goes out, the caller hears that it rings, and the INVITE follows the phone's REGISTER.

Nothing waits for a timer: the REGISTER is the event. A phone that was woken for a call which somebody else took, or
whose caller gave up, gets a cancel, and no INVITE when it registers too late: the call it would ring for is over.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from hmac import compare_digest
from itertools import count
from typing import Any, Literal, Protocol

import msgspec
from msgspec.structs import replace

from pbx.call.ports import Record, Told
from pbx.core.clock import Clock
from pbx.core.ids import token
from pbx.core.tasks import Supervisor
from pbx.feature.push_phones import PushPhones
from pbx.feature.registrar import Registrar
from pbx.model import call_event as events
from pbx.model.binding import Binding
from pbx.model.call_event import CallEvent
from pbx.model.party import DialTarget, Party
from pbx.model.push_phone import CallOver, PushNotice, PushPhone, PushResult, WakeTest
from pbx.sip.outbound import phone_of

__all__ = ["CALL_HEADER", "PushGateway", "Wake"]

CALL_HEADER = "X-Push-Call"
"""In the INVITE of a phone that was woken: the call_id of the push, so that an app knows which is which."""
CANCEL_GOOD_FOR_S = 60.0


class PushGateway(Protocol):
    """Sends pushes: the node's own gateway, or another."""

    @property
    def services(self) -> Collection[str]: ...

    @property
    def vapid_key(self) -> str: ...

    async def send(self, notice: PushNotice) -> PushResult:
        """Never raises but when it is cancelled."""
        ...


class Waking(msgspec.Struct, eq=False):
    """One phone that is being woken for one call. Implements `call.ports.Waking`."""

    phone: PushPhone
    push_id: str
    told: Told
    deadline_s: float
    seen: frozenset[str]
    """The phones that could be rung when it began: a phone without an instance is none of them."""
    came: asyncio.Future[DialTarget | None] = msgspec.field(default_factory=asyncio.Future)
    sending: asyncio.Task[PushResult] | None = None
    why: str = ""
    dead: bool = False
    declined: bool = False
    secret: str = msgspec.field(default_factory=partial(token, 16))
    """Goes with the push: whoever knows it may decline this call on this phone."""
    reason: CallOver = ""
    by: Party | None = None
    heard: bool = False
    """It has answered an INVITE: SIP tells it that the call is over, and no push needs to."""

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
        self.heard = True
        if not self.came.done():
            self.came.set_result(None)

    def over(self, reason: CallOver, by: Party | None = None) -> None:
        """For the push that takes the call back. Another phone of the same person is nobody to be named."""
        self.reason = reason
        if by is not None and self.phone.extension not in (by.extension, by.number):
            self.by = by

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

    def over(self, reason: CallOver, by: Party | None = None) -> None:
        pass


class Wake:
    """Implements `call.ports.Waker`. `deadline_s` is how long an extension's phones may take to wake, `name_of` whose
    it is."""

    def __init__(
        self,
        phones: PushPhones,
        registrar: Registrar,
        *,
        clock: Clock,
        deadline_s: Callable[[str], float],
        tasks: Supervisor,
        name_of: Callable[[str], str] = str,
    ) -> None:
        self.phones = phones
        self.gateway: PushGateway | None = None
        self._registrar = registrar
        self._clock = clock
        self._deadline_s = deadline_s
        self._tasks = tasks
        self._name_of = name_of
        self._waiting: dict[str, set[Waking]] = {}
        self._serial = count(1)
        phones.decline = self.decline
        phones.services = lambda: () if self.gateway is None else self.gateway.services
        phones.vapid_key = lambda: "" if self.gateway is None else self.gateway.vapid_key
        phones.waker = self.try_out
        registrar.push = phones
        registrar.on_register = self.registered

    def registered(self, number: str, bindings: Sequence[Binding]) -> None:
        """A REGISTER has put these; whoever waits for one of them goes on after the 200 has left."""
        for waking in list(self._waiting.get(number, ())):
            for binding in bindings:
                if not waking.came.done() and self._is_it(waking, binding, number):
                    waking.came.set_result(self._target(waking, binding))

    def decline(self, push_id: str, secret: str) -> bool:
        """A phone that is being woken does not want the call; False when it is not, or was not told that secret."""
        waking = [each for those in self._waiting.values() for each in those]
        return any(each.push_id == push_id and each.decline(secret) for each in waking)

    @asynccontextmanager
    async def wake(
        self, call: str, caller: Party, target: DialTarget, *, told: Told, record: Record
    ) -> AsyncIterator[Waking | NotThere]:
        """Send the push. On the way out it is taken back, unless the phone has been heard of by then."""
        phone = self.phones.get(target.phone)
        if phone is None or phone.dead:
            yield NotThere()
            return
        number = target.extension or ""
        waking = self._waking(phone, f"{call}-{next(self._serial)}"[-64:], told)
        mine = next((each for each in self._there(number) if self.phones.is_of(phone, each)), None)
        if mine is not None and target.asleep:  # it has just come by itself
            waking.came.set_result(self._target(waking, mine))
            waking.heard = True  # there is no push to be taken back
            yield waking
            return
        about = _About(record, self._clock, call, phone)
        about.pushed(waking.push_id)
        async with self._pushed(waking, caller, about):
            yield waking

    async def try_out(self, phone: PushPhone) -> WakeTest:
        """Wake it now, for no call. Counts like any other time, but for a phone that is awake."""
        was_awake = any(self.phones.is_of(phone, each) for each in self._there(phone.extension))
        waking, caller = self._waking(phone, f"test-{secrets.token_hex(8)}", _nobody), Party("", "Test")
        began = self._clock.monotonic()
        async with self._pushed(
            waking, caller, None if was_awake else _About(_nothing, self._clock, "", phone)
        ):
            if was_awake and waking.sending is not None:
                result = await waking.sending
                waking.why = "" if result.state == "sent" else result.reason or result.state
                return WakeTest(state="refused" if waking.why else "awake", reason=waking.why)
            if await waking.awake() is not None or waking.declined:
                await asyncio.sleep(0)  # so that who asks for the phone now sees this time counted
                return WakeTest(state="woke", after_ms=round((self._clock.monotonic() - began) * 1000, 1))
        await asyncio.sleep(0)
        sent = (
            waking.sending is not None and waking.sending.done() and waking.sending.result().state == "sent"
        )
        return WakeTest(state="silent" if sent else "refused", reason=waking.why)

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Something that nobody waits for."""
        self._tasks.spawn(name, work)

    def _there(self, number: str) -> list[Binding]:
        return [each for each in self._registrar.bindings(number) if self._registrar.can_be_rung(each)]

    def _waking(self, phone: PushPhone, push_id: str, told: Told) -> Waking:
        number = phone.extension
        seen = frozenset(phone_of(each) for each in self._there(number))
        return Waking(phone, push_id, told, self._deadline_s(number), seen)

    @asynccontextmanager
    async def _pushed(self, waking: Waking, caller: Party, about: _About | None) -> AsyncIterator[None]:
        """While it wakes and rings. `about` notes how it went; None: nobody wants to know."""
        began = self._clock.monotonic()
        waiting = self._waiting.setdefault(waking.phone.extension, set())
        waiting.add(waking)

        def came(future: asyncio.Future[DialTarget | None]) -> None:
            if about is not None and not future.cancelled() and future.result() is not None:
                took_ms = (self._clock.monotonic() - began) * 1000
                about.woke(took_ms)
                self._tasks.spawn("push woke", self.phones.note(waking.phone.id, woke_ms=took_ms))

        waking.came.add_done_callback(came)
        waking.sending = self._tasks.spawn("push", self._send(waking, "incoming", caller))
        try:
            yield
        finally:
            waiting.discard(waking)
            if not waiting and self._waiting.get(waking.phone.extension) is waiting:
                del self._waiting[waking.phone.extension]
            waking.came.cancel()
            if waking.declined and about is not None:
                about.declined()
            if waking.why and about is not None:
                about.not_woken(waking.why)
                self._tasks.spawn(
                    "push in vain",
                    self.phones.note(waking.phone.id, woke_ms=None, reason=waking.why, dead=waking.dead),
                )
            if not (waking.heard or waking.dead or waking.declined):
                self._tasks.spawn("push ended", self._take_back(waking, caller))

    async def _take_back(self, waking: Waking, caller: Party) -> None:
        await self._send(waking, "cancel", caller)

    async def _send(self, waking: Waking, kind: Literal["incoming", "cancel"], caller: Party) -> PushResult:
        if self.gateway is None:
            return PushResult(state="failed", reason="there is no push gateway")
        where = await self.phones.token(waking.phone)
        if not where:
            return PushResult(state="failed", reason="its log-in was taken back")
        return await self.gateway.send(
            PushNotice(
                kind=kind,
                phone=waking.phone,
                token=where,
                call_id=waking.push_id,
                caller=caller.shown or caller.number,
                caller_name=caller.name,
                decline=waking.secret if kind == "incoming" else "",
                reason=waking.reason if kind == "cancel" else "",
                by=self._named(waking.by) if kind == "cancel" else "",
                good_for_s=waking.deadline_s if kind == "incoming" else CANCEL_GOOD_FOR_S,
            )
        )

    def _named(self, who: Party | None) -> str:
        if who is None:
            return ""
        return who.name or (self._name_of(who.extension) if who.extension else "") or who.number

    def _target(self, waking: Waking, binding: Binding) -> DialTarget:
        target = self._registrar.target_of(binding)
        return replace(target, phone=waking.phone.id, headers=((CALL_HEADER, waking.push_id),))

    def _is_it(self, waking: Waking, binding: Binding, number: str) -> bool:
        """Of a phone whose instance nobody knows, whatever comes while it is woken; if it can be no other, it is known
        by that from now on."""
        phone = waking.phone
        if self.phones.is_of(phone, binding):
            return True
        if not phone.nameless or phone_of(binding) in waking.seen or self.phones.owner(binding):
            return False
        others = {each.phone.id for each in self._waiting.get(number, ()) if each.phone.nameless}
        if others == {phone.id}:
            self.phones.came_as(phone, binding)
        return True


class _About(msgspec.Struct, frozen=True):
    """Tells a call's record of one phone that is woken."""

    record: Record
    clock: Clock
    call: str
    phone: PushPhone

    def pushed(self, push: str) -> None:
        self.record(events.PhonePushed(**self._who(), service=self.phone.service, push=push))

    def woke(self, after_ms: float) -> None:
        self.record(events.PhoneWoke(**self._who(), after_ms=round(after_ms, 1)))

    def declined(self) -> None:
        self.record(events.PhoneDeclined(**self._who()))

    def not_woken(self, reason: str) -> None:
        self.record(events.PhoneNotWoken(**self._who(), reason=reason))

    def _who(self) -> dict[str, Any]:
        phone = self.phone
        return {
            "call": self.call,
            "at": self.clock.now(),
            "extension": phone.extension,
            "phone": phone.id,
            "device": phone.device,
        }


async def _nobody() -> None:
    pass


def _nothing(_event: CallEvent) -> None:
    pass
