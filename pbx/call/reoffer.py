"""A phone's re-INVITE or UPDATE with an offer: who answers it, and what a hold leaves in the record."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pbx.core.errors import PeerError
from pbx.model import call_event as events
from pbx.model.leg_event import LegFailed, Reanswered

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import CallLeg

__all__ = ["Reoffered", "accept_alone", "accept_hushed", "answer_reoffer", "take_reanswer"]

log = logging.getLogger(__name__)

Reoffered = Callable[["CallLeg", bytes | None], Awaitable[None]]
"""Answers a leg's re-offer; None asks us for one."""


def accept_alone(call: Call) -> Reoffered:
    """Answers for a leg that is joined with nobody: it agrees to what was agreed before."""

    async def accept(leg: CallLeg, sdp: bytes | None) -> None:
        if sdp is None:
            leg.take_answer(await leg.dialog.answer(leg.offer(call.codecs.offer(leg.sends or None))))
            return
        offer = leg.read(sdp)
        formats = call.codecs.answer(offer.formats, leg.sends or call.codecs.ours)
        await leg.dialog.answer(leg.accept(offer, formats))

    return accept


def accept_hushed(call: Call, hush: Callable[[], None], again: Callable[[], None]) -> Reoffered:
    """The same for a leg in a room. A phone that holds sends music: nobody is to hear it, from the moment that it says
    so; `again` lets the room hear and be heard as the leg is then.
    """
    accept = accept_alone(call)

    async def answer(leg: CallLeg, sdp: bytes | None) -> None:
        if sdp is not None and leg.read(sdp).held:
            hush()
        try:
            await accept(leg, sdp)
        finally:
            again()

    return answer


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
    _record_hold(call, leg, was_held)


def take_reanswer(call: Call, leg: CallLeg, event: Reanswered) -> None:
    """A refresh of the session brought another answer than before; what does not fit leaves the old session."""
    was_held = leg.held
    try:
        leg.take_reanswer(event.offer, event.answer)
    except PeerError as error:
        log.info(
            "a refresh was answered with what does not fit", extra={"leg": leg.name, "reason": error.reason}
        )
        return
    if call.reflow is not None:
        call.reflow()
    _record_hold(call, leg, was_held)


def _record_hold(call: Call, leg: CallLeg, was_held: bool) -> None:
    if leg.held != was_held:
        kind = events.LegHeld if leg.held else events.LegResumed
        call.record(kind(call=call.id, at=call.now(), leg=leg.name))
