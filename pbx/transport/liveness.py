"""Is anybody there? A question inside the dialog, for calls whose audio has stopped.

UPDATE without SDP where the peer allows it (RFC 3311), else a re-INVITE with the SDP we sent last. Any answer but 408
and 481 means yes, a refusal too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pbx.core.errors import PeerError
from pbx.model.leg_event import LegCause, LegFailed
from pbx.sip.message import Response
from pbx.transport.leg_core import Phase
from pbx.transport.refresh import GONE, NOT_UNDERSTOOD, Update

if TYPE_CHECKING:
    from pbx.transport.sip_leg import SipLeg


async def is_alive(leg: SipLeg) -> bool:
    """Ask; when nobody answers, the leg is over."""
    if leg.phase is not Phase.UP:
        return False
    try:
        if leg.peer_updates or leg.local_sdp is None:
            return await _answers_update(leg)
        await leg.reinvite(leg.local_sdp, LegCause.MEDIA_TIMEOUT, repeats=True)
    except PeerError:
        return True
    except LegFailed:
        return False
    return True


async def _answers_update(leg: SipLeg) -> bool:
    asked: asyncio.Future[tuple[int, bool]] = asyncio.get_running_loop().create_future()

    def done(status: int, response: Response | None) -> None:
        if not asked.done():
            asked.set_result((status, response is not None))

    Update(leg, done).send()
    status, answered = await leg.until(asked)
    if not answered or status in GONE:
        leg.lost(status, LegCause.MEDIA_TIMEOUT)
        return False
    if status in NOT_UNDERSTOOD:
        leg.peer_updates = False
    return True
