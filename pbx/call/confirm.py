"""Ask whoever picks up whether they want the call, so that a mailbox or a wrong person never takes it.

The leg has answered and is joined with nobody: it hears the prompt, and a key (RFC 4733, INFO, or a tone from a phone
that has neither) takes the call.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from pbx.call.keys import hear_tones
from pbx.call.reoffer import accept_alone, answer_reoffer
from pbx.call.scope import Stoppable
from pbx.call.silence import SilenceWatch
from pbx.model.call_event import LegAsked
from pbx.model.leg_event import Ended, InfoDigit, Offered, Referred

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import CallLeg
    from pbx.call.ports import Prompt

__all__ = ["confirmed"]

log = logging.getLogger(__name__)


async def confirmed(call: Call, leg: CallLeg, prompt: Prompt, *, key: str = "1", within_s: float) -> bool:
    """Play `prompt` again and again; whether the key was pressed before the leg hung up or the time was over."""
    call.record(LegAsked(call=call.id, at=call.now(), leg=leg.name, key=key))
    yes = False
    with SilenceWatch(call, leg), suppress(TimeoutError), Stoppable() as asking:

        def pressed(digit: str) -> None:
            nonlocal yes
            if digit == key:
                yes = True
                asking.stop()

        leg.pressed = pressed
        hear_tones(call, leg, on=True)
        try:
            call.ports.media.play(leg.stream, prompt, loop=True)
            async with asyncio.timeout(within_s):
                await _listen(call, leg)
        except ValueError as error:
            log.info("a phone cannot be asked", extra={"leg": leg.name, "reason": str(error)})
        finally:
            leg.pressed = None
            hear_tones(call, leg, on=False)
            call.ports.media.stop_playing(leg.stream)
    return yes


async def _listen(call: Call, leg: CallLeg) -> None:
    """Everything the phone does, until it hangs up."""
    while True:
        event = await leg.dialog.receive()
        if isinstance(event, Ended):
            return
        if isinstance(event, Offered):
            await answer_reoffer(call, leg, event.sdp, accept_alone(call))
        elif isinstance(event, InfoDigit):
            call.saw_digit(leg, event.digit, event.duration_ms, via="info")
        elif isinstance(event, Referred):
            leg.dialog.report_transfer(603)
