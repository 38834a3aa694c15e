"""A call: the caller's leg, the phones it rings, and the list of what happened.

A call is a scope. The router's program for it (ring these phones, play that tone) is the scope's main task; the
caller's hang-up ends the scope, and every `finally` cleans up after itself. The event list is the only record.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pbx.call.cdr import fold
from pbx.call.codecs import Codecs, voice
from pbx.call.encryption import SECURE_TRANSPORTS
from pbx.call.ending import Ending
from pbx.call.incoming import CallPorts, Incoming
from pbx.call.leg import CallLeg
from pbx.call.live import LiveFold
from pbx.call.quality import leg_quality
from pbx.call.scope import Scope
from pbx.core.errors import PeerError
from pbx.model import call_event as events
from pbx.model.cause import status_of_cause
from pbx.model.leg_event import Ended, InfoDigit, LegCause, LegFailed, Offered
from pbx.model.party import Party
from pbx.sip.sdp.negotiate import AudioSession, Format
from pbx.sip.sdp.security import Way

if TYPE_CHECKING:
    from datetime import datetime

    from pbx.call.ports import Router
    from pbx.model.party import DialTarget

log = logging.getLogger(__name__)

MAX_DIVERSIONS = 5

Reoffered = Callable[[CallLeg, bytes | None], Awaitable[None]]
Pressed = Callable[[CallLeg, str, int, str], None]
"""What is done with a digit of a leg: itself, how long it lasted in ms, and the way it came."""


@dataclass(frozen=True, slots=True)
class Diversion:
    """`number` sent the call elsewhere; `reason` is RFC 5806's word for why."""

    number: str
    reason: str


