"""Two legs joined: audio flows, either side may hold, renegotiate or hang up.

Hold is answered here and not passed on: the held side hears the hold tone, whatever the holder's phone sends, so a
microphone never leaks out of a held call. A re-offer is answered here too: the other side keeps its codecs, and what
differs is transcoded.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from pbx.call.codecs import digits
from pbx.call.ending import Ending
from pbx.call.join import flow_between, pass_digit
from pbx.call.leg import CallLeg
from pbx.call.quality import QualityWatch
from pbx.call.reoffer import answer_reoffer, take_reanswer
from pbx.call.scope import Stoppable
from pbx.call.silence import SilenceWatch
from pbx.model.leg_event import Ended, InfoDigit, LegCause, Offered, Reanswered, Referred

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.ports import Prompt
    from pbx.call.talk import Sound

log = logging.getLogger(__name__)


class Bridge:
    """The call's party and the phone that answered. `run` returns when that hung up, or one of them transferred."""

    def __init__(self, call: Call, b: CallLeg, *, resumed: bool = False) -> None:
        """`resumed`: they talked in an earlier process, and heard there what they were to hear first."""
        self._resumed = resumed
        self.call = call
        self.a, self.b = call.a, b  # a transfer may make another leg the party of the call
        self._lock = asyncio.Lock()
        self._announces: Sound | None = None
        """What both are hearing before they hear each other."""

    async def run(self) -> None:
        """Join the legs until one leaves. The party's leaving cancels this; the other's returns.

        After a transfer both legs are left as they are, and nothing flows between them.
        """
        call, b = self.call, self.b
        call.reoffered, call.reflow = self._reoffered, self._flow
        call.talking = (call.a, b)
        watches = [SilenceWatch(call, leg) for leg in (call.a, b)]
        quality = QualityWatch(call, call.a, b)
        quality.begin()
        conversation = call.begin_conversation(b)
        announcing: asyncio.Task[None] | None = None
        try:
            call.pressed = self._pressed
            if conversation is not None:
                conversation.listen(self._pass_on)
                if conversation.announcement is not None and not self._resumed:
                    self._announces = conversation.announcement
                    announcing = call.scope.spawn(self._end_announcement(conversation.announcement.seconds))
            self._flow()
            with Stoppable() as talking:
                call.stop_talking = talking.stop
                await self._listen()
        finally:
            quality.end()
            if announcing is not None:
                announcing.cancel()
            call.end_conversation()
            if call.overheard is not None:
                call.overheard.end()
            call.a.waits = b.waits = False
            for watch in watches:
                watch.close()
            call.reoffered = call.reflow = call.pressed = call.talking = call.stop_talking = None
            call.ports.media.unlink(call.a.stream)
            if call.goes_on:
                for leg in (call.a, b):
                    call.ports.media.stop_playing(leg.stream)
            else:
                ending = call.ending or Ending(LegCause.NORMAL)
                await call.close_leg(b, ending.cause, ending.status)

    async def _listen(self) -> None:
        """What the other side does, until it hangs up."""
        call, b = self.call, self.b
        while True:
            event = await b.dialog.receive()
            if isinstance(event, Ended):
                call.end_with(Ending(event.cause, event.status, by=b.name))
                return
            if isinstance(event, Offered):
                call.scope.spawn(answer_reoffer(call, b, event.sdp, self._reoffered))
            elif isinstance(event, Reanswered):
                take_reanswer(call, b, event)
            elif isinstance(event, InfoDigit):
                call.saw_digit(b, event.digit, event.duration_ms, via="info")
            elif isinstance(event, Referred):
                call.transfer(b, event.to, event.replaces)

    async def _reoffered(self, leg: CallLeg, sdp: bytes | None) -> None:
        """Answer a phone's re-offer. The other side keeps what it has: codecs that differ are bridged."""
        async with self._lock:
            codecs = self.call.codecs
            other = self._other(leg)
            if sdp is None:
                leg.take_answer(await leg.dialog.answer(leg.offer(codecs.offer(other.sends))))
            else:
                offer = leg.read(sdp)
                await leg.dialog.answer(leg.accept(offer, codecs.answer(offer.formats, other.sends)))
        # The ACK may be late, and the two no longer talk: what flows now is said by who joins whom now.
        if self.call.reflow is not None:
            self.call.reflow()

    def _pressed(self, leg: CallLeg, digit: str, duration_ms: int, via: str) -> None:
        """Pass a digit on; a phone without telephone-event that uses INFO gets INFO from now on."""
        if via == "info" and not leg.keys_by_info and not digits(leg.sends):
            leg.keys_by_info = True
            if not self._is_apart and self.call.overheard is None:
                flow_between(self.call, self.b)
        conversation = self.call.conversation
        if conversation is None or not conversation.press(leg, digit, duration_ms, via):
            self._pass_on(leg, digit, duration_ms, via)

    def _pass_on(self, leg: CallLeg, digit: str, duration_ms: int, via: str) -> None:
        pass_digit(self.call, leg, self._other(leg), digit, duration_ms, via=via)

    async def _end_announcement(self, after_s: float) -> None:
        """Both have heard what they were to hear first."""
        await asyncio.sleep(after_s)
        self._announces = None
        self._flow()

    def _other(self, leg: CallLeg) -> CallLeg:
        return self.b if leg is self.a else self.a

    @property
    def _is_on_hold(self) -> bool:
        return any(leg.held or leg.waits for leg in (self.call.a, self.b))

    @property
    def _is_apart(self) -> bool:
        """Whether the two hear something else than each other."""
        return self._is_on_hold or self._announces is not None

    def _flow(self) -> None:
        """Set the audio to what the two sides' hold states demand."""
        call, b = self.call, self.b
        media = call.ports.media
        for leg in (call.a, b):
            media.stop_playing(leg.stream)
        in_room = self._announces is None and self._meet_in_room()
        if not in_room and not self._is_apart:
            flow_between(call, b)
            return
        if not in_room:
            media.unlink(call.a.stream)
        if not self._is_on_hold and self._announces is not None:
            for leg in (call.a, b):
                self._play(leg, self._announces.prompt)
        for leg, other in ((call.a, b), (b, call.a)):
            if (other.held or leg.waits) and not leg.held:
                self._play(leg, self.call.ports.hold_tone(), loop=True)

    def _meet_in_room(self) -> bool:
        """Where somebody overhears the two; of who holds or waits, nobody hears anything. False: nobody does."""
        overheard = self.call.overheard
        if overheard is None:
            return False
        try:
            for leg in (self.call.a, self.b):
                overheard.room.join(leg.stream, muted=leg.held or leg.waits)
        except ValueError as error:
            log.info("a call cannot be overheard any more", extra={"reason": str(error)})
            overheard.end()
            return False
        return True

    def _play(self, leg: CallLeg, sound: Prompt, *, loop: bool = False) -> None:
        try:
            self.call.ports.media.play(leg.stream, sound, loop=loop)
        except ValueError as error:
            log.info("a phone hears nothing", extra={"leg": leg.name, "reason": str(error)})
