"""Reach somebody and talk: fork, answer, bridge. What most features do with a call."""

from __future__ import annotations

from collections.abc import Iterable

from pbx.call.bridge import Bridge
from pbx.call.call import Call
from pbx.call.connected import introduce
from pbx.call.ending import Ending
from pbx.call.fork import Fork, Lost, Redirect
from pbx.call.join import flow_between
from pbx.call.leg import CallLeg
from pbx.core.errors import PeerError
from pbx.model.leg_event import LegCause, LegFailed
from pbx.model.party import DialTarget


async def connect(
    call: Call, targets: Iterable[DialTarget], *, ring_timeout_s: float, redirect: Redirect
) -> None:
    """Ring `targets`, join the one that answers, return when it hung up or when nobody answered."""
    outcome = await Fork(call, ring_timeout_s=ring_timeout_s, redirect=redirect).ring(targets)
    if isinstance(outcome, Lost):
        call.end_with(Ending(outcome.cause, outcome.status, headers=outcome.headers))
    else:
        await join(call, outcome)


async def join(call: Call, leg: CallLeg) -> None:
    """Answer the party and let it talk with the leg that answered, until that hangs up or somebody transfers."""
    cause = LegCause.NORMAL
    introduce(call.ports, call.a, leg)
    conversation = call.begin_conversation(
        leg
    )  # now, since who has answered talks before the caller's ACK is here
    try:
        formats = call.formats_for(leg.sends)
        if call.open_audio(formats) and (conversation is None or conversation.announcement is None):
            flow_between(call, leg)
        await call.answer_caller(formats)
    except PeerError as error:
        call.end_with(Ending.of(error))
        cause = LegCause.INCOMPATIBLE
        raise
    except LegFailed as error:
        cause = error.cause
        raise
    finally:
        if not call.a.answered or call.ending is not None:
            call.ports.media.unlink(call.a.stream)
            call.end_conversation()
            await call.close_leg(leg, cause)
    await Bridge(call, leg).run()
