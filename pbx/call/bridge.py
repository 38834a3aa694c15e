"""Two legs joined: audio flows, either side may hold, renegotiate or hang up.

Hold is answered here and not passed on: the held side hears the hold tone, whatever the holder's phone sends, so a
microphone never leaks out of a held call. A re-offer that still has a codec the other side speaks is answered here
too; only one that has none makes a re-INVITE to the other side (nothing is transcoded yet).
"""

from __future__ import annotations

import asyncio
import logging

from pbx.call.call import Call, answer_reoffer
from pbx.call.ending import Ending
from pbx.call.fork import link
from pbx.call.leg import CallLeg, voice
from pbx.call.quality import QualityWatch
from pbx.call.silence import SilenceWatch
from pbx.core.errors import PeerError
from pbx.model.leg_event import Ended, InfoDigit, LegCause, Offered
from pbx.sip.sdp.negotiate import KNOWN, AudioSession, Format, common

log = logging.getLogger(__name__)


class Bridge:
    """The caller and the phone that answered. `run` returns when the phone hung up."""

    def __init__(self, call: Call, b: CallLeg) -> None:
        self.call = call
        self.b = b
        self._lock = asyncio.Lock()

    async def run(self) -> None:
        """Join the legs until one leaves. The caller's leaving cancels this; the callee's returns."""
        call, b = self.call, self.b
        call.reoffered = self._reoffered
        watches = [SilenceWatch(call, leg) for leg in (call.a, b)]
        quality = call.scope.spawn(QualityWatch(call, call.a, b).run())
        try:
            await self._settle()
            while True:
                event = await b.dialog.receive()
                if isinstance(event, Ended):
                    call.end_with(Ending(event.cause, event.status, by=b.name))
                    return
                if isinstance(event, Offered):
                    call.scope.spawn(answer_reoffer(call, b, event.sdp, self._reoffered))
                elif isinstance(event, InfoDigit):
                    call.saw_digit(b, event.digit, via="info")
        finally:
            quality.cancel()
            for watch in watches:
                watch.close()
            call.reoffered = None
            call.ports.media.unlink(call.a.stream)
            ending = call.ending or Ending(LegCause.NORMAL)
            await call.close_leg(b, ending.cause, ending.status)

    async def _settle(self) -> None:
        """Link the legs. When early media had promised the caller other codecs than the answer has, re-offer them."""
        call, b = self.call, self.b
        if not voice(common(call.a.receives, b.sends)):
            await self._offer(call.a, b.sends)
        link(call, b)

    async def _reoffered(self, leg: CallLeg, sdp: bytes | None) -> None:
        """Answer a phone's re-offer, asking the other side only when no common codec is left."""
        async with self._lock:
            other = self.b if leg is self.call.a else self.call.a
            if sdp is None:
                leg.take_answer(await leg.dialog.answer(leg.offer(common(leg.receives, other.sends))))
            else:
                offer = leg.read(sdp)
                await leg.dialog.answer(leg.accept(offer, await self._agree(offer, other)))
            self._flow()

    async def _agree(self, offer: AudioSession, other: CallLeg) -> tuple[Format, ...]:
        formats = common(offer.formats, other.sends)
        if voice(formats):
            return formats
        await self._offer(other, common(offer.formats, KNOWN))
        return common(offer.formats, other.sends)

    async def _offer(self, leg: CallLeg, formats: tuple[Format, ...]) -> None:
        """re-INVITE a leg with other codecs. Raises `PeerError` 488 when it refuses, with the old session kept."""
        before = leg.receives
        try:
            leg.take_answer(await leg.dialog.reoffer(leg.offer(formats)))
        except PeerError:
            leg.receives = before
            raise

    def _flow(self) -> None:
        """Set the audio to what the two sides' hold states demand."""
        call, b = self.call, self.b
        media = call.ports.media
        for leg in (call.a, b):
            media.stop_playing(leg.stream)
        if not call.a.held and not b.held:
            link(call, b)
            return
        media.unlink(call.a.stream)
        for leg, other in ((call.a, b), (b, call.a)):
            if other.held and not leg.held:
                self._play_hold(leg)

    def _play_hold(self, leg: CallLeg) -> None:
        try:
            self.call.ports.media.play(leg.stream, self.call.ports.hold_tone(), loop=True)
        except ValueError as error:
            log.info("a held phone hears nothing", extra={"leg": leg.name, "reason": str(error)})
