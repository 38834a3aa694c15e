"""What a call says to the party that its program runs for: what to offer it, that it rings, that it is answered.

The party may have been answered already (after a transfer, in a queue): then there is nothing to answer, and ringing is
a tone instead of a 180. So a program need not know which of the two it is.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from pbx.call.recorded import Recorded
from pbx.core.errors import PeerError
from pbx.model import call_event as events

if TYPE_CHECKING:
    from pbx.call.codecs import Codecs
    from pbx.call.incoming import CallPorts
    from pbx.call.leg import CallLeg
    from pbx.call.ports import Prompt
    from pbx.call.transfer import Transfer
    from pbx.sip.sdp.format import Format
    from pbx.sip.sdp.negotiate import AudioSession

__all__ = ["PartySide"]

log = logging.getLogger(__name__)


class PartySide(Recorded, ABC):
    """The part of `Call` that faces its party."""

    def __init__(self, call_id: str, ports: CallPorts) -> None:
        super().__init__(call_id, ports)
        self.codecs: Codecs = ports.codecs
        self.transferring: Transfer | None = None
        self._answer: bytes | None = None
        self._answering = False

    @property
    @abstractmethod
    def a(self) -> CallLeg:
        """The leg of the party."""

    @abstractmethod
    def reached(self) -> None:
        """The party has somebody, or something, to talk with."""

    @property
    def offer(self) -> AudioSession | None:
        """What the party has said it speaks; None when its INVITE had no SDP and we make the offer."""
        return self.a.remote if self.a.answered else self.a.offered

    def offered_formats(self) -> tuple[Format, ...]:
        """What the party and this node both speak, in its order and numbers; ours when we make the offer."""
        offer = self.offer
        return self.codecs.ours if offer is None else self.codecs.known(offer.formats)

    def onward_formats(self) -> tuple[Format, ...]:
        """What to offer the phones that are rung."""
        if self.a.answered:
            return self.codecs.offer(self.a.sends)
        return self.codecs.offer(None if self.offer is None else self.offer.formats)

    def formats_for(self, other: tuple[Format, ...]) -> tuple[Format, ...]:
        """What the party gets when it is to talk with a phone that speaks `other`; raises `PeerError` 488."""
        if self.a.answered:
            return self.a.sends
        if self.offer is None:
            return self.codecs.offer(other)
        formats = self.codecs.answer(self.offer.formats, other)
        if not formats:
            raise PeerError(488, "Not Acceptable Here")
        return formats

    async def answer_caller(self, formats: tuple[Format, ...]) -> None:
        """Pick up towards the party with `formats` (in its numbering, or ours when we offer), if that is still to do.

        Raises `LegFailed` when the caller vanished, `PeerError` when its late answer does not fit.
        """
        a = self.a
        if not a.answered:
            self._answering = True
            if a.offered is not None:
                await a.dialog.answer(self._caller_answer(a.offered, formats))
            else:
                a.take_answer(await a.dialog.answer(a.offer(formats)))
            self._answered()
        self.reached()

    def _answered(self) -> None:
        self._answering = False
        self.a.answered = True
        self.record(events.LegAnswered(call=self.id, at=self.now(), leg=self.a.name))

    def open_audio(self, formats: tuple[Format, ...]) -> bool:
        """Get the party's stream ready before the answer is sent, so that no word is lost; False without an offer."""
        if self.a.answered:
            self.ports.media.stop_playing(self.a.stream)
        elif self.a.offered is not None:
            self._caller_answer(self.a.offered, formats)
        else:
            return False
        return True

    async def tell_ringing(self) -> None:
        """A phone rings for the party: 180, or ringback for one that has been answered."""
        if not self.a.answered:
            await self.a.dialog.progress(180)
            return
        self.play(self.ports.ringback(), loop=True)
        if self.transferring is not None:
            self.transferring.by.dialog.report_transfer(180)

    async def let_hear(self, formats: tuple[Format, ...], status: int = 183) -> bool:
        """Open the audio towards a party that may not have been answered (early media); False without an offer."""
        if self.a.answered:
            self.ports.media.stop_playing(self.a.stream)
            return True
        if self.a.offered is None:
            await self.a.dialog.progress(180)
            return False
        await self.a.dialog.progress(status, self._caller_answer(self.a.offered, formats))
        return True

    def play(self, sound: Prompt, *, loop: bool = False) -> None:
        """Let the party hear something of ours; a phone that we cannot speak to hears nothing."""
        try:
            self.ports.media.play(self.a.stream, sound, loop=loop)
        except ValueError as error:
            log.info("a phone hears nothing", extra={"leg": self.a.name, "reason": str(error)})

    def _caller_answer(self, offer: AudioSession, formats: tuple[Format, ...]) -> bytes:
        """The one answer to the caller's offer: a 200 repeats that of an earlier 183 (RFC 3261 13.2.1)."""
        if self._answer is None:
            self._answer = self.a.accept(offer, formats)
        return self._answer
