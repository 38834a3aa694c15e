"""When audio that once flowed stops: find out whether the phone is muted or gone.

A muted phone may send nothing for minutes, a dead one never will again. So silence alone ends no call: RTCP is proof of
life, else the phone is asked inside the dialog, and only when nothing answers the call is over (both sides are told).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from pbx.call.ending import Ending
from pbx.call.leg import CallLeg
from pbx.model.audio_event import AudioBack, AudioSilent, AudioStarted
from pbx.model.leg_event import LegCause
from pbx.model.stream import DigitPressed, FirstPacket, KeyingFailed, Resumed, StreamEvent, WentSilent

if TYPE_CHECKING:
    from collections.abc import Callable

    from pbx.call.call import Call


class SilenceWatch:
    """Listens to one leg's stream for the time it is bridged: digits, first packet, silence, keys that never came."""

    def __init__(
        self, call: Call, leg: CallLeg, *, also: Callable[[StreamEvent], None] | None = None
    ) -> None:
        """`also` gets every event of the stream too."""
        self._call = call
        self._also = also
        self._leg = leg
        self._check: asyncio.Task[None] | None = None
        leg.stream.on_event = self._heard
        if leg.stream.stats().packets_in:  # audio began before anybody listened (early media, a quick phone)
            self._started()
        if leg.stream.keying_failed:  # likewise, while it rang
            self._unkeyed()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening."""
        self._leg.stream.on_event = _ignore
        self._stop_check()

    def _heard(self, event: StreamEvent) -> None:
        call, leg = self._call, self._leg
        if self._also is not None:
            self._also(event)
        if isinstance(event, DigitPressed):
            call.saw_digit(leg, event.digit, event.duration_ms, via="rfc4733")
        elif isinstance(event, FirstPacket):
            self._started()
        elif isinstance(event, WentSilent) and self._leg.should_talk:
            call.record(AudioSilent(call=call.id, at=call.now(), leg=leg.name, silent_ms=event.silent_ms))
            self._check = self._check or call.scope.spawn(self._ask())
        elif isinstance(event, KeyingFailed):
            self._unkeyed()
        elif isinstance(event, Resumed):
            call.record(AudioBack(call=call.id, at=call.now(), leg=leg.name))
            self._stop_check()

    def _started(self) -> None:
        self._call.record(AudioStarted(call=self._call.id, at=self._call.now(), leg=self._leg.name))

    def _unkeyed(self) -> None:
        self._call.hang_up(Ending(LegCause.INCOMPATIBLE, 0, by="node"))

    async def _ask(self) -> None:
        """Until audio is back: RTCP is proof of life, else the dialog is asked; nobody there ends the call."""
        timeout_s = self._call.ports.rtp_timeout_s
        while True:
            if self._leg.should_talk and not self._has_rtcp(timeout_s) and not await self._leg.dialog.alive():
                self._call.hang_up(Ending(LegCause.MEDIA_TIMEOUT, 0, by="node"))
                return
            await asyncio.sleep(timeout_s)

    def _has_rtcp(self, within_s: float) -> bool:
        age_s = self._leg.stream.stats().rtcp_age_s
        return age_s is not None and age_s < within_s

    def _stop_check(self) -> None:
        if self._check is not None:
            self._check.cancel()
            self._check = None


def _ignore(_event: StreamEvent) -> None:
    """Nobody listens to this stream."""
