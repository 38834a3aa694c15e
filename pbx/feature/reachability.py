"""Whether a registered phone can really be rung: each is asked with OPTIONS now and then (RFC 3261 11).

A REGISTER proves the way from the phone to us; only a question proves the way back, through its router and into its
sleep. Any answer counts, a refusal too. A phone whose connection has closed is unreachable at once.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable

import msgspec

from pbx.core.clock import Clock
from pbx.core.events import EventBus
from pbx.core.tasks import Supervisor
from pbx.feature.registrar import Registrar
from pbx.model.binding import Binding
from pbx.model.registration import Reach, Reachable, Unreachable
from pbx.sip.build import request_of
from pbx.sip.hop import Hop, host_port
from pbx.sip.message import Request, Response

log = logging.getLogger(__name__)

TICK_S = 1.0
SPREAD_S = 2.0
"""A phone is asked within this time after it has registered; many phones at once are spread over it."""
ANSWER_S = 5.0
AGAIN_S = 5.0
"""After the first question without an answer."""
MISSES = 2
MOST_AT_ONCE = 50

_random = secrets.SystemRandom()

Ask = Callable[[Request, Hop], Awaitable[Response]]
Key = tuple[str, str]


class _Phone(msgspec.Struct):
    """What is known about one contact. Times are monotonic, but for `reach.checked_at`."""

    place: tuple[str, int, int]
    due_at: float
    reach: Reach
    misses: int = 0
    asking: bool = False


class Reachability:
    """Asks, remembers, and tells what changes."""

    def __init__(
        self,
        registrar: Registrar,
        *,
        ask: Ask,
        bus: EventBus,
        clock: Clock,
        is_open: Callable[[int], bool],
        interval_s: float,
        address: Callable[[str], str],
        random: Callable[[], float] = _random.random,
    ) -> None:
        """`ask` sends a request and returns the final response, 408 or 503 when none comes. `is_open` tells whether a
        connection stands. `interval_s` 0 asks nobody. `address` is ours, as a peer sees it."""
        self._registrar = registrar
        self._ask = ask
        self._bus = bus
        self._clock = clock
        self._is_open = is_open
        self._interval_s = interval_s
        self._address = address
        self._random = random
        self._phones: dict[Key, _Phone] = {}

    def of(self, binding: Binding) -> Reach:
        """What is known about one binding."""
        phone = self._phones.get(_key(binding))
        return phone.reach if phone is not None else Reach()

    def can_be_rung(self, binding: Binding) -> bool:
        """Whether an INVITE may arrive: nothing speaks against it."""
        if binding.connection and not self._is_open(binding.connection):
            return False
        return self.of(binding).reachable is not False

    async def run(self) -> None:
        """Ask for ever."""
        async with Supervisor() as tasks:
            while True:
                for binding in self._due():
                    tasks.spawn("ask a phone", self.check(binding))
                await asyncio.sleep(TICK_S)

    def _due(self) -> list[Binding]:
        """Who is to be asked now; phones that have gone are forgotten."""
        now = self._clock.monotonic()
        bindings = {_key(each): each for each in self._registrar.all_bindings()}
        for gone in self._phones.keys() - bindings.keys():
            del self._phones[gone]
        due: list[Binding] = []
        asking = sum(phone.asking for phone in self._phones.values())
        for key, binding in bindings.items():
            phone = self._phones.get(key)
            if phone is None or phone.place != _place(binding):
                reach = phone.reach if phone is not None else Reach()
                phone = _Phone(_place(binding), now + self._random() * SPREAD_S, reach)
                self._phones[key] = phone
            if binding.connection and not self._is_open(binding.connection):
                self._learn(binding, phone, None, "its connection is closed")
            elif self._interval_s and not phone.asking and phone.due_at <= now and asking < MOST_AT_ONCE:
                phone.asking = True
                asking += 1
                due.append(binding)
        return due

    async def check(self, binding: Binding) -> None:
        """Ask one phone and note what came of it."""
        phone = self._phones.setdefault(_key(binding), _Phone(_place(binding), 0.0, Reach()))
        phone.asking = True
        began = self._clock.monotonic()
        status = 408
        try:
            async with asyncio.timeout(ANSWER_S):
                status = (await self._ask(self._options(binding), _hop(binding))).status
        except TimeoutError:
            pass
        finally:
            phone.asking = False
        now = self._clock.monotonic()
        pause_s = self._interval_s * (0.9 + 0.2 * self._random())
        if status in (408, 503):
            phone.misses += 1
            phone.due_at = now + (AGAIN_S if phone.misses < MISSES else min(pause_s, 30.0))
            if phone.misses >= MISSES:
                self._learn(binding, phone, None, "it does not answer")
        else:
            phone.misses = 0
            phone.due_at = now + pause_s
            self._learn(binding, phone, now - began, "")

    def _learn(self, binding: Binding, phone: _Phone, took_s: float | None, why: str) -> None:
        before = phone.reach.reachable
        at = self._clock.now().timestamp()
        if took_s is None:
            if before is not False:
                phone.reach = Reach(reachable=False, checked_at=at)
                log.warning(
                    "a registered phone cannot be rung",
                    extra={"extension": binding.extension, "contact": binding.contact_uri, "why": why},
                )
                self._bus.publish(
                    "registration",
                    Unreachable(extension=binding.extension, contact_uri=binding.contact_uri, reason=why),
                )
            return
        phone.reach = Reach(reachable=True, round_trip_ms=round(took_s * 1000, 1), checked_at=at)
        if before is not True:
            if before is False:
                log.info("a phone can be rung again", extra={"extension": binding.extension})
            self._bus.publish(
                "registration", Reachable(extension=binding.extension, contact_uri=binding.contact_uri)
            )

    def _options(self, binding: Binding) -> Request:
        here = f"sip:{host_port(self._address(binding.source_host), 0)}"
        return request_of(
            "OPTIONS",
            binding.contact_uri,
            from_=f"<{here}>;tag={secrets.token_hex(6)}",
            to=f"<{binding.contact_uri}>",
            call_id=secrets.token_hex(12),
            cseq=1,
            headers=(*(("Route", each) for each in binding.path), ("Accept", "application/sdp")),
        )


def _key(binding: Binding) -> Key:
    return binding.extension, binding.contact_uri


def _place(binding: Binding) -> tuple[str, int, int]:
    return binding.source_host, binding.source_port, binding.connection


def _hop(binding: Binding) -> Hop:
    return Hop(binding.transport, binding.source_host, binding.source_port, connection=binding.connection)
