"""All trunks of the office: kept registered, checked, found for calls that go out and come in.

Each enabled trunk has tasks of its own: one keeps it registered, one asks it by OPTIONS whether it is there, one looks
up the addresses it may call from. A change of its record ends them and starts them anew.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

from pbx.core.clock import Clock
from pbx.core.errors import PeerError
from pbx.core.tasks import Supervisor
from pbx.feature.trunk_line import TrunkLine
from pbx.model.trunk import TrunkStatus, TrunkWrite
from pbx.sip.build import request_of
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.registration import FLOW_FAILED, Account, Registration, RegistrationState
from pbx.transport.identity import contact

__all__ = ["Trunks", "UserAgent"]

log = logging.getLogger(__name__)

LOOKUP_EVERY_S = 60.0
FIRST_CHECK_S = 1.0
UNREGISTER_S = 2.0
FLOW_CHECK_S = 2.0
KEEP_ALIVE_S = 30.0
"""Between two keep-alives of a connection; routers forget one after a minute or more."""


class UserAgent(Protocol):
    """What trunks need of the node's user agent."""

    async def request(self, request: Request, hop: Hop) -> Response: ...

    async def exchange(self, request: Request, hop: Hop) -> tuple[Response, Hop]: ...

    def is_open(self, connection: int) -> bool: ...

    def keep_alive(self, hop: Hop) -> None: ...

    async def hops(self, uri: str) -> list[Hop]: ...

    def facing(self, hop: Hop) -> Hop: ...


