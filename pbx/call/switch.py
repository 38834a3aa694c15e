"""The switch: admits calls, runs each in its own scope, knows which are going on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Sequence

from pbx.call.call import Call, Program
from pbx.call.ending import Ending
from pbx.call.incoming import CallPorts, Incoming
from pbx.call.leg import CallLeg
from pbx.call.ports import Router
from pbx.core import log as logs
from pbx.core.errors import PeerError
from pbx.core.tasks import Supervisor
from pbx.model import call_event as events
from pbx.model.call_event import CallEvent
from pbx.model.leg_event import DialogName, LegCause
from pbx.model.live_call import LiveCall

log = logging.getLogger(__name__)


class _When:
    """A router that waits for the node to be ready. Implements `Router`."""

    def __init__(self, ready: asyncio.Event, router: Router) -> None:
        self._ready = ready
        self._router = router
        self.transfer = router.transfer

    async def route(self, call: Call) -> None:
        await self._ready.wait()
        await self._router.route(call)


class Switch:
    """All calls of the node. `limit` is how many may run at once; the next one is told to come back."""

    def __init__(
        self,
        ports: CallPorts,
        router: Router,
        *,
        supervisor: Supervisor,
        new_id: Callable[[], str],
        limit: int = 2000,
    ) -> None:
        self._ports = ports
        self._router = router
        self._supervisor = supervisor
        self._new_id = new_id
        self._calls: dict[str, Call] = {}
        self._empty = asyncio.Event()
        self._empty.set()
        self._draining = False
        self.limit = limit
        self.refused = 0
        """Calls that were one too many."""
        self.room: Callable[[], None] = lambda: None
        """Raises `PeerError` when the machine has no room for another call; set by who watches it."""

    def admit(self, *, for_help: bool = False) -> None:
        """Raises `PeerError` 503 with Retry-After when no more calls are taken. Calls for help always are."""
        if self._draining:
            raise PeerError(503, "Shutting Down", headers=(("Retry-After", "10"),))
        if for_help:
            return
        if len(self._calls) >= self.limit:
            self.refused += 1
            raise PeerError(503, "Too Many Calls", headers=(("Retry-After", "5"),))
        self.room()

    def offered(self, incoming: Incoming, router: Router | None = None) -> Call:
        """Take a call whose caller is known and run it, by the dial plan or `router`. `admit` must have agreed."""
        call = Call(self._new_id(), incoming, self._ports)
        self._calls[call.id] = call
        self._empty.clear()
        self._supervisor.spawn("call", self._run(call, call.run(router or self._router)))
        return call

    def resume(self, call: Call, legs: Sequence[CallLeg], program: Program) -> None:
        """Run a call of an earlier process on, for the first of its legs. More calls than the limit may come back."""
        self._calls[call.id] = call
        self._empty.clear()
        self._supervisor.spawn("call", self._run(call, call.go_on(legs, program, self._router)))

    def begin_again(self, call: Call, ready: asyncio.Event) -> None:
        """Run a call of an earlier process from its beginning, which nobody had answered, when the node is `ready`."""
        self._calls[call.id] = call
        self._empty.clear()
        self._supervisor.spawn("call", self._run(call, call.run(_When(ready, self._router))))

    def live_calls(self) -> list[LiveCall]:
        """The calls going on now, oldest first."""
        return [call.live.view() for call in self._calls.values()]

    def is_busy(self, extension: str) -> bool:
        """Whether an extension talks, or rings somebody, in any call."""
        return any(call.involves(extension) for call in self._calls.values())

    def find(self, dialog: DialogName) -> tuple[Call, CallLeg] | None:
        """The leg that is this dialog, and its call."""
        for call in self._calls.values():
            for leg in call.legs.values():
                if leg.signal is not None and leg.signal.is_dialog(dialog):
                    return call, leg
        return None

    def ringing_at(self, extensions: Container[str]) -> tuple[Call, CallLeg] | None:
        """The call that has rung longest at one of these extensions, and the leg that rings."""
        for call in self._calls.values():
            if call.ringing is not None and call.ending is None:
                for leg in call.legs.values():
                    if leg.party.extension in extensions and leg is not call.a and not leg.answered:
                        return call, leg
        return None

    def dialog_name(self, call_id: str, leg: str) -> DialogName | None:
        """How a Replaces header names a leg of a call."""
        call = self._calls.get(call_id)
        found = call.legs.get(leg) if call is not None else None
        return found.signal.dialog_name() if found is not None and found.signal is not None else None

    def events(self) -> list[CallEvent]:
        """What has happened in the calls going on now, for folds that start late."""
        return [event for call in self._calls.values() for event in call.events]

    def __len__(self) -> int:
        return len(self._calls)

    def call(self, call_id: str) -> Call | None:
        return self._calls.get(call_id)

    def hang_up(self, call_id: str) -> bool:
        """End a call from the outside; False when there is no such call."""
        call = self._calls.get(call_id)
        if call is not None:
            call.hang_up(Ending(LegCause.NORMAL, by="node"))
        return call is not None

    def transfer(self, call_id: str, leg: str, to: str, program: Program | None = None) -> bool:
        """Send one leg of a call on, as if the other had transferred it; False when the two do not talk, or no leg is
        of this office. A `program` is what it goes on to, in place of what dialling `to` reaches.
        """
        call = self._calls.get(call_id)
        if call is None or call.talking is None:
            return False
        stays = call.legs.get(leg)
        by = next((each for each in call.talking if each is not stays), None)
        if stays is None or by is None or stays not in call.talking:
            return False
        rights = by.party.extension or stays.party.extension
        return rights is not None and call.transfer(by, to, rights=rights, program=program)

    def hold(self, call_id: str, leg: str, *, on: bool) -> bool:
        """Let one who talks wait with music, or talk again; False when nobody of that name talks there."""
        call = self._calls.get(call_id)
        if call is None or call.talking is None or call.reflow is None:
            return False
        waits = next((each for each in call.talking if each.name == leg), None)
        if waits is None:
            return False
        if waits.waits != on:
            waits.waits = on
            call.reflow()
            other = next(each for each in call.talking if each is not waits)
            kind = events.LegHeld if on else events.LegResumed
            call.record(kind(call=call.id, at=call.now(), leg=other.name))
        return True

    async def drain(self, within_s: float = 5.0) -> None:
        """Take no more calls and end those that run; every phone is told. Returns when all are cleaned up."""
        self._draining = True
        for call in list(self._calls.values()):
            call.hang_up(Ending(LegCause.SHUTDOWN, 503))
        try:
            async with asyncio.timeout(within_s):
                await self._empty.wait()
        except TimeoutError:
            log.warning("calls were still ending at shutdown", extra={"calls": len(self._calls)})

    async def _run(self, call: Call, life: Awaitable[None]) -> None:
        try:
            with logs.context(call=call.id):
                await life
        finally:
            del self._calls[call.id]
            if not self._calls:
                self._empty.set()