class Call:
    """One call. `run` it to its end; `hang_up` from outside ends it."""

    def __init__(self, call_id: str, incoming: Incoming, ports: CallPorts) -> None:
        self.id = call_id
        self.caller = incoming.caller
        self.dialled = incoming.dialled
        self.trunk = incoming.trunk
        self.withheld = False
        """The caller wants nobody to see who calls."""
        self.diverted: list[Diversion] = []
        self.ports = ports
        self.codecs: Codecs = ports.codecs
        self.scope = Scope()
        self.events: list[events.CallEvent] = []
        self.reoffered: Reoffered | None = None
        self.pressed: Pressed | None = None
        self.joined: tuple[str, str, str, bool] | None = None
        self._incoming = incoming
        self._a: CallLeg | None = None
        self._offer: AudioSession | None = None
        self._answer: bytes | None = None
        self._ending: Ending | None = None
        self._answering = False
        self._legs = 0
        offered = events.CallOffered(
            call=call_id,
            at=self.now(),
            from_number=incoming.caller.number,
            from_name=incoming.caller.name,
            from_extension=incoming.caller.extension,
            dialled=incoming.dialled,
            source=incoming.source,
        )
        self.live = LiveFold(offered)
        self.record(offered)

    # -- the record ------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self.ports.clock.now()

    def record(self, event: events.CallEvent) -> None:
        """Add to the list, and tell whoever watches. The CDR is written at the start, the answer and the end."""
        self.events.append(event)
        self.live.take(event)
        self.ports.log.publish(event)
        if isinstance(event, events.CallOffered | events.CallEnded) or (
            isinstance(event, events.LegAnswered) and event.leg == "a"
        ):
            self.ports.log.put(fold(self.events))

    def divert(self, number: str, reason: str, to: str) -> None:
        """`number` sends the call on to `to`. Raises `PeerError` 482 when it goes round in a circle."""
        if len(self.diverted) >= MAX_DIVERSIONS or any(each.number == to for each in self.diverted):
            raise PeerError(482, "Forwarded In A Circle")
        self.diverted.append(Diversion(number, reason))
        self.record(events.CallRouted(call=self.id, at=self.now(), kind="forward", to=to))

    @property
    def shown(self) -> Party:
        """The caller, as those who are called may see it."""
        return Party("") if self.withheld else self.caller

    def involves(self, extension: str) -> bool:
        """Whether one of our extensions calls here, or has answered."""
        return self.caller.extension == extension or extension in self.live.talking

    # -- the caller's leg ------------------------------------------------------------------------------------------

    @property
    def a(self) -> CallLeg:
        if self._a is None:
            raise RuntimeError("the call has not been entered")
        return self._a

    @property
    def offer(self) -> AudioSession | None:
        """What the caller offered; None when the INVITE had no SDP and we make the offer."""
        return self._offer

    def offered_formats(self) -> tuple[Format, ...]:
        """What the caller and this node both speak, in the caller's order and numbers; ours when we make the offer."""
        return self.codecs.ours if self._offer is None else self.codecs.known(self._offer.formats)

    def onward_formats(self) -> tuple[Format, ...]:
        """What to offer the phones that are rung."""
        return self.codecs.offer(None if self._offer is None else self._offer.formats)

    def formats_for(self, other: tuple[Format, ...]) -> tuple[Format, ...]:
        """What the caller gets when it is to talk with a phone that speaks `other`; raises `PeerError` 488."""
        if self._offer is None:
            return self.codecs.offer(other)
        formats = self.codecs.answer(self._offer.formats, other)
        if not formats:
            raise PeerError(488, "Not Acceptable Here")
        return formats

    async def answer_caller(self, formats: tuple[Format, ...]) -> None:
        """Pick up towards the caller with `formats` (in the caller's numbering, or ours when we offer).

        Raises `LegFailed` when the caller vanished, `PeerError` when its late answer does not fit.
        """
        a = self.a
        self._answering = True
        if self._offer is not None:
            await a.dialog.answer(self._caller_answer(self._offer, formats))
        else:
            a.take_answer(await a.dialog.answer(a.offer(formats)))
        self._answered()

    def _answered(self) -> None:
        self._answering = False
        self.a.answered = True
        self.record(events.LegAnswered(call=self.id, at=self.now(), leg="a"))

    def open_audio(self, formats: tuple[Format, ...]) -> bool:
        """Get the caller's stream ready before the answer is sent, so that no word is lost; False without an offer."""
        if self._offer is not None:
            self._caller_answer(self._offer, formats)
        return self._offer is not None

    async def let_hear(self, formats: tuple[Format, ...], status: int = 183) -> bool:
        """Open the audio towards a caller that has not been answered (early media); False when it made no offer."""
        if self._offer is None:
            await self.a.dialog.progress(180)
            return False
        await self.a.dialog.progress(status, self._caller_answer(self._offer, formats))
        return True

    def _caller_answer(self, offer: AudioSession, formats: tuple[Format, ...]) -> bytes:
        """The one answer to the caller's offer: a 200 repeats that of an earlier 183 (RFC 3261 13.2.1)."""
        if self._answer is None:
            self._answer = self.a.accept(offer, formats)
        return self._answer

    # -- running ---------------------------------------------------------------------------------------------------

    async def run(self, router: Router) -> None:
        """From the offer to the last clean-up. Never raises but for bugs, which are logged and end only this call."""
        incoming = self._incoming
        try:
            self._a = self._open_caller(incoming)
            self._offer = self._a.read(incoming.offer) if incoming.offer is not None else None
            if self._offer is not None and not voice(self.offered_formats()):
                raise PeerError(488, "Not Acceptable Here")  # noqa: TRY301 - one place decides how a call is refused
            await self.scope.run(self._main(router))
        except PeerError as error:
            self.end_with(Ending.of(error))
        except ExceptionGroup as group:
            log.exception("a call's task failed", exc_info=group)
            self.end_with(Ending(LegCause.ERROR, 500))
        finally:
            await self._close()

    def hang_up(self, ending: Ending) -> None:
        """End the call from outside; the first reason given is the one recorded."""
        self.end_with(ending)
        self.scope.end()

    async def _main(self, router: Router) -> None:
        self.scope.spawn(self._watch_caller())
        try:
            await router.route(self)
        except PeerError as error:
            self.end_with(Ending.of(error))
        except LegFailed as error:
            self.end_with(Ending(error.cause, error.status))

    def _open_caller(self, incoming: Incoming) -> CallLeg:
        a = CallLeg(
            "a",
            stream=self.ports.media.open_stream(label=f"{self.id}/a"),
            host=self.ports.local_host(incoming.source_host),
            session_id=self.ports.new_session_id(),
            label=incoming.caller.number,
            srtp=self.ports.srtp,
        )
        a.signal = incoming.leg
        return a

    async def _watch_caller(self) -> None:
        """Everything the caller does that the program for the call did not ask for."""
        while True:
            event = await self.a.dialog.receive()
            if isinstance(event, Ended):
                if self._answering and event.cause is LegCause.NORMAL:
                    self._answered()  # its BYE overtook its ACK: it did hear our 200
                self.end_with(Ending(event.cause, event.status, by="a"))
                self.scope.end()
                return
            if isinstance(event, Offered):
                self.scope.spawn(self._renegotiate(event.sdp))
            elif isinstance(event, InfoDigit):
                self.saw_digit(self.a, event.digit, event.duration_ms, via="info")

    async def _renegotiate(self, sdp: bytes | None) -> None:
        await answer_reoffer(self, self.a, sdp, self.reoffered or self._accept_alone)

    async def _accept_alone(self, leg: CallLeg, sdp: bytes | None) -> None:
        """A re-offer while nobody is bridged to the leg: agree to what was agreed before."""
        if sdp is None:
            leg.take_answer(await leg.dialog.answer(leg.offer(self.codecs.offer(leg.sends or None))))
            return
        offer = leg.read(sdp)
        formats = self.codecs.answer(offer.formats, leg.sends or self.codecs.ours)
        await leg.dialog.answer(leg.accept(offer, formats))

    # -- for the call's program ------------------------------------------------------------------------------------

    def new_leg(self, target: DialTarget, label: str, *, insist: Way | None = None) -> CallLeg:
        """A leg for another phone, with its own ports; not yet dialled. Raises `PeerError` 503 without ports.

        `insist`: how its audio is to be encrypted, whatever the policy would offer first.
        """
        self._legs += 1
        name = f"b{self._legs}"
        return CallLeg(
            name,
            stream=self.ports.media.open_stream(label=f"{self.id}/{name}"),
            host=self.ports.local_host(target.host),
            session_id=self.ports.new_session_id(),
            label=label,
            srtp=self.ports.srtp,
            secure=target.transport.upper() in SECURE_TRANSPORTS
            or (self._offer is not None and self._offer.security.encrypted),
            insist=insist,
        )

    def saw_digit(self, leg: CallLeg, digit: str, duration_ms: int, *, via: str) -> None:
        self.record(events.DigitSeen(call=self.id, at=self.now(), leg=leg.name, digit=digit, via=via))
        if self.pressed is not None:
            self.pressed(leg, digit, duration_ms, via)

    async def close_leg(self, leg: CallLeg, cause: LegCause, status: int = 0) -> None:
        """Close a leg and record its quality and end. Never raises; may be called twice."""
        if leg.closed:
            return
        stats = leg.stream.stats()
        if stats.packets_in or stats.packets_out:
            self.record(leg_quality(stats, call=self.id, at=self.now(), leg=leg.name))
        if leg.name != "a":
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

    # -- the end ---------------------------------------------------------------------------------------------------

    async def _close(self) -> None:
        ending = self._ending or Ending(LegCause.NORMAL)
        a = self._a
        if a is None or not a.answered:
            status = ending.status if ending.status >= 300 else status_of_cause(ending.cause)
            if ending.by != "a":
                await self._incoming.leg.reject(status, ending.reason, ending.headers)
        else:
            status = ending.status
        if a is not None:
            await self.close_leg(a, ending.cause)
        self.record(
            events.CallEnded(
                call=self.id, at=self.now(), cause=ending.cause.value, status=status, by=ending.by
            )
        )


async def answer_reoffer(call: Call, leg: CallLeg, sdp: bytes | None, reoffered: Reoffered) -> None:
    """Answer a phone's re-INVITE or UPDATE through `reoffered`; refuse what does not fit, keeping the old session."""
    was_held = leg.held
    try:
        await reoffered(leg, sdp)
    except PeerError as error:
        await leg.dialog.reject(error.sip_status, error.reason)
        return
    except LegFailed as error:
        log.debug("a re-offer was not completed", extra={"leg": leg.name, "cause": error.cause.value})
        return
    if leg.held != was_held:
        kind = events.LegHeld if leg.held else events.LegResumed
        call.record(kind(call=call.id, at=call.now(), leg=leg.name))
