"""Calls of the last process go on: their ports, their dialogs, what they do.

Before SIP is answered, each call that the journal has is put together again: streams on the same ports, dialogs in the
agent, the call in the switch. What cannot go on is ended: its phones are told, and its record is closed.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import msgspec

from pbx.app.keeping import CALL
from pbx.call import kept as kept_calls
from pbx.call.call import Call, Program
from pbx.call.ending import Ending
from pbx.call.leg import CallLeg
from pbx.call.revive import close_recordings, in_order, revived, talk_on
from pbx.core.errors import PeerError
from pbx.media.udp_ports import NoPortError
from pbx.model.call_event import CallEvent, LegDialled, LegEnded
from pbx.model.leg_event import LegCause
from pbx.model.supervision_event import SupervisorLeft
from pbx.sip.hop import Hop
from pbx.transport.stream_leg import read_kept

if TYPE_CHECKING:
    from pbx.app.ground import Stores
    from pbx.app.keeping import CallKeeper
    from pbx.app.parts import Parts
    from pbx.call.kept import KeptCall, KeptLeg
    from pbx.media.stream import Stream
    from pbx.model.binding import Binding
    from pbx.transport.sip_leg import SipLeg
    from pbx.transport.stream_leg import StreamLeg

__all__ = ["go_on", "leave"]

log = logging.getLogger(__name__)

LONGEST_RINGING_S = 30.0
"""A caller waits so long for the first ring of a phone, or has hung up."""

MOST_AWAY_S = 300.0
"""Phones whose node was away for longer have given up."""

FAILURES = (PeerError, NoPortError, ValueError, OSError, msgspec.MsgspecError)


class _Leg(msgspec.Struct):
    """A leg that is being put together."""

    kept: KeptLeg
    signal: SipLeg | StreamLeg
    stream: Stream
    start: Callable[[], None]


async def go_on(parts: Parts, stores: Stores, keeper: CallKeeper) -> None:
    """Take up what the last process has left, and close the records of all else. Once, before SIP is answered."""
    keeper.find = parts.switch.call
    parts.media.on_reserved = keeper.reserved
    parts.media.on_changed = keeper.moved
    parts.media.on_forgotten = keeper.closed
    parts.agent.on_moved = keeper.peer_moved
    reviving = _Reviving(parts, keeper)
    going_on: dict[str, Sequence[CallEvent]] = {}
    for key, value in keeper.left.items():
        if key.startswith(CALL) and (call := reviving.take(key, value)) is not None:
            going_on[call.id] = call.events
    keeper.left = {}
    keeper.service.drop_rest()
    _follow_connections(parts)
    closed = await stores.cdrs.close_interrupted(parts.clock.now(), but=going_on)
    await parts.guarding.prepare(stores.cdrs, stores.state, going_on)
    if going_on:
        log.info("calls of the last run go on", extra={"calls": len(going_on)})
    if closed:
        log.warning("calls of the last run were closed as interrupted", extra={"calls": closed})


def _follow_connections(parts: Parts) -> None:
    """A phone that registers again has connected again."""
    before, agent = parts.registrar.on_register, parts.agent

    def registered(number: str, put: Sequence[Binding]) -> None:
        before(number, put)
        for each in put:
            if each.connection:
                hop = Hop(each.transport, each.source_host, each.source_port, connection=each.connection)
                agent.connected(each.contact_uri, hop)

    parts.registrar.on_register = registered


class _Reviving:
    """One pass over what was left."""

    def __init__(self, parts: Parts, keeper: CallKeeper) -> None:
        self._parts = parts
        self._keeper = keeper
        self._away_s = time.time() - keeper.left_at

    def take(self, key: str, value: bytes) -> Call | None:
        """The call, which runs again, be it only to end; None where not even that can be done."""
        try:
            kept = kept_calls.decode(value)
        except msgspec.MsgspecError:
            log.warning("a call of the last run cannot be read", extra={"call": key.removeprefix(CALL)})
            self._keeper.took(key, None)
            return None
        for invite in kept.rung:
            self._attempt(kept, partial(self._parts.agent.take_back, invite))
        if not kept.legs:
            return self._unanswered(key, kept)
        legs = [leg for each in kept.legs if (leg := self._leg(kept, each)) is not None]
        if not any(leg.kept.name == kept.served for leg in legs):
            self._keeper.took(key, None)
            self._give_up(kept, legs)
            return None
        return self._run(key, kept, legs)

    def _attempt(self, kept: KeptCall, step: Callable[[], None]) -> bool:
        try:
            step()
        except FAILURES as error:
            log.warning("a phone could not be told", extra={"call": kept.id, "reason": str(error)})
            return False
        return True

    def _unanswered(self, key: str, kept: KeptCall) -> Call | None:
        """Nobody had answered: the phones that rang stop, and the caller's INVITE comes in once more."""
        self._keeper.took(key, None)
        if not kept.invite or self._away_s > LONGEST_RINGING_S:
            return None
        made: list[Call] = []

        def offered(leg: SipLeg) -> None:
            call = revived(kept, self._parts.call_ports, leg, leg.offer)
            tidy_rung(call)
            self._parts.entrance.belongs(call.id, leg.call_id)
            self._parts.switch.begin_again(call, self._parts.trunks.loaded)
            made.append(call)

        self._attempt(kept, partial(self._parts.agent.ring_again, kept.invite, offered))
        return made[0] if made else None

    def _run(self, key: str, kept: KeptCall, legs: list[_Leg]) -> Call:
        served = next(leg.signal for leg in legs if leg.kept.name == kept.served)
        call = revived(kept, self._parts.call_ports, served)
        now = [msgspec.structs.replace(leg.kept, stream=leg.stream.kept()) for leg in legs]
        self._keeper.took(key, kept_calls.encode(msgspec.structs.replace(kept, legs=tuple(now))))
        for leg in legs:
            leg.start()
        made = [
            CallLeg.revived(leg.kept, leg.signal, leg.stream, leg.signal.remote_sdp or b"") for leg in legs
        ]
        self._parts.agent.spawn("trunk channels", self._seize(call, kept, made))
        self._parts.switch.resume(call, in_order(made, kept.served), self._program(call, kept, made))
        for leg in legs:
            if (name := leg.signal.dialog_name()) is not None:
                self._parts.entrance.belongs(call.id, name.call_id)
        return call

    async def _seize(self, call: Call, kept: KeptCall, legs: Sequence[CallLeg]) -> None:
        """The channels that the call's legs take of their trunks, once these are there."""
        trunks = {event.leg: event.trunk for event in call.events if isinstance(event, LegDialled)}
        trunks["a"] = kept.trunk
        if not any(trunks.get(leg.name) for leg in legs):
            return
        await self._parts.trunks.loaded.wait()
        for leg in legs:
            line = self._parts.trunks.lines.get(trunks.get(leg.name) or "")
            if line is not None and not leg.closed:
                leg.on_close(line.seize())

    def _leg(self, call: KeptCall, kept: KeptLeg) -> _Leg | None:
        """A leg with its ports and its dialog; one that cannot have both is hung up."""
        signal: SipLeg | StreamLeg | None = None
        try:
            signal = self._signal(kept)
            stream, start = self._parts.media.revive_stream(kept.stream, self._keeper.inherited)
        except FAILURES as error:
            log.warning(
                "a phone's call does not go on",
                extra={"call": call.id, "leg": kept.name, "reason": str(error)},
            )
            if signal is not None:
                self._parts.agent.spawn("hang up", signal.end(LegCause.SHUTDOWN))
            return None
        return _Leg(kept, signal, stream, start)

    def _signal(self, kept: KeptLeg) -> SipLeg | StreamLeg:
        through_edge = read_kept(kept.dialog)
        if through_edge is not None:
            return self._parts.edge.calls.revive(through_edge)
        return self._parts.agent.revive(kept.dialog, away=kept.party.extension is not None)

    def _give_up(self, kept: KeptCall, legs: Sequence[_Leg]) -> None:
        """Nobody is left for whom the call runs: hang up, and close its record."""
        for leg in legs:
            leg.stream.close()
            self._parts.agent.spawn("hang up", leg.signal.end(LegCause.SHUTDOWN))

    def _program(self, call: Call, kept: KeptCall, legs: Sequence[CallLeg]) -> Program:
        """What the call did, or its end."""
        if self._away_s > MOST_AWAY_S:
            return partial(_on, kept=kept, program=end)
        others = [leg for leg in legs if leg.name != kept.served]
        other = next((leg for leg in others if leg.name == kept.talks_with), None)
        if other is None and len(others) == 1:
            other = others[0]  # one had sent the other elsewhere, and nobody had answered there
        if other is not None:
            return partial(_on, kept=kept, program=partial(talk_on, other=other))
        return partial(_on, kept=kept, program=self._parts.going_on.program(call) or end)


