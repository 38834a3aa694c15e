"""The registrar: which phones an extension can be rung on (RFC 3261 10.3).

A binding is stored durably before the 200 OK leaves, so a phone that was told "registered" is registered after a crash
too. Requests of one extension are handled in turn, or two phones could each undo the other's change.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

import msgspec
from msgspec import structs
from msgspec.structs import replace

from pbx.core.clock import Clock
from pbx.core.errors import PeerError
from pbx.core.events import EventBus
from pbx.feature.identify import Identify
from pbx.feature.kept_bindings import BindingStore, KeptBindings
from pbx.model.binding import Binding
from pbx.model.party import DialTarget
from pbx.model.push_phone import PushPhone
from pbx.model.registration import Registered, Unregistered
from pbx.sip.binding import Limits, RegisterPlan, granted_s, plan
from pbx.sip.build import response_to
from pbx.sip.date import sip_date
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.outbound import flow_headers, one_flow_each, phone_of, was_rewritten
from pbx.sip.push import without_token
from pbx.sip.uri import SipUri
from pbx.store.errors import StoreError

log = logging.getLogger(__name__)

LATE_S = 3.0
"""How much later a phone that seems to be gone is rung, if others still ring then."""
MAX_REMEMBERED = 512
STORE_S = 2.0
"""So long a REGISTER waits for the disk; phones ask again after half a second, and give up after 32."""


class Push(Protocol):
    """Phones that can be woken. Implemented by `pbx.feature.push_phones`."""

    def check(self, request: Request) -> None:
        """Raises `PeerError` 555."""
        ...

    async def registered(self, number: str, request: Request, bindings: Sequence[Binding]) -> None: ...

    def features(self, request: Request) -> list[tuple[str, str]]: ...

    def asleep(
        self, number: str, bindings: Sequence[Binding], can_be_rung: Callable[[Binding], bool]
    ) -> list[PushPhone]: ...

    def owner(self, binding: Binding) -> str:
        """The phone that a registration is of; empty: none that can be woken."""
        ...


Answered = Callable[[Request, Hop, Response, Sequence[Binding]], None]


class RegistrarPorts(msgspec.Struct, frozen=True):
    """What the registrar needs."""

    identify: Identify
    store: BindingStore
    bus: EventBus
    clock: Clock
    limits: Limits
    new_tag: Callable[[], str]
    service_route: Callable[[Hop], str] = lambda _: ""
    """The route to this node for phones behind a proxy (RFC 3608)."""


class Registrar:
    """All bindings of the office, in memory and in the store."""

    def __init__(self, ports: RegistrarPorts) -> None:
        self._ports = ports
        self._store = KeptBindings(ports.store, self._now)
        self._bindings: dict[str, list[Binding]] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._rewritten: OrderedDict[str, None] = OrderedDict()
        self._unstored: dict[str, list[Binding]] = {}
        """Extensions whose bindings the disk did not take, and what is to be removed of them."""
        self.can_be_rung: Callable[[Binding], bool] = lambda _: True
        """Whether nothing speaks against ringing a phone; set by who asks them."""
        self.push: Push | None = None
        self.on_register: Callable[[str, Sequence[Binding]], None] = lambda _number, _put: None
        """Told of every REGISTER that has put bindings, once they are stored; the 200 leaves first."""
        self.on_answered: Answered = lambda _request, _hop, _response, _bindings: None
        """Told of every REGISTER that is answered 200, with all bindings of its extension."""

    async def load(self) -> None:
        """Bring back the bindings of the last run that have not expired."""
        now = self._now()
        for binding in await self._store.load():
            if binding.expires_at > now:
                self._bindings.setdefault(binding.extension, []).append(binding)

    # -- REGISTER --------------------------------------------------------------------------------------------------

    def register(self, request: Request, hop: Hop) -> Awaitable[Response]:
        """Answer a REGISTER. Raises `PeerError`: 401, 403 and 404 at once, 423 and others from what it returns."""
        self._look_for_alg(request, hop)
        extension = self._ports.identify.extension(request, hop)
        number = SipUri.parse(request.to.uri).user
        if number != extension.number:
            raise PeerError(403, "Forbidden")  # one extension may not register another's phones
        if self.push is not None:
            self.push.check(request)
        return self._bind(number, request, hop)

    async def _bind(self, number: str, request: Request, hop: Hop) -> Response:
        """Change the bindings of one extension, in turn, and say what they are then."""
        async with self._turns.setdefault(number, asyncio.Lock()):
            bindings = await self._change(number, request, hop)
            if self.push is not None and request.contacts:
                await self._keep_push(number, request, bindings)
        response = response_to(request, 200, to_tag=self._ports.new_tag())
        now = self._now()
        for binding in bindings:
            response.headers.add("Contact", contact_of(binding, now))
        for name, value in flow_headers(request, self._ports.service_route(hop)):
            response.headers.add(name, value)
        if self.push is not None:
            for name, value in self.push.features(request):
                response.headers.add(name, value)
        response.headers.set("Date", _date(int(now)))
        if put := [
            each for each in bindings if each.call_id == request.call_id and each.cseq == request.cseq.number
        ]:
            self.on_register(number, put)
        self.on_answered(request, hop, response, bindings)
        return response

    async def _keep_push(self, number: str, request: Request, bindings: Sequence[Binding]) -> None:
        """How the phones of this REGISTER are woken, where they say so; stored like the bindings."""
        assert self.push is not None
        try:
            await self.push.registered(number, request, bindings)
        except StoreError as error:
            log.error("how a phone is woken could not be stored", extra={"error": str(error)})  # noqa: TRY400
            raise PeerError(503, "Service Unavailable", headers=(("Retry-After", "10"),)) from error

    async def _change(self, number: str, request: Request, hop: Hop) -> list[Binding]:
        now = self._now()
        existing = self.bindings(number)
        change = plan(
            existing,
            request,
            hop,
            now,
            self._ports.limits,
            extension=number,
            rewritten=request.call_id in self._rewritten,
        )
        if change.put or change.remove:
            await self._keep_change(number, change)
            self._bindings[number] = list(change.result)
            self._tell(number, existing, change.result)
        return list(change.result)

    async def _keep_change(self, number: str, change: RegisterPlan) -> None:
        """Store it. A disk that is full or does not answer keeps no phone away: then it is in memory until `sweep` has
        stored it, and a restart before that costs the phone one more REGISTER."""
        try:
            async with asyncio.timeout(STORE_S):
                await self._store.apply(change.put, change.remove)
        except (StoreError, TimeoutError) as error:
            if not self._unstored:
                why = str(error) or "the disk does not answer"
                log.warning("registrations are only in memory", extra={"error": why})
            self._unstored.setdefault(number, []).extend(change.remove)

    async def _store_late(self) -> None:
        late, self._unstored = self._unstored, {}
        kept = [each for number in late for each in self.bindings(number)]
        there = {(each.extension, each.contact_uri) for each in kept}
        gone = [each for several in late.values() for each in several]
        try:
            async with asyncio.timeout(STORE_S):
                await self._store.apply(
                    kept, [each for each in gone if (each.extension, each.contact_uri) not in there]
                )
        except (StoreError, TimeoutError):
            for number, several in late.items():
                self._unstored.setdefault(number, []).extend(several)
        else:
            log.info("registrations are stored again", extra={"extensions": len(late)})

    def _look_for_alg(self, request: Request, hop: Hop) -> None:
        """The first REGISTER of a phone shows whether a router meddles; later ones may say what we told it."""
        if was_rewritten(request, hop):
            self._rewritten[request.call_id] = None
            if len(self._rewritten) > MAX_REMEMBERED:
                self._rewritten.popitem(last=False)

    def _tell(self, number: str, before: Sequence[Binding], after: Sequence[Binding]) -> None:
        """Publish what came and went; a refresh of the same contact is news to nobody."""
        old = {binding.contact_uri: binding for binding in before}
        new = {binding.contact_uri: binding for binding in after}
        for uri in new.keys() - old.keys():
            binding = new[uri]
            log.info("phone registered", extra={"extension": number, "contact": without_token(uri)})
            if binding.rewritten:
                log.warning(
                    "a router between a phone and this node rewrites SIP messages: switch off its SIP ALG, "
                    "or let the phone use TLS",
                    extra={"extension": number, "router": binding.source_host},
                )
            self._ports.bus.publish(
                "registration", Registered(extension=number, contact_uri=uri, user_agent=binding.user_agent)
            )
        for uri in old.keys() - new.keys():
            log.info("phone unregistered", extra={"extension": number, "contact": without_token(uri)})
            self._ports.bus.publish(
                "registration", Unregistered(extension=number, contact_uri=uri, reason="unregistered")
            )

    # -- refreshes that change nothing else (see `refresh`) ----------------------------------------------------------

    def granted_s(self, request: Request) -> int:
        """How long the first contact of a REGISTER may stay. Raises `PeerError` 423."""
        return granted_s(request, self._ports.limits)

    def renewal(
        self, binding: Binding, expires_at: float, call_id: str, cseq: int, now: float
    ) -> Binding | None:
        """A binding with another end, if it is still there and nothing has to be waited for."""
        number = binding.extension
        turn = self._turns.get(number)
        if binding.expires_at <= now or all(each is not binding for each in self._bindings.get(number, ())):
            return None
        if number in self._unstored or turn is None or turn.locked():
            return None
        if binding.call_id == call_id and cseq <= binding.cseq:
            return None
        renewed = structs.replace(binding, expires_at=expires_at, call_id=call_id, cseq=cseq)
        return renewed if self._store.holds(renewed) else None

    def renew(self, binding: Binding, renewed: Binding) -> list[Binding]:
        """Put what `renewal` gave in the place of the old; returns all bindings of the extension."""
        number = binding.extension
        self._bindings[number] = [renewed if each is binding else each for each in self._bindings[number]]
        self.on_register(number, (renewed,))
        return self.bindings(number)

    # -- who can be rung -------------------------------------------------------------------------------------------

    def bindings(self, number: str) -> list[Binding]:
        """The bindings of one extension that have not expired."""
        now = self._now()
        return [each for each in self._bindings.get(number, ()) if each.expires_at > now]

    def is_registered(self, request: Request, hop: Hop) -> bool:
        """Whether a request says it is from an extension, and comes from where a phone of that one is registered."""
        try:
            user = SipUri.parse(request.from_.uri).user
        except ParseError:
            return False
        return any(
            each.source_host == hop.remote_host and each.source_port == hop.remote_port
            for each in self._bindings.get(user or "", ())
        )

    def all_bindings(self) -> list[Binding]:
        """Every binding that has not expired."""
        now = self._now()
        return [each for several in self._bindings.values() for each in several if each.expires_at > now]

    def awake(self, number: str) -> list[DialTarget]:
        """Where an INVITE for this extension goes: to where each REGISTER came from, highest q first.

        One connection of each phone. Phones that seem to be gone come late, unless there are no others.
        """
        return self._ranked(self.bindings(number))

    def targets(self, number: str) -> list[DialTarget]:
        """Those that are awake, and the phones that sleep, which are rung when they have been woken.

        So a phone that sleeps is not rung over a registration that it has left behind.
        """
        bindings = self.bindings(number)
        if self.push is None:
            return self._ranked(bindings)
        sleeping = self.push.asleep(number, bindings, self.can_be_rung)
        gone = {each.id for each in sleeping}
        owners = {each.contact_uri: self.push.owner(each) for each in bindings}
        there = self._ranked([each for each in bindings if owners[each.contact_uri] not in gone])
        return [replace(each, phone=owners[each.uri]) for each in there] + [
            _sleeper(each) for each in sleeping
        ]

    def target_of(self, binding: Binding) -> DialTarget:
        """Where an INVITE for this registration goes."""
        return _target(binding)

    def _ranked(self, bindings: Sequence[Binding]) -> list[DialTarget]:
        ranked = sorted(bindings, key=lambda each: -each.q)
        there = one_flow_each([each for each in ranked if self.can_be_rung(each)])
        if not there:
            return [_target(each) for each in one_flow_each(ranked)]
        phones = {phone_of(each) for each in there}
        gone = one_flow_each([each for each in ranked if not self.can_be_rung(each)])
        late = [_target(each, LATE_S) for each in gone if phone_of(each) not in phones]
        return [_target(each) for each in there] + late

    async def sweep(self) -> None:
        """Forget what has expired, and store what could not be. Called about once a second."""
        if self._unstored:
            await self._store_late()
        now = self._now()
        await self._drop(
            [each for several in self._bindings.values() for each in several if each.expires_at <= now],
            "expired",
        )

    def clock_jumped(self, by_s: float) -> Sequence[Binding]:
        """The wall clock was set: every binding lasts as long as before. Returns what `keep` has to store."""
        for number, several in self._bindings.items():
            self._bindings[number] = [
                structs.replace(each, expires_at=each.expires_at + by_s) for each in several
            ]
        return [each for several in self._bindings.values() for each in several]

    async def keep(self, bindings: Sequence[Binding]) -> None:
        """Store them as they are."""
        await self._store.write(bindings)

    async def prune(self, may_register: Callable[[str], bool]) -> None:
        """Forget the phones of extensions that were deleted or disabled."""
        await self._drop(
            [
                each
                for number, several in self._bindings.items()
                if not may_register(number)
                for each in several
            ],
            "extension removed",
        )

    async def _drop(self, gone: Sequence[Binding], reason: str) -> None:
        if not gone:
            return
        for binding in gone:
            rest = [each for each in self._bindings[binding.extension] if each is not binding]
            if rest:
                self._bindings[binding.extension] = rest
            else:
                del self._bindings[binding.extension]
                if not self._turns.get(binding.extension, _FREE).locked():
                    self._turns.pop(binding.extension, None)
            log.info("registration dropped", extra={"extension": binding.extension, "reason": reason})
            self._ports.bus.publish(
                "registration",
                Unregistered(extension=binding.extension, contact_uri=binding.contact_uri, reason=reason),
            )
        try:
            await self._store.apply((), gone)
        except StoreError:  # they have expired there, too
            log.debug("expired registrations are still stored")

    def _now(self) -> float:
        return self._ports.clock.now().timestamp()


_FREE = asyncio.Lock()


def _target(binding: Binding, delay_s: float = 0.0) -> DialTarget:
    return DialTarget(
        uri=binding.contact_uri,
        to_uri=f"sip:{binding.extension}@{_host(binding)}",
        transport=binding.transport,
        host=binding.source_host,
        port=binding.source_port,
        connection=binding.connection,
        route=binding.path,
        label=binding.extension,
        extension=binding.extension,
        delay_s=delay_s,
    )


def _sleeper(phone: PushPhone) -> DialTarget:
    """A phone without an address, as yet."""
    uri = f"sip:{phone.extension}@asleep.invalid"
    return DialTarget(
        uri=uri,
        to_uri=uri,
        label=phone.extension,
        extension=phone.extension,
        phone=phone.id,
        asleep=True,
    )


def contact_of(binding: Binding, now: float) -> str:
    """A binding as the 200 names it."""
    value = f"<{binding.contact_uri}>;expires={max(0, round(binding.expires_at - now))}"
    return f"{value};q={binding.q:g}" if binding.q != 1.0 else value


@lru_cache(maxsize=2)
def _date(now: int) -> str:
    return sip_date(datetime.fromtimestamp(now, UTC))


def _host(binding: Binding) -> str:
    host = binding.source_host
    return f"[{host}]" if ":" in host else host
