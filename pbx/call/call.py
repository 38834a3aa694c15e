"""A call: its legs, the program that runs for one of them, and the list of what happened.

A call is a scope. The router's program for it (ring these phones, play that tone) is the scope's main task, and runs
for one party: the caller at first, and whoever stays when somebody transfers. That party's hang-up ends the scope, and
every `finally` cleans up after itself. The event list is the only record.

A leg belongs to one call at a time. `surrender` takes an answered leg out of a call, which is then over, and `adopt`
puts it into another: so calls are transferred after a consultation, picked up, and fetched from a parking slot.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from pbx.call.codecs import voice
from pbx.call.ending import Ending
from pbx.call.incoming import CallPorts, Incoming
from pbx.call.leg import CallLeg
from pbx.call.open_leg import called_leg, caller_leg
from pbx.call.party_side import PartySide
from pbx.call.quality import quality_of
from pbx.call.reoffer import Reoffered, accept_alone, answer_reoffer, take_reanswer
from pbx.call.scope import Scope
from pbx.call.transfer import Transfer, carry_out
from pbx.core.errors import PeerError
from pbx.core.tasks import cancelled
from pbx.model import call_event as events
from pbx.model.cause import status_of_cause
from pbx.model.leg_event import Ended, InfoDigit, LegCause, LegFailed, Offered, Reanswered, Referred
from pbx.model.party import Diversion
from pbx.sip.sdp.security import Way

if TYPE_CHECKING:
    import asyncio

    from pbx.call.fork import Fork
    from pbx.call.ports import Conversation, Overhearing, Router
    from pbx.model.leg_event import DialogName
    from pbx.model.party import DialTarget, Party

log = logging.getLogger(__name__)

MAX_DIVERSIONS = 5
MAX_DIVERSIONS_IN_ALL = 10

Pressed = Callable[[CallLeg, str, int, str], None]
"""What is done with a digit of a leg: itself, how long it lasted in ms, and the way it came."""

Program = Callable[["Call"], Awaitable[None]]
"""What a call does for its party, to the end."""

Deliver = Callable[[CallLeg], Awaitable[None]]
"""Gets a leg that its call has given away."""


class Call(PartySide):
    """One call. `run` it to its end; `hang_up` from outside ends it."""

    def __init__(
        self,
        call_id: str,
        incoming: Incoming,
        ports: CallPorts,
        history: Sequence[events.CallEvent] = (),
    ) -> None:
        """`history` is what happened to it in an earlier process."""
        super().__init__(call_id, ports)
        self.dialled = incoming.dialled
        self.trunk = incoming.trunk
        self.replaces: DialogName | None = incoming.replaces
        self.diverted: list[Diversion] = list(incoming.diverted)
        self.passed = incoming.passed
        self.scope = Scope()
        self.legs: dict[str, CallLeg] = {}
        self.reoffered: Reoffered | None = None
        self.reflow: Callable[[], None] | None = None
        self.pressed: Pressed | None = None
        self.stop_talking: Callable[[], None] | None = None
        self.referred: Callable[[str, DialogName | None], None] | None = None
        """Takes the transfers of a party that talks with no other leg, as one in a conference."""
        self.talking: tuple[CallLeg, CallLeg] | None = None
        self.conversation: Conversation | None = None
        self._unkept: tuple[CallLeg | None, CallLeg] | None = None
        """Two of whom is known that nothing is kept of what they say."""
        self.overheard: Overhearing | None = None
        self.ringing: Fork | None = None
        self.joined: tuple[str, str, str, bool] | None = None
        self.incoming = incoming
        self._served: CallLeg | None = None
        self._watch: asyncio.Task[None] | None = None
        self.values: dict[str, Any] = {}
        """What a flow knows of the call."""
        self.priority = 0
        """How urgent the caller is to those who wait in a line: the higher comes first."""
        self._ending: Ending | None = None
        self._next: Transfer | None = None
        self._leaves: tuple[CallLeg, Deliver] | None = None
        self._over: asyncio.Event | None = None
        self.legs_made = 0
        if history:
            self.resume_record(history)
        else:
            self.begin_record(incoming)

    def divert(self, number: str, reason: str, to: str) -> None:
        """`number` sends the call on to `to`. Raises `PeerError` 482 when it goes round in a circle.

        Outside numbers are written in many ways, and a circle through a provider comes back as another call: so it ends
        when the call has been sent on too often, here or in all.
        """
        here = len(self.diverted) - len(self.incoming.diverted)
        if (
            here >= MAX_DIVERSIONS
            or len(self.diverted) >= MAX_DIVERSIONS_IN_ALL
            or any(each.number == to for each in self.diverted)
        ):
            raise PeerError(482, "Forwarded In A Circle")
        self.diverted.append(Diversion(number, reason))
        self.record(events.CallRouted(call=self.id, at=self.now(), kind="forward", to=to))

    def involves(self, extension: str) -> bool:
        """Whether one of our extensions calls here, or has answered."""
        return any(
            leg.party.extension == extension and (leg.answered or leg is self._served)
            for leg in self.legs.values()
        )

    # -- the party that the program runs for -----------------------------------------------------------------------

    @property
    def a(self) -> CallLeg:
        """The leg that the call's program runs for: the caller, until a transfer leaves somebody else."""
        if self._served is None:
            raise RuntimeError("the call has not been entered")
        return self._served

    @property
    def served(self) -> CallLeg | None:
        """The same, where there is one already."""
        return self._served

    @property
    def party(self) -> Party:
        """Who is at `a`: what the phones that are rung for it show."""
        return self.incoming.caller if self._served is None else self._served.party

    @property
    def shown(self) -> Party:
        """The party, as those who are called may see it."""
        return self.incoming.caller if self._served is None else self._served.shown

    # -- running ---------------------------------------------------------------------------------------------------

    async def run(self, router: Router) -> None:
        """From the offer to the last clean-up. Never raises but for bugs, which are logged and end only this call."""
        await self._live(self._enter(router))

    async def go_on(self, legs: Sequence[CallLeg], program: Program, router: Router) -> None:
        """The same for a call of an earlier process: `program` runs for the first of these legs."""
        self.legs = {leg.name: leg for leg in legs}
        self._served = legs[0]
        await self._live(self.scope.run(self._main(program, router)))

    async def _enter(self, router: Router) -> None:
        incoming = self.incoming
        a = self._served = self.legs["a"] = caller_leg(self.id, incoming, self.ports)
        a.offered = a.read(incoming.offer) if incoming.offer is not None else None
        if a.offered is not None and not voice(self.offered_formats()):
            raise PeerError(488, "Not Acceptable Here")
        await self.scope.run(self._main(router.route, router))

    async def _live(self, life: Awaitable[None]) -> None:
        try:
            await life
        except PeerError as error:
            self.end_with(Ending.of(error))
        except ExceptionGroup as group:
            log.exception("a call's task failed", exc_info=group)
            self.end_with(Ending(LegCause.ERROR, 500))
        finally:
            self._watch = None  # a task that was cancelled keeps its frames, and they keep the call
            await self._close()

    def hang_up(self, ending: Ending) -> None:
        """End the call from outside; the first reason given is the one recorded."""
        self.end_with(ending)
        self.scope.end()

    async def _main(self, program: Program, router: Router) -> None:
        self._watch = self.scope.spawn(self._watch_party(self.a))
        await self.perform(program(self))
        while self._next is not None:
            transfer, self._next = self._next, None
            await carry_out(self, transfer, router)

    async def perform(self, program: Awaitable[None]) -> None:
        """Run a program for the party; its refusals and lost legs become the call's ending."""
        try:
            await program
        except PeerError as error:
            self.end_with(Ending.of(error))
        except LegFailed as error:
            self.end_with(Ending(error.cause, error.status))

    async def serve(self, leg: CallLeg) -> None:
        """Run what follows for this leg: its hang-up ends the call from now on."""
        if leg is self._served:
            return
        if self._watch is not None:
            await cancelled(self._watch)
        self._served = leg
        self._watch = self.scope.spawn(self._watch_party(leg))

    async def _watch_party(self, leg: CallLeg) -> None:
        """Everything the party does that the program for the call did not ask for."""
        while True:
            event = await leg.dialog.receive()
            if isinstance(event, Ended):
                if self._answering and event.cause is LegCause.NORMAL:
                    self._answered()  # its BYE overtook its ACK: it did hear our 200
                self.end_with(Ending(event.cause, event.status, by=leg.name))
                self.scope.end()
                return
            if isinstance(event, Offered):
                self.scope.spawn(answer_reoffer(self, leg, event.sdp, self.reoffered or accept_alone(self)))
            elif isinstance(event, Reanswered):
                take_reanswer(self, leg, event)
            elif isinstance(event, InfoDigit):
                self.saw_digit(leg, event.digit, event.duration_ms, via="info")
            elif isinstance(event, Referred) and self.transfer(leg, event.to, event.replaces):
                return

    # -- transfers -------------------------------------------------------------------------------------------------

    def transfer(
        self,
        by: CallLeg,
        to: str,
        replaces: DialogName | None = None,
        *,
        rights: str | None = None,
        program: Program | None = None,
    ) -> bool:
        """`by` sends whom it talks with to what dialling `to` reaches; False when it talks with nobody.

        The conversation ends, and the call runs on for the party that stays, with the rights of an extension: that of
        `by`, where it is not said. With a `program`, that is what runs, and `to` only names it.
        """
        if self.referred is not None and self._next is None:
            self.referred(to, replaces)
            return False
        pair = self.talking
        if self._next is not None or pair is None or by not in pair or self.stop_talking is None:
            by.dialog.report_transfer(603)
            return False
        stays = pair[1] if by is pair[0] else pair[0]
        self._next = Transfer(
            by=by,
            stays=stays,
            to=to,
            rights=rights or by.party.extension,
            replaces=replaces,
            program=program,
        )
        self.stop_talking()
        return True

    def hand_over(self, by: CallLeg, stays: CallLeg, to: str) -> None:
        """`by` leaves the call to `stays`, which goes on to what dialling `to` reaches; the program must return now."""
        self._next = Transfer(by=by, stays=stays, to=to, rights=by.party.extension)

    def reached(self) -> None:
        """Whoever transferred may go."""
        if self.transferring is not None:
            self.transferring.reached(self)

    @property
    def goes_on(self) -> bool:
        """Whether a transfer is to follow when the program returns: then both legs are left as they are."""
        return self._next is not None

    def forget_ending(self) -> None:
        """The program failed, and the call goes on all the same."""
        self._ending = None

    def surrender(self, leg: CallLeg, to: Call, deliver: Deliver) -> None:
        """Give an answered leg away to the call `to`: this call is over, and when it is, `deliver` gets the leg."""
        if self.legs.get(leg.name) is not leg or not leg.answered or self._leaves is not None:
            raise PeerError(481, "That Call Is Over")
        del self.legs[leg.name]
        self._leaves = (leg, deliver)
        self.record(events.LegLeft(call=self.id, at=self.now(), leg=leg.name, to_call=to.id))
        self.hang_up(Ending(LegCause.TRANSFERRED, by=leg.name))

    def adopt(self, leg: CallLeg, from_call: str) -> CallLeg:
        """Take in a leg that another call has given away."""
        leg.name = self._new_name()
        leg.undisclosed = leg.undisclosed or leg.withheld
        leg.withheld, leg.shown_as = False, None  # that was for whom it called
        self.legs[leg.name] = leg
        if (dialog := leg.dialog.dialog_name()) is not None:
            self.ports.belongs(self.id, dialog.call_id)
        self.record(
            events.LegJoined(
                call=self.id,
                at=self.now(),
                leg=leg.name,
                target=leg.label,
                extension=leg.party.extension,
                from_call=from_call,
            )
        )
        return leg

    # -- for the call's program ------------------------------------------------------------------------------------

    def new_leg(self, target: DialTarget, label: str, *, insist: Way | None = None) -> CallLeg:
        """A leg for another phone, with its own ports; not yet dialled. Raises `PeerError` 503 without ports.

        `insist`: how its audio is to be encrypted, whatever the policy would offer first.
        """
        secure = self.offer is not None and self.offer.security.encrypted
        leg = called_leg(self.id, self._new_name(), target, label, self.ports, secure=secure, insist=insist)
        self.legs[leg.name] = leg
        return leg

    def _new_name(self) -> str:
        self.legs_made += 1
        return f"b{self.legs_made}"

    def begin_conversation(self, other: CallLeg) -> Conversation | None:
        """The party and `other` are about to hear each other; may be said twice of the same two."""
        pair = (self._served, other)
        if self.conversation is None and self.ports.conversations is not None and self._unkept != pair:
            self.conversation = self.ports.conversations.begin(self, other)
            self._unkept = pair if self.conversation is None else None
        return self.conversation

    def end_conversation(self) -> None:
        """They no longer do."""
        conversation, self.conversation, self._unkept = self.conversation, None, None
        if conversation is not None:
            conversation.end()

    def saw_digit(self, leg: CallLeg, digit: str, duration_ms: int, *, via: str) -> None:
        self.record(events.DigitSeen(call=self.id, at=self.now(), leg=leg.name, digit=digit, via=via))
        if leg.pressed is not None:
            leg.pressed(digit)
        elif self.pressed is not None:
            self.pressed(leg, digit, duration_ms, via)

    async def close_leg(self, leg: CallLeg, cause: LegCause, status: int = 0) -> None:
        """Close a leg and record its quality and end. Never raises; nothing for one that is closed or has left."""
        if self.legs.get(leg.name) is not leg:
            return
        del self.legs[leg.name]
        stats = leg.stream.stats()
        if stats.packets_in or stats.packets_out:
            self.record(quality_of(leg, stats, call=self.id, at=self.now()))
        if leg is not self._served or leg.name != "a":
            self.record(
                events.LegEnded(call=self.id, at=self.now(), leg=leg.name, cause=cause.value, status=status)
            )
        await leg.close(cause)

    @property
    def ending(self) -> Ending | None:
        """Why the call ends, from the moment that somebody hung up; None while it goes on."""
        return self._ending

    def end_with(self, ending: Ending) -> None:
        """Remember why the call ends; the first reason given is the one recorded."""
        if self._ending is None:
            self._ending = ending

    async def over(self) -> None:
        """Wait until a call that ends has told everybody so."""
        if self._over is None:
            self._over = asyncio.Event()
        await self._over.wait()

    # -- the end ---------------------------------------------------------------------------------------------------

    async def _close(self) -> None:
        ending = self._ending or Ending(LegCause.NORMAL)
        served = self._served
        if served is None or not served.answered:
            status = ending.status if ending.status >= 300 else status_of_cause(ending.cause)
            if ending.by != "a":
                await self.incoming.leg.reject(status, ending.reason, ending.headers)
        else:
            status = ending.status
        for leg in list(self.legs.values()):
            await self.close_leg(leg, ending.cause)
        self.record(
            events.CallEnded(
                call=self.id, at=self.now(), cause=ending.cause.value, status=status, by=ending.by
            )
        )
        if self._over is not None:
            self._over.set()
        if self._leaves is not None:
            leg, deliver = self._leaves
            await deliver(leg)