async def _on(call: Call, kept: KeptCall, program: Program) -> None:
    tidy(call, kept)
    await program(call)


def tidy(call: Call, kept: KeptCall) -> None:
    """Write down what ended with the last process: legs that did not come back, recordings."""
    for name in {leg.name for leg in kept.legs} - call.legs.keys():
        cause = LegCause.SHUTDOWN.value
        call.record(LegEnded(call=call.id, at=call.now(), leg=name, cause=cause, status=0))
    close_recordings(call)
    for listener in call.live.view().supervisors:  # who listened comes back by himself
        call.record(SupervisorLeft(call=call.id, at=call.now(), extension=listener.extension))


def tidy_rung(call: Call) -> None:
    """No phone rings any more in a call that begins again."""
    rung: dict[str, None] = {}
    for event in call.events:
        if isinstance(event, LegDialled):
            rung[event.leg] = None
        elif isinstance(event, LegEnded):
            rung.pop(event.leg, None)
    cause = LegCause.SHUTDOWN.value
    for leg in rung:
        call.record(LegEnded(call=call.id, at=call.now(), leg=leg, cause=cause, status=0))


async def end(call: Call) -> None:
    """The call cannot go on: its phones are told when this returns."""
    call.end_with(Ending(LegCause.SHUTDOWN))


async def leave(parts: Parts) -> NoReturn:
    """End the process at once, and leave the calls to the next one: no phone is told."""
    parts.keeper.write()
    await parts.call_log.flush()
    await parts.lamps.save()
    logging.shutdown()
    os._exit(0)