class Trunks:
    """`load` reads the trunks with their passwords. `changed` is told whenever a trunk's state may have changed."""

    def __init__(
        self,
        agent: UserAgent,
        clock: Clock,
        load: Callable[[], Awaitable[Sequence[TrunkWrite]]],
        *,
        country: str,
        changed: Callable[[TrunkStatus], None] = lambda _: None,
    ) -> None:
        self._agent = agent
        self._clock = clock
        self._load = load
        self._country = country
        self._changed = changed
        self.edge_up: Callable[[], bool] = lambda: False
        """Whether an edge is connected; set by whoever keeps the tunnels."""
        self._lines: dict[str, TrunkLine] = {}
        self._tasks: dict[str, Supervisor] = {}
        self.loaded = asyncio.Event()
        """The trunks have been read at least once."""
        self._reloading = asyncio.Lock()

    # -- life ----------------------------------------------------------------------------------------------------------

    async def reload(self) -> None:
        """Take over the trunks as they are stored; those that did not change keep their registration."""
        async with self._reloading:
            wanted = {each.id: each for each in await self._load()}
            for name, line in list(self._lines.items()):
                if wanted.get(name) != line.trunk:
                    await self._end(name)
            for name, trunk in wanted.items():
                if name not in self._lines:
                    self._begin(trunk)
        self.loaded.set()

    async def close(self) -> None:
        """Take every registration back, as far as the providers answer in time."""
        await asyncio.gather(*(self._end(name) for name in list(self._lines)))

    def _begin(self, trunk: TrunkWrite) -> None:
        line = self._lines[trunk.id] = TrunkLine(trunk, country=self._country, edge_up=lambda: self.edge_up())  # noqa: PLW0108
        tasks = self._tasks[trunk.id] = Supervisor()
        if not trunk.enabled:
            return
        if not line.is_edge:
            tasks.spawn("trunk addresses", self._look_up(line))
        if line.registers:
            tasks.spawn("trunk registration", self._keep_registered(line))
            tasks.spawn("trunk flow", self._watch_flow(line))
        if line.is_checked:
            tasks.spawn("trunk check", self._check(line))

    async def _end(self, name: str) -> None:
        line, tasks = self._lines.pop(name), self._tasks.pop(name)
        await tasks.aclose()
        if line.registration is not None:
            try:
                async with asyncio.timeout(UNREGISTER_S):
                    await self._exchange(line, line.registration, line.registration.stop())
            except (TimeoutError, PeerError):
                log.info("a trunk was left without taking the registration back", extra={"trunk": name})

    # -- for calls -----------------------------------------------------------------------------------------------------

    @property
    def lines(self) -> Mapping[str, TrunkLine]:
        return self._lines

    def calling(self, request_user: str, hop: Hop) -> TrunkLine | None:
        """The trunk a request comes from: it knows our Contact there, or sends from the provider's address."""
        for line in self._lines.values():
            if line.trunk.enabled and secrets.compare_digest(line.token.encode(), request_user.encode()):
                return line
        return next(
            (line for line in self._lines.values() if line.trunk.enabled and line.sends_from(hop)),
            None,
        )

    def edge(self) -> str | None:
        """The trunk that stands for the edges, if the office has one."""
        return next((name for name, line in self._lines.items() if line.is_edge and line.trunk.enabled), None)

    def edge_changed(self) -> None:
        """An edge is connected, or is no longer."""
        for line in self._lines.values():
            if line.is_edge:
                self._tell(line)

    def account(self, name: str) -> TrunkLine | None:
        """The office that says this user name and has still to prove it."""
        for line in self._lines.values():
            known = line.credentials
            if line.is_office and line.trunk.enabled and known is not None and known.username == name:
                return line
        return None

    def statuses(self) -> list[TrunkStatus]:
        now = self._clock.monotonic()
        return [line.view(now) for line in self._lines.values()]

    # -- for tests -----------------------------------------------------------------------------------------------------

    async def ask_options(self, line: TrunkLine) -> Response | None:
        """Whether somebody is there: the answer to OPTIONS, None when there is no way to ask."""
        return await self._ask(line, self._options(line))

    async def register_now(self, line: TrunkLine, *, within_s: float) -> Registration | None:
        """Try to register without waiting for the next time, and say how that went."""
        deadline = self._clock.monotonic() + within_s
        if line.registration is not None:
            line.registration.hurry(self._clock.monotonic())
            line.wake.set()
            await asyncio.sleep(0)
        while self._clock.monotonic() < deadline:
            due = line.registration.next_at if line.registration is not None else None
            if due is not None and due > self._clock.monotonic():
                break  # it has an answer, and knows when it is to ask again
            await asyncio.sleep(0.1)
        return line.registration

    # -- tasks ---------------------------------------------------------------------------------------------------------

    async def _keep_registered(self, line: TrunkLine) -> None:
        while line.registration is None:
            line.registration = await self._account(line)
            if line.registration is None:
                await asyncio.sleep(5 + 5 * random.random())  # noqa: S311  spreads the load, hides nothing
        registration = line.registration
        while True:
            await self._until_due(line, registration)
            if registration.state is not RegistrationState.TRYING:
                await self._face(line, registration)
            await self._exchange(line, registration, registration.tick(self._clock.monotonic()))

    async def _until_due(self, line: TrunkLine, registration: Registration) -> None:
        """Wait for `next_at`, which a lost connection or a new address may bring forward."""
        while True:
            line.wake.clear()
            due = registration.next_at
            left = LOOKUP_EVERY_S if due is None else due - self._clock.monotonic()
            if left <= 0:
                return
            try:
                async with asyncio.timeout(left):
                    await line.wake.wait()
            except TimeoutError:
                continue

    async def _face(self, line: TrunkLine, registration: Registration) -> None:
        """Register the Contact that the provider can reach us at now."""
        try:
            hops = await self._agent.hops(line.uri)
        except PeerError:
            return
        now = self._clock.monotonic()
        registration.moved(contact(line.token, self._agent.facing(hops[0])), now, at_once=True)

    def moved(self) -> None:
        """An address of this node has changed: each trunk that said another one registers again."""
        for name, line in self._lines.items():
            registration = line.registration
            if registration is not None:
                self._tasks[name].spawn("trunk address", self._move(line, registration))

    async def _move(self, line: TrunkLine, registration: Registration) -> None:
        try:
            hops = await self._agent.hops(line.uri)
        except PeerError:
            return
        registration.moved(contact(line.token, self._agent.facing(hops[0])), self._clock.monotonic())
        line.wake.set()

    async def _watch_flow(self, line: TrunkLine) -> None:
        """Keep the connection of a registration open (RFC 5626 4.4.1), and register anew when it is gone: the provider
        can reach us over no other."""
        since = 0.0
        while True:
            await asyncio.sleep(FLOW_CHECK_S)
            flow, registration = line.flow, line.registration
            if flow is None or registration is None:
                continue
            if not self._agent.is_open(flow.connection):
                line.flow = None
                self.flow_failed(line)
            elif (since := since + FLOW_CHECK_S) >= KEEP_ALIVE_S:
                since = 0.0
                self._agent.keep_alive(flow)

    def flow_failed(self, line: TrunkLine) -> None:
        """Register anew: the connection is gone, or the provider's edge has said 430."""
        if line.registration is not None:
            log.info("a trunk's connection is made anew", extra={"trunk": line.trunk.id})
            line.registration.lost(self._clock.monotonic())
            line.wake.set()
            self._tell(line)

    async def _account(self, line: TrunkLine) -> Registration | None:
        """A registration for the address that faces the provider now; None while its name is not found."""
        try:
            hops = await self._agent.hops(line.uri)
        except PeerError as error:
            line.status = error.sip_status
            self._tell(line)
            return None
        trunk = line.trunk
        account = Account(
            aor=line.aor,
            registrar=line.registrar,
            contact=contact(line.token, self._agent.facing(hops[0])),
            username=trunk.auth_username or trunk.username,
            password=trunk.password or "",
            expires_s=trunk.expires_s,
        )
        return Registration(
            account,
            call_id=secrets.token_hex(16),
            tag=secrets.token_hex(8),
            random=random.random,
            new_cnonce=lambda: secrets.token_hex(8),
        )

    async def _exchange(self, line: TrunkLine, registration: Registration, request: Request | None) -> None:
        """Send, take the answer, and what follows from it."""
        before = (registration.state, registration.error)
        while request is not None:
            response = await self._ask(line, request)
            now = self._clock.monotonic()
            if response is None:
                registration.failed(503, now)
                break
            request = registration.responded(response, now)
        if (registration.state, registration.error) != before:
            self._say(line, registration)
            self._tell(line)

    def _say(self, line: TrunkLine, registration: Registration) -> None:
        where = {"trunk": line.trunk.id, "status": registration.status}
        if registration.error:
            log.warning("trunk is not registered", extra=where | {"reason": registration.error})
        elif registration.state is RegistrationState.REGISTERED:
            log.info("trunk is registered", extra=where)

    async def _check(self, line: TrunkLine) -> None:
        """Ask by OPTIONS: any answer but silence says that somebody is there."""
        await asyncio.sleep(FIRST_CHECK_S * (1 + random.random()))  # noqa: S311
        while True:
            asked = self._clock.monotonic()
            response = await self._ask(line, self._options(line))
            line.status = response.status if response is not None else 503
            if line.status == FLOW_FAILED:
                self.flow_failed(line)
            answers = response is not None and response.status not in (408, 503)
            line.round_trip_ms = (self._clock.monotonic() - asked) * 1000 if answers else None
            if answers != line.answers:
                line.answers = answers
                self._tell(line)
            pause_s = line.trunk.check_every_s * (0.9 + 0.2 * random.random())  # noqa: S311
            await asyncio.sleep(pause_s if answers else min(pause_s, 15.0))

    def _options(self, line: TrunkLine) -> Request:
        return request_of(
            "OPTIONS",
            line.registrar,
            from_=f"<{line.aor}>;tag={secrets.token_hex(8)}" if line.trunk.username else _anonymous(),
            to=f"<{line.registrar}>",
            call_id=secrets.token_hex(16),
            cseq=1,
            headers=(("Accept", "application/sdp"),),
        )

    async def _ask(self, line: TrunkLine, request: Request) -> Response | None:
        """The final response of the first address that answers at all."""
        try:
            hops = await self._agent.hops(line.uri)
        except PeerError as error:
            log.info("a trunk's server is not found", extra={"trunk": line.trunk.id, "reason": error.reason})
            return None
        response = None
        for hop in hops[:4]:
            twin = Request(request.method, request.uri, request.headers.copy(), request.body)
            response, over = await self._agent.exchange(twin, hop)
            if request.method == "REGISTER" and response.status == 200:
                line.flow = over if over.connection else None
            if response.status not in (408, 503):
                break
        return response

    async def _look_up(self, line: TrunkLine) -> None:
        while True:
            line.found(await self._addresses(line.servers()), await self._addresses(line.named()))
            await asyncio.sleep(LOOKUP_EVERY_S)

    async def _addresses(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for name in dict.fromkeys(names):
            try:
                found.update(hop.remote_host for hop in await self._agent.hops(f"sip:{name}"))
            except PeerError:
                continue
        return found

    def _tell(self, line: TrunkLine) -> None:
        self._changed(line.view(self._clock.monotonic()))


def _anonymous() -> str:
    return f"<sip:anonymous@anonymous.invalid>;tag={secrets.token_hex(8)}"
