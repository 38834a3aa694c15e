"""The two numbers everybody dials first: *43 sends your own voice back, *44 plays a tone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pbx.call.call import Call
from pbx.call.codecs import voice
from pbx.call.ports import Prompt
from pbx.call.silence import SilenceWatch
from pbx.core.errors import PeerError
from pbx.model.call_event import CallRouted
from pbx.model.stream import TELEPHONE_EVENT
from pbx.sip.sdp.negotiate import Format

ECHO = "*43"
TONE = "*44"
LONGEST_S = 3600.0
SAYABLE = ("PCMU", "PCMA", "G722", "OPUS")
"""What the node can say a tone in."""


class SelfTest:
    """Echo and tone; `tone` makes what is played, when it is first asked for."""

    def __init__(self, tone: Callable[[], Prompt]) -> None:
        self._tone = tone

    async def echo(self, call: Call) -> None:
        """Answer and send back what is heard, in whatever codec the caller likes best."""
        spoken = voice(call.offered_formats())
        first = spoken if call.offer is None else spoken[:1]
        await self._answer(call, "Echo test", first)
        with SilenceWatch(call, call.a):
            call.ports.media.echo(call.a.stream)
            await asyncio.sleep(LONGEST_S)

    async def tone(self, call: Call) -> None:
        """Answer and play a steady tone. Raises `PeerError` 488 for callers without a codec of ours."""
        sayable = tuple(each for each in voice(call.offered_formats()) if each.encoding in SAYABLE)[:1]
        if not sayable:
            raise PeerError(488, "Not Acceptable Here")
        await self._answer(call, "Test tone", sayable)
        with SilenceWatch(call, call.a):
            call.ports.media.play(call.a.stream, self._tone(), loop=True)
            await asyncio.sleep(LONGEST_S)

    async def _answer(self, call: Call, name: str, formats: tuple[Format, ...]) -> None:
        call.record(CallRouted(call=call.id, at=call.now(), kind="feature", to=call.dialled, to_name=name))
        digits = tuple(
            each
            for each in call.offered_formats()
            if each.encoding == TELEPHONE_EVENT and each.clock_hz == formats[0].clock_hz
        )
        await call.answer_caller(formats + digits)
