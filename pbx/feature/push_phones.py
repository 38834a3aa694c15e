"""Which phones can be woken, which of them sleep now, and how well each wakes.

A phone becomes one by its REGISTER (RFC 8599) or through the app's API. It stays one when its registration expires:
that is what a push is for. It stops being one when it unregisters, registers without the parameters, signs out, or its
token dies.
A phone that says its `+sip.instance` is known again by it. One that an app has told of without is known by the
registration that came when it was woken, while that lasts; else it is taken for asleep.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta
from typing import Protocol

import msgspec

from pbx.core.clock import Clock
from pbx.core.errors import PeerError, UserError
from pbx.model.binding import Binding
from pbx.model.push_phone import PushPhone, WakeTest
from pbx.sip.address import NameAddr
from pbx.sip.message import Request
from pbx.sip.outbound import phone_of
from pbx.sip.push import PushParams, asked_providers, params_of

__all__ = ["PushPhones", "PushStore"]

log = logging.getLogger(__name__)

MOST_PHONES = 10
FORGET_DAYS = 90
LAST_COUNTS = 0.25
"""How much the latest call weighs in the score."""
TROUBLE_BELOW = 0.6
"""A phone that always woke has less after two calls that it slept through."""


class PushStore(Protocol):
    """Where they survive a restart."""

    async def all(self) -> list[PushPhone]: ...

    async def put(self, phone: PushPhone, token: str) -> None: ...

    async def remove(self, id_: str) -> bool: ...

    async def note(self, phone: PushPhone) -> None: ...

    async def token(self, id_: str) -> str | None: ...


class PushPhones:
    """Those of the office. `services` are those that the gateway can send to; browsers subscribe with `vapid_key`."""

    def __init__(self, store: PushStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._phones: dict[str, PushPhone] = {}
        self._said: dict[str, bytes] = {}
        """Of each phone what was kept last, as a digest."""
        self._came: dict[str, str] = {}
        """Of phones without an instance, the registration that came when they were woken."""
        self.told = Counter[str]()
        """How waking phones ended: woke, not_woken."""
        self.waker: Callable[[PushPhone], Awaitable[WakeTest]] | None = None
        self.on_woke: Callable[[float], None] = lambda _: None
        self.services: Callable[[], Collection[str]] = tuple
        self.vapid_key: Callable[[], str] = str
        self.decline: Callable[[str, str], bool] = lambda _push, _secret: False
        """Takes a call from a phone that is being woken for it; False when there is none, or the secret is another."""

    async def load(self) -> None:
        oldest = self._clock.now() - timedelta(days=FORGET_DAYS)
        for phone in await self._store.all():
            if phone.seen_at < oldest:
                await self._store.remove(phone.id)
            else:
                self._phones[phone.id] = phone

    def all(self) -> list[PushPhone]:
        return sorted(self._phones.values(), key=lambda each: (each.extension, each.id))

    def get(self, id_: str) -> PushPhone | None:
        return self._phones.get(id_)

    def of(self, number: str) -> list[PushPhone]:
        """The phones of an extension that can be woken."""
        services = self.services()
        return [
            each
            for each in self._phones.values()
            if each.extension == number and not each.dead and each.service in services
        ]

    # -- what a REGISTER says (RFC 8599) ---------------------------------------------------------------------------

    def check(self, request: Request) -> None:
        """Raises `PeerError` 555 for a service that this node has no way to."""
        services = self.services()
        if any(each and each not in services for each in asked_providers(request)):
            raise PeerError(555, "Push Notification Service Not Supported")

    def features(self, request: Request) -> list[tuple[str, str]]:
        """What the 200 says of waking, to a phone that asks."""
        asked = asked_providers(request)
        services = sorted(self.services())
        named = services if "" in asked else [each for each in services if each in asked]
        headers = []
        for each in named:
            key = f';+sip.vapid="{self.vapid_key()}"' if each == "webpush" and self.vapid_key() else ""
            headers.append(("Feature-Caps", f'*;+sip.pns="{each}"{key}'))
        return headers

    async def registered(self, number: str, request: Request, bindings: Sequence[Binding]) -> None:
        """Keep what the contacts say; returns when it would survive a power cut."""
        there = {each.contact_uri: each for each in bindings}
        for contact in request.contacts:
            if contact.uri == "*":
                for phone in self._told(number):
                    await self.remove(phone.id)
                continue
            params, binding = params_of(contact), there.get(contact.uri)
            if binding is None or params is None:
                await self._leaves(number, contact, params)
            else:
                await self._stays(number, params, binding)

    async def _stays(self, number: str, params: PushParams, binding: Binding) -> None:
        id_ = _id(number, params)
        instance = _instance(binding)
        for other in self._told(number):
            if other.id != id_ and instance is not None and other.instance == instance:
                await self.remove(other.id)  # the same phone has a new token
        known = self._phones.get(id_)
        told = self._told(number)
        if known is None and len(told) >= MOST_PHONES:
            await self.remove(min(told, key=lambda each: each.seen_at).id)
        await self.put(
            PushPhone(
                id=id_,
                extension=number,
                service=params.service,
                app=params.app,
                device=binding.user_agent,
                instance=instance,
                told_by="register",
                seen_at=self._clock.now(),
            ),
            params.token,
            params.alert_token,
        )

    async def _leaves(self, number: str, contact: NameAddr, params: PushParams | None) -> None:
        """It unregisters, or registers as a phone that is not to be woken."""
        id_ = "" if params is None else _id(number, params)
        instance = contact.params.get("+sip.instance")
        for phone in self._told(number):
            if phone.id == id_ or (instance and phone.instance == instance):
                await self.remove(phone.id)

    def _told(self, number: str) -> list[PushPhone]:
        return [
            each for each in self._phones.values() if each.extension == number and each.told_by == "register"
        ]

    # -- keeping ---------------------------------------------------------------------------------------------------

    async def put(self, phone: PushPhone, token: str, alert_token: str = "") -> None:
        """Keep it, with the figures that it has; what was dead lives again.

        iPhones take calls and news by different tokens; all others by one.
        """
        phone = msgspec.structs.replace(phone, news=phone.service != "apns" or bool(alert_token))
        token = f"{token}\n{alert_token}" if phone.service == "apns" else token
        said = hashlib.sha256(token.encode()).digest()
        if (known := self._phones.get(phone.id)) is not None:
            phone = msgspec.structs.replace(
                phone,
                pushes=known.pushes,
                woke=known.woke,
                score=known.score,
                last_push_at=known.last_push_at,
                last_woke_ms=known.last_woke_ms,
                last_reason="" if known.dead else known.last_reason,
            )
            aged = (phone.seen_at - known.seen_at).total_seconds()
            same = msgspec.structs.replace(phone, seen_at=known.seen_at) == known
            if same and self._said.get(phone.id) == said and aged < 3600:
                return  # a refresh says nothing new
        await self._store.put(phone, token)
        self._phones[phone.id], self._said[phone.id] = phone, said

    async def remove(self, id_: str) -> bool:
        for kept in (self._phones, self._said, self._came):
            kept.pop(id_, None)
        return await self._store.remove(id_)

    async def token(self, phone: PushPhone, *, news: bool = False) -> str | None:
        """The one for calls, or the one for `news`; "" where there is none of that kind.

        None, and the phone is forgotten, when it is nobody's any more.
        """
        token = await self._store.token(phone.id)
        if token is None:
            await self.remove(phone.id)
            return None
        if phone.service != "apns":
            return token
        of_calls, _, of_news = token.partition("\n")
        return of_news if news else of_calls

    async def try_out(self, id_: str) -> WakeTest:
        """Wake it now, for no call. Raises `UserError` 404, 503."""
        phone = self._phones.get(id_)
        if phone is None:
            raise UserError(f"there is no phone {id_} that can be woken", http_status=404)
        if self.waker is None:
            raise UserError("this node wakes no phones", http_status=503)
        return await self.waker(phone)

    def in_trouble(self) -> list[PushPhone]:
        """Those that did not wake the last time, and not only that time, or are known to be gone.

        Pages come when somebody clicks what they show: that nobody did is no trouble.
        """
        return [
            each
            for each in self.all()
            if each.dead or (each.last_reason and each.score < TROUBLE_BELOW and each.service != "webpush")
        ]

    async def note(self, id_: str, *, woke_ms: float | None, reason: str = "", dead: bool = False) -> None:
        """What came of waking it for a call: after how long it was there, or why it was not."""
        phone = self._phones.get(id_)
        if phone is None:
            return
        woke = woke_ms is not None
        self.told["woke" if woke else "not_woken"] += 1
        if woke_ms is not None:
            self.on_woke(woke_ms / 1000)
        phone = self._phones[id_] = msgspec.structs.replace(
            phone,
            pushes=phone.pushes + 1,
            woke=phone.woke + woke,
            score=round(phone.score * (1 - LAST_COUNTS) + LAST_COUNTS * woke, 3),
            last_push_at=self._clock.now(),
            last_woke_ms=phone.last_woke_ms if woke_ms is None else round(woke_ms, 1),
            last_reason=reason,
            dead=dead,
        )
        if reason:
            log.warning(
                "a phone did not wake",
                extra={"extension": phone.extension, "device": phone.device, "reason": reason},
            )
        await self._store.note(phone)

    def owner(self, binding: Binding) -> str:
        """The phone that a registration is of; empty: none that can be woken."""
        return next((each.id for each in self.of(binding.extension) if self.is_of(each, binding)), "")

    def is_of(self, phone: PushPhone, binding: Binding) -> bool:
        """Whether a registration is this phone's."""
        if phone.nameless:
            return self._came.get(phone.id) == phone_of(binding)
        if phone.instance is not None and _instance(binding) == phone.instance:
            return True
        if phone.told_by == "app":
            return False
        params = params_of(NameAddr("", binding.contact_uri, {}))
        return params is not None and _id(binding.extension, params) == phone.id

    def came_as(self, phone: PushPhone, binding: Binding) -> None:
        """A phone without an instance was woken, and this registration can be no other's."""
        self._came[phone.id] = phone_of(binding)

    # -- who sleeps ------------------------------------------------------------------------------------------------

    def asleep(
        self, number: str, bindings: Sequence[Binding], can_be_rung: Callable[[Binding], bool]
    ) -> list[PushPhone]:
        """The phones that have no registration over which they can be rung."""
        return [
            phone
            for phone in self.of(number)
            if not any(self.is_of(phone, each) and can_be_rung(each) for each in bindings)
        ]


def _instance(binding: Binding) -> str | None:
    if not binding.instance_id:
        return None
    name = phone_of(binding)
    return binding.instance_id if name.startswith("contact:") else name


def _id(number: str, params: PushParams) -> str:
    text = f"{number}\n{params.service}\n{params.app}\n{params.token}"
    return hashlib.sha256(text.encode()).hexdigest()[:26]
